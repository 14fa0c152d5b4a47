"""FileFinder: methods replaced on an object or on the class, and subclasses.

Rules

2.11 find_spec on the instance, FileFinder.find_spec and _fill_cache on the class, and subclasses
     may be changed at any time: a short cut needs the exact type, and neither class nor instance
     patched. (State: test_conformance_outside.)
"""

import os
import sys
from importlib.machinery import FileFinder, ModuleSpec, SourceFileLoader

import pytest
from support import plant
from support.oracle import FILE_FINDER, methods


@pytest.fixture
def tree(duel, root):
    """A directory with a module m, already asked for, so that its finder is in both caches."""
    plant(root, {"e": {"m.py": ""}, "other": {"o.py": ""}})
    entry = os.path.join(root, "e")
    duel.set_path(entry)
    duel.ask("m")
    return entry


def test_file_finder_class_is_left_alone(candidate):
    """2.11 No registration replaces a method of FileFinder."""
    assert methods(FileFinder) == FILE_FINDER


def test_find_spec_on_the_instance(duel, tree):
    """2.11 A method that was put on the object itself."""
    given = ModuleSpec("m", "patched")
    duel.each_finder(tree, lambda finder: setattr(finder, "find_spec", lambda *args: given))
    assert duel.ask("m").loader == "patched"


@pytest.mark.parametrize("name", ["_fill_cache", "_get_spec"])
def test_helpers_on_the_instance(duel, tree, name):
    """2.11 The methods that find_spec calls may be replaced on the object too."""
    called = []

    def wrap(finder):
        original = getattr(finder, name)
        wrapper = lambda *args: called.append(name) or original(*args)  # noqa: E731
        setattr(finder, name, wrapper)
        finder.invalidate_caches()

    for world in duel.worlds:
        with world.active():
            wrap(sys.path_importer_cache[tree])
            assert world.finder.find_spec("m")
    assert called == [name] * 2


@pytest.mark.parametrize("name", ["find_spec", "_fill_cache", "_get_spec"])
def test_methods_of_the_class(duel, tree, monkeypatch, name):
    """2.11 A patched FileFinder is called, from the patch on and until it is undone."""
    called = []
    original = getattr(FileFinder, name)
    duel.invalidate()
    with monkeypatch.context() as patch:
        patch.setattr(FileFinder, name, lambda *args: called.append(name) or original(*args))
        assert duel.ask("m").found
        assert called == [name] * 2
    duel.invalidate()
    assert duel.ask("m").found
    assert called == [name] * 2


class Subclass(FileFinder):
    """A finder that has seen one file more than there is."""

    def find_spec(self, name, target=None):
        if name == "extra":
            return ModuleSpec(name, "extra loader")
        return super().find_spec(name, target)


def test_subclass_keeps_its_own_behaviour(duel, tree, root):
    """2.11 Exact FileFinders only may be taken short cuts with."""
    duel.set_hooks(Subclass.path_hook((SourceFileLoader, [".py"])))
    duel.each(lambda world: sys.path_importer_cache.clear())
    assert duel.ask("extra").loader == "extra loader"
    assert duel.ask("m").found


def test_loader_class_that_fails(duel, tree):
    """2.11 What the loader's constructor raises leaves the search."""

    class Failing:
        def __init__(self, *args):
            raise ZeroDivisionError("loader")

    duel.each_finder(tree, lambda finder: setattr(finder, "_loaders", [(".py", Failing)]))
    assert duel.ask("m").error_text == "ZeroDivisionError: loader"
