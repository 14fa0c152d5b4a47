"""`frozen`: what the snapshot covers is answered from it, with importlib's specs and without the file system.

The tree is gone when the questions are put. F labels are the differences that the definition implies; docs/conformance.md
lists the same labels.
"""

import importlib
import os
import shutil
import sys
import zipfile
from importlib import machinery

import pytest
from support import Duel, Link, plant
from support.snapshots import in_use, reader_of

import fastimport

EXTENSION = machinery.EXTENSION_SUFFIXES[0]
TREE = {
    "a": {
        "m.py": "X = 1", "both.py": "", "both": {"__init__.py": ""}, "ns": {"c.py": ""}, "space": {}, "data.txt": "",
        "p": {"__init__.py": "Y = 2", "c.py": "", "deep": {"__init__.pyc": "", "d.py": ""}, "inner": {"x.py": ""}},
        f"e{EXTENSION}": "", "b.pyc": "", "link.py": Link("m.py"), "dangling.py": Link("nowhere"), "is_dir.py": {},
        "linked": Link("p"), "é.py": "", "not-a-name": {"h.py": ""}, ".py": "", "dotted.name.py": "", "first.py": "",
        f"many{EXTENSION}": "", "many.py": "",
    },
    "b": {"m.py": "", "ns": {"__init__.py": ""}, "space": {"s.py": ""}, "last.py": ""},
    "c": {"space": {}, "p": {}},
}  # fmt: skip
NAMES = [
    "m", "both", "ns", "space", "p", "e", "b", "link", "dangling", "is_dir", "linked", "é", "not-a-name", "", "dotted", "data",
    "first", "last", "many", "absent", "m.", "\udcff", "\ud800", "x" * 5000, "dotted.name",
]  # fmt: skip


class Gone:
    """importlib's answers are taken while the tree is there, the candidate's when it is not."""

    def __init__(self, path, below):
        self.path, self.below = path, below
        self.stock = self.answers(Duel(machinery.PathFinder).oracle)

    def answers(self, world):
        world.path = self.path
        found = {name: world.ask(name) for name in NAMES}
        for locations in self.below:
            found |= {(locations[0], name): world.ask(f"q.{name}", lambda locations=locations: locations) for name in "cdxs"}
        return {key: (answer.outcome, answer.spec, answer.error) for key, answer in found.items()}


@pytest.mark.parametrize("extra", [0, 20])
def test_specs_are_importlibs_after_the_tree_is_gone(root, extra):
    """Short paths and long ones, entries that are not there, trailing slashes, search locations of packages.

    Not what a link leads to that is covered under its own path: under the link's it is looked for (test_walks.py).
    """
    plant(root, TREE | {f"d{i}": {f"only{i}.py": ""} for i in range(extra)})
    path = [os.path.join(root, name) for name in ("a", "missing", "b", "c", *(f"d{i}" for i in range(extra)))]
    inside = [[os.path.join(root, name)] for name in ("a/p", "a/p/deep", "a/p/inner", "b/space")]
    gone = Gone([*path, path[0] + "/"], inside)
    sys.modules["q"] = type(sys)("q")
    sys.modules["q"].__path__ = []
    fastimport.install(freshness="frozen")
    try:
        with in_use(reader_of(gone.path), "frozen"):
            shutil.rmtree(root)
            calls = fastimport.stats().stat_calls
            given = gone.answers(Duel(fastimport.PathFinder).candidate)
            assert {key: pair for key, pair in given.items() if pair != gone.stock[key]} == {}
            assert fastimport.stats().stat_calls == calls
    finally:
        fastimport.uninstall()


@pytest.fixture
def entries(root):
    plant(root, TREE)
    return [os.path.join(root, name) for name in "abc"]


@pytest.fixture
def frozen(entries):
    fastimport.install(freshness="frozen")
    try:
        with in_use(reader_of(entries), "frozen") as reader:
            yield reader
    finally:
        fastimport.uninstall()


def origin(name, path):
    spec = fastimport.PathFinder.find_spec(name, path)
    return spec and spec.origin


def test_f1_new_and_deleted_files_are_not_noticed(frozen, entries):
    """F1 Not even after invalidate_caches()."""
    plant(entries[0], {"new.py": ""})
    os.unlink(os.path.join(entries[0], "m.py"))
    importlib.invalidate_caches()
    assert origin("new", entries) is None
    assert origin("m", entries) == os.path.join(entries[0], "m.py")


def test_f2_changed_source_keeps_its_code(frozen, entries):
    """F2 The recorded code runs."""
    plant(entries[0], {"m.py": "X = 'changed'"})
    spec = fastimport.PathFinder.find_spec("m", entries)
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    assert module.X == 1 and module.__file__ == os.path.join(entries[0], "m.py")


def test_f3_path_importer_cache_is_not_filled(frozen, entries):
    """F3 Nobody is asked, so nobody is remembered."""
    sys.path_importer_cache.clear()
    assert origin("m", entries)
    assert entries[0] not in sys.path_importer_cache


def test_other_directories_are_checked(frozen, root, entries):
    """New names are found there, and wins and losses follow the order of the path."""
    other = plant(os.path.join(root, "other"), {"m.py": "", "own.py": ""})
    assert origin("m", [other, *entries]) == os.path.join(other, "m.py")
    assert origin("m", [*entries, other]) == os.path.join(entries[0], "m.py")
    assert origin("own", [*entries, other]) == os.path.join(other, "own.py")
    plant(other, {"later.py": ""})
    importlib.invalidate_caches()
    assert origin("later", [*entries, other]) == os.path.join(other, "later.py")


class Other:
    """Somebody's finder: it has names that its directory has, and others."""

    def find_spec(self, name, target=None):
        return machinery.ModuleSpec(name, machinery.SourceFileLoader(name, "/elsewhere")) if name in ("m", "theirs") else None


def test_hooks_of_others_are_respected(frozen, entries):
    """A hook that comes first serves the directory; the snapshot does not, for no name."""
    assert origin("theirs", entries) is None

    def hook(path):
        if path == entries[0]:
            return Other()
        raise ImportError

    sys.path_hooks.insert(0, hook)
    sys.path_importer_cache.clear()
    for name in ("m", "theirs"):
        assert fastimport.PathFinder.find_spec(name, entries).loader.path == "/elsewhere"
    assert origin("last", entries) == os.path.join(entries[1], "last.py")


def test_a_finder_put_into_the_cache_is_respected(frozen, entries):
    """Put there anew, exchanged, taken away, in another cache: each time the next search notices."""
    cache = sys.path_importer_cache
    assert origin("theirs", entries) is None
    cache[entries[2]] = Other()
    assert fastimport.PathFinder.find_spec("theirs", entries).loader.path == "/elsewhere"
    cache[entries[0]] = None
    assert origin("m", entries) == os.path.join(entries[1], "m.py")
    cache[entries[0]] = Other()
    assert fastimport.PathFinder.find_spec("m", entries).loader.path == "/elsewhere"
    sys.path_importer_cache = {}
    assert origin("theirs", entries) is None and origin("m", entries) == os.path.join(entries[0], "m.py")
    sys.path_importer_cache = cache
    del cache[entries[0]], cache[entries[2]]
    assert origin("theirs", entries) is None and origin("m", entries) == os.path.join(entries[0], "m.py")


def test_entries_inside_an_archive_are_zipimports(root):
    """No directory is at such an entry, and yet it is not absent: a path hook serves it."""
    with zipfile.ZipFile(os.path.join(root, "a.zip"), "w") as archive:
        archive.writestr("top.py", "")
        archive.writestr("sub/inner.py", "")
    plant(root, {"a": {"m.py": ""}})
    path = [os.path.join(root, name) for name in ("a", "a.zip/sub", "a.zip")]
    fastimport.install(freshness="frozen")
    try:
        with in_use(reader_of(path), "frozen"):
            for name in ("m", "inner", "top", "absent"):
                expected = machinery.PathFinder.find_spec(name, path)
                assert origin(name, path) == (expected and expected.origin), name
    finally:
        fastimport.uninstall()


def test_names_resolve_through_a_changed_path(frozen, entries):
    """Not only the path that was recorded: any of its entries, in any order, and the same list after a change."""
    path = [entries[1], entries[0], entries[2]]
    assert origin("m", path) == os.path.join(entries[1], "m.py")
    path.reverse()
    assert origin("m", path) == os.path.join(entries[0], "m.py")
    del path[1]
    assert origin("m", path) == os.path.join(entries[1], "m.py")


def test_without_a_snapshot_frozen_is_checked_and_says_so(root):
    plant(root, {"m.py": ""})
    fastimport.install(freshness="frozen")
    try:
        assert origin("m", [root])
        assert [reason for reason in fastimport.stats().refusals if "frozen needs one" in reason]
    finally:
        fastimport.uninstall()
