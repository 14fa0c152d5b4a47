"""PathFinder.find_spec: path hooks, the importer cache, and finders that are not importlib's.

Rules

1.6  Per entry: sys.path_importer_cache[key]; on KeyError the hooks in order. Only ImportError means
     "the next one", anything else propagates and nothing is cached. No taker: None is cached. A hook
     may return None, which is cached too.
1.7  A cached None stays until invalidate_caches(): a directory that is made later is not noticed.
1.8  sys.path_hooks empty: an ImportWarning for each uncached entry; None: TypeError. sys.path,
     sys.path_hooks and sys.path_importer_cache may be replaced, deleted, or be odd objects: they are
     looked up on sys at each find and used through the mapping protocol.
1.9  finder.find_spec(fullname, target), both positional. None: the next entry. A loader: returned at
     once, whatever the type of the spec. No loader: its portions are collected, and if there are
     none (None) ImportError('spec missing loader').
1.10 A finder without find_spec: in 3.11 find_loader and find_module with an ImportWarning, since
     then AttributeError.
"""

import os
import sys
from importlib.machinery import FileFinder, ModuleSpec, SourceFileLoader
from types import MappingProxyType, SimpleNamespace

import pytest
from support import plant


@pytest.fixture
def tree(duel, root):
    """A directory with a module m, alone on the search path."""
    plant(root, {"e": {"m.py": ""}})
    entry = os.path.join(root, "e")
    duel.set_path(entry)
    return entry


class Finder:
    """A path entry finder that answers `spec` and remembers how it was called."""

    def __init__(self, spec=None):
        self.spec = spec
        self.calls = []

    def find_spec(self, *args, **kwargs):
        self.calls.append((args, kwargs))
        return self.spec


def claim(entry, finder):
    """A path hook that gives `finder` for `entry` and refuses everything else."""

    def hook(path):
        if path != entry:
            raise ImportError(f"not mine: {path}")
        return finder

    return hook


def portion(*directories):
    spec = ModuleSpec("ignored", None)
    spec.submodule_search_locations = list(directories)
    return spec


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
