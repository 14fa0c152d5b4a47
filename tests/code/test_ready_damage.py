"""Damaged templates with good checksums: an error or some code object, never a crash, whatever is asked of it afterwards."""

import random
import sys

import pytest
from support import plant
from support.snapshots import contents_of, encoded

from fastimport.code._ready import fold_sum, unusable
from fastimport.snapshot import decode
from fastimport.snapshot._reader import SnapshotReader, checksum
from fastimport.snapshot.identity import build_number
from fastimport.snapshot.layout import BLOCK, HEADER, NUMBER, RECORDS, SECTION

COUNT = 20_000
TREE = {
    "a.py": "X = 1, 'two words', 2**70, 1.5, 3j, b'x', {1, 'é', (2, 3)}\ndef f(a, b=1, *c, d, **e):\n return lambda: a, 'x y'",
    "b.py": "class C:\n 'Text'\n def m(self): return super().m() in {1, 'é', (2, 3)}\n",
}
NASTY = (0, 1, 2, 3, 4, 5, 0x40, 0x7F, 0x80, 0xFF)


@pytest.fixture(scope="module")
def snapshot(tmp_path_factory):
    return encoded(contents_of([plant(tmp_path_factory.mktemp("fuzz"), TREE)]))


def placed(data):
    """Offset and size of each module's templates, and where their checksum is."""
    offset = SECTION.unpack_from(data, HEADER.size + NUMBER["codes"] * SECTION.size)[0]
    reader = SnapshotReader(data=data)
    for code in decode.codes(reader):
        if code.size:
            at = offset + code.number * RECORDS["codes"].size
            yield RECORDS["codes"].unpack_from(data, at)[9], code.size, at + 72, code.number


def repaired(data):
    """With the checksums of blocks and header put right."""
    fields = HEADER.unpack_from(data)
    header, sums, blocks, start, end = fields[5], fields[9], fields[10], fields[11], fields[12]
    for block in range(blocks):
        piece = bytes(data[start + block * BLOCK : min(end, start + (block + 1) * BLOCK)])
        data[sums + 8 * block : sums + 8 * block + 8] = fold_sum(piece, block).to_bytes(8, "little")
    data[24:32] = bytes(8)
    data[24:32] = checksum(bytes(data[:header])).to_bytes(8, "little")
    return bytes(data)


def mutated(data, offset, size, source):
    for _ in range(source.randint(1, 4)):
        at = offset + source.randrange(size)
        match source.randrange(4):
            case 0:
                data[at] ^= 1 << source.randrange(8)
            case 1:
                data[at] = source.choice(NASTY)
            case 2:
                data[at] = source.randrange(256)
            case _:
                data[at : at + 2] = data[offset + source.randrange(size - 2) :][:2]


def use(code):
    """What does not run it: everything that reads the fields."""
    hash(code)
    for name in dir(code):
        if name.startswith("co_") and name != "co_lnotab":
            getattr(code, name)
    repr(code.co_consts)
    try:
        code.replace(co_name="x")
    except ValueError:  # what no constructor takes
        pass


@pytest.mark.parametrize("what", ["templates", "texts"])
def test_any_damage_with_good_checksums(snapshot, what):
    if unusable(sys.hexversion) is not None:
        pytest.skip("this build unmarshals, and marshal does not check what it is given")
    source, made, refused = random.Random(what), 0, 0
    places = list(placed(snapshot))
    texts = SECTION.unpack_from(snapshot, HEADER.size + NUMBER["texts"] * SECTION.size)
    for _ in range(COUNT):
        data = bytearray(snapshot)
        offset, size, at, number = source.choice(places)
        if what == "templates":
            mutated(data, offset, size, source)
            data[at : at + 8] = fold_sum(bytes(data[offset : offset + size])).to_bytes(8, "little")
        else:
            mutated(data, texts[0], 4 * texts[1], source)
        reader = SnapshotReader(data=repaired(data))
        reader.prepare(sys.hexversion, build_number(), lambda reason: None)
        try:
            code = reader.code_object(number)
        except (ValueError, EOFError, TypeError, MemoryError, SystemError):
            refused += 1
            continue
        use(code)
        made += 1
        try:
            reader.code_bytes(number)
        except ValueError:
            pass
    assert made > COUNT // 50 and refused > COUNT // 50


def test_each_single_byte(snapshot):
    """Every byte of a module's templates, set to each nasty value."""
    if unusable(sys.hexversion) is not None:
        pytest.skip("this build unmarshals")
    offset, size, at, number = next(placed(snapshot))
    for place in range(offset, offset + size):
        for value in NASTY:
            data = bytearray(snapshot)
            data[place] = value
            data[at : at + 8] = fold_sum(bytes(data[offset : offset + size])).to_bytes(8, "little")
            reader = SnapshotReader(data=repaired(data))
            reader.prepare(sys.hexversion, build_number(), lambda reason: None)
            try:
                use(reader.code_object(number))
            except (ValueError, SystemError):
                pass


def test_damage_is_noticed(snapshot):
    """Without the checksums put right, none of it is made."""
    source = random.Random(5)
    for _ in range(2000):
        data = bytearray(snapshot)
        offset, size, _, number = source.choice(list(placed(snapshot)))
        data[offset + source.randrange(size)] ^= 1 << source.randrange(8)
        with pytest.raises(ValueError, match="damaged"):
            SnapshotReader(data=bytes(data)).code_object(number)
