"""docs/snapshots.md says what every byte is: a reader that was written from it alone reads what the compiled one reads."""

import marshal
import os
import sys
from importlib import machinery

import pytest
from support import Link, plant
from support.documented import DocumentedSnapshot, xxh64
from support.documented import fold_sum as documented_fold_sum
from support.snapshots import contents_of, encoded, reader_of, settle

from fastimport.code._ready import fold_sum
from fastimport.finding._tables import Kinds
from fastimport.snapshot import decode, identity
from fastimport.snapshot._reader import SnapshotReader, checksum

KINDS = Kinds([(suffix, None) for suffix in identity.suffixes()])
TREE = {
    "a": {
        "m.py": "X = 1", "p": {"__init__.py": "", "c.py": "", "é.py": ""}, "space": {}, "data.txt": "", "link.py": Link("m.py"),
        "bad.py": "syntax error", "dangling.py": Link("nowhere"), b"\xff.py".decode("utf-8", "surrogateescape"): "",
        "dotted.name.py": "", ".hidden": "",
    },
    "b": {"m.py": "", "space": {"s.py": ""}} | {f"n{i}.py": f"Y = {i}" for i in range(300)},
}  # fmt: skip


@pytest.fixture
def entries(root):
    plant(root, TREE)
    settle()
    return [f"{root}/a", f"{root}/missing", f"{root}/b"]


@pytest.mark.parametrize("size", [0, 1, 3, 4, 7, 8, 11, 12, 31, 32, 33, 63, 64, 100, 1000])
def test_checksums(size):
    data = bytes(number * 7 & 0xFF for number in range(size))
    for seed in (0, 1, 1 << 63):
        assert xxh64(data, seed) == checksum(data, seed)
        assert documented_fold_sum(data, seed) == fold_sum(data, seed)


@pytest.mark.parametrize("by_content", [False, True])
def test_both_readers_read_the_same(entries, by_content):
    contents = contents_of(entries, by_content=by_content)
    contents.order = [f"{entries[0]}/m.py", "/lib/x.so"]
    data = encoded(contents)
    reader, documented = SnapshotReader(data=data), DocumentedSnapshot(data)
    size, flags, made, user, home, _, code_bytes = reader.facts()
    assert (size, flags, made, user, home) == (len(data), documented.flags, documented.made, documented.user, documented.home)
    assert code_bytes == documented.code_end - documented.code_start
    assert documented.identity == identity.fields()
    assert documented.roots == reader.roots()
    assert documented.search_path() == decode.paths(reader)[0] == entries
    assert documented.order == decode.order(reader) == contents.order
    recorded = [(each.path, each.flags, tuple(each.stamp), each.names, each.others) for each in decode.directories(reader)]
    assert documented.directories == recorded
    for number, code in enumerate(decode.codes(reader)):
        path, flags, stamp, source_size, kept = documented.codes[number]
        expected = (code.path, code.flags, code.stamp[:4], code.source_size, code.marshalled)
        assert (path, flags, stamp, source_size, len(kept)) == expected
        assert not code.size or reader.code_bytes(number) == kept
        assert documented.find("codes", path) == number
    assert [documented.find("directories", each[0]) for each in documented.directories] == list(range(len(recorded)))
    assert documented.find("directories", f"{entries[0]}/absent") is None


def test_both_give_the_same_answers(entries):
    """Candidates on the search path, what a directory holds, code."""
    reader = reader_of(entries, "frozen")
    documented = DocumentedSnapshot(encoded(contents_of(entries)))
    for name in ("m", "p", "space", "n7", "n299", "é", "\udcff", "absent", "data", ""):
        assert list(reader.candidates(entries, {}, name, KINDS)) == documented.candidates(name)
    for path, flags, _, names, _ in documented.directories:
        for name, (_, resolved, inside) in ({} if flags & 2 else names).items():
            assert reader.answer(path, name) == answer(path, name, resolved, inside)
        assert reader.answer(path, "absent") is None
    for path, _, _, _, kept in documented.codes:
        code = reader.code(path)
        assert (code is None) is (not kept)
        assert code is None or code == marshal.loads(kept).replace(co_filename=path)


def answer(path, name, resolved, inside):
    """What the masks mean, by the document."""
    suffixes = identity.fields()["suffixes"].split()
    assert suffixes == identity.suffixes() and set(machinery.SOURCE_SUFFIXES) < set(suffixes)
    if resolved & 1 and inside >= 2:
        return inside - 2, f"{path}/{name}/__init__{suffixes[inside - 2]}", [f"{path}/{name}"]
    for number, suffix in enumerate(suffixes):
        if resolved >> (number + 1) & 1:
            return number, f"{path}/{name}{suffix}", None
    return f"{path}/{name}" if resolved & 1 else None


def test_a_real_one(root):
    """Of the whole standard library of this interpreter, compiled in advance or not."""
    library = os.path.dirname(os.__file__)
    data = encoded(contents_of([f"{library}/json", f"{library}/email", f"{library}/collections"]))
    documented = DocumentedSnapshot(data)
    assert f"{library}/json" in {each[0] for each in documented.directories}
    reader = SnapshotReader(data=data)
    assert {code.path: code.marshalled for code in decode.codes(reader)} == {each[0]: len(each[4]) for each in documented.codes}
    assert sys.prefix in {root for root, _ in documented.roots}
