"""What `install` puts on importlib's SourceFileLoader: gone after `uninstall`, whoever has changed that class meanwhile."""

import importlib
import os
from importlib import machinery
from unittest import mock

import pytest
from support.loading import both, find, road_counts
from support.registration import registered

import fastimport

KINDS = ("meta_path", "in_place")
Stock = machinery.SourceFileLoader
METHODS = ("get_code", "create_module", "get_data", "path_stats", "exec_module")


def namespaces():
    return [dict(vars(cls)) for cls in Stock.__mro__]


@pytest.fixture
def before():
    """The classes as they are, which they have to be again."""
    classes = namespaces()
    yield classes
    assert namespaces() == classes


@pytest.fixture
def load(module_directory):
    """Load m; how often our reader had the code."""

    def code_roads(finder=machinery.PathFinder):
        earlier = road_counts()
        assert find(finder, "m", module_directory).loader.get_code("m")
        return road_counts()[0] - earlier[0]

    return code_roads


@pytest.mark.parametrize("kind", KINDS)
def test_uninstall_leaves_the_class_as_it_was(before, kind, load):
    for _ in range(3):
        with registered(kind):
            assert load() == 1
        assert load() == 0
        assert namespaces() == before


@pytest.mark.parametrize("others", KINDS)
@pytest.mark.parametrize("kind", KINDS)
def test_from_one_registration_to_another(before, kind, others, load):
    with registered(kind):
        fastimport.install(register=others)
        assert load() == 1
    assert load() == 0


def test_finders_without_install_change_nothing(before, load, module_directory):
    """Their code is read by importlib, and by us as soon as fastimport is installed."""
    for finder in (fastimport.PathFinder, fastimport.Finder([module_directory])):
        assert load(finder) == 0
        with registered("meta_path"):
            assert load(finder) == 1


def wrapper(calls, name):
    original = getattr(Stock, name)

    def replacement(self, *args):
        calls.append(name)
        return original(self, *args)

    return replacement


def execute(module_directory):
    spec = find(machinery.PathFinder, "m", module_directory)
    spec.loader.exec_module(importlib.util.module_from_spec(spec))


@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize("name", METHODS)
def test_replaced_before(before, module_directory, kind, name):
    """The replacement is called, until it is taken away, which may be while we are installed or afterwards."""
    for taken_away in ("while installed", "afterwards"):
        calls = []
        patch = mock.patch.object(Stock, name, wrapper(calls, name))
        patch.start()
        with registered(kind):
            execute(module_directory)
            assert calls
            if taken_away == "while installed":
                patch.stop()
                del calls[:]
                execute(module_directory)
                assert not calls
        if taken_away == "afterwards":
            execute(module_directory)
            patch.stop()


@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize("name", METHODS)
def test_replaced_meanwhile(before, module_directory, kind, name, load):
    """And put back meanwhile."""
    calls = []
    with registered(kind):
        with mock.patch.object(Stock, name, wrapper(calls, name)):
            execute(module_directory)
        assert calls
        del calls[:]
        assert load() == 1
        assert not calls


@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize("name", ["get_code", "get_data"])
def test_replaced_meanwhile_and_never_put_back(before, module_directory, kind, name):
    """Another's replacement is not ours to remove; what it calls is importlib's then."""
    calls = []
    theirs = wrapper([], name)
    try:
        with registered(kind):
            theirs = wrapper(calls, name)
            setattr(Stock, name, theirs)
        assert vars(Stock)[name] is theirs
        execute(module_directory)
        assert calls
    finally:
        delattr(Stock, name)


@pytest.mark.parametrize("kind", KINDS)
def test_put_back_after_uninstall(module_directory, kind, load):
    """Who saved our method by hand puts it back later: it does what importlib's does, and the next `install` clears it away."""
    with registered(kind):
        ours = Stock.get_code
    Stock.get_code = ours
    assert load() == 0
    with registered(kind):
        assert load() == 1
    assert "get_code" not in vars(Stock)


@pytest.mark.parametrize("make", ["wrapt", "functools", "callable", "mock"])
@pytest.mark.parametrize("name", ["get_data", "path_stats"])
def test_replaced_before_by_what_passes_for_the_function(before, module_directory, make, name):
    """A wrapper may show the attributes, and the class, of what it wraps."""
    calls = []
    original = getattr(Stock, name)

    class Proxy:
        """As wrapt makes them."""

        __class__ = property(lambda self: type(original))
        __code__ = original.__code__
        __get__ = lambda self, instance, owner=None: lambda *args: calls.append(name) or original(instance, *args)  # noqa: E731

    class Callable:
        __get__ = lambda self, instance, owner=None: lambda *args: calls.append(name) or original(instance, *args)  # noqa: E731

    def function(self, *args):
        calls.append(name)
        return original(self, *args)

    function.__wrapped__ = original
    mocked = mock.create_autospec(original, side_effect=function)
    made = {"wrapt": Proxy(), "functools": function, "callable": Callable(), "mock": mocked}[make]
    with mock.patch.object(Stock, name, made), registered("meta_path"):
        execute(module_directory)
        assert calls


def test_every_registration_is_quick_for_every_module(tmp_path, monkeypatch):
    """The import statement's modules, not only those that were asked for by hand."""
    both(os.fspath(tmp_path), name="quick_one")
    monkeypatch.syspath_prepend(tmp_path)
    for kind in KINDS:
        with registered(kind):
            earlier = road_counts()
            importlib.import_module("quick_one")
            monkeypatch.delitem(importlib.sys.modules, "quick_one")
            assert road_counts()[0] == earlier[0] + 1
