"""Whether a snapshot is whole, and whether it says what the file system says now."""

import marshal
from collections.abc import Callable, Iterator
from typing import NamedTuple

from fastimport.snapshot import decode, identity, reasons
from fastimport.snapshot._reader import SnapshotReader
from fastimport.snapshot.listing import record_directory
from fastimport.snapshot.model import PRIVATE, RACY, Directory
from fastimport.snapshot.sources import record_source
from fastimport.snapshot.stamps import Judge


class Problem(NamedTuple):
    """One thing that is wrong: ``damaged``, ``stale`` (changed, and noticed by its stamp) or ``wrong`` (changed unnoticed).

    ``of`` is what is: the "file", a "directory", or the "code" of a source.
    """

    kind: str
    path: str
    what: str
    of: str = "file"


def verify(
    reader: SnapshotReader, roots: list[str] | None = None, progress: Callable[[int], object] = lambda count: None
) -> Iterator[Problem]:
    """Compare all of a snapshot with the file system; yields what is wrong. `roots`: where they are now, if not as recorded."""
    judge = Judge()
    try:
        for number, directory in enumerate(decode.directories(reader, roots)):
            yield from _directory_problems(reader, directory, judge)
            progress(number)
        for code in decode.codes(reader, roots):
            yield from _code_problems(reader, code, judge)
            progress(code.number)
        decode.paths(reader)
        decode.order(reader)
    except ValueError as error:
        yield Problem("damaged", "", str(error))


def _directory_problems(reader: SnapshotReader, recorded: Directory, judge: Judge) -> Iterator[Problem]:
    now = record_directory(recorded.path, reader.suffixes or identity.suffixes(), judge)
    if now is None:
        yield Problem("stale", recorded.path, "is no directory any more", "directory")
        return
    is_same = (now.names, set(now.others)) == (recorded.names, set(recorded.others))
    is_listing = {name: (mask.listed, mask.resolved) for name, mask in now.names.items()} == {
        name: (mask.listed, mask.resolved) for name, mask in recorded.names.items()
    }
    kept = ~(RACY | PRIVATE | reasons.MASK)
    if is_same and now.flags & kept == recorded.flags & kept:
        return
    if reader.is_by_content or recorded.flags & RACY or now.stamp != recorded.stamp or now.flags & kept != recorded.flags & kept:
        yield Problem("stale", recorded.path, "has changed", "directory")
    elif not is_listing or set(now.others) != set(recorded.others):
        yield Problem("wrong", recorded.path, "has other names, and the same stamp", "directory")
    else:
        yield Problem("stale", recorded.path, "has a directory with another __init__, or a link with another target", "directory")


def _code_problems(reader: SnapshotReader, recorded: decode.Code, judge: Judge) -> Iterator[Problem]:
    if not recorded.size:
        return
    try:
        kept = reader.code_bytes(recorded.number)
    except ValueError as error:
        yield Problem("damaged", recorded.path, str(error), "code")
        return
    source = record_source(recorded.path, reader.is_by_content, judge)
    if source is None:
        yield Problem("stale", recorded.path, "is not there any more", "code")
        return
    current = source.load().code
    if current == kept or (current and marshal.loads(current) == marshal.loads(kept)):
        return
    is_unchanged = (source.stamp, source.size) == (recorded.stamp, recorded.source_size)
    if is_unchanged and not recorded.flags & RACY and not reader.is_by_content:
        yield Problem("wrong", recorded.path, "has other bytecode, and the same stamp", "code")
    else:
        yield Problem("stale", recorded.path, "has changed", "code")
