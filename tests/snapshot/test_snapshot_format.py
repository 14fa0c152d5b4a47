"""The bytes: the writer, the compiled reader and the document mean the same; and what comes out is what went in."""

import os
import re
from pathlib import Path

import pytest
from support import Link, plant
from support.snapshots import contents_of, encoded, settle

import fastimport
from fastimport import Snapshot
from fastimport.snapshot import decode, identity, layout
from fastimport.snapshot._reader import SnapshotReader, checksum

ROOT = Path(__file__).parents[2]
HEADER = (ROOT / "src" / "fastimport" / "snapshot" / "snapshot_format.h").read_text(encoding="utf-8")
TREE = {
    "m.py": "X = 1", "p": {"__init__.py": "", "c.py": "", "é.py": ""}, "space": {}, "data.txt": "", "link.py": Link("m.py"),
    "loop": Link("."), "bad.py": "syntax error", "nul.py": b"\0", "dangling.py": Link("nowhere"),
    b"\xff.py".decode("utf-8", "surrogateescape"): "",
}  # fmt: skip


@pytest.fixture
def lib(root):
    plant(root, {"lib": TREE})
    settle()
    return os.path.join(root, "lib")


def test_the_header_file_has_the_same_layout():
    """Record sizes, block size, version, number of sections."""
    sizes = re.search(r"fs_record_sizes\[FS_SECTIONS\] = \{([\d, ]+)\}", HEADER)[1]
    assert [int(size) for size in sizes.split(",")] == [layout.RECORDS[name].size for name in layout.SECTIONS]
    constants = dict(re.findall(r"(FS_\w+) = (\d+)", HEADER))
    assert int(constants["FS_VERSION"]) == layout.VERSION
    assert int(constants["FS_BLOCK"]) == layout.BLOCK
    assert int(constants["FS_HEADER"]) == layout.HEADER_SIZE >= layout.HEADER.size + len(layout.SECTIONS) * layout.SECTION.size


def test_the_document_has_every_section_and_its_size():
    document = (ROOT / "docs" / "snapshots.md").read_text(encoding="utf-8")
    rows = dict(re.findall(r"^\| \d+ \| ([a-z ]+) \| (\d+) \|", document, re.M))
    assert {name: int(size) for name, size in rows.items()} == {name: layout.RECORDS[name].size for name in layout.SECTIONS}


@pytest.mark.parametrize(
    ("data", "seed", "value"),
    [
        (b"", 0, 0xEF46DB3751D8E999),
        (b"a", 0, 0xD24EC4F1A98C6E5B),
        (b"abc", 0, 0x44BC2CF5AD770999),
        (b"Nobody inspects the spammish repetition", 0, 0xFBCEA83C8A378BF1),
        (b"", 1, 0xD5AFBA1336A3BE4B),
    ],
)
def test_checksum_is_xxh64(data, seed, value):
    """Values that other implementations publish."""
    assert checksum(data, seed) == value


def test_what_goes_in_comes_out(lib):
    contents = contents_of([lib])
    reader = SnapshotReader(data=encoded(contents))
    assert {found.path: found for found in decode.directories(reader)} == contents.directories
    codes = {code.path: code for code in decode.codes(reader)}
    assert list(codes) == list(contents.sources)
    for path, source in contents.sources.items():
        assert (codes[path].stamp, codes[path].source_size) == (source.stamp, source.size)
        if os.path.basename(path) not in ("bad.py", "nul.py"):
            assert reader.code_bytes(codes[path].number) == source.load().code != b""
        else:
            assert codes[path].size == 0
    assert decode.paths(reader) == contents.paths == [[lib]]
    assert decode.facts(reader)["identity"] == identity.fields()


def test_links_in_circles_are_walked_once(lib):
    assert [path for path in contents_of([lib]).directories if "loop/" in path] == []


def test_nothing_is_executed_or_written(lib):
    before = sorted(os.walk(lib))
    contents_of([lib])
    encoded(contents_of([lib]))
    assert sorted(os.walk(lib)) == before


def test_public_class(lib, root):
    path = os.path.join(root, "s.fastimport")
    made = Snapshot.build([lib])
    made.save(path)
    assert Path(path).read_bytes() == made.to_bytes()
    loaded = Snapshot.load(path)
    assert loaded.facts() == Snapshot.from_bytes(made.to_bytes()).facts() == made.facts()
    assert loaded.verify() == []
    assert made.facts()["directories"] == 3
    with pytest.raises(ValueError, match="not a snapshot"):
        Snapshot.from_bytes(b"x" * 5000)
    with pytest.raises(ValueError, match="No such file"):
        Snapshot.load(path + ".x")
    with pytest.raises(ValueError, match="is in its file"):
        loaded.to_bytes()
    with pytest.raises(OSError, match="No such file"):
        made.save(os.path.join(root, "nowhere", "s"))


def test_verify_tells_stale_from_wrong_and_damaged(lib, root):
    """What is stale is noticed by its stamp; wrong would be used."""
    snapshot = Snapshot.build([lib])
    plant(lib, {"new.py": ""})
    with open(f"{lib}/m.py", "w") as file:
        file.write("X = 22")
    os.unlink(f"{lib}/p/c.py")
    problems = {(problem.kind, problem.path) for problem in snapshot.verify()}
    changed = {lib, f"{lib}/m.py", f"{lib}/link.py", f"{lib}/p/c.py", f"{lib}/p"}
    assert problems == {("stale", path) for path in changed}
    data = bytearray(snapshot.to_bytes())
    data[-20] ^= 1
    assert "damaged" in {problem.kind for problem in Snapshot.from_bytes(data).verify()}


def test_size_limits_are_told(monkeypatch, lib):
    """A module that is too large is left to importlib."""
    monkeypatch.setattr("fastimport.snapshot.sources.MAX_SIZE", 10)
    reader = SnapshotReader(data=encoded(contents_of([lib])))
    assert {code.size for code in decode.codes(reader)} == {0}


def test_install_forgets_the_snapshot_of_before(lib, root):
    from fastimport.snapshot import attachment

    path = os.path.join(root, "s.fastimport")
    Snapshot.build([lib]).save(path)
    fastimport.install(snapshot=path)
    assert attachment.attached()[1] == path and fastimport.describe()["snapshot"] == path
    fastimport.install()
    assert attachment.attached() == (None, None)
    fastimport.uninstall()
