"""Damaged snapshots: no crash, no hang, no wrong module.

Two kinds of damage. Bytes changed at random: checksums must notice all that would be used. Bytes changed and all checksums put
right: nothing tells any more that the file is wrong, and every offset, count and index has to hold by itself.
"""

import os
import random
import shutil
import subprocess
from importlib import machinery
from pathlib import Path

import pytest
from support import plant
from support.snapshots import contents_of, encoded, in_use, settle

from fastimport.code._ready import fold_sum
from fastimport.finding._tables import Kinds
from fastimport.snapshot import identity
from fastimport.snapshot._reader import SnapshotReader, checksum
from fastimport.snapshot.layout import BLOCK, HEADER, NUMBER, RECORDS, SECTION

COUNT = 100_000
IMPORTERS = {}
KINDS = Kinds([(suffix, None) for suffix in identity.suffixes()])
TREE = {
    "lib": {"m.py": "X = 1", "p": {"__init__.py": "", "c.py": "Y = 2"}, "space": {}, "é.py": "", "data.txt": ""},
    "lib2": {"m.py": "", "space": {"s.py": ""}},
    "lib3": {"z.py": ""},
    "many": {f"data{i}.txt": "" for i in range(1500)} | {f"module{i}.pyc": "" for i in range(500)},  # several blocks of tables
}
NAMES = ("m", "p", "c", "__init__", "absent", "", "space", "é", "s", "z", "\udcff")
NASTY = (0, 1, 2, 0x7F, 0xFF, 0x100, 0xFFFF, 0x7FFFFFFF, 0x80000000, 0xFFFFFFFF, 0xFFFFFFFE, BLOCK)
HERE = Path(__file__).parents[1]


@pytest.fixture(scope="module")
def snapshot(tmp_path_factory):
    root = plant(tmp_path_factory.mktemp("fuzz"), TREE)
    settle()
    path = [os.path.join(root, name) for name in TREE]
    return path, encoded(contents_of(path))


def ask_everything(data, path):
    """All answers: directories by name, code by file, candidates; what is not known is left out."""
    reader = SnapshotReader(data=data)
    reader.serve(identity.suffixes(), lambda code, name: None, True, machinery.FileFinder)
    found = {}
    for entry in (*path, path[0] + "/p", path[0] + "/space"):
        for name in NAMES:
            answer = reader.answer(entry, name)
            if answer is not NotImplemented:
                found[entry, name] = answer
    for name in NAMES:
        positions = reader.candidates(path, IMPORTERS, name, KINDS)
        if positions is not None:
            found[name] = positions
    for file in ("m.py", "p/__init__.py", "p/c.py", "é.py"):
        code = reader.code(f"{path[0]}/{file}")
        if code is not None:
            found[file] = code
    return found


def mutated(data, source):
    """A few changes: bits, bytes, nasty numbers, pieces copied over others, the end cut off."""
    result = bytearray(data)
    for _ in range(source.randint(1, 6)):
        at = source.randrange(len(result))
        match source.randrange(6):
            case 0:
                result[at] ^= 1 << source.randrange(8)
            case 1:
                result[at] = source.randrange(256)
            case 2:
                result[at & ~3 : (at & ~3) + 4] = source.choice(NASTY).to_bytes(4, "little")
            case 3:
                at = source.randrange(HEADER.size + len(NUMBER) * SECTION.size) & ~3
                result[at : at + 4] = source.choice(NASTY).to_bytes(4, "little")
            case 4:
                result[at : at + 40] = result[source.randrange(len(result)) :][:40]
            case _:
                if source.randrange(8) == 0:
                    del result[at:]
                    break
    return result


def repaired(data):
    """The same with every checksum of header and tables put right."""
    if len(data) < HEADER.size:
        return bytes(data)
    data[16:24] = len(data).to_bytes(8, "little")
    fields = HEADER.unpack_from(data)
    header, sums, blocks, start, end = fields[5], fields[9], fields[10], fields[11], fields[12]
    if start < end <= len(data) and sums + 8 * blocks <= len(data) and blocks <= 1000:
        for block in range(blocks):
            piece = bytes(data[start + block * BLOCK : min(end, start + (block + 1) * BLOCK)])
            data[sums + 8 * block : sums + 8 * block + 8] = fold_sum(piece, block).to_bytes(8, "little")
    data[24:32] = bytes(8)
    data[24:32] = checksum(bytes(data[:header])).to_bytes(8, "little")
    return bytes(data)


def test_no_damage_gives_a_wrong_answer(snapshot):
    """What is answered at all is what the undamaged file answers."""
    path, data = snapshot
    truth = ask_everything(data, path)
    assert len(truth) > 60 and truth["m.py"].co_consts
    source = random.Random(1)
    answered = refused = 0
    for _ in range(COUNT // 2):
        try:
            given = ask_everything(bytes(mutated(data, source)), path)
        except ValueError:
            refused += 1
            continue
        answered += 1
        assert given.items() <= truth.items()
    assert answered > COUNT // 10 and refused > COUNT // 100


def test_no_damage_with_good_checksums_crashes(snapshot):
    """Answers may be wrong (who can put checksums right can write snapshots), but there is an end to each."""
    path, data = snapshot
    source = random.Random(2)
    opened = 0
    for _ in range(COUNT // 2):
        try:
            ask_everything(repaired(mutated(data, source)), path)
            opened += 1
        except ValueError:
            pass
    assert opened > COUNT // 20


def test_tables_that_overlap_or_point_in_circles(snapshot):
    """All names of all directories in one place; slots that are all full; every offset the same."""
    path, data = snapshot
    for section in RECORDS:
        for value in (0, 1, 0xFFFFFFFF, 64):
            image = bytearray(data)
            at = HEADER.size + NUMBER[section] * SECTION.size
            offset, count, size = SECTION.unpack_from(image, at)
            image[offset : offset + count * size] = value.to_bytes(4, "little") * (count * size // 4) + bytes(count * size % 4)
            ask_or_refuse(image, path)
            SECTION.pack_into(image, at, offset - 8, count + 1, size)
            ask_or_refuse(image, path)


def ask_or_refuse(image, path):
    try:
        ask_everything(repaired(image), path)
    except ValueError:
        pass


@pytest.mark.skipif(shutil.which("cc") is None, reason="needs a C compiler")
def test_reader_under_sanitizers(snapshot, tmp_path):
    """The C of the reader alone, with AddressSanitizer and UBSan where the compiler has them; COUNT files."""
    (tmp_path / "s").write_bytes(snapshot[1])
    source, include = HERE / "fuzz" / "snapshot_driver.c", HERE.parent / "src" / "fastimport" / "snapshot"
    command = ["cc", "-g", "-O1", "-I", include, "-o", tmp_path / "driver", source]
    sanitizers = ["-fsanitize=address,undefined", "-fno-sanitize-recover=all"]
    if subprocess.run([*command, *sanitizers], capture_output=True).returncode:
        subprocess.run(command, check=True)
    done = subprocess.run([tmp_path / "driver", tmp_path / "s", str(COUNT)], capture_output=True, text=True, timeout=300)
    assert (done.returncode, done.stderr) == (0, "")
    assert int(done.stdout.split()[0]) > COUNT // 100


def test_imports_go_on_with_a_damaged_snapshot(snapshot):
    """Through the finder: whatever is damaged, the answer is importlib's."""
    import fastimport

    path, data = snapshot
    source = random.Random(3)
    fastimport.install()
    try:
        for _ in range(300):
            try:
                reader = SnapshotReader(data=bytes(mutated(data, source)))
            except ValueError:
                continue
            for level in ("checked", "trusted", "frozen"):
                with in_use(reader, level):
                    spec = fastimport.PathFinder.find_spec("m", path)
                    assert spec.origin == f"{path[0]}/m.py" and spec.loader.get_code("m").co_consts[0] == 1
                    assert fastimport.PathFinder.find_spec("absent", path) is None
    finally:
        fastimport.uninstall()
