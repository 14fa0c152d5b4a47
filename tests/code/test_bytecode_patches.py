"""The source loader when somebody has changed it: its attributes, its class, importlib's functions, the interpreter's settings.

Tools patch importlib while modules load (typeguard, beartype and jaxtyping put another
``cache_from_source`` there). What they change must act as it does with importlib's own loader, whether
it was changed before the module was found or between finding and loading.
"""

import _frozen_importlib_external as external
import _imp
import io
import os
import sys
import types
from importlib import machinery

import pytest
from support.audit import observing
from support.loading import attempt, both, describe_code, find, road_counts, write_source
from support.oracle import STOCK
from support.registration import in_turn

# Classes ##############################################################################################################


METHODS = ("get_code", "get_filename", "get_data", "path_stats", "source_to_code", "_cache_bytecode", "set_data", "create_module")


def owner_of(name):
    return next(cls for cls in machinery.SourceFileLoader.__mro__ if name in vars(cls))


def calls_of(name, patch, cls):
    """Replace a method by one that notes its calls."""
    calls, original = [], getattr(cls, name)

    def noting(self, *args, **kwargs):
        calls.append(args[:1])
        return original(self, *args, **kwargs)

    patch.setattr(cls, name, noting)
    return calls


@pytest.mark.parametrize("prepare", [both, write_source], ids=["valid", "none"])
@pytest.mark.parametrize("moment", ["before", "after"])
@pytest.mark.parametrize("name", METHODS)
@pytest.mark.parametrize("target", ["stock", "owner"])
def test_method_of_the_stock_class_is_replaced(agree, monkeypatch, name, moment, target, prepare):
    """Called as often as by importlib, from the moment on at which it was put there, and not after it was put back."""
    cls = machinery.SourceFileLoader if target == "stock" else owner_of(name)
    calls = []

    def replace(spec=None):
        calls.append(calls_of(name, monkeypatch, cls))

    def prepare_world(directory):
        monkeypatch.undo()
        prepare(directory)
        if moment == "before":
            replace()

    agree(prepare_world, between=replace if moment == "after" else lambda spec: None)
    assert len(calls[0]) == len(calls[1])
    monkeypatch.undo()
    agree(both, road="short")


@pytest.mark.parametrize("name", ["get_data", "path_stats", "get_filename"])
def test_method_of_the_class_of_the_loader_is_replaced(loading_finder, tmp_path, monkeypatch, name):
    """Who takes the class from a loader, as tools do, patches that one."""
    both(os.fspath(tmp_path))
    loader = find(loading_finder, "m", os.fspath(tmp_path)).loader
    calls = calls_of(name, monkeypatch, type(loader))
    assert loader.get_code("m")
    assert calls
    monkeypatch.undo()
    assert loader.get_code("m")


@pytest.mark.parametrize("name", METHODS[:-1])
def test_method_of_the_instance_is_replaced(agree, name):
    counts = []

    def patch(spec):
        original = getattr(spec.loader, name)
        calls = []
        counts.append(calls)
        setattr(spec.loader, name, lambda *args, **kwargs: calls.append(args[0]) or original(*args, **kwargs))

    for prepare in (both, write_source):
        counts.clear()
        agree(prepare, between=patch)
        assert len(counts[0]) == len(counts[1])


@pytest.mark.parametrize("name", METHODS[:-1])
def test_subclass(loading_finder, tmp_path, name):
    """Of the class that a loader has: its own methods are called."""
    both(os.fspath(tmp_path))
    cls = type(find(loading_finder, "m", os.fspath(tmp_path)).loader)
    calls = []

    def method(self, *args, **kwargs):
        calls.append(name)
        return getattr(cls, name)(self, *args, **kwargs)

    subclass = type("Subclass", (cls,), {name: method})
    loader = subclass("m", os.path.join(tmp_path, "m.py"))
    code = loader.get_code("m")
    assert isinstance(code, types.CodeType)
    assert bool(calls) == (name in ("get_code", "get_filename", "get_data", "path_stats"))


# Functions and settings of importlib ##################################################################################


def test_cache_from_source_is_replaced(agree, monkeypatch):
    """Another name for the bytecode, as typeguard wants it, also for the modules that the instrumented one imports."""
    original = external.cache_from_source

    def other(path, *args, optimization=None):
        return original(path, *args, optimization="typeguard1")

    monkeypatch.setattr(external, "cache_from_source", other)
    loaded = agree(both, road="long")
    assert any("typeguard1" in name for name in loaded.files)


@pytest.mark.parametrize("moment", ["before", "after"])
def test_magic_number_is_replaced(agree, monkeypatch, moment):
    """pytest's and coverage's tests do so."""
    change = lambda spec=None: monkeypatch.setattr(external, "MAGIC_NUMBER", b"\1\2\r\n")  # noqa: E731
    if moment == "before":
        change()
        agree(both, road="long")
    else:
        agree(lambda directory: monkeypatch.undo() or both(directory), between=change, road="long")


@pytest.mark.parametrize("tag", [None, "other-12", "", "caf\xe9", "a/b", "x" * 100])
@pytest.mark.parametrize("moment", ["before", "after"])
def test_cache_tag_is_changed(agree, monkeypatch, tag, moment):
    change = lambda spec=None: monkeypatch.setattr(sys.implementation, "cache_tag", tag)  # noqa: E731
    if moment == "before":
        prepare = write_source if tag is None or "/" in tag else both
        change()
        agree(prepare)
    else:
        agree(lambda directory: monkeypatch.undo() or both(directory), between=change)


@pytest.mark.parametrize("prefix", ["", "relative", "/proc/nowhere", "beside"])
def test_pycache_prefix(agree, monkeypatch, prefix, tmp_path):
    def prepare(directory):
        write_source(directory)
        os.chdir(directory)

    monkeypatch.setattr(sys, "pycache_prefix", os.fspath(tmp_path / "tree" / prefix) if prefix == "beside" else prefix)
    agree(prepare, road="long")


# Specs ################################################################################################################


class Duck:
    """Not a ModuleSpec."""


@pytest.mark.parametrize("spec", [None, Duck(), 1], ids=repr)
def test_create_module_takes_anything(loading_finder, tmp_path, spec):
    """importlib's does not look at its argument."""
    write_source(os.fspath(tmp_path))
    assert find(loading_finder, "m", os.fspath(tmp_path)).loader.create_module(spec) is None


CHANGES = {"has_location": False, "origin": "elsewhere.py", "cached": "elsewhere.pyc", "loader_state": 1, "name": "other"}


@pytest.mark.parametrize(("name", "value"), CHANGES.items(), ids=CHANGES)
def test_spec_is_changed_after_the_find(agree, name, value):
    agree(both, between=lambda spec: setattr(spec, name, value), road="short")


# Vetoes ###############################################################################################################


@pytest.mark.parametrize("event", ["open", "marshal.loads"])
@pytest.mark.parametrize("error", [OSError, ImportError, EOFError, RuntimeError, KeyboardInterrupt])
@pytest.mark.parametrize("times", [1, 9])
def test_veto(loading_finder, tmp_path, event, error, times):
    """An audit hook that refuses refuses, be it only once; importlib decides what comes of it."""
    both(os.fspath(tmp_path))
    given = []

    def refuse(name, arguments):
        if name == event and len(refused) < times:
            refused.append(name)
            raise error("no")

    for finder in in_turn(loading_finder):
        loader = find(finder, "m", os.fspath(tmp_path)).loader
        refused = []
        with observing(refuse):
            given.append(attempt(lambda loader=loader: loader.get_code("m"), describe_code)[1])
    for answer in given:
        if times == 1 and answer["error"]:
            del answer["error"]["frames"]  # importlib's own were asked the second time, and had nothing to say
    assert [answer["error"] for answer in given] == [given[0]["error"]] * 2
    assert given[0]["value"] == given[1]["value"]


@pytest.mark.parametrize("error", [None, OSError, RuntimeError])
def test_reader_on_another_release(tmp_path, error):
    """It can't be asked for a hook there, so that all is read through io.open_code, which has it."""
    from fastimport.code import _bytecode
    from fastimport.finding import loader
    from fastimport.finding._tables import Globals, Pin

    opened = []

    def open_code(path):
        opened.append(path)
        if error:
            raise error("no")
        return io.open_code(path)

    other = sys.hexversion ^ 0x100
    reader = _bytecode.BytecodeReader(external, Globals([]), _imp._fix_co_filename, other, open_code)
    loader_class = machinery.SourceFileLoader
    reader.serve(loader_class, Pin(loader_class, *loader.READING_METHODS))
    both(os.fspath(tmp_path))
    source = os.fspath(tmp_path / "m.py")
    found = reader.read(loader_class("m", source), "m")
    assert opened == [external.cache_from_source(source)]
    if error:
        assert found is None if error is OSError else type(found) is error
    else:
        assert describe_code(found) == describe_code(STOCK.find_spec("m", [os.fspath(tmp_path)]).loader.get_code("m"))
    os.utime(source, (1, 1))
    if not error:
        assert reader.read(loader_class("m", source), "m") is None


def test_roads_are_counted(loading_finder, tmp_path, pytestconfig):
    """The tests above would prove nothing if the counters stood still."""
    if pytestconfig.getoption("--candidate") == "stock":
        return
    both(os.fspath(tmp_path))
    loader = find(loading_finder, "m", os.fspath(tmp_path)).loader
    before = road_counts()
    loader.get_code("m")
    assert road_counts() == (before[0] + 1, before[1])
