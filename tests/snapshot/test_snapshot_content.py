"""Code by the content of its source: a tree that was unpacked, copied or linked anew is served, although all stamps are others.

What importlib would say while it compiles is said: code whose compilation warns is left to it.
"""

import os
import pathlib
import py_compile
import shutil
import subprocess
import zipfile

import pytest
from support import plant
from support.process import python
from support.snapshots import contents_of, settle

from fastimport.snapshot import attachment, decode, store
from fastimport.snapshot.build import build_used
from fastimport.snapshot.model import UNTRIED, WARNS

TREE = {"m.py": "X = 1\n", "p": {"__init__.py": "X = 2\n", "c.py": "X = 3\n"}, "empty.py": "", "utf.py": "X = 'é'\n"}
USE = """
import sys, fastimport
fastimport.install(freshness=sys.argv[1], snapshot=sys.argv[2])
before = fastimport.stats().snapshot_codes
import m, p, p.c, empty, utf
print(m.X, p.X, p.c.X, utf.X, fastimport.stats().snapshot_codes - before, *fastimport.stats().refusals)
"""
LEVELS = ("checked", "trusted")


@pytest.fixture
def lib(root):
    path = os.path.join(root, "lib")
    plant(path, TREE)
    settle()
    return path


def saved(lib, *, by_content=False, name="s.fastimport"):
    path = os.path.join(os.path.dirname(lib), name)
    store.save(contents_of([lib], by_content=by_content), path)
    return path


def used(lib, snapshot, level="checked", *flags):
    finished = python("-B", *flags, "-c", USE, level, snapshot, PYTHONPATH=lib)
    assert (finished.returncode, finished.stderr) == (0, "")
    return finished.stdout.rstrip("\n")


def zipped_and_unpacked(lib):
    """As a bundle is deployed: all files new, all times the archive's."""
    archive = lib + ".zip"
    with zipfile.ZipFile(archive, "w") as file:
        for path in (path for path in pathlib.Path(lib).rglob("*") if path.is_file()):
            file.writestr(zipfile.ZipInfo(str(path.relative_to(lib))), path.read_bytes())
    shutil.rmtree(lib)
    with zipfile.ZipFile(archive) as file:
        file.extractall(lib)


def copied(lib):
    """A layer: another inode each, times kept."""
    shutil.copytree(lib, lib + "-copy")
    shutil.rmtree(lib)
    os.rename(lib + "-copy", lib)


def times_shifted(lib):
    for directory, _, names in os.walk(lib):
        for name in names:
            os.utime(os.path.join(directory, name), (1, 1))


def linked_elsewhere(lib):
    """uv, conda, cp -al: another name for the same file changes its ctime."""
    subprocess.run(["cp", "-al", lib, lib + "-linked"], check=True)


def mode_changed(lib):
    for name in ("m.py", "p/__init__.py", "p/c.py", "empty.py", "utf.py"):
        os.chmod(os.path.join(lib, name), 0o644)
        os.chmod(os.path.join(lib, name), 0o664)


AGAIN = [zipped_and_unpacked, copied, times_shifted, linked_elsewhere, mode_changed]


@pytest.mark.parametrize("by_content", [False, True])
@pytest.mark.parametrize("level", LEVELS)
@pytest.mark.parametrize("again", AGAIN)
def test_same_content_is_served(lib, again, level, by_content):
    """Not one module is compiled, whatever became of the stamps."""
    snapshot = saved(lib, by_content=by_content)
    again(lib)
    assert used(lib, snapshot, level) == "1 2 3 é 5"


@pytest.mark.parametrize("again", AGAIN)
def test_with_bytecode_beside_that_does_not_fit_any_more(lib, again):
    """What was compiled when the tree was packed is stale after it; what was recorded by content is not."""
    for name in ("m.py", "p/__init__.py", "p/c.py", "empty.py", "utf.py"):
        py_compile.compile(os.path.join(lib, name), doraise=True)
    snapshot = saved(lib, by_content=True)
    again(lib)
    assert used(lib, snapshot) == "1 2 3 é 5"


def test_recorded_within_the_tick_of_the_last_change(root):
    """A stamp that says nothing yet is no reason to compile."""
    lib = os.path.join(root, "lib")
    plant(lib, TREE)
    assert used(lib, saved(lib)) == "1 2 3 é 5"


@pytest.mark.parametrize("by_content", [False, True])
@pytest.mark.parametrize("level", LEVELS)
def test_other_content_is_not(lib, level, by_content):
    """Of the same size, with the time restored."""
    snapshot = saved(lib, by_content=by_content)
    before = os.stat(f"{lib}/m.py")
    with open(f"{lib}/m.py", "w") as file:
        file.write("X = 7\n")
    os.utime(f"{lib}/m.py", ns=(before.st_atime_ns, before.st_mtime_ns))
    os.truncate(f"{lib}/utf.py", 0)
    with open(f"{lib}/utf.py", "w") as file:
        file.write("X = 'longer'\n")
    assert used(lib, snapshot, level) == "7 2 3 longer 3"


def test_a_source_that_can_not_be_read_any_more(lib):
    """importlib says what it says: the recorded code would hide it."""
    snapshot = saved(lib, by_content=True)
    os.unlink(f"{lib}/m.py")
    os.mkfifo(f"{lib}/m.py")  # which no read may wait for
    reader = attachment.open_snapshot(snapshot)
    attachment.use(reader, "checked")
    attachment.detach()
    assert reader.code(f"{lib}/m.py") is None and reader.codes_stale == 1
    assert reader.code(f"{lib}/p/c.py") is not None and reader.codes_by_content == 1


def test_an_environment_that_was_copied_elsewhere(lib, root, monkeypatch):
    """Roots that move with the file do so at each level; code is still the source's."""
    monkeypatch.setattr("sys.prefix", root)
    contents = contents_of([lib], home=root)
    snapshot = os.path.join(root, "s.fastimport")
    store.save(contents, snapshot)
    there = root + "-there"
    shutil.copytree(root, there)
    try:
        for level in (*LEVELS, "frozen"):
            assert used(f"{there}/lib", f"{there}/s.fastimport", level) == "1 2 3 é 5"
    finally:
        shutil.rmtree(there)


WARNING = {
    "escape": "P = '\\d'\n",
    "comparison": "P = 1\nif P is 'a': pass\n",
    "assertion": "assert (1, 'text')\n",
    "call": "def f(): return 'a' (1)\n",
}
WARN = """
import sys, fastimport
fastimport.install(freshness=sys.argv[1], snapshot=sys.argv[2])
import warnmod
print(warnmod.__name__)
"""


@pytest.mark.parametrize("by_content", [False, True])
@pytest.mark.parametrize("kind", WARNING)
def test_what_warns_when_it_is_compiled_is_left_to_importlib(root, kind, by_content):
    """The same on stderr, and the same failure under -W error; others of the snapshot are served."""
    lib = os.path.join(root, "lib")
    plant(lib, {"warnmod.py": WARNING[kind]})
    settle()
    snapshot = saved(lib, by_content=by_content)
    for flags in (("-W", "always"), ("-W", "error")):
        ours = python("-B", *flags, "-c", WARN, "checked", snapshot, PYTHONPATH=lib)
        stock = python("-B", *flags, "-c", WARN, "checked", "none", PYTHONPATH=lib)
        assert (ours.stdout, ours.stderr, ours.returncode) == (stock.stdout, stock.stderr, stock.returncode)
        assert "Warning" in ours.stderr or "SyntaxError" in ours.stderr


@pytest.mark.parametrize("by_content", [False, True])
@pytest.mark.parametrize("kind", WARNING)
def test_what_would_warn_again_after_the_bytecode_is_lost(root, kind, by_content):
    """It had a .pyc when it was recorded, and was silent; unpacked without, importlib warns."""
    lib = os.path.join(root, "lib")
    plant(lib, {"warnmod.py": WARNING[kind]})
    python("-m", "compileall", "-q", lib)
    settle()
    snapshot = saved(lib, by_content=by_content)
    finished = python("-B", "-W", "error", "-c", WARN, "checked", snapshot, PYTHONPATH=lib)
    assert (finished.returncode, finished.stdout, finished.stderr) == (0, "warnmod\n", "")
    shutil.rmtree(f"{lib}/__pycache__")
    zipped_and_unpacked(lib)
    times_shifted(lib)
    assert "SyntaxError" in python("-B", "-W", "error", "-c", WARN, "checked", snapshot, PYTHONPATH=lib).stderr


def test_recording_with_stamps_does_not_compile_what_has_bytecode(lib):
    """Whether that would warn is then not known: served while a .pyc would be valid, not after times are lost."""
    py_compile.compile(f"{lib}/m.py", doraise=True)
    path = os.path.join(os.path.dirname(lib), "s.fastimport")
    store.save(build_used([lib], [f"{lib}/m.py", f"{lib}/p/c.py"], [[lib]]), path)

    def served():
        reader = attachment.open_snapshot(path)
        attachment.use(reader, "checked")
        attachment.detach()
        return [reader.code(f"{lib}/{name}") is not None for name in ("m.py", "p/c.py")]

    flags = {os.path.basename(code.path): code.flags & (WARNS | UNTRIED) for code in decode.codes(attachment.open_snapshot(path))}
    assert flags == {"m.py": UNTRIED, "c.py": 0}
    assert served() == [True, True]
    linked_elsewhere(lib)
    assert served() == [True, True]
    times_shifted(lib)
    assert served() == [False, True]
