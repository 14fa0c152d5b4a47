"""With `register="meta_path"` programs that look for importlib's PathFinder on ``sys.meta_path`` find ours in its place."""

import builtins
import copy
import importlib.machinery
import pickle
import pydoc
import sys

import pytest

import fastimport

STOCK = importlib.machinery.PathFinder


@pytest.fixture
def meta_path():
    """``sys.meta_path`` with fastimport's class on it, and the index of importlib's before."""
    index = sys.meta_path.index(STOCK)
    fastimport.install(register="meta_path")
    assert sys.meta_path[index] is fastimport.PathFinder
    yield sys.meta_path, index
    fastimport.uninstall()


def test_the_index_of_importlibs_class_is_that_of_ours(meta_path):
    found, index = meta_path
    assert found.index(STOCK) == index
    assert STOCK in found
    assert found.count(STOCK) == 1


def test_importlibs_class_is_removed_by_its_name(meta_path):
    """What takes the search by path away takes ours away."""
    found, _ = meta_path
    found.remove(STOCK)
    assert not any(item is fastimport.PathFinder for item in found)
    assert not fastimport.installed()


def test_a_subclass_takes_the_place_and_gives_it_back(meta_path):
    """As contract checkers do: look for the index, put a subclass there, and importlib's own class afterwards."""
    found, index = meta_path

    class Checked(STOCK):
        pass

    found[found.index(STOCK)] = Checked
    assert found.index(Checked) == index
    assert STOCK not in found
    found[found.index(Checked)] = STOCK
    assert found[index] is STOCK


def test_a_list_of_finders_that_was_kept_is_equal(meta_path):
    found, index = meta_path
    assert found == [*found[:index], STOCK, *found[index + 1 :]]
    assert {STOCK: "kept"}[fastimport.PathFinder] == "kept"
    assert len({STOCK, fastimport.PathFinder}) == 1


def test_subclasses_of_ours_are_nobody_else():
    class Own(fastimport.PathFinder):
        pass

    assert [STOCK, fastimport.PathFinder, Own].index(Own) == 2
    assert hash(Own) != hash(STOCK)
    assert object not in [fastimport.PathFinder]
    assert fastimport.PathFinder is not STOCK


def test_the_type_of_ours_reads_like_that_of_importlibs():
    ours, theirs = type(fastimport.PathFinder), type(STOCK)
    assert (repr(ours), ours.__name__, ours.__qualname__, ours.__module__) == (repr(theirs), "type", "type", "builtins")
    assert isinstance(fastimport.PathFinder, type)


def test_built_in_classes_have_no_more_subclasses_than_before():
    """pydoc, sphinx and tools that draw class trees list them."""
    assert "Built-in subclasses" not in pydoc.plain(pydoc.render_doc(type))
    assert [cls for cls in type.__subclasses__(type) if cls.__module__ == "builtins"] == []
    subclasses = {cls.__name__ for cls in type.__subclasses__(type)}
    assert subclasses.isdisjoint(dir(builtins))
    assert [cls for cls in object.__subclasses__() if cls.__name__ == "type"] == [type]


def test_copies_and_pickles_are_of_the_class_itself():
    assert copy.deepcopy(fastimport.PathFinder) is fastimport.PathFinder
    assert pickle.loads(pickle.dumps(fastimport.PathFinder)) is fastimport.PathFinder


@pytest.mark.parametrize("name", [name for name, value in vars(STOCK).items() if hasattr(value, "__func__")])
def test_methods_name_importlibs_module(name):
    """Debuggers and tracers skip by it."""
    stock, ours = (getattr(cls, name) for cls in (STOCK, fastimport.PathFinder))
    attributes = ("__module__", "__name__", "__qualname__")
    assert [getattr(ours, each) for each in attributes] == [getattr(stock, each) for each in attributes]
