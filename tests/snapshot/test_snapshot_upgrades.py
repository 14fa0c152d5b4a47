"""What happens to trees between the recording and the use: upgrades, branches, restored times. `checked` gives importlib's
answer each time, finding and code."""

import _imp
import importlib.util
import os
import py_compile
import shutil
import sys
from importlib import machinery

import pytest
from support import Duel, plant
from support.snapshots import in_use, reader_of, settle

import fastimport

OLD, NEW = "X = 'old'\n", "X = 'new'\n"
EXTENSION = machinery.EXTENSION_SUFFIXES[0]


def compile_now(path):
    """As an installer does: the .pyc of the file as it is."""
    machinery.SourceFileLoader("m", path).get_code("m")


def write(path, text, keep=None):
    with open(path, "w") as file:
        file.write(text)
    if keep is not None:
        os.utime(path, ns=(keep.st_atime_ns, keep.st_mtime_ns))


def upgraded(lib):
    """pip install -U: files unlinked, new ones put in place and compiled."""
    path = f"{lib}/m.py"
    os.unlink(path)
    os.unlink(importlib.util.cache_from_source(path))
    write(path, NEW + "# longer\n")
    compile_now(path)


def same_size_and_time_other_inode(lib):
    """A reproducible package: all times equal, by SOURCE_DATE_EPOCH; the size happens to be, too."""
    path, before = f"{lib}/m.py", os.stat(f"{lib}/m.py")
    write(path + ".new", NEW, before)
    os.replace(path + ".new", path)
    os.unlink(importlib.util.cache_from_source(path))
    compile_now(path)


def restored_time(lib):
    """tar, cp -p, git with restored times: changed in place, and importlib believes the old .pyc."""
    write(f"{lib}/m.py", NEW, os.stat(f"{lib}/m.py"))


def restored_time_and_directory(lib):
    """The same for a new file in the directory: importlib trusts its listing by mtime, in a new process by nothing."""
    before = os.stat(lib)
    plant(lib, {"added.py": OLD})
    os.utime(lib, ns=(before.st_atime_ns, before.st_mtime_ns))


def clock_went_back(lib):
    write(f"{lib}/m.py", NEW)
    os.utime(f"{lib}/m.py", (1, 1))
    os.utime(lib, (1, 1))


def another_branch(lib):
    """git checkout: the directory is another one, of the same time."""
    before = os.stat(lib)
    shutil.rmtree(lib)
    plant(lib, {"m": {"__init__.py": NEW}, "other.py": OLD, "p": {"c.py": NEW}})
    os.utime(lib, ns=(before.st_atime_ns, before.st_mtime_ns))


def module_becomes_package(lib):
    plant(lib, {"m": {"__init__.py": NEW}})


def package_loses_its_init(lib):
    os.unlink(f"{lib}/p/__init__.py")


def extension_is_built(lib):
    plant(lib, {f"other{EXTENSION}": ""})


def sourceless(lib):
    os.replace(importlib.util.cache_from_source(f"{lib}/m.py"), f"{lib}/m.pyc")
    os.unlink(f"{lib}/m.py")


def all_is_moved_away(lib):
    os.rename(lib, lib + "-away")


def link_is_switched(lib):
    """An editable install, a current -> v2 link: the path is the same, the directory is not."""
    os.rename(lib, lib + "-v1")
    shutil.copytree(lib + "-v1", lib + "-v2")
    write(f"{lib}-v2/m.py", NEW, os.stat(f"{lib}-v1/m.py"))
    os.symlink(lib + "-v2", lib)


def nothing(lib):
    pass


CHANGES = [
    nothing, upgraded, same_size_and_time_other_inode, restored_time, restored_time_and_directory, clock_went_back,
    another_branch, module_becomes_package, package_loses_its_init, extension_is_built,
    sourceless, all_is_moved_away, link_is_switched,
]  # fmt: skip
NAMES = ("m", "other", "p", "added", "absent")


def value(world, name, path):
    """What the code of a module does, or why there is none."""
    spec = world.finder.find_spec(name, path)
    if spec is None or not isinstance(spec.loader, machinery.SourceFileLoader):
        return None
    namespace = {}
    try:
        exec(spec.loader.get_code(name), namespace)
    except OSError as error:
        return type(error)
    return namespace.get("X")


@pytest.fixture
def lib(root):
    found = plant(root, {"lib": {"m.py": OLD, "other.py": OLD, "p": {"__init__.py": OLD, "c.py": OLD}}})
    for file in ("m.py", "other.py", "p/__init__.py", "p/c.py"):
        compile_now(f"{found}/lib/{file}")
    settle()
    return f"{found}/lib"


@pytest.fixture
def compiled_normally(monkeypatch):
    monkeypatch.setattr(sys, "dont_write_bytecode", False)


@pytest.mark.parametrize("change", CHANGES, ids=lambda change: change.__name__)
@pytest.mark.parametrize("level", ["checked", "trusted"])
def test_after_the_change_in_a_new_process(compiled_normally, lib, change, level):
    """Recorded before the change, used after it."""
    reader = reader_of([lib])
    change(lib)
    fastimport.install(freshness=level)
    try:
        with in_use(reader, level):
            duel = Duel(fastimport.PathFinder, ignoring=("cache", "events"))
            for _ in range(2):
                for name in NAMES:
                    duel.ask(name, [lib])
                    duel.agree(lambda world, name=name: value(world, name, [lib]))
                duel.ask("p.c", [f"{lib}/p"])
                duel.agree(lambda world: value(world, "c", [f"{lib}/p"]))
            assert change is not nothing or (reader.codes_used and not reader.codes_stale)
    finally:
        fastimport.uninstall()


@pytest.mark.parametrize("change", CHANGES, ids=lambda change: change.__name__)
def test_during_the_process(compiled_normally, lib, change):
    """Used before the change and after it."""
    fastimport.install()
    try:
        with in_use(reader_of([lib]), "checked"):
            duel = Duel(fastimport.PathFinder, ignoring=("cache", "events"))  # who loads first, makes __pycache__
            for _ in range(2):
                for name in NAMES:
                    duel.ask(name, [lib])
                    duel.agree(lambda world, name=name: value(world, name, [lib]))
                change, change_now = nothing, change
                change_now(lib)
            duel.invalidate()
            for name in NAMES:
                duel.ask(name, [lib])
    finally:
        fastimport.uninstall()


@pytest.mark.parametrize("what", ["directory", "source"])
def test_recorded_within_the_tick_of_its_last_change(compiled_normally, lib, what):
    """Marked, and never believed by its stamp; a source is compared."""
    plant(lib, {"late.py": OLD}) if what == "directory" else write(f"{lib}/m.py", NEW)
    reader = reader_of([lib])
    fastimport.install()
    try:
        with in_use(reader, "checked"):
            settle()
            fastimport.PathFinder.find_spec("m", [lib]).loader.get_code("m")
            assert reader.tables_stale if what == "directory" else reader.codes_by_content
    finally:
        fastimport.uninstall()


def test_bytecode_rewritten_under_an_unchanged_source(compiled_normally, lib):
    """S1 The one difference: the snapshot has its own bytecode, and the .pyc is not looked at."""
    reader = reader_of([lib])
    cached = importlib.util.cache_from_source(f"{lib}/m.py")
    with open(cached, "rb") as file:
        header = file.read(16)
    import marshal

    with open(cached, "wb") as file:
        file.write(header + marshal.dumps(compile("X = 'forged'", "m.py", "exec")))
    with in_use(reader, "checked"):
        spec = fastimport.PathFinder.find_spec("m", [lib])
        namespace = {}
        exec(spec.loader.get_code("m"), namespace)
        assert namespace["X"] == "old"


@pytest.mark.parametrize("checked", [True, False], ids=["checked", "unchecked"])
@pytest.mark.parametrize("at_record", ["default", "always", "never"])
@pytest.mark.parametrize("at_use", ["default", "always", "never"])
def test_hash_based_bytecode_of_another_source(compiled_normally, monkeypatch, lib, checked, at_record, at_use):
    """Which of the two runs, the interpreter's --check-hash-based-pycs says: that of the run, not that of the recording."""
    py_compile.compile(f"{lib}/m.py", doraise=True, invalidation_mode=list(py_compile.PycInvalidationMode)[1 if checked else 2])
    write(f"{lib}/m.py", NEW)
    settle()
    monkeypatch.setattr(_imp, "check_hash_based_pycs", at_record)
    reader = reader_of([lib])
    monkeypatch.setattr(_imp, "check_hash_based_pycs", at_use)
    fastimport.install()
    try:
        with in_use(reader, "checked"):
            duel = Duel(fastimport.PathFinder, ignoring=("cache", "events"))
            duel.agree(lambda world: value(world, "m", [lib]))
    finally:
        fastimport.uninstall()
