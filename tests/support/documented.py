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
    "codes": "IIIIQQqqQQQQQII", "code slots": "I", "paths": "IIIIII", "path directories": "I", "merged names": "IIIII",
    "merged slots": "I", "positions": "I", "order": "II", "texts": "I", "text bytes": "", "caches": "",
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


def _fold(left, right):
    product = left * right
    return (product ^ product >> 64) & MASK


FOLD_KEYS = 0xA0761D6478BD642F, 0xE7037ED1A0B428DB, 0x8EBC6AF09C88C6E3, 0x589965CC75374CC3


def fold_sum(data, seed=0):
    """The checksum of blocks and of code."""
    first, second, third, fourth = FOLD_KEYS
    lanes = [seed ^ key for key in FOLD_KEYS]
    whole = len(data) // 64 * 64
    for words in struct.iter_unpack("<8Q", data[:whole]):
        lanes = [_fold(words[2 * i] ^ key, words[2 * i + 1] ^ lanes[i]) for i, key in enumerate(FOLD_KEYS)]
    total = _fold(lanes[0] ^ second, lanes[1] ^ third) ^ _fold(lanes[2] ^ fourth, lanes[3] ^ first)
    rest = data[whole:]
    for left, right in struct.iter_unpack("<2Q", rest.ljust(-(-len(rest) // 16) * 16, b"\0")):
        total = _fold(left ^ first, right ^ total)
    return _fold(total ^ second, len(data) ^ third)


class Templates:
    """The templates of one module, and the marshalled code that they stand for."""

    def __init__(self, data, snapshot):
        self.snapshot = snapshot
        strings, count = struct.unpack_from("<II", data)
        self.strings = [(number >> 1, number & 1) for number in struct.unpack_from(f"<{strings}I", data, 8)]
        self.width = 4 if 4 + strings + count > 0xFFFF else 2
        self.data, self.at = data, 8 + 4 * strings
        self.objects = [self.read() for _ in range(count)]
        assert self.at == len(data)
        self.out, self.numbers, self.met = bytearray(), {}, 0
        self.refer(4 + strings + count - 1)

    def take(self, size):
        self.at += size
        return self.data[self.at - size : self.at]

    def number(self, size):
        return int.from_bytes(self.take(size), "little")

    def references(self, count):
        return [self.number(self.width) for _ in range(count)]

    def read(self):
        tag = self.number(1)
        kind, flagged = tag & 15, tag >> 7
        if kind in (1, 2, 7, 9, 10, 11):
            count = self.number(1)
            count = self.number(4) if count == 255 else count
            return kind, flagged, self.references(count) if kind in (1, 7, 9) else self.take(count)
        if kind == 4:
            digits = int.from_bytes(self.data[self.at : self.at + 4], "little", signed=True)
            return kind, flagged, self.take(4 + 2 * abs(digits))
        if kind == 12:
            return kind, flagged, self.references(3)
        if kind == 8:
            fields = self.take(20)
            return kind, flagged, (fields, self.references(9), self.take(int.from_bytes(fields[16:], "little")), tag >> 6 & 1)
        return kind, flagged, self.take({3: 4, 5: 8, 6: 16}[kind])

    def put(self, tag, flagged, *parts):
        self.out.append(ord(tag) | flagged << 7)
        for part in parts:
            self.out += part

    def refer(self, reference):
        if reference < 4:
            self.put("NFT."[reference], 0)
            return
        place = reference - 4
        interned = place < len(self.strings)
        flagged = self.strings[place][1] if interned else self.objects[place - len(self.strings)][1]
        if flagged:
            if place in self.numbers:
                self.put("r", 0, self.numbers[place].to_bytes(4, "little"))
                return
            self.numbers[place] = self.met
            self.met += 1
        if interned:
            self.put_text(*self.snapshot.interned(self.strings[place][0]), "Z", "A", "t", flagged)
            return
        self.put_object(*self.objects[place - len(self.strings)])

    def put_text(self, text, is_ascii, short, long, other, flagged):
        assert text.isascii() == is_ascii
        size = len(text).to_bytes(1 if is_ascii and len(text) < 256 else 4, "little")
        self.put(other if not is_ascii else short if len(text) < 256 else long, flagged, size, text)

    def put_object(self, kind, flagged, content):
        if kind in (1, 9, 7):
            short = kind != 7 and len(content) < 256
            self.put(">" if kind == 7 else ")" if short else "(", flagged, len(content).to_bytes(1 if short else 4, "little"))
            for reference in content:
                self.refer(reference)
        elif kind == 12:
            self.put(":", flagged)
            for reference in content:
                self.refer(reference)
        elif kind in (10, 11):
            self.put_text(content, kind == 10, "z", "a", "u", flagged)
        elif kind == 8:
            self.put_code(flagged, *content)
        else:
            size = [len(content).to_bytes(4, "little")] if kind == 2 else []
            self.put({2: "s", 3: "i", 4: "l", 5: "g", 6: "y"}[kind], flagged, *size, content)

    def put_code(self, flagged, fields, references, code, code_flagged):
        self.put("c", flagged, *(bytes([fields[i], 0, 0, 0]) for i in range(3)), fields[4:6] + bytes(2), fields[8:12])
        self.met += code_flagged
        self.put("s", code_flagged, fields[16:20], self.snapshot.without_counters(code))
        for reference in references[:7]:
            self.refer(reference)
        self.out += fields[12:16]
        self.refer(references[7])
        self.refer(references[8])


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
        assert (magic, version, size, block) == (b"fastimp\x1a", 3, len(data), 16384)
        identity, identity_size, sums, count = struct.unpack_from("<IIII", data, 40)
        self.tables, self.tables_end, self.code_start, self.code_end = struct.unpack_from("<QQQQ", data, 56)
        self.user, self.made = struct.unpack_from("<QQ", data, 88)
        assert data[112:136] == bytes(24) and data[456:512] == bytes(56)
        self.release, zero, self.build, *self.probe_place = struct.unpack_from("<IIQQQQQ", data, 408)
        assert zero == 0
        assert xxh64(data[:24] + bytes(8) + data[32:header]) == checksum
        self.identity = dict(pair.decode().split("=", 1) for pair in data[identity : identity + identity_size].split(b"\0"))
        assert count == -(-(self.tables_end - self.tables) // block) and header >= sums + 8 * count
        for number in range(count):
            start = self.tables + number * block
            expected = int.from_bytes(data[sums + 8 * number :][:8], "little")
            assert fold_sum(data[start : min(start + block, self.tables_end)], number) == expected

    def read_section(self, number, name):
        """Records as tuples; for the strings, their bytes."""
        offset, count, size = struct.unpack_from("<QII", self.data, 136 + 16 * number)
        assert offset % 8 == 0 and self.tables <= offset <= offset + count * size <= self.tables_end
        data = self.data[offset : offset + count * size]
        if not SECTIONS[name]:
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
        *stamp, source_size, offset, length, checksum, source_hash, marshalled, zero = rest
        data = self.data[offset : offset + length]
        assert zero == 0
        if length:
            assert offset % 16 == 0 and self.code_start <= offset <= offset + length <= self.code_end
            assert fold_sum(data) == checksum
        path = self.path(root, text, size)
        if length:
            with open(path, "rb") as source:
                assert xxh64(source.read()) == source_hash
        if flags & 64:
            data = bytes(Templates(data, self).out)
        assert len(data) == marshalled
        return path, flags, tuple(stamp), source_size, data

    def interned(self, number):
        """The bytes of an interned string, and whether they are ASCII."""
        (start,), (end,) = self.sections["texts"][number : number + 2]
        return self.sections["text bytes"][start & 0x7FFFFFFF : end & 0x7FFFFFFF], not start >> 31

    def without_counters(self, code):
        """Bytecode with empty caches."""
        caches, code, at = self.sections["caches"], bytearray(code), 0
        while caches and at + 4 <= len(code):
            if caches[code[at]]:
                code[at + 2 : at + 4] = bytes(2)
            at += 2 + 2 * caches[code[at]]
        return bytes(code)

    def probe_code(self):
        """The marshalled code of the probe, or None."""
        offset, size, checksum, marshalled = self.probe_place
        if not size:
            return None
        data = self.data[offset : offset + size]
        assert fold_sum(data) == checksum
        made = bytes(Templates(data, self).out)
        assert len(made) == marshalled
        return made

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
