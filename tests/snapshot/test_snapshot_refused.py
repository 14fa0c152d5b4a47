"""A snapshot that could make somebody else's code run, or that is not what it says, is refused with a reason, and importlib's
answers are given."""

import os
import shutil
import struct

import pytest
from support import plant
from support.process import NOBODY, python
from support.snapshots import contents_of, encoded, settle

import fastimport
from fastimport.finding import finder
from fastimport.snapshot import attachment, identity, store
from fastimport.snapshot._reader import checksum

TREE = {"lib": {"m.py": "X = 1", "p": {"__init__.py": "", "c.py": ""}}}
needs_root = pytest.mark.skipif(os.geteuid() != 0, reason="only root can give files away")


@pytest.fixture
def library(root):
    plant(root, TREE)
    settle()
    return os.path.join(root, "lib")


@pytest.fixture
def snapshot(library, root):
    path = os.path.join(root, "s.fastimport")
    store.save(contents_of([library]), path)
    return path


def refusal(path, library, freshness="checked"):
    """Why it is refused; imports must be importlib's."""
    before = set(fastimport.stats().refusals)
    fastimport.install(snapshot=path, freshness=freshness)
    try:
        assert fastimport.installed()
        assert fastimport.PathFinder.find_spec("m", [library]).origin == os.path.join(library, "m.py")
        assert attachment.attached() == (None, None)
    finally:
        fastimport.uninstall()
    reasons = [reason for reason in fastimport.stats().refusals if reason.startswith("snapshot: ")]
    assert reasons, f"not refused; before: {before}"
    return reasons[-1]


@pytest.fixture(autouse=True)
def no_refusals_before():
    from fastimport.finding.finder import resolver

    resolver.refusals.clear()
    yield
    attachment.detach()
    resolver.refusals.clear()


def rewritten(path, change):
    with open(path, "rb") as file:
        data = bytearray(file.read())
    change(data)
    os.unlink(path)
    with open(path, "wb") as file:
        file.write(data)
    os.chmod(path, 0o444)


def test_a_good_one_is_used(snapshot, library):
    fastimport.install(snapshot=snapshot)
    try:
        assert attachment.attached()[1] == snapshot
        assert fastimport.stats().refusals == {}
    finally:
        fastimport.uninstall()
    assert attachment.attached() == (None, None)


@pytest.mark.parametrize("mode", [0o464, 0o446, 0o666])
def test_writable_by_others(snapshot, library, mode):
    os.chmod(snapshot, mode)
    assert "others may write to it" in refusal(snapshot, library)


@pytest.mark.parametrize("mode", [0o775, 0o757, 0o1777])
def test_in_a_directory_that_is_writable_by_others(snapshot, library, root, mode):
    """A shared temporary directory too: the sticky bit is good enough further up only."""
    os.chmod(root, mode)
    try:
        assert "others may write to it" in refusal(snapshot, library)
    finally:
        os.chmod(root, 0o700)


def test_below_a_directory_that_is_writable_by_others(library, root):
    path = os.path.join(plant(os.path.join(root, "open"), {"inner": {}}), "inner", "s.fastimport")
    store.save(contents_of([library]), path)
    os.chmod(os.path.join(root, "open"), 0o777)
    assert "others may write to it" in refusal(path, library)


@needs_root
@pytest.mark.parametrize("what", ["s.fastimport", "."])
def test_of_another_user(snapshot, library, root, what):
    os.chown(os.path.join(root, what), NOBODY, -1)
    try:
        assert f"belongs to user {NOBODY}" in refusal(snapshot, library)
    finally:
        os.chown(os.path.join(root, what), 0, -1)


def test_symbolic_link_in_a_safe_directory_is_followed(snapshot, root):
    link = os.path.join(root, "link.fastimport")
    os.symlink("s.fastimport", link)
    attachment.open_snapshot(link)


def test_symbolic_link_that_can_be_swapped(snapshot, library, root):
    os.mkdir(os.path.join(root, "open"))
    os.symlink(snapshot, os.path.join(root, "open", "link"))
    os.chmod(os.path.join(root, "open"), 0o777)
    assert "others may write to it" in refusal(os.path.join(root, "open", "link"), library)


@pytest.mark.parametrize("target", ["loop", "dir", "fifo", "nowhere"])
def test_what_is_no_regular_file(library, root, target):
    """None of them hangs."""
    path = os.path.join(root, "x")
    {
        "loop": lambda: os.symlink("x", path),
        "dir": lambda: os.mkdir(path),
        "fifo": lambda: os.mkfifo(path),
        "nowhere": lambda: None,
    }[target]()
    refusal(path, library)


def flip(position, bits=1):
    def change(data):
        data[position] ^= bits

    return change


@pytest.mark.parametrize(
    ("change", "reason"),
    [
        (lambda data: data.clear(), "empty"),
        (lambda data: data.__delitem__(slice(100, None)), "too short"),
        (lambda data: data.__delitem__(slice(-16, None)), "not as long as it says"),
        (lambda data: data.extend(b"x"), "not as long as it says"),
        (flip(0), "not a snapshot"),
        (flip(8), "another version of fastimport"),
        (flip(12), "checksum of the header"),
        (flip(24), "checksum of the header"),
        (flip(200), "damaged"),
        (flip(530), "checksum of the header"),
        (lambda data: data.__setitem__(slice(0, None), b"\xff" * len(data)), "not a snapshot"),
        (lambda data: data.__setitem__(slice(0, None), bytes(len(data))), "not a snapshot"),
    ],
)
def test_damaged(snapshot, library, change, reason):
    rewritten(snapshot, change)
    assert reason in refusal(snapshot, library)


def signed(data):
    """With the checksum of the header put right."""
    (size,) = struct.unpack_from("<I", data, 32)
    data[24:32] = bytes(8)
    data[24:32] = checksum(bytes(data[:size])).to_bytes(8, "little")


@pytest.mark.parametrize("home", [(0, 0xFFFFFFF0), (0xFFFFFFF0, 8), "a\0b", "\0"])
def test_home_that_is_no_directory(snapshot, library, root, home):
    """In a file whose checksums are right: refused as well, and `status` says it."""
    contents = contents_of([library])
    if isinstance(home, str):
        contents.home = home
    os.unlink(snapshot)
    store.save(contents, snapshot)

    def change(data):
        if isinstance(home, tuple):
            struct.pack_into("<II", data, 104, *home)
            signed(data)

    rewritten(snapshot, change)
    assert refusal(snapshot, library, "frozen")
    told = python("-m", "fastimport", "status", FASTIMPORT_SNAPSHOT=snapshot)
    assert (told.returncode, told.stderr) == (0, "")


@pytest.mark.parametrize("field", identity.fields())
def test_of_another_interpreter(library, root, monkeypatch, field):
    """Each field of the identity counts, and is named."""
    monkeypatch.setattr(identity, "fields", lambda true=identity.fields: true() | {field: "other"})
    path = os.path.join(root, "other.fastimport")
    store.save(contents_of([library]), path)
    monkeypatch.undo()
    assert f"made for another interpreter: {field} 'other'" in refusal(path, library)


@pytest.mark.parametrize("freshness", ["checked", "trusted"])
def test_built_by_content_has_no_listing_to_believe(library, root, freshness):
    """Code is compared with its source; a listing can't be, and is read anew."""
    path = os.path.join(root, "content.fastimport")
    store.save(contents_of([library], by_content=True), path)
    reader = attachment.attach(path, freshness)
    plant(library, {"added.py": ""})
    assert finder.PathFinder.find_spec("added", [library]).origin == os.path.join(library, "added.py")
    assert (reader.tables_used, reader.code(os.path.join(library, "m.py")).co_filename) == (0, os.path.join(library, "m.py"))


def test_equal_content_gives_equal_bytes(library, root):
    """Whatever the times are: images are reproducible."""
    first = encoded(contents_of([library], by_content=True))
    other = shutil.copytree(library, os.path.join(root, "copy"))
    os.utime(os.path.join(other, "m.py"), (1, 1))
    shutil.rmtree(library)
    os.rename(other, library)
    assert encoded(contents_of([library], by_content=True)) == first


def test_flipped_bit_in_code_runs_the_source(snapshot, library, root):
    """The checksum of the module's code tells; importlib reads the file."""
    rewritten(snapshot, flip(-20))
    script = f"""
import sys, fastimport
sys.path.insert(0, {library!r})
fastimport.install(freshness="frozen", snapshot={snapshot!r})
import m, p.c
assert m.X == 1
from fastimport.snapshot import attachment
print(attachment.attached()[0].damaged)
"""
    done = python("-W", "error", "-c", script)
    assert (done.stdout, done.stderr, done.returncode) == ("1\n", "", 0)


def test_strict_raises(snapshot, library, monkeypatch):
    monkeypatch.setenv("FASTIMPORT_STRICT", "1")
    os.chmod(snapshot, 0o666)
    with pytest.raises(ImportError, match=r"snapshot refused: .*others may write to it"):
        fastimport.install(snapshot=snapshot)
    fastimport.uninstall()


@pytest.mark.parametrize("argument", ["", "a\0b", b"bytes"])
def test_wrong_argument(argument):
    with pytest.raises(ValueError, match="snapshot must be"):
        fastimport.install(snapshot=argument)
    assert not fastimport.installed()
