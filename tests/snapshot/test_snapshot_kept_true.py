"""`frozen` where the running program changes what the snapshot was made under: suffixes, loaders, finders, hooks.

importlib is asked the same in the same state; where its answer can't be known without asking others, they are asked.
"""

import importlib
import os
import sys
from importlib import machinery

import pytest
from support import plant
from support.snapshots import in_use, reader_of

import fastimport

TREE = {
    "a": {"dialect.foo": "", "pkg": {"__init__.foo": ""}, "space": {"m.py": ""}, "ordinary.py": "", "p": {"__init__.py": ""}},
    "b": {"dialect.py": "", "pkg.py": "", "late.foo": ""},
}
NAMES = ("dialect", "pkg", "space", "ordinary", "p", "late", "absent")
EXTRA = 12


@pytest.fixture(params=[0, EXTRA], ids=["short path", "long path"])
def entries(root, request):
    """On a long path the snapshot is first asked which entries may have a name at all."""
    plant(root, TREE | {f"d{number}": {f"only{number}.py": ""} for number in range(request.param)})
    return [os.path.join(root, name) for name in ("a", "b", *(f"d{number}" for number in range(request.param)))]


@pytest.fixture
def frozen(entries):
    fastimport.install(freshness="frozen")
    try:
        with in_use(reader_of(entries), "frozen") as reader:
            yield reader
    finally:
        fastimport.uninstall()


def answers(finder, entries):
    return {name: described(finder.find_spec(name, entries)) for name in NAMES}


def described(spec):
    return spec and (spec.origin, spec.has_location, list(spec.submodule_search_locations or ()))


def both(entries):
    """importlib's answers and ours, each with its own memory of path entries."""
    kept = dict(sys.path_importer_cache)
    ours = answers(fastimport.PathFinder, entries)
    sys.path_importer_cache.clear()
    sys.path_importer_cache.update(kept)
    stock = answers(machinery.PathFinder, entries)
    sys.path_importer_cache.clear()
    sys.path_importer_cache.update(kept)
    return ours, stock


def extension_suffixes():
    """The list that path hooks read; that of `importlib.machinery` is a copy."""
    hook = next(hook for hook in sys.path_hooks if "FileFinder" in getattr(hook, "__qualname__", ""))
    details = dict(zip(hook.__code__.co_freevars, hook.__closure__))["loader_details"].cell_contents
    return next(suffixes for loader, suffixes in details if loader is machinery.ExtensionFileLoader)


def changed_in_place(suffixes, change):
    def act():
        kept = list(suffixes)
        change(suffixes)
        return lambda: suffixes.__setitem__(slice(None), kept)

    return act


CHANGES = {
    "source suffix added": changed_in_place(machinery.SOURCE_SUFFIXES, lambda suffixes: suffixes.insert(0, ".foo")),
    "source suffix added last": changed_in_place(machinery.SOURCE_SUFFIXES, lambda suffixes: suffixes.append(".foo")),
    "source suffix replaced": changed_in_place(machinery.SOURCE_SUFFIXES, lambda suffixes: suffixes.__setitem__(0, ".foo")),
    "bytecode suffix added": changed_in_place(machinery.BYTECODE_SUFFIXES, lambda suffixes: suffixes.append(".foo")),
    "extension suffix added": changed_in_place(extension_suffixes(), lambda suffixes: suffixes.append(".foo")),
    "source suffixes removed": changed_in_place(machinery.SOURCE_SUFFIXES, lambda suffixes: suffixes.clear()),
}


@pytest.mark.parametrize("change", CHANGES.values(), ids=CHANGES)
def test_suffixes_changed_in_the_running_program(frozen, entries, change):
    """Before any entry was met, and after all were: importlib's answer, whichever finders it has."""
    for is_met in (False, True):
        sys.path_importer_cache.clear()
        if is_met:
            answers(fastimport.PathFinder, entries)
        undo = change()
        try:
            ours, stock = both(entries)
            assert ours == stock
            sys.path_importer_cache.clear()
            ours, stock = both(entries)
            assert ours == stock and (ours["late"] or ours["ordinary"] is None)
        finally:
            undo()
    sys.path_importer_cache.clear()
    calls = fastimport.stats().stat_calls
    assert answers(fastimport.PathFinder, entries)["ordinary"] and fastimport.stats().stat_calls == calls


@pytest.mark.parametrize("which", ["loaders", "loaders in place", "path"])
def test_a_file_finder_that_is_another(frozen, entries, root, which):
    """A FileFinder that somebody made for this entry: for other suffixes, or of another directory."""
    details = [(machinery.SourceFileLoader, [".foo"]), (machinery.SourceFileLoader, [".py"])]
    mine = machinery.FileFinder(entries[1] if which == "path" else entries[0], *details[which == "path" :])
    if which == "loaders in place":
        mine = machinery.FileFinder.path_hook(*details[1:])(entries[0])
        mine._loaders.insert(0, (".foo", machinery.SourceFileLoader))
    sys.path_importer_cache[entries[0]] = mine
    ours, stock = both(entries)
    assert ours == stock
    expected = os.path.join(entries[1], "dialect.py") if which == "path" else os.path.join(entries[0], "dialect.foo")
    assert ours["dialect"][0] == expected


class Theirs:
    """Somebody's finder, for one path entry."""

    def find_spec(self, name, target=None):
        loader = machinery.SourceFileLoader(name, "/theirs")
        return machinery.ModuleSpec(name, loader, origin="/theirs") if name == "dialect" else None


def hook_for(entry, asked):
    def hook(path):
        asked.append(path)
        if path == entry:
            return Theirs()
        raise ImportError

    return hook


@pytest.fixture
def path_hooks(monkeypatch):
    monkeypatch.setattr(sys, "path_hooks", list(sys.path_hooks))
    return sys.path_hooks


def test_hooks_after_importlibs_are_not_asked_for_directories(path_hooks, frozen, entries):
    """importlib's own takes every directory; the snapshot goes on to answer, without a file-system call and unasked."""
    asked = []
    path_hooks.append(hook_for(entries[0], asked))
    sys.path_importer_cache.clear()
    calls = fastimport.stats().stat_calls
    assert answers(fastimport.PathFinder, entries)["ordinary"][0] == os.path.join(entries[0], "ordinary.py")
    assert fastimport.stats().stat_calls == calls and asked == []


def test_hooks_after_importlibs_before_the_installation(path_hooks, entries):
    """The same for one that was there first, as an editable install's is; what is no directory is put to it."""
    asked = []
    missing = f"{entries[0]}-missing"
    path_hooks.append(hook_for(missing, asked))
    sys.path_importer_cache.clear()
    fastimport.install(freshness="frozen")
    try:
        with in_use(reader_of([*entries, missing]), "frozen"):
            calls = fastimport.stats().stat_calls
            assert answers(fastimport.PathFinder, entries)["p"]
            assert fastimport.stats().stat_calls == calls and asked == []
            for path in ([missing, *entries], [*entries, missing]):
                sys.path_importer_cache.clear()
                ours, stock = both(path)
                assert ours == stock and asked
                assert ours["dialect"][0] == ("/theirs" if path[0] == missing else os.path.join(entries[1], "dialect.py"))
    finally:
        fastimport.uninstall()


def test_hooks_before_importlibs_are_asked_once_for_each_directory(path_hooks, frozen, entries):
    """Whose answer can't be known: the first question is importlib's, which remembers it; then the snapshot goes on."""
    asked = []
    path_hooks.insert(0, hook_for(entries[1], asked))
    sys.path_importer_cache.clear()
    ours, stock = both(entries)
    assert ours == stock and ours["dialect"][0] == "/theirs"
    answers(fastimport.PathFinder, entries)
    asked.clear()
    calls = fastimport.stats()
    assert answers(fastimport.PathFinder, entries) == stock
    assert asked == [] and fastimport.stats().stat_calls == calls.stat_calls
    assert fastimport.stats().snapshot_hits > calls.snapshot_hits
    importlib.invalidate_caches()
    assert answers(fastimport.PathFinder, entries) == stock
