"""PathFinder.find_spec: how it may be called, and what counts as a path entry.

Rules (tests name them in their docstrings)

1.1  find_spec is a classmethod that also works on an instance, and as a bound object that is
     stored in another class. Keyword calls work.
1.2  `path` None means the current sys.path object. Any iterable will do, and it is iterated live:
     an entry that a hook appends during the search is searched too.
1.3  Entries that are not str are skipped silently. Subclasses of str are used as they are, with
     their own __hash__ and __eq__.
1.4  The entry '' means os.getcwd() at this moment, and that is its cache key. If there is no
     working directory the entry is skipped and nothing is cached.
1.5  Other relative entries are sticky: the key is the raw string, and the directory is fixed when
     their finder is made, until invalidate_caches() drops it.
"""

import os
import sys
from importlib.machinery import FileFinder
from pathlib import Path

import pytest
from support import plant

TREE = {"m.py": "", "p": {"__init__.py": ""}}


@pytest.fixture
def tree(duel, root):
    """A directory with a module m and a package p, alone on the search path."""
    plant(root, {"e": TREE})
    entry = os.path.join(root, "e")
    duel.set_path(entry)
    return entry


class Name(str):
    """A str whose hash and equality are its own, like a case-insensitive path."""

    __slots__ = ()

    def __hash__(self):
        return hash(self.lower())

    def __eq__(self, other):
        return self.lower() == str(other).lower()


def origin(spec):
    return spec and spec.origin


def test_module_and_package_are_found(duel, tree):
    """1.1 The plain case: everything that the spec says is importlib's."""
    assert duel.ask("m").origin == os.path.join(tree, "m.py")
    package = duel.ask("p")
    assert package.locations == ["list", os.path.join(tree, "p")]
    assert package.parent == "p"


def test_absent_name_is_none(duel, tree):
    """1.1 None, not an exception, for a name that is nowhere."""
    assert duel.ask("nowhere").outcome == "absent"


def test_instance_finds_like_the_class(duel, tree):
    """1.1 setuptools calls PathFinder().find_spec."""
    found = duel.agree(lambda world: origin(world.finder().find_spec("m")))
    assert found == os.path.join(tree, "m.py")


def test_bound_method_in_another_class_does_not_rebind(duel, tree):
    """1.1 pytest's hook keeps `_find_spec = PathFinder.find_spec` as a class attribute."""

    def ask_through_holder(world):
        holder = type("Holder", (), {"find": world.finder.find_spec})
        return origin(holder().find("m", None))

    assert duel.agree(ask_through_holder) == os.path.join(tree, "m.py")


def test_arguments_by_keyword(duel, tree):
    """1.1 fullname, path and target are the names of the arguments."""
    ask = lambda w: origin(w.finder.find_spec(fullname="m", path=[tree], target=None))  # noqa: E731
    assert duel.agree(ask) == os.path.join(tree, "m.py")


@pytest.mark.parametrize("call", [(), ("m", None, None, None)])
def test_wrong_number_of_arguments_is_a_type_error(duel, call):
    """1.1 As for any Python function."""
    for world in duel.worlds:
        with pytest.raises(TypeError):
            world.finder.find_spec(*call)


def test_replaced_sys_path_is_used(duel, tree, root):
    """1.2 The object that sys.path is now, not the one that it was."""
    assert duel.ask("m").found
    duel.set_path(plant(os.path.join(root, "other"), {"n.py": ""}))
    assert duel.ask("m").outcome == "absent"
    assert duel.ask("n").found


def test_missing_sys_path_is_an_attribute_error(duel, tree):
    """1.2 Deleted from sys: the error of the attribute look-up."""

    def ask_without_path(world):
        del sys.path
        try:
            world.finder.find_spec("m")
        except AttributeError as error:
            return str(error)

    assert "path" in duel.agree(ask_without_path)


@pytest.mark.parametrize("make", [tuple, iter, dict.fromkeys, set, lambda e: (x for x in e)])
def test_any_iterable_is_a_search_path(duel, tree, make):
    """1.2 Tuple, iterator, dict, set and generator."""
    assert duel.ask("m", lambda: make([tree])).found


def test_empty_search_path_is_absent(duel, tree):
    """1.2 An empty path is not None: sys.path is not consulted."""
    assert duel.ask("m", []).outcome == "absent"


def test_text_is_iterated_by_character(duel, tree):
    """1.2 A str is an iterable like any other, of one-character entries."""
    os.chdir(tree)
    assert duel.ask("m", ".").origin == os.path.join(tree, "m.py")


@pytest.mark.parametrize("path", [5, object, 1.5, NotImplemented])
def test_path_that_is_not_iterable_raises(duel, path):
    """1.2 The TypeError of iter()."""
    assert duel.ask("m", lambda: path).error_text.startswith("TypeError")


def test_entries_appended_during_the_search_are_searched(duel, tree, root):
    """1.2 Live iteration: a hook may extend the list that is being searched."""

    def extend(entry):
        if entry == "grow" and tree not in sys.path:
            sys.path.append(tree)
        raise ImportError

    duel.add_hook(extend)
    duel.set_path("grow")
    assert duel.ask("m").origin == os.path.join(tree, "m.py")


def test_error_of_the_iterable_propagates(duel, tree):
    """1.2 A generator that fails between two entries."""

    def fail():
        yield "/nowhere"
        raise ZeroDivisionError("half way")

    assert duel.ask("m", fail).error_text == "ZeroDivisionError: half way"


@pytest.mark.parametrize("odd", [None, 3, b"bytes", object(), Path("x"), ["list"], float("nan")])
def test_entries_that_are_not_text_are_skipped(duel, tree, odd):
    """1.3 Silently, even where they are unhashable, and nothing is cached for them."""
    answer = duel.ask("m", [odd, tree])
    assert answer.found
    assert [key for key, _ in answer.cache] == [tree]


def test_bytes_and_path_of_the_right_directory_are_skipped(duel, tree):
    """1.3 An entry of another type is not converted."""
    assert duel.ask("m", [os.fsencode(tree), Path(tree)]).outcome == "absent"


def test_subclass_of_str_keeps_its_hash_and_equality(duel, tree):
    """1.3 Two spellings that the class calls equal share one finder."""
    upper = os.path.dirname(tree) + os.sep + "E"
    duel.ask("m", [Name(tree)])
    answer = duel.ask("m", [Name(upper)])
    assert answer.origin == os.path.join(tree, "m.py")
    assert len(answer.cache) == 1


def test_empty_entry_follows_chdir(duel, tree, root):
    """1.4 Each find asks for the working directory; that is the cache key."""
    other = plant(os.path.join(root, "other"), {"n.py": ""})
    duel.set_path("")
    os.chdir(tree)
    assert duel.ask("m").origin == os.path.join(tree, "m.py")
    os.chdir(other)
    assert duel.ask("m").outcome == "absent"
    answer = duel.ask("n")
    assert answer.origin == os.path.join(other, "n.py")
    assert [key for key, _ in answer.cache] == [tree, other]


def test_empty_entry_without_working_directory_is_skipped(duel, tree, root):
    """1.4 No error, nothing cached, and seen again once there is a directory."""
    gone = plant(os.path.join(root, "gone"), {})
    duel.set_path("", tree)
    os.chdir(gone)
    os.rmdir(gone)
    assert [key for key, _ in duel.ask("m").cache] == [tree]
    duel.set_path("")
    assert duel.ask("m").outcome == "absent"
    os.chdir(tree)
    assert duel.ask("m").found


def test_relative_entry_is_sticky(duel, tree, root):
    """1.5 After chdir it still means the old directory, until it is invalidated."""
    other = plant(os.path.join(root, "other"), {"e": {"n.py": ""}})
    duel.set_path("e")
    os.chdir(root)
    assert duel.ask("m").origin == os.path.join(tree, "m.py")
    os.chdir(other)
    assert duel.ask("m").origin == os.path.join(tree, "m.py")
    duel.invalidate()
    assert duel.ask("m").outcome == "absent"
    assert duel.ask("n").origin == os.path.join(other, "e", "n.py")


@pytest.mark.parametrize("entry", [".", "./e", "../e", "e/", "e//", "e/.", "e/../e", ".//e", "././e"])
def test_relative_spellings(duel, tree, root, entry):
    """1.5 Each spelling is a key and a directory of its own, as importlib joins it."""
    os.chdir(tree if entry == "../e" else root)
    duel.set_path(entry, entry)
    answer = duel.ask("m")
    assert answer.found is (entry != ".")
    assert [key for key, _ in answer.cache] == [entry]


def test_finders_of_the_search_are_file_finders(duel, tree):
    """1.1 What the search leaves in the importer cache is importlib's own class."""
    duel.ask("m")
    assert {type(f) for f in duel.each_finder(tree, lambda f: f)} == {FileFinder}
