"""The process that makes an automatic snapshot after a program has ended."""

import os
import sys

from fastimport.snapshot import recording, store
from fastimport.snapshot.build import build_used


def main(path: str) -> None:
    """Make the snapshot at `path` of what standard input says that a program used. What goes wrong is nobody's concern."""
    try:
        os.nice(10)
        store.save(contents_of(sys.stdin.buffer.read()), path)
        store.trim(os.path.dirname(path), keep=path)
    except (OSError, ValueError, MemoryError):
        pass


def contents_of(record: bytes, **options: object):  # type: ignore[no-untyped-def]
    """The contents for a record of `fastimport.snapshot.recording`."""
    directories, sources, path, order = recording.decoded(record)
    return build_used(directories, sources, [path], order, **options)  # type: ignore[arg-type]
