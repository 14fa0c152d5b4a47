"""FileFinder objects belong to everybody: what others do to them counts at once.

Rules

2.11 Objects in sys.path_importer_cache are FileFinders or of a subclass, one per key, and agree with
     the search. Changed from outside at any time: their invalidate_caches(), _path_mtime, path,
     _loaders, items replaced or deleted, the whole dict replaced. Two finders of one directory have
     listings of their own. (Methods: test_conformance_patches.)
2.12 PYTHONCASEOK does nothing on Linux.
"""

import copy
import os
import pickle
import pkgutil
import sys
from importlib.machinery import SourceFileLoader, SourcelessFileLoader

import pytest
from support import plant


@pytest.fixture
def tree(duel, root):
    """A directory with a module m, already asked for, so that its finder is in both caches."""
    plant(root, {"e": {"m.py": ""}, "other": {"o.py": ""}})
    entry = os.path.join(root, "e")
    duel.set_path(entry)
    duel.ask("m")
    return entry


def add_behind_its_back(tree, name="new.py"):
    """Add a file that only a listing made for another reason can reveal."""
    before = os.stat(tree)
    plant(tree, {name: ""})
    os.utime(tree, ns=(before.st_atime_ns, before.st_mtime_ns))


def test_cached_finder_agrees_with_the_search(duel, tree):
    """2.11 Asked directly, it gives the same answer."""
    found = duel.agree(lambda w: sys.path_importer_cache[tree].find_spec("m").origin)
    assert found == duel.ask("m").origin
    assert duel.agree(lambda w: sys.path_importer_cache[tree].find_spec("absent")) is None


def test_finder_asked_directly_lists_for_the_search(duel, tree):
    """2.11 One listing for both doors: what one has read, the other knows."""
    plant(tree, {"new.py": ""})
    os.utime(tree, ns=(0, 5_000_000_000))
    assert duel.each_finder(tree, lambda finder: finder.find_spec("new") is not None) == [True, True]
    assert duel.ask("new").events == []


def test_finder_made_by_others_is_adopted(duel, tree, root):
    """2.11 pkgutil.get_importer fills the cache; the search uses that object."""
    other = os.path.join(root, "other")
    made = duel.each(lambda world: pkgutil.get_importer(other))
    assert duel.ask("o", [other]).found
    assert [m is w.path_importer_cache[other] for m, w in zip(made, duel.worlds, strict=True)] == [True] * 2


def test_modules_are_listed_by_pkgutil(duel, tree):
    """2.11 pkgutil dispatches on the class of the finder."""
    names = lambda w: [(info.name, info.ispkg) for info in pkgutil.iter_modules([tree], "x.")]  # noqa: E731
    assert duel.agree(names) == [("x.m", False)]


def test_invalidated_finder_lists_again(duel, tree):
    """2.11 invalidate_caches() of this one object."""
    add_behind_its_back(tree)
    assert duel.ask("new").outcome == "absent"
    duel.each_finder(tree, lambda finder: finder.invalidate_caches())
    assert duel.ask("new").found


@pytest.mark.parametrize("mark", [-1, -1.0, 0, 10**400, None, "text", float("nan")])
def test_overwritten_time_lists_again(duel, tree, mark):
    """2.11 `_path_mtime` of any type: what differs from the stat is stale."""
    add_behind_its_back(tree)
    duel.each_finder(tree, lambda finder: setattr(finder, "_path_mtime", mark))
    assert duel.ask("new").found


def test_time_set_to_the_current_one_keeps_the_listing(duel, tree):
    """2.11 A change that others declare known is not looked at."""
    plant(tree, {"new.py": ""})
    now = os.stat(tree).st_mtime
    duel.each_finder(tree, lambda finder: setattr(finder, "_path_mtime", now))
    assert duel.ask("new").outcome == "absent"


def test_moved_finder_looks_where_it_is_told(duel, tree, root):
    """2.11 `path` is read at each find."""
    other = os.path.join(root, "other")
    os.utime(other, ns=(0, 7_000_000_000))
    duel.each_finder(tree, lambda finder: setattr(finder, "path", other))
    assert duel.ask("o").origin == os.path.join(other, "o.py")


@pytest.mark.parametrize("path", ["", ".", None, b"bytes"])
def test_odd_path_of_a_finder(duel, tree, path):
    """2.11 '' and None mean the working directory; bytes fail as importlib fails."""
    os.chdir(tree)
    duel.each_finder(tree, lambda finder: setattr(finder, "path", path))
    duel.ask("m")


def test_overwritten_listing_is_believed(duel, tree):
    """2.11 `_path_cache` is what membership is decided by."""
    plant(tree, {"new.py": ""})
    now = os.stat(tree).st_mtime

    def overwrite(finder):
        finder._path_mtime, finder._path_cache = now, {"new.py"}

    duel.each_finder(tree, overwrite)
    assert duel.ask("m").outcome == "absent"
    assert duel.ask("new").found


def test_listing_answers_like_a_set(duel, tree):
    """2.11 Others read `_path_cache`: membership, iteration, length."""
    plant(tree, {"pkg": {}, "data.txt": "", ".hidden": ""})
    duel.invalidate()
    duel.ask("m")

    def read(world):
        names = sys.path_importer_cache[tree]._path_cache
        return sorted(names), len(names), "pkg" in names, "nowhere" in names, 5 in names, bool(names)

    names, *rest = duel.agree(read)
    assert names == [".hidden", "data.txt", "m.py", "pkg"]
    assert rest == [4, True, False, False, True]


def test_finder_can_be_copied(duel, tree):
    """2.11 copy.copy and deepcopy of a finder still find."""
    for function in (copy.copy, copy.deepcopy):
        find = lambda f, function=function: function(f).find_spec("m").origin  # noqa: E731
        assert len(set(duel.each_finder(tree, find))) == 1


def test_finder_can_be_pickled(duel, tree):
    """2.11 A stock finder can; so can ours."""
    find = lambda f: pickle.loads(pickle.dumps(f)).find_spec("m").origin  # noqa: E731
    assert len(set(duel.each_finder(tree, find))) == 1


@pytest.mark.parametrize("replacement", [None, object()])
def test_item_replaced(duel, tree, replacement):
    """2.11 From the next find on."""
    duel.each(lambda world: sys.path_importer_cache.update({tree: replacement}))
    duel.ask("m")


def test_item_deleted(duel, tree):
    """2.11 A new finder is made, which lists again."""
    add_behind_its_back(tree)
    duel.each(lambda world: sys.path_importer_cache.pop(tree))
    assert duel.ask("new").found


def test_items_exchanged(duel, tree, root):
    """2.11 The key says nothing about the finder: that one is asked."""
    other = os.path.join(root, "other")
    duel.ask("o", [other])

    def exchange(world):
        cache = sys.path_importer_cache
        cache[tree], cache[other] = cache[other], cache[tree]

    duel.each(exchange)
    assert duel.ask("o").origin == os.path.join(other, "o.py")


def test_two_finders_of_one_directory(duel, tree):
    """2.11 Each has its own listing: one that is stale stays stale, whatever the other read."""
    add_behind_its_back(tree)
    second = tree + "/"
    assert duel.ask("new", [second]).found
    assert duel.ask("new", [tree]).outcome == "absent"


def test_finder_under_two_keys(duel, tree):
    """2.11 One object, one listing."""
    duel.each(lambda world: sys.path_importer_cache.update(alias=sys.path_importer_cache[tree]))
    assert duel.ask("m", ["alias"]).origin == os.path.join(tree, "m.py")


def test_attribute_deleted_from_a_finder(duel, tree):
    """2.11 Damaged objects fail as importlib fails."""
    for name in ("_path_mtime", "_loaders", "path"):
        duel.each_finder(tree, lambda finder, name=name: vars(finder).pop(name))
        assert duel.ask("m").error_text.startswith("AttributeError")


def test_loaders_of_another_shape(duel, tree):
    """2.11 A tuple of pairs, or one entry that cannot be unpacked."""
    duel.each_finder(tree, lambda finder: setattr(finder, "_loaders", tuple(finder._loaders)))
    assert duel.ask("m").found
    duel.each_finder(tree, lambda finder: setattr(finder, "_loaders", [(".py",)]))
    assert duel.ask("m").error_text.startswith("ValueError")


def test_loader_that_cannot_be_hashed(duel, tree):
    """2.11 Any callable will do."""

    class Maker(list):
        """Makes loaders, and is a list."""

        def __call__(self, name, path):
            return SourceFileLoader(name, path)

    duel.each_finder(tree, lambda finder: setattr(finder, "_loaders", [(".py", Maker())]))
    assert duel.ask("m").found


@pytest.mark.parametrize("count", [13, 14, 15, 16])
def test_many_suffixes(duel, tree, count):
    """2.11 As many as there are bits for them, and more."""
    plant(tree, {f"last.x{count - 1}": "", "p": {f"__init__.x{count - 1}": ""}})
    loaders = [(f".x{number}", SourceFileLoader) for number in range(count)]
    duel.each_finder(tree, lambda finder: setattr(finder, "_loaders", list(loaders)))
    duel.each_finder(tree, lambda finder: setattr(finder, "_path_mtime", -1))
    assert duel.ask("last").found and duel.ask("p").found


def test_suffix_with_two_loaders(duel, tree):
    """2.11 The first one wins, also in a listing that importlib made."""
    loaders = [(".py", SourceFileLoader), (".py", SourcelessFileLoader)]
    duel.each_finder(tree, lambda finder: setattr(finder, "_loaders", list(loaders)))
    assert duel.ask("m").spec["loader"]["type"].endswith(".SourceFileLoader")
    duel.each_finder(tree, lambda finder: setattr(finder, "_path_mtime", -1))
    assert duel.ask("m").spec["loader"]["type"].endswith(".SourceFileLoader")


def test_case_is_kept_on_linux(duel, tree, monkeypatch):
    """2.12 PYTHONCASEOK is for other platforms."""
    monkeypatch.setenv("PYTHONCASEOK", "1")
    assert duel.ask("M").outcome == "absent"
