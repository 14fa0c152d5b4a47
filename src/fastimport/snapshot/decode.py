"""From an opened file back to plain values: for `verify`, `status` and people. Imports never need all of it."""

from collections.abc import Iterator
from typing import NamedTuple

from fastimport.snapshot import identity
from fastimport.snapshot.layout import NUMBER, RECORDS, SECTIONS
from fastimport.snapshot.model import Directory, Name, Stamp

TYPE_CHECKING = False
if TYPE_CHECKING:
    from fastimport.snapshot._reader import SnapshotReader


class Code(NamedTuple):
    """The record of a source file; `number` is what `SnapshotReader.code_bytes` takes."""

    path: str
    flags: int
    stamp: Stamp
    source_size: int
    size: int
    number: int
    marshalled: int
    """Bytes of the code when marshalled."""


def facts(reader: "SnapshotReader") -> dict[str, object]:
    """What a snapshot says of itself."""
    size, _, created_ns, user, home, counts, code_size = reader.facts()
    wanted = ("directories", "names", "codes", "paths", "merged names")
    return {
        "bytes": size,
        "code_bytes": code_size,
        **{name.replace(" ", "_"): counts[NUMBER[name]] for name in wanted},
        "by_content": reader.is_by_content,
        "created": created_ns / 1e9 if created_ns else None,
        "user": user,
        "home": home or None,
        "roots": [root or "/" for root, _ in reader.roots()],
        "identity": identity.decoded(reader.identity),
    }


def records(reader: "SnapshotReader", section: str) -> Iterator[tuple[int, ...]]:
    """The records of a section, unpacked. Raises `ValueError` where they are damaged."""
    number = SECTIONS.index(section)
    for index in range(reader.facts()[5][number]):
        yield RECORDS[section].unpack(reader.records(number, index, 1))


def places(reader: "SnapshotReader", section: str, roots: list[str] | None = None) -> Iterator[tuple[str, int]]:
    """Path and flags of each record of the section "directories" or "codes". `roots` as below. Raises `ValueError` if damaged."""
    roots = roots or [root for root, _ in reader.roots()]
    for root, path, size, flags, *_ in records(reader, section):
        yield _path(reader, roots, root, path, size), flags


def directories(reader: "SnapshotReader", roots: list[str] | None = None) -> Iterator[Directory]:
    """All directories with all names. `roots`: where they are now, if not as recorded. Raises `ValueError` if damaged."""
    roots = roots or [root for root, _ in reader.roots()]
    names = RECORDS["names"]
    for root, path, size, flags, *rest in records(reader, "directories"):
        stamp, (first, count, others, *_) = Stamp(rest[0], rest[1], rest[2], rest[3], rest[-1]), rest[4:]
        directory = Directory(_path(reader, roots, root, path, size), flags, stamp)
        data = reader.records(NUMBER["names"], first, count + others)
        for turn, (text, length, listed, resolved, inside, _) in enumerate(names.iter_unpack(data)):
            name = reader.text(text, length)
            if turn < count:
                directory.names[name] = Name(listed, resolved, inside)
            else:
                directory.others.append(name)
        yield directory


def codes(reader: "SnapshotReader", roots: list[str] | None = None) -> Iterator[Code]:
    """All source files. `roots` as above. Raises `ValueError` if damaged."""
    roots = roots or [root for root, _ in reader.roots()]
    for number, (root, path, size, flags, *rest) in enumerate(records(reader, "codes")):
        source_size, _, code_size, _, _, marshalled = rest[4:10]
        yield Code(_path(reader, roots, root, path, size), flags, Stamp(*rest[:4]), source_size, code_size, number, marshalled)


def order(reader: "SnapshotReader") -> list[str]:
    """Files in the order in which a program asked for them."""
    return [reader.text(text, size) for text, size in records(reader, "order")]


def paths(reader: "SnapshotReader") -> list[list[str]]:
    """The recorded search paths, without entries that are not covered."""
    entries = [directory.path for directory in directories(reader)]
    found = []
    for first, count, *_ in records(reader, "paths"):
        data = reader.records(NUMBER["path directories"], first, count)
        numbers = [number for (number,) in RECORDS["path directories"].iter_unpack(data)]
        if any(number >= len(entries) for number in numbers):
            raise ValueError("damaged: a search path")
        found.append([entries[number] for number in numbers])
    return found


def _path(reader: "SnapshotReader", roots: list[str], root: int, text: int, size: int) -> str:
    if root >= len(roots):
        raise ValueError("damaged: a root")
    below = reader.text(text, size)
    return f"{roots[root]}/{below}" if below else roots[root] or "/"
