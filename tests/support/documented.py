"""A reader of snapshots written from docs/snapshots.md alone: nothing of fastimport is imported, and nothing is shared with it.

It checks what the document demands as it reads, so that a file that it can read is one that the document describes.
"""

import os
import struct

MASK = (1 << 64) - 1
P1, P2, P3 = 0x9E3779B185EBCA87, 0xC2B2AE3D27D4EB4F, 0x165667B19E3779F9
P4, P5 = 0x85EBCA77C2B2AE63, 0x27D4EB2F165667C5

SECTIONS = {
    "strings": "", "roots": "IIII", "directories": "IIIIQQqqIIIIII", "directory slots": "I", "names": "IIIIII", "name slots": "I",
    "codes": "IIIIQQqqQQQQQ", "code slots": "I", "paths": "IIIIII", "path directories": "I", "merged names": "IIIII",
    "merged slots": "I", "positions": "I", "order": "II",
}  # fmt: skip


def _rotate(value, bits):
    return (value << bits | value >> (64 - bits)) & MASK


def _round(lane, value):
    return _rotate((lane + value * P2) & MASK, 31) * P1 & MASK


def xxh64(data, seed=0):
    """By the specification of xxHash."""
    at = 0
    if len(data) >= 32:
        lanes = [(seed + P1 + P2) & MASK, (seed + P2) & MASK, seed & MASK, (seed - P1) & MASK]
        for at in range(0, len(data) - 31, 32):
            lanes = [_round(lane, value) for lane, value in zip(lanes, struct.unpack_from("<4Q", data, at))]
        at += 32
        total = sum(_rotate(lane, bits) for lane, bits in zip(lanes, (1, 7, 12, 18))) & MASK
        for lane in lanes:
            total = ((total ^ _round(0, lane)) * P1 + P4) & MASK
    else:
        total = (seed + P5) & MASK
    total = (total + len(data)) & MASK
    for start in range(at, at + (len(data) - at) // 8 * 8, 8):
        total = (_rotate(total ^ _round(0, int.from_bytes(data[start : start + 8], "little")), 27) * P1 + P4) & MASK
    rest = data[len(data) // 8 * 8 :]
    if len(rest) >= 4:
        total = (_rotate(total ^ int.from_bytes(rest[:4], "little") * P1 & MASK, 23) * P2 + P3) & MASK
        rest = rest[4:]
    for byte in rest:
        total = _rotate(total ^ byte * P5 & MASK, 11) * P1 & MASK
    total = (total ^ total >> 33) * P2 & MASK
    total = (total ^ total >> 29) * P3 & MASK
    return total ^ total >> 32


class DocumentedSnapshot:
    """All of a file, as plain values."""

    def __init__(self, data):
        self.data = data
        self.read_header()
        self.sections = {name: self.read_section(number, name) for number, name in enumerate(SECTIONS)}
        self.roots = [(self.text(text, size), bool(moves)) for text, size, moves, _ in self.sections["roots"]]
        self.home = self.text(*struct.unpack_from("<II", data, 104))
        self.directories = [self.directory(*record) for record in self.sections["directories"]]
        self.codes = [self.code(*record) for record in self.sections["codes"]]
        self.order = [self.text(*record) for record in self.sections["order"]]

    def read_header(self):
        data = self.data
        magic, version, self.flags, size, checksum, header, block = struct.unpack_from("<8sIIQQII", data)
        assert (magic, version, size, block) == (b"fastimp\x1a", 2, len(data), 16384)
        identity, identity_size, sums, count = struct.unpack_from("<IIII", data, 40)
        self.tables, self.tables_end, self.code_start, self.code_end = struct.unpack_from("<QQQQ", data, 56)
        self.user, self.made = struct.unpack_from("<QQ", data, 88)
        assert data[112:136] == bytes(24) and data[360:512] == bytes(152)
        assert xxh64(data[:24] + bytes(8) + data[32:header]) == checksum
        self.identity = dict(pair.decode().split("=", 1) for pair in data[identity : identity + identity_size].split(b"\0"))
        assert count == -(-(self.tables_end - self.tables) // block) and header >= sums + 8 * count
        for number in range(count):
            start = self.tables + number * block
            expected = int.from_bytes(data[sums + 8 * number :][:8], "little")
            assert xxh64(data[start : min(start + block, self.tables_end)], number) == expected

    def read_section(self, number, name):
        """Records as tuples; for the strings, their bytes."""
        offset, count, size = struct.unpack_from("<QII", self.data, 136 + 16 * number)
        assert offset % 8 == 0 and self.tables <= offset <= offset + count * size <= self.tables_end
        data = self.data[offset : offset + count * size]
        if name == "strings":
            assert size == 1
            return data
        record = struct.Struct("<" + SECTIONS[name])
        assert record.size == size
        return list(record.iter_unpack(data))

    def text(self, offset, size):
        assert offset + size <= len(self.sections["strings"] if hasattr(self, "sections") else self.data)
        return os.fsdecode(self.sections["strings"][offset : offset + size])

    def path(self, root, text, size):
        below = self.text(text, size)
        return f"{self.roots[root][0]}/{below}" if below else self.roots[root][0] or "/"

    def directory(self, root, text, size, flags, device, inode, mtime, ctime, first, count, others, slot, bits, links):
        """Path, flags, stamp, names with their masks, other files; each name is where its hash says."""
        records = self.sections["names"][first : first + count + others]
        names = {self.text(*record[:2]): record[2:5] for record in records[:count]}
        for number, (name, record) in enumerate(zip(names, records)):
            value = xxh64(os.fsencode(name))
            assert record[5] == value & 0xFFFFFFFF
            assert self.probe("name slots", slot, bits, value, lambda found, wanted=number: found == wanted) == number
        assert all(record[2:] == (0, 0, 0, 0) for record in records[count:])
        other = [self.text(*record[:2]) for record in records[count:]]
        return self.path(root, text, size), flags, (device, inode, mtime, ctime, links), names, other

    def code(self, root, text, size, flags, *rest):
        """Path, flags, stamp and size of the source, marshalled code."""
        *stamp, source_size, offset, length, checksum, source_hash = rest
        data = self.data[offset : offset + length]
        if length:
            assert offset % 16 == 0 and self.code_start <= offset <= offset + length <= self.code_end
            assert xxh64(data) == checksum
        path = self.path(root, text, size)
        if length:
            with open(path, "rb") as source:
                assert xxh64(source.read()) == source_hash
        return path, flags, tuple(stamp), source_size, data

    def probe(self, section, first, bits, value, is_it):
        """The number under a hash in a table of slots, or None."""
        slots = self.sections[section]
        for turn in range(1 << bits):
            (found,) = slots[first + ((value + turn) & ((1 << bits) - 1))]
            if found == 0:
                return None
            if is_it(found - 1):
                return found - 1
        return None

    def find(self, section, path):
        """The number of the directory or source at `path`, as one finds it without reading all of them."""
        slots = {"directories": "directory slots", "codes": "code slots"}[section]
        bits = len(self.sections[slots]).bit_length() - 1
        assert len(self.sections[slots]) == 1 << bits
        for root, (prefix, _) in enumerate(self.roots):
            if path != prefix and not path.startswith(f"{prefix}/"):
                continue
            found = self.find_below(section, slots, bits, root, path[len(prefix) + 1 :])
            if found is not None:
                return found
        return None

    def find_below(self, section, slots, bits, root, below):
        def is_it(number):
            its_root, text, size = self.sections[section][number][:3]
            return its_root == root and self.text(text, size) == below

        return self.probe(slots, 0, bits, xxh64(os.fsencode(below), root), is_it)

    def search_path(self, number=0):
        """Paths of the directories of a recorded search path."""
        first, count, *_ = self.sections["paths"][number]
        return [self.directories[each][0] for (each,) in self.sections["path directories"][first : first + count]]

    def candidates(self, name, number=0):
        """Places on that search path of the directories that may hold `name`."""
        _, _, first, _, slot, bits = self.sections["paths"][number]
        merged = self.sections["merged names"]
        value = xxh64(os.fsencode(name))
        found = self.probe("merged slots", slot, bits, value, lambda number: self.text(*merged[first + number][:2]) == name)
        if found is None:
            return []
        _, _, position, count, low = merged[first + found]
        assert low == value & 0xFFFFFFFF
        return [place for (place,) in self.sections["positions"][position : position + count]]
