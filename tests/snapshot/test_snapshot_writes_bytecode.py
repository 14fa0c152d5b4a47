"""Where importlib would have compiled a module and written its bytecode, a start from a snapshot leaves the same files behind.

Each case is a tree in some state, run by importlib alone and from a snapshot, one after the other at the same place.
"""

import importlib.util
import marshal
import os
import py_compile
import shutil
import stat
import struct
import sys
from pathlib import Path

import pytest
from support import plant
from support.process import NOBODY, python
from support.snapshots import contents_of, settle

from fastimport.snapshot import store

TREE = {
    "m.py": "X = 1\ndef f(a, *b, c=2):\n    return [a for a in b if a != 'text']\nclass C:\n    'doc'\n    y = 1.5\n",
    "p": {"__init__.py": "X = 2\n", "c.py": "from . import X\nX += 1\n"},
    "é.py": "X = 'é'\n",
    "empty.py": "",
}
NAMES = ("m", "p", "p.c", "é", "empty")
SOURCES = ("m.py", "p/__init__.py", "p/c.py", "é.py", "empty.py")
PROGRAM = """
import sys, importlib
level, snapshot, before, between = sys.argv[1:]
exec(before)
if level != "stock":
    import fastimport
    fastimport.install(freshness=level, snapshot=snapshot)
    refused = fastimport.stats().refusals
    assert not refused or before, refused
    start = fastimport.stats().snapshot_codes
try:
    exec(between)
    for name in NAMES:
        print(name, getattr(importlib.import_module(name), "X", None))
except BaseException as error:
    print(type(error).__name__, error)
if level != "stock":
    print(fastimport.stats().snapshot_codes - start, file=sys.stderr)
"""
PROGRAM = f"NAMES = {NAMES!r}\n{PROGRAM}"
needs_root = pytest.mark.skipif(os.geteuid() != 0, reason="only root can become somebody else")


@pytest.fixture
def lib(public_root):
    path = os.path.join(public_root, "lib")
    plant(path, TREE)
    for number, name in enumerate(SOURCES):
        os.utime(f"{path}/{name}", ns=(0, 1_600_000_000_987_654_321 + number))
    settle()
    return path


def saved(lib, by_content=True):
    path = os.path.join(os.path.dirname(lib), "s.fastimport")
    store.save(contents_of([lib], by_content=by_content), path)
    return path


def contents(lib):
    """What is in or instead of ``__pycache__`` below: modes, and of files the bytes."""
    found = {}
    for directory, below, names in os.walk(lib):
        for name in (*below, *names):
            path = os.path.join(directory, name)
            mode = os.lstat(path).st_mode
            if "__pycache__" in path and not name.rpartition(".")[2].isdigit():  # what a refused renaming leaves behind
                found[os.path.relpath(path, lib)] = (oct(mode), Path(path).read_bytes() if stat.S_ISREG(mode) else b"")
    return found


def clear(lib):
    for directory, below, names in os.walk(lib, topdown=False):
        os.chmod(directory, 0o755)
        for name in names:
            if not name.endswith(".py"):
                os.unlink(os.path.join(directory, name))
        for name in below:
            if name == "__pycache__":
                shutil.rmtree(os.path.join(directory, name))


def run(lib, level, snapshot="none", *flags, before="", between="", **variables):
    finished = python(*flags, "-c", PROGRAM, level, snapshot, before, between, PYTHONPATH=lib, **variables)
    assert finished.returncode == 0, finished.stderr
    return finished.stdout, finished.stderr.strip()


def is_same(ours, stock):
    """The same files with equal bytes; marshal writes the same objects differently, by who else refers to them."""
    assert {name: (mode, len(data) > 0, data[:16]) for name, (mode, data) in ours.items()} == {
        name: (mode, len(data) > 0, data[:16]) for name, (mode, data) in stock.items()
    }
    for name, (_, data) in ours.items():
        theirs = stock[name][1]
        if data != theirs:
            assert marshal.loads(data[16:]) == marshal.loads(theirs[16:])
            assert marshal.loads(data[16:]).co_filename == marshal.loads(theirs[16:]).co_filename


def compared(lib, prepare=lambda lib: None, *flags, by_content=True, served="5", level="checked", **how):
    """What both leave behind, after it was found equal; the snapshot must have `served` so many modules."""
    snapshot = saved(lib, by_content)
    found = []
    for side in ("stock", level):
        clear(lib)
        prepare(lib)
        output, counted = run(lib, side, snapshot, *flags, **how)
        found.append((output, contents(lib)))
    assert counted == served
    (stock_output, stock), (our_output, ours) = found
    assert our_output == stock_output
    is_same(ours, stock)
    return ours


def bytecode_of(lib, name, optimization=None):
    return importlib.util.cache_from_source(f"{lib}/{name}", optimization=optimization)


# What is there already ################################################################################################


@pytest.mark.parametrize("level", ["checked", "trusted"])
@pytest.mark.parametrize("by_content", [True, False])
def test_nothing_is_there(lib, by_content, level):
    """A tree as it was unpacked: its bytecode is written by the first start, to be found by the next."""
    ours = compared(lib, by_content=by_content, level=level)
    assert sum(name.endswith(".pyc") for name in ours) == 5


def test_the_bytes_are_those_of_importlib(lib):
    """Not what marshal makes of code made of the snapshot's templates: that has other reference counts, which its bytes show."""
    plain = {"one.py": "X = 1\n", "two.py": "def f(a, b=1): return [a, b, 1.5]\n"}
    plant(lib, plain)
    settle()
    snapshot, found = saved(lib), []
    for before in ("", f"import fastimport; fastimport.install(snapshot={snapshot!r})"):
        clear(lib)
        assert python("-c", f"{before}\nimport one, two", PYTHONPATH=lib).returncode == 0
        found.append({name: Path(bytecode_of(lib, name)).read_bytes() for name in plain})
    assert all(len(found[0][name]) == len(found[1][name]) for name in plain)
    if sys.version_info < (3, 14):  # later ones also tell which strings something else in the process refers to
        assert found[0] == found[1]


def test_the_code_is_that_of_bytecode_that_was_compiled_elsewhere(lib):
    for name in SOURCES:
        py_compile.compile(f"{lib}/{name}", doraise=True, invalidation_mode=py_compile.PycInvalidationMode.CHECKED_HASH)
    snapshot = saved(lib, by_content=False)
    expected = {name: Path(bytecode_of(lib, name)).read_bytes()[16:] for name in SOURCES}
    clear(lib)
    for name in SOURCES:
        os.utime(f"{lib}/{name}", (1_500_000_000, 1_500_000_000))
    store.save(contents_of([lib], by_content=True), snapshot)
    run(lib, "checked", snapshot)
    for name in SOURCES:
        data = Path(bytecode_of(lib, name)).read_bytes()
        assert len(data) == len(expected[name]) + 16
        assert marshal.loads(data[16:]) == marshal.loads(expected[name])


def older(lib):
    for name in SOURCES:
        times = os.stat(f"{lib}/{name}")
        os.utime(f"{lib}/{name}", (1, 1))
        py_compile.compile(f"{lib}/{name}", doraise=True)
        os.utime(f"{lib}/{name}", ns=(times.st_atime_ns, times.st_mtime_ns))


def changed(start, data):
    def change(lib):
        for name in SOURCES:
            py_compile.compile(f"{lib}/{name}", doraise=True)
            path = bytecode_of(lib, name)
            whole = bytearray(Path(path).read_bytes())
            whole[start : start + len(data)] = data
            Path(path).write_bytes(whole)

    return change


def cut(size):
    def change(lib):
        older(lib)
        for name in SOURCES:
            os.truncate(bytecode_of(lib, name), size)

    return change


def directories_in_their_place(lib):
    for name in SOURCES:
        os.makedirs(bytecode_of(lib, name))


def unreadable_links(lib):
    for name in SOURCES:
        os.makedirs(os.path.dirname(bytecode_of(lib, name)), exist_ok=True)
        os.symlink("nowhere", bytecode_of(lib, name))


def a_file_for_a_directory(lib):
    for place in (lib, f"{lib}/p"):
        Path(f"{place}/__pycache__").write_text("no directory", encoding="ascii")


INVALID = {
    "of an older source": older,
    "another magic number": changed(0, b"ab\r\n"),
    "unknown flags": changed(4, b"\4"),
    "another time": changed(8, b"\0"),
    "another size": changed(12, b"\xff"),
    "empty": cut(0),
    "shorter than a header": cut(15),
    "a directory in its place": directories_in_their_place,
    "a link to nowhere in its place": unreadable_links,
    "a file in the place of the directory": a_file_for_a_directory,
}


@pytest.mark.parametrize("by_content", [True, False])
@pytest.mark.parametrize("what", INVALID)
def test_bytecode_that_is_not_valid(lib, what, by_content):
    compared(lib, INVALID[what], by_content=by_content)


@pytest.mark.parametrize("flags", [b"\0", b"\2"])
def test_valid_bytecode_is_left_alone(lib, flags):
    """Not written again, whatever wrote it."""

    def prepare(lib):
        changed(4, flags)(lib)
        for name in SOURCES:
            os.utime(bytecode_of(lib, name), (5, 5))

    compared(lib, prepare)
    assert all(os.stat(bytecode_of(lib, name)).st_mtime == 5 for name in SOURCES)


def test_the_next_start_finds_it(lib):
    """And leaves it as it is; the snapshot still has the code."""
    snapshot = saved(lib)
    run(lib, "checked", snapshot)
    for name in SOURCES:
        os.utime(bytecode_of(lib, name), (5, 5))
    assert run(lib, "checked", snapshot)[1] == "5"
    assert all(os.stat(bytecode_of(lib, name)).st_mtime == 5 for name in SOURCES)
    first = run(lib, "stock")
    assert first == (run(lib, "checked", snapshot)[0], "")
    assert all(os.stat(bytecode_of(lib, name)).st_mtime == 5 for name in SOURCES)


# By hash (PEP 552) ####################################################################################################


def hashed(checked, is_stale):
    mode = py_compile.PycInvalidationMode.CHECKED_HASH if checked else py_compile.PycInvalidationMode.UNCHECKED_HASH

    def prepare(lib):
        for name in SOURCES:
            py_compile.compile(f"{lib}/{name}", doraise=True, invalidation_mode=mode)
            if is_stale:
                with open(bytecode_of(lib, name), "r+b") as file:
                    file.seek(8)
                    file.write(struct.pack("<Q", 7))

    return prepare


@pytest.mark.parametrize("policy", ["default", "always", "never"])
@pytest.mark.parametrize("is_stale", [False, True])
@pytest.mark.parametrize("checked", [True, False])
def test_bytecode_by_hash(lib, checked, is_stale, policy):
    """Stays what it is, or is renewed as what it was, by importlib."""
    is_renewed = is_stale and (policy == "always" or (policy == "default" and checked))
    flags = ("--check-hash-based-pycs", policy)
    compared(lib, hashed(checked, is_stale), *flags, served="0" if is_renewed else "5")


# Who may not, or does not want to #####################################################################################


@pytest.mark.parametrize(
    "how",
    [
        {"before": "sys.dont_write_bytecode = True"},
        {"between": "sys.dont_write_bytecode = 1"},
        {"PYTHONDONTWRITEBYTECODE": "1"},
    ],
    ids=["before", "between", "variable"],
)
def test_nobody_wants_it(lib, how):
    assert not compared(lib, **how)


def test_the_option(lib):
    assert not compared(lib, lambda lib: None, "-B")


def test_it_was_unwanted_until_now(lib):
    """The setting counts that the program has when the module is loaded."""
    ours = compared(lib, PYTHONDONTWRITEBYTECODE="1", between="import m; sys.dont_write_bytecode = False")
    assert sum(name.endswith(".pyc") for name in ours) == 4


def test_frozen_writes_nothing(lib):
    """It does not look whether there is any."""
    snapshot = saved(lib)
    assert run(lib, "frozen", snapshot)[1] == "5"
    assert not contents(lib)


def read_only(*where):
    def prepare(lib):
        for place in (lib, f"{lib}/p"):
            if "cache" in where:
                os.makedirs(f"{place}/__pycache__", exist_ok=True)
                os.chmod(f"{place}/__pycache__", 0o555)
            os.chmod(place, 0o777 if "cache" in where else 0o555)

    return prepare


BECOME = {
    "other user": f"import os, unicodedata; os.setgroups([]); os.setgid({NOBODY}); os.setuid({NOBODY})",
    "for a while": f"import os, unicodedata; os.seteuid({NOBODY})",
}


@needs_root
@pytest.mark.parametrize("who", BECOME)
@pytest.mark.parametrize("where", ["cache", "directory"])
def test_others_can_not(lib, where, who):
    assert not any(name.endswith(".pyc") for name in compared(lib, read_only(where), between=BECOME[who]))


@needs_root
@pytest.mark.parametrize("who", BECOME)
def test_others_can_where_everybody_can(lib, who):
    def prepare(lib):
        for place in (lib, f"{lib}/p"):
            os.chmod(place, 0o777)

    ours = compared(lib, prepare, between=BECOME[who])
    assert sum(name.endswith(".pyc") for name in ours) == 5


# Where, and how #######################################################################################################


@pytest.mark.parametrize("umask", [0o022, 0o077, 0])
@pytest.mark.parametrize("mode", [0o644, 0o600, 0o444, 0o755])
def test_modes(lib, mode, umask):
    """Those of the source, writable for the owner."""

    def prepare(lib):
        for name in SOURCES:
            os.chmod(f"{lib}/{name}", mode)

    prepare(lib)
    settle()
    compared(lib, between=f"import os; os.umask({umask})")


@pytest.mark.parametrize("level", [1, 2])
def test_optimized(lib, level):
    """A snapshot that was made under the same option."""
    snapshot = os.path.join(os.path.dirname(lib), "s.fastimport")
    make = "import sys; from fastimport.snapshot import build, store; "
    make += "store.save(build.build([sys.argv[1]], by_content=True), sys.argv[2])"
    found = []
    for side in ("stock", "checked"):
        clear(lib)
        finished = python("-O" * level if level == 1 else "-OO", "-c", make, lib, snapshot)
        assert finished.returncode == 0, finished.stderr
        found.append((run(lib, side, snapshot, "-OO" if level == 2 else "-O")[0], contents(lib)))
    assert found[0][0] == found[1][0]
    is_same(found[1][1], found[0][1])
    assert os.path.exists(bytecode_of(lib, "m.py", level))


def test_another_place_for_bytecode(lib, tmp_path):
    """importlib sees to it."""
    for side in ("stock", "checked"):
        run(lib, side, saved(lib), PYTHONPYCACHEPREFIX=f"{tmp_path}/{side}")
    stock, ours = (sorted(path.name for path in tmp_path.joinpath(side, lib[1:]).rglob("*.pyc")) for side in ("stock", "checked"))
    assert ours == stock
    assert len(ours) == 5
    assert not contents(lib)


def test_a_tree_that_was_moved(lib, public_root, monkeypatch):
    """The code names the place where the source is now."""
    monkeypatch.setattr("sys.prefix", public_root)
    store.save(contents_of([lib], home=public_root, by_content=True), os.path.join(public_root, "s.fastimport"))
    there = f"{public_root}-there"
    shutil.copytree(public_root, there)
    found = []
    for side in ("stock", "checked"):
        clear(f"{there}/lib")
        _, counted = run(f"{there}/lib", side, f"{there}/s.fastimport")
        found.append(contents(f"{there}/lib"))
    shutil.rmtree(there)
    assert counted == "5"
    is_same(found[1], found[0])
    assert len(found[1]) == 7


# Others have a say ####################################################################################################


PATCHES = {
    "set_data": "def put(self, path, data, *, _mode=0o666, original=target.set_data): noted.append(path)\ntarget.set_data = put",
    "_cache_bytecode": "def put(self, source, path, data): noted.append(path)\ntarget._cache_bytecode = put",
    "refusing": "def put(self, source, path, data): raise NotImplementedError\ntarget._cache_bytecode = put",
    "_write_atomic": "external._write_atomic = lambda path, data, mode=0o666: noted.append((path, oct(mode)))",
    "_calc_mode": "external._calc_mode = lambda path: 0o600",
    "_code_to_timestamp_pyc": "external._code_to_timestamp_pyc = lambda code, *stamp: bytearray(str(stamp).encode())",
    "dumps": "import marshal; marshal.dumps = lambda *args, original=marshal.dumps: noted.append(len(args)) or original(*args)",
    "mkdir": "import posix; posix.mkdir = lambda path, *args: noted.append(path)",
}


@pytest.mark.parametrize("what", PATCHES)
@pytest.mark.parametrize("moment", ["before", "between"])
def test_what_is_replaced_is_called(lib, what, moment):
    patch = f"""
import _frozen_importlib_external as external
from importlib.machinery import SourceFileLoader as target
noted = []
{PATCHES[what]}
"""
    show = "import atexit; atexit.register(lambda: print(sorted(map(str, noted))))"
    ours = {moment: patch + show}
    compared(lib, served="0", **ours)


AUDIT = """
import sys
from pathlib import Path
def hook(event, args):
    if event == {event!r} and "__pycache__" in str(args[0]) and ({event!r} != "open" or args[2] & 1):
        raise {error}("no " + event)
sys.addaudithook(hook)
"""


@pytest.mark.parametrize("error", ["RuntimeError", "OSError"])
@pytest.mark.parametrize("event", ["os.mkdir", "open", "os.rename"])
def test_an_audit_hook_refuses(lib, event, error):
    """An `OSError` means that it can't be written, as ever; all else ends the import, after importlib has tried as well."""
    compared(lib, between=AUDIT.format(event=event, error=error), served="5" if error == "OSError" else "0")


def test_traceback_of_a_refusal(lib):
    """It has importlib's frames."""
    show = "import traceback; sys.excepthook = None"
    trace = (
        f"{show}\n"
        + AUDIT.format(event="os.mkdir", error="RuntimeError")
        + ("\ntry:\n    import m\nexcept RuntimeError as e:\n    print(traceback.format_exc())\n")
    )
    compared(lib, between=trace, served="0")


def test_several_threads_at_once(lib):
    """One file each, whole."""
    threads = """
import threading
def load():
    for name in NAMES: importlib.import_module(name)
workers = [threading.Thread(target=load) for _ in range(8)]
for worker in workers: worker.start()
for worker in workers: worker.join()
"""
    compared(lib, between=threads)


def test_this_interpreter_writes():
    """Else nothing of this would be tested."""
    assert not sys.dont_write_bytecode


REPLACED = "import builtins; real = compile; builtins.compile = lambda *a, **k: (print(a[1][-5:]), real(*a, **k))[1]"


@pytest.mark.parametrize("level", ["checked", "trusted"])
@pytest.mark.parametrize(("how", "served"), [({"before": REPLACED}, "0"), ({"between": f"import m; {REPLACED}"}, "1")], ids=str)
def test_who_has_replaced_compile_compiles(lib, how, served, level):
    """importlib calls it by name: whoever looks at what is compiled sees all of it."""
    compared(lib, level=level, served=served, **how)
