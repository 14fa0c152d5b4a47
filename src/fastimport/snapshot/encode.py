"""From `Contents` to bytes. Equal contents give equal bytes."""

import os
from typing import BinaryIO

from fastimport.code._ready import fold_sum
from fastimport.snapshot import identity, reasons
from fastimport.snapshot._reader import checksum
from fastimport.snapshot.codes import CodeWriter, Written
from fastimport.snapshot.layout import (
    BLOCK,
    BY_CONTENT,
    HEADER,
    HEADER_SIZE,
    MAGIC,
    RECORDS,
    SECTION,
    SECTIONS,
    TEMPLATES,
    VERSION,
    aligned,
)
from fastimport.snapshot.model import NO_STAMP, RACY, Contents, Directory, Name, Source

_MASK = 0xFFFFFFFF
_MAX_PATHS = 16
_DOUBTS = RACY | reasons.MASK


def encode(contents: Contents, stream: BinaryIO, templates: bool = True) -> int:
    """Write a snapshot to a seekable binary stream, to be read as well, code last, and return its size in bytes.

    `templates`: keep code as templates where this interpreter can make code objects of them; else all of it marshalled.
    """
    codes = CodeWriter(stream, templates)
    codes.write(contents.sources.values())
    tables = _Tables(contents, codes)
    sizes = {name: len(tables.packed(name)) for name in SECTIONS}
    offsets, end = _place(tables, sizes)
    start, code_start = offsets["strings"], aligned(end, 16)
    tables.place_codes(contents, code_start)
    codes.move(code_start)
    stream.seek(start)
    image = bytearray(end - start)
    for name in SECTIONS:
        image[offsets[name] - start : offsets[name] - start + sizes[name]] = tables.packed(name)
    stream.write(image.ljust(code_start - start, b"\0"))
    sums = b"".join(
        fold_sum(bytes(image[at : at + BLOCK]), number).to_bytes(8, "little")
        for number, at in enumerate(range(0, end - start, BLOCK))
    )
    counts = {name: sizes[name] // RECORDS[name].size for name in SECTIONS}
    header = _header(tables, contents, sums, offsets, counts, (start, end, code_start, code_start + codes.size))
    stream.seek(0)
    stream.write(header)
    stream.flush()
    return code_start + codes.size


def _place(tables: "_Tables", sizes: dict[str, int]) -> tuple[dict[str, int], int]:
    """Offset of each section, and the end of the last. The header's size depends on the number of blocks."""
    total = sum(aligned(size) for size in sizes.values())
    header = HEADER_SIZE + aligned(len(tables.identity)) + 8 * (-(-total // BLOCK) + 1)
    offset, offsets = aligned(header, 64), {}
    for name in SECTIONS:
        offsets[name] = offset
        offset += aligned(sizes[name])
    return offsets, offset


def _header(
    tables: "_Tables",
    contents: Contents,
    sums: bytes,
    offsets: dict[str, int],
    counts: dict[str, int],
    bounds: tuple[int, int, int, int],
) -> bytes:
    sums_offset = HEADER_SIZE + aligned(len(tables.identity))
    size = aligned(sums_offset + len(sums))
    flags = BY_CONTENT if contents.by_content else 0
    user = os.geteuid() if hasattr(os, "geteuid") else 0
    fixed = (size, BLOCK, HEADER_SIZE, len(tables.identity), sums_offset, len(sums) // 8)
    made = (user, contents.created_ns, *tables.home)
    header = bytearray(size)
    header[: HEADER.size] = HEADER.pack(MAGIC, VERSION, flags, bounds[3], 0, *fixed, *bounds, *made)
    for number, name in enumerate(SECTIONS):
        SECTION.pack_into(header, HEADER.size + number * SECTION.size, offsets[name], counts[name], RECORDS[name].size)
    release, build = tables.codes.made_by()
    probe = tables.codes.probe
    made_from = (bounds[2] + probe.offset, probe.size, probe.checksum, probe.marshalled) if release else (0, 0, 0, 0)
    TEMPLATES.pack_into(header, HEADER.size + len(SECTIONS) * SECTION.size, release, 0, build, *made_from)
    header[HEADER_SIZE : HEADER_SIZE + len(tables.identity)] = tables.identity
    header[sums_offset : sums_offset + len(sums)] = sums
    header[24:32] = checksum(bytes(header)).to_bytes(8, "little")
    return bytes(header)


def _slots(hashes: list[int]) -> tuple[list[int], int]:
    """An open-addressing table, at most half full, of numbers counted from 1; and the binary logarithm of its length."""
    bits = max(1, (2 * len(hashes)).bit_length())
    table, mask = [0] * (1 << bits), (1 << bits) - 1
    for number, value in enumerate(hashes, 1):
        at = value & mask
        while table[at]:
            at = (at + 1) & mask
        table[at] = number
    return table, bits


class _Tables:
    """The sections as they grow: lists of tuples, one for each record."""

    def __init__(self, contents: Contents, codes: CodeWriter) -> None:
        self.identity = identity.encoded()
        self.codes, self.raw = codes, codes.sections()
        self.strings = bytearray()
        self.known_strings: dict[bytes, int] = {}
        self.sections: dict[str, list[tuple[int, ...]]] = {name: [] for name in SECTIONS}
        self.home = self.add_string(contents.home)
        self.roots = sorted(contents.roots, key=lambda root: (-len(root), root))
        self.stamped = not contents.by_content
        for root in self.roots:
            self.sections["roots"].append((*self.add_string(root), int(contents.roots[root]), 0))
        for directory in contents.directories.values():
            self.add_directory(directory)
        self.add_slots("directories", "directory slots", list(contents.directories))
        self.place_codes(contents, 0)
        self.add_slots("codes", "code slots", list(contents.sources))
        self.numbers = {path: number for number, path in enumerate(contents.directories)}
        for path in contents.paths[:_MAX_PATHS]:
            self.add_path(path, contents)
        self.sections["order"] += [self.add_string(path) for path in contents.order]

    def packed(self, name: str) -> bytes:
        """The bytes of a section."""
        if name == "strings":
            return bytes(self.strings)
        if name in self.raw:
            return self.raw[name]
        return b"".join(RECORDS[name].pack(*record) for record in self.sections[name])

    def add_string(self, text: str) -> tuple[int, int]:
        """Offset and size of a string in bytes; equal ones are kept once."""
        data = os.fsencode(text)
        offset = self.known_strings.get(data)
        if offset is None:
            offset = self.known_strings[data] = len(self.strings)
            self.strings += data
        return offset, len(data)

    def locate(self, path: str) -> tuple[int, int, int, int]:
        """Number of the root, offset and size of the path below it, and the hash of both."""
        for number, root in enumerate(self.roots):
            if path == root or path.startswith(f"{root}/"):
                below = path[len(root) + 1 :]
                return (number, *self.add_string(below), checksum(os.fsencode(below), number))
        raise ValueError(f"no root above {path!r}")

    def add_slots(self, section: str, slots: str, paths: list[str]) -> None:
        table, _ = _slots([self.locate(path)[3] for path in paths])
        self.sections[slots] += [(number,) for number in table]

    def add_directory(self, directory: Directory) -> None:
        """The record of a directory, with its names and their slots."""
        root, path, size, _ = self.locate(directory.path)
        names, others = sorted(directory.names), sorted(directory.others)
        first, first_slot, bits = len(self.sections["names"]), len(self.sections["name slots"]), 0
        hashes = [checksum(os.fsencode(name)) for name in names]
        for name, value in zip(names, hashes):
            self.sections["names"].append(self.name_record(name, directory.names[name], value))
        for name in others:
            self.sections["names"].append(self.name_record(name, Name(0, 0), 0))
        if names:
            table, bits = _slots(hashes)
            self.sections["name slots"] += [(number,) for number in table]
        flags = directory.flags if self.stamped else directory.flags & ~_DOUBTS
        stamp = directory.stamp if self.stamped else NO_STAMP
        counts = (first, len(names), len(others), first_slot, bits, stamp.links)
        self.sections["directories"].append((root, path, size, flags, *stamp[:4], *counts))

    def name_record(self, name: str, masks: Name, value: int) -> tuple[int, ...]:
        return (*self.add_string(name), masks.listed, masks.resolved, masks.inside, value & _MASK)

    def place_codes(self, contents: Contents, start: int) -> None:
        """The records of all source files, whose code is from `start` on."""
        self.sections["codes"] = [
            self.code_record(source, written, start) for source, written in zip(contents.sources.values(), self.codes.written)
        ]

    def code_record(self, source: Source, written: Written, start: int) -> tuple[int, ...]:
        root, path, size, _ = self.locate(source.path)
        stamp = source.stamp[:4] if self.stamped else NO_STAMP[:4]
        flags = (source.flags if self.stamped else source.flags & ~_DOUBTS) | written.flags
        place = (start + written.offset if written.size else 0, written.size, written.checksum)
        return (root, path, size, flags, *stamp, source.size, *place, written.digest, written.marshalled, 0)

    def add_path(self, path: list[str], contents: Contents) -> None:
        """A search path: its directories, and for each name the entries that may have it, counted among these."""
        entries = [entry for entry in path if entry in self.numbers]
        merged: dict[str, list[int]] = {}
        for position, entry in enumerate(entries):
            for name in contents.directories[entry].names:
                merged.setdefault(name, []).append(position)
        names = sorted(merged)
        hashes = [checksum(os.fsencode(name)) for name in names]
        table, bits = _slots(hashes)
        first, first_slot = len(self.sections["merged names"]), len(self.sections["merged slots"])
        first_directory = len(self.sections["path directories"])
        self.sections["merged slots"] += [(number,) for number in table]
        for name, value in zip(names, hashes):
            positions = merged[name]
            record = (*self.add_string(name), len(self.sections["positions"]), len(positions), value & _MASK)
            self.sections["merged names"].append(record)
            self.sections["positions"] += [(position,) for position in positions]
        self.sections["path directories"] += [(self.numbers[entry],) for entry in entries]
        self.sections["paths"].append((first_directory, len(entries), first, len(names), first_slot, bits))
