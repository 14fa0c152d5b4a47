"""The process that makes an automatic snapshot after a program has ended."""

import os
import sys

from fastimport.snapshot import attachment, attempts, decode, recording, store
from fastimport.snapshot.build import build_used
from fastimport.snapshot.model import Contents

MAX_FORMER, MAX_FORMER_PATHS = 20_000, 7
"""Files, or directories, above which a renewed snapshot forgets what it had; and search paths that it remembers."""


def main(path: str) -> None:
    """Make the snapshot at `path` of what standard input says that a program used. What goes wrong is nobody's concern."""
    try:
        os.nice(10)
        store.save(_contents(sys.stdin.buffer.read(), path), path)
        attempts.end(path)
        store.trim(os.path.dirname(path), keep=path)
    except (OSError, ValueError, MemoryError):
        pass


def _contents(record: bytes, path: str) -> Contents:
    """What the program used now, and what is there still of what it used before: ``manage.py`` has many commands."""
    directories, sources, entries, order = recording.decoded(record)
    former_directories, former_sources, former_paths = _former(path)
    used = ([*directories, *former_directories], [*sources, *former_sources], [entries, *former_paths], order)
    return build_used(*used)


def _former(path: str) -> tuple[list[str], list[str], list[list[str]]]:
    try:
        reader = attachment.open_snapshot(path)
        directories = [each.path for each in decode.directories(reader)]
        sources = [each.path for each in decode.codes(reader)]
        paths = decode.paths(reader)
    except (attachment.Refused, ValueError):
        return [], [], []
    if len(sources) > MAX_FORMER or len(directories) > MAX_FORMER:
        return [], [], []
    return [each for each in directories if os.path.isdir(each)], sources, paths[:MAX_FORMER_PATHS]


def contents_of(record: bytes, **options: object):  # type: ignore[no-untyped-def]
    """The contents for a record of `fastimport.snapshot.recording`."""
    directories, sources, path, order = recording.decoded(record)
    return build_used(directories, sources, [path], order, **options)  # type: ignore[arg-type]
