"""Who can reach what is recorded. A snapshot that everybody may read must not tell what only its maker could list or read."""

import os
import stat
from collections.abc import Iterable, Iterator

from fastimport.snapshot.model import PRIVATE, Contents, Directory, Source


def mark_private(contents: Contents, passed: Iterable[str]) -> None:
    """Mark directories and sources below a directory that not everybody may search.

    `passed` are paths that whoever has the snapshot has reached already: that of its own directory, for one.
    """
    known = dict.fromkeys((gate for path in passed for gate in _above(path)), True)
    everything: Iterable[Directory | Source] = (*contents.directories.values(), *contents.sources.values())
    for recorded in everything:
        if not all(_is_open(gate, known) for gate in _way_to(recorded.path)):
            recorded.flags |= PRIVATE


def _way_to(path: str) -> Iterator[str]:
    """The directories on the way, and those on the way to where it is when links are followed."""
    yield from _above(os.path.dirname(path))
    real = os.path.realpath(path)
    if real != path:
        yield from _above(os.path.dirname(real))


def _above(path: str) -> Iterator[str]:
    """A directory and those above it."""
    while True:
        yield path
        if path in ("/", "", "//"):
            return
        path = os.path.dirname(path)


def _is_open(gate: str, known: dict[str, bool]) -> bool:
    if gate not in known:
        try:
            known[gate] = bool(os.stat(gate).st_mode & stat.S_IXOTH)
        except OSError:  # what is not there hides nothing
            known[gate] = True
    return known[gate]
