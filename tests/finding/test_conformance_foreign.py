"""PathFinder.find_spec: path entry finders that are not importlib's.

Rules

1.9  finder.find_spec(fullname, target), both positional. None: the next entry. A loader: returned at
     once, whatever the type of the spec. No loader: its portions are collected, and if there are
     none (None) ImportError('spec missing loader').
1.10 A finder without find_spec: in 3.11 find_loader and find_module with an ImportWarning, since
     then AttributeError.
"""

import os
import sys
from importlib.machinery import FileFinder, ModuleSpec, SourceFileLoader
from types import SimpleNamespace

import pytest
from support import plant
from support.foreign import Finder, claim, portion


@pytest.fixture
def tree(duel, root):
    """A directory with a module m, alone on the search path."""
    plant(root, {"e": {"m.py": ""}})
    entry = os.path.join(root, "e")
    duel.set_path(entry)
    return entry


def test_foreign_finder_is_called_with_two_positional_arguments(duel, tree):
    """1.9 Name and target, nothing else."""
    target = SimpleNamespace()

    def ask(world):
        finder = Finder()
        sys.path_importer_cache[tree] = finder
        assert world.finder.find_spec("m", None, target) is None
        return finder.calls

    assert duel.agree(ask) == [(("m", target), {})]


def test_foreign_finder_between_two_directories(duel, tree, root):
    """1.9 Entries are asked in the order of the path, whoever owns them."""
    plant(root, {"first": {"a.py": ""}, "last": {"m.py": "", "b.py": ""}})
    foreign = Finder(ModuleSpec("b", "foreign"))
    duel.add_hook(claim("foreign:", foreign))
    path = [os.path.join(root, "first"), "foreign:", os.path.join(root, "last")]
    assert duel.ask("a", path).origin == os.path.join(path[0], "a.py")
    assert duel.ask("b", path).loader == "foreign"
    foreign.spec = None
    assert duel.ask("b", path).origin == os.path.join(path[2], "b.py")


def test_spec_of_any_type_is_returned_at_once(duel, tree):
    """1.9 Only `loader` is looked at."""
    given = SimpleNamespace(loader=0)
    duel.add_hook(claim(tree, Finder(given)))
    assert duel.each(lambda world: world.finder.find_spec("m") is given) == [True, True]


def test_spec_without_loader_and_without_portions(duel, tree):
    """1.9 ImportError('spec missing loader')."""
    duel.add_hook(claim(tree, Finder(ModuleSpec("m", None))))
    assert duel.ask("m").error_text == "ImportError: spec missing loader"


def test_portions_of_a_foreign_finder_are_collected(duel, tree, root):
    """1.9 Together with those of directories, in order."""
    plant(root, {"d": {"ns": {"x.py": ""}}})
    duel.add_hook(claim(tree, Finder(portion("zip:/ns", "zip:/more"))))
    answer = duel.ask("ns", [tree, os.path.join(root, "d")])
    assert answer.locations["items"] == ["zip:/ns", "zip:/more", os.path.join(root, "d", "ns")]


def test_empty_portions_are_no_namespace(duel, tree):
    """1.9 A list without items adds nothing: the name is absent."""
    duel.add_hook(claim(tree, Finder(portion())))
    assert duel.ask("ns").outcome == "absent"


@pytest.mark.parametrize("error", [ImportError("theirs"), KeyError("k"), OSError(5, "io")])
def test_errors_of_a_foreign_finder_propagate(duel, tree, error):
    """1.9 Also ImportError: only hooks may use it to pass."""

    class Failing:
        def find_spec(self, name, target=None):
            raise error

    duel.add_hook(claim(tree, Failing()))
    assert duel.ask("m").outcome == "raised"


def test_foreign_finder_that_searches_itself(duel, tree, root):
    """1.9 A finder may call the search again while it is being asked (re-entrancy)."""
    plant(root, {"inner": {"m.py": ""}})
    inner = os.path.join(root, "inner")

    def ask(world):
        class Delegating:
            def find_spec(self, name, target=None):
                return world.finder.find_spec(name, [inner])

        sys.path_importer_cache["outer:"] = Delegating()
        return world.finder.find_spec("m", ["outer:"]).origin

    assert duel.agree(ask) == os.path.join(inner, "m.py")


def test_file_finder_with_other_loaders_is_foreign(duel, tree, root):
    """1.9 A second FileFinder hook, with a suffix of its own."""
    plant(root, {"other": {"m.foo": "", "m.py": ""}})
    entry = os.path.join(root, "other")
    hook = FileFinder.path_hook((SourceFileLoader, [".foo"]))
    duel.add_hook(lambda path: hook(path) if path == entry else claim(None, None)(path))
    assert duel.ask("m", [entry]).origin == os.path.join(entry, "m.foo")


class LoaderFinder:
    def find_loader(self, name):
        return SourceFileLoader(name, "/nowhere/m.py"), []


class ModuleFinder:
    def find_module(self, name):
        return SourceFileLoader(name, "/nowhere/m.py")


class PortionFinder:
    def find_loader(self, name):
        return None, ["/portion"]


@pytest.mark.parametrize("finder", [LoaderFinder(), ModuleFinder(), PortionFinder(), object()])
def test_finder_without_find_spec(duel, tree, finder):
    """1.10 The legacy protocols of 3.11 with their warnings; AttributeError afterwards."""
    duel.add_hook(claim(tree, finder))
    answer = duel.ask("m")
    if sys.version_info >= (3, 12):
        assert answer.error_text.startswith("AttributeError")
    else:
        assert [w[0] for w in answer.warnings] == ["ImportWarning"]
