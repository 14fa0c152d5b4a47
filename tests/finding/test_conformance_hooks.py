"""PathFinder.find_spec: path hooks and the importer cache.

Rules

1.6  Per entry: sys.path_importer_cache[key]; on KeyError the hooks in order. Only ImportError means
     "the next one", anything else propagates and nothing is cached. No taker: None is cached. A hook
     may return None, which is cached too.
1.7  A cached None stays until invalidate_caches(): a directory that is made later is not noticed.
1.8  sys.path_hooks empty: an ImportWarning for each uncached entry; None: TypeError. sys.path,
     sys.path_hooks and sys.path_importer_cache may be replaced, deleted, or be odd objects: they are
     looked up on sys at each find and used through the mapping protocol.
"""

import os
import sys
from importlib.machinery import ModuleSpec
from types import MappingProxyType

import pytest
from support import plant
from support.foreign import Finder, claim


@pytest.fixture
def tree(duel, root):
    """A directory with a module m, alone on the search path."""
    plant(root, {"e": {"m.py": ""}})
    entry = os.path.join(root, "e")
    duel.set_path(entry)
    return entry


def test_cached_finder_is_asked_and_hooks_are_not(duel, tree):
    """1.6 The item of the importer cache decides."""
    duel.set_hooks()
    finder = Finder(ModuleSpec("m", "a loader"))
    duel.each(lambda world: sys.path_importer_cache.update({tree: finder}))
    assert duel.ask("m").loader == "a loader"


def test_hooks_are_called_in_order_until_one_takes_the_entry(duel, tree):
    """1.6 ImportError passes the entry on, as do its subclasses."""
    called = []

    def refuse(path):
        called.append(path)
        raise ModuleNotFoundError(path)

    duel.add_hook(refuse)
    duel.add_hook(lambda path: called.append("after"), index=3)
    assert duel.ask("m").found
    assert called == [tree, tree]


def test_hook_in_front_takes_the_entry(duel, tree):
    """1.6 A hook that is put before the stock one is obeyed for entries that are not cached yet."""
    duel.add_hook(claim(tree, Finder(ModuleSpec("m", "theirs"))))
    assert duel.ask("m").loader == "theirs"


def test_hook_added_later_does_not_touch_cached_entries(duel, tree, root):
    """1.6 The cached finder stays until the cache is cleared."""
    assert duel.ask("m").found
    duel.add_hook(claim(tree, Finder()))
    assert duel.ask("m").found
    duel.each(lambda world: sys.path_importer_cache.clear())
    assert duel.ask("m").outcome == "absent"


@pytest.mark.parametrize("error", [OSError(5, "io"), ValueError("v"), KeyError("k"), StopIteration()])
def test_other_errors_of_a_hook_propagate(duel, tree, error):
    """1.6 Nothing is cached, so the hook is asked again."""

    def fail(path):
        raise error

    duel.add_hook(fail)
    answer = duel.ask("m")
    assert answer.outcome == "raised"
    assert answer.cache == []
    duel.each(lambda world: sys.path_hooks.pop(0))
    assert duel.ask("m").found


def test_system_exit_of_a_hook_propagates(duel, tree):
    """1.6 Also what is not an Exception."""

    def leave(path):
        raise SystemExit(3)

    duel.add_hook(leave)
    for world in duel.worlds:
        with pytest.raises(SystemExit), world.active():
            world.finder.find_spec("m")
        assert world.path_importer_cache == {}


def test_entry_that_nobody_takes_is_cached_as_none(duel, root):
    """1.6 A file, and a name that does not exist."""
    plant(root, {"file.txt": "text"})
    entries = [os.path.join(root, "file.txt"), os.path.join(root, "nowhere")]
    assert duel.ask("m", entries).cache == [(entry, "builtins.NoneType") for entry in entries]


def test_hook_that_returns_none_ends_the_search_for_a_finder(duel, tree):
    """1.6 None is an answer: later hooks are not called."""
    duel.add_hook(lambda path: None)
    assert duel.ask("m").cache == [(tree, "builtins.NoneType")]


def test_directory_made_after_a_failed_look_up_is_not_noticed(duel, root):
    """1.7 The remembered None outlives the reason for it."""
    entry = os.path.join(root, "late")
    duel.set_path(entry)
    assert duel.ask("m").outcome == "absent"
    plant(entry, {"m.py": ""})
    assert duel.ask("m").outcome == "absent"
    duel.invalidate()
    assert duel.ask("m").found


def test_no_hooks_is_a_warning_for_each_uncached_entry(duel, tree, root):
    """1.8 ImportWarning, once for each entry, and None is cached."""
    duel.set_hooks()
    answer = duel.ask("m", [tree, root, tree])
    assert [(w[0], w[1]) for w in answer.warnings] == [("ImportWarning", "sys.path_hooks is empty")] * 2
    assert duel.ask("m", [tree, root]).warnings == []


def test_no_hooks_as_an_error(duel, tree):
    """1.8 Under -W error the warning leaves the search, and nothing is cached."""
    import warnings

    duel.set_hooks()

    def ask(world):
        with warnings.catch_warnings():
            warnings.simplefilter("error")
            with pytest.raises(ImportWarning, match="path_hooks is empty"):
                world.finder.find_spec("m")
        return dict(sys.path_importer_cache)

    assert duel.agree(ask) == {}


@pytest.mark.parametrize("hooks", [None, 7])
def test_hooks_that_cannot_be_iterated(duel, tree, hooks):
    """1.8 TypeError, with the text of the interpreter."""
    duel.each(lambda world: setattr(sys, "path_hooks", hooks))
    assert duel.ask("m").error_text.startswith("TypeError")


def test_hooks_in_a_tuple(duel, tree):
    """1.8 Any iterable of callables."""
    duel.each(lambda world: setattr(sys, "path_hooks", tuple(sys.path_hooks)))
    assert duel.ask("m").found


@pytest.mark.parametrize("name", ["path_hooks", "path_importer_cache"])
def test_deleted_from_sys(duel, tree, name):
    """1.8 The AttributeError of the look-up on sys, for entries that are not cached."""

    def ask(world):
        delattr(sys, name)
        with pytest.raises(AttributeError, match=name) as caught:
            world.finder.find_spec("m")
        return str(caught.value)

    duel.agree(ask)


def test_replaced_importer_cache_is_used(duel, tree):
    """1.8 A fresh dict is filled from the beginning."""
    old = duel.each(lambda world: world.finder.find_spec("m") and sys.path_importer_cache)
    duel.each(lambda world: setattr(sys, "path_importer_cache", {}))
    assert [key for key, _ in duel.ask("m").cache] == [tree]
    assert [old[i] is not w.path_importer_cache for i, w in enumerate(duel.worlds)] == [True, True]


class Recorder(dict):
    """A cache that is asked through its own methods, not as a plain dict."""

    def __init__(self):
        super().__init__()
        self.log = []

    def __getitem__(self, key):
        self.log.append(("get", key))
        return super().__getitem__(key)

    def __setitem__(self, key, value):
        self.log.append(("set", key))
        super().__setitem__(key, value)


def test_subclass_of_dict_is_used_through_its_methods(duel, tree):
    """1.8 __getitem__ and __setitem__ of the class are called, once each."""
    duel.each(lambda world: setattr(sys, "path_importer_cache", Recorder()))

    def ask(world):
        world.finder.find_spec("m")
        world.finder.find_spec("m")
        return sys.path_importer_cache.log

    assert duel.agree(ask) == [("get", tree), ("set", tree), ("get", tree)]


class Filling(dict):
    """A cache that makes its own finders, as a defaultdict would."""

    def __missing__(self, key):
        return Finder(ModuleSpec("m", f"made for {os.path.basename(key)}"))


def test_missing_of_a_dict_subclass_is_honoured(duel, tree):
    """1.8 No KeyError, so no hook is asked and nothing is stored."""
    duel.each(lambda world: setattr(sys, "path_importer_cache", Filling()))
    answer = duel.ask("m")
    assert (answer.loader, answer.cache) == ("made for e", [])


def test_read_only_mapping(duel, tree):
    """1.8 Known entries are served; storing a new one is the mapping's own TypeError."""
    duel.ask("m")
    duel.each(lambda w: setattr(sys, "path_importer_cache", MappingProxyType(sys.path_importer_cache)))
    assert duel.ask("m").found
    assert duel.ask("m", [tree + "/."]).error_text.startswith("TypeError")
