"""split_name, resolve_name, import_module: importlib's results and importlib's errors."""

import importlib
import importlib.util
import sys
from types import ModuleType, SimpleNamespace

import pytest
from hypothesis import example, given
from hypothesis import strategies as st
from support import audit, plant
from support.answers import describe_error
from support.process import python

import fastimport

NAMES = st.text(alphabet="ab.é\0\ud800", max_size=8) | st.text(max_size=4)
ODD = [None, 5, 1.5, b"a", b".a", [], object(), ("a",), True]


class Text(str):
    """A subclass, for which nothing may be taken for granted."""


def outcome(function, *args):
    """The result, or everything about the exception but where it was raised."""
    try:
        return function(*args)
    except Exception as error:
        described = describe_error(error)
        return {key: described[key] for key in ("type", "message", "args", "attributes")}


def agree(ours, stock, *args):
    expected = outcome(stock, *args)
    assert outcome(ours, *args) == expected
    return expected


@given(NAMES)
def test_split_name_is_rpartition(name):
    """Parent and tail, as importlib splits names, whatever they contain."""
    parent, _, tail = name.rpartition(".")
    assert fastimport.split_name(name) == (parent, tail)


@pytest.mark.parametrize("name", ODD)
def test_split_name_of_no_text_is_a_type_error(name):
    """Checked at the boundary."""
    with pytest.raises(TypeError):
        fastimport.split_name(name)


def test_split_name_of_a_long_name():
    """10,000 parts."""
    assert fastimport.split_name("a." * 9_999 + "b") == ("a." * 9_998 + "a", "b")


@given(NAMES | st.sampled_from(["", ".", "..", "...a", ".a.b"]), NAMES | st.none())
@example("..b", "a")
@example("..b", "a.")
@example(".b", "")
@example("b", None)
def test_resolve_name_is_importlibs(name, package):
    """Results, and for names that lead too far the same ImportError."""
    agree(fastimport.resolve_name, importlib.util.resolve_name, name, package)


@pytest.mark.parametrize("package", [*ODD, "p", Text("p.q")])
@pytest.mark.parametrize("name", [*ODD, "", ".", "..", ".a", "a", Text(".a"), Text("a")])
def test_resolve_name_of_odd_arguments(name, package):
    """Everything that is not text fails as it does in importlib."""
    agree(fastimport.resolve_name, importlib.util.resolve_name, name, package)


@given(NAMES)
@example("")
@example("..")
@example("a..b")
@example("\ud800")
def test_import_module_of_unknown_names(name):
    """The error, its message and its attributes."""
    agree(fastimport.import_module, importlib.import_module, name)


@pytest.mark.parametrize("package", [*ODD, "", "os", "json.decoder", "json", Text("json")])
@pytest.mark.parametrize("name", [*ODD, "", ".", "..", ".decoder", "..json", "...x", "json", Text("json"), Text(".decoder")])
def test_import_module_of_odd_arguments(name, package):
    """Absolute and relative, with every kind of package argument."""
    agree(fastimport.import_module, importlib.import_module, name, package)


def test_import_module_gives_the_cached_module():
    """The very object in sys.modules; for a submodule the submodule, not its parent."""
    import json.decoder

    assert fastimport.import_module("json") is json
    assert fastimport.import_module("json.decoder") is json.decoder
    assert fastimport.import_module(".decoder", "json") is json.decoder


@pytest.mark.parametrize("cached", [0, "", [], SimpleNamespace(), object()])
def test_import_module_gives_whatever_is_cached(monkeypatch, cached):
    """Objects that are no modules, false ones included."""
    monkeypatch.setitem(sys.modules, "preset", cached)
    assert agree(fastimport.import_module, importlib.import_module, "preset") is cached


def test_import_module_of_a_blocked_name(monkeypatch):
    """None in sys.modules is ModuleNotFoundError, with importlib's text."""
    monkeypatch.setitem(sys.modules, "blocked", None)
    error = agree(fastimport.import_module, importlib.import_module, "blocked")
    assert error["message"] == "import of blocked halted; None in sys.modules"


def test_import_module_of_a_child_of_a_blocked_name(monkeypatch):
    """The child may be there though its parent is not."""
    child = ModuleType("blocked.child")
    monkeypatch.setitem(sys.modules, "blocked", None)
    monkeypatch.setitem(sys.modules, "blocked.child", child)
    assert agree(fastimport.import_module, importlib.import_module, "blocked.child") is child
    agree(fastimport.import_module, importlib.import_module, "blocked.other")


@pytest.mark.parametrize("spec", [None, 5, SimpleNamespace(), SimpleNamespace(_initializing=True)])
def test_import_module_of_a_module_with_an_odd_spec(monkeypatch, spec):
    """Whether it is being initialised is asked of __spec__, which may be anything."""
    module = ModuleType("odd")
    module.__spec__ = spec
    monkeypatch.setitem(sys.modules, "odd", module)
    assert agree(fastimport.import_module, importlib.import_module, "odd") is module


class Hostile:
    """Attribute access fails with something other than AttributeError."""

    def __getattribute__(self, name):
        raise ZeroDivisionError(name)


@pytest.mark.parametrize("make", [Hostile, lambda: SimpleNamespace(__spec__=Hostile())])
def test_import_module_of_a_hostile_object(monkeypatch, make):
    """What importlib lets out of the attribute look-up, and what it does not."""
    monkeypatch.setitem(sys.modules, "hostile", make())
    agree(fastimport.import_module, importlib.import_module, "hostile")


def test_import_module_with_a_replaced_module_table(monkeypatch):
    """sys.modules is looked up on sys each time, and may be a subclass of dict."""

    class Table(dict):
        def __missing__(self, key):
            return f"made {key}"

    monkeypatch.setattr(sys, "modules", Table(sys.modules))
    agree(fastimport.import_module, importlib.import_module, "no.such.module")


def test_import_module_imports(isolated_import):
    """A module that is not there yet, with its parents, in order, once."""
    plant(isolated_import, {"pack": {"__init__.py": "order = ['pack']", "leaf.py": "import pack\npack.order.append('leaf')"}})
    leaf = fastimport.import_module("pack.leaf")
    assert leaf.__name__ == "pack.leaf"
    assert sys.modules["pack"].order == ["pack", "leaf"]


@pytest.mark.parametrize("body", ["1/0", "raise ImportError('inside')", "def", "import no_such_module_at_all"])
def test_import_module_raises_what_the_module_raises(isolated_import, body):
    """And leaves nothing in sys.modules."""
    plant(isolated_import, {"failing.py": body})
    agree(fastimport.import_module, importlib.import_module, "failing")
    assert "failing" not in sys.modules


def test_import_module_of_a_cached_module_raises_importlibs_audit_events():
    """None for a module that is there, in all versions."""
    recorded = []
    for function in (importlib.import_module, fastimport.import_module):
        with audit.recording() as events:
            function("json")
        recorded.append(events)
    assert recorded[0] == recorded[1]


WAITING = """
import sys, threading
import {home} as home

started, proceed = threading.Event(), threading.Event()
sys.modules["gate"] = type(sys)("gate")
sys.modules["gate"].started, sys.modules["gate"].proceed = started, proceed
first = threading.Thread(target=home.import_module, args=("slow",))
first.start()
assert started.wait(60)
seen = []
second = threading.Thread(target=lambda: seen.append(home.import_module("slow").ready))
second.start()
second.join(0.2)
assert second.is_alive() and not seen, "did not wait"
proceed.set()
first.join(60), second.join(60)
assert seen == [True], seen
print("waited")
"""


@pytest.mark.parametrize("home", ["importlib", "fastimport"])
def test_import_module_waits_for_another_thread(tmp_path, home):
    """A module that another thread is initialising is handed out when it is ready, not before."""
    slow = "import gate\ngate.started.set()\nassert gate.proceed.wait(60)\nready = True\n"
    plant(tmp_path, {"slow.py": slow, "main.py": WAITING.format(home=home)})
    run = python("-W", "error", str(tmp_path / "main.py"))
    assert (run.stdout, run.stderr, run.returncode) == ("waited\n", "", 0)


def test_import_module_of_a_module_that_this_thread_is_importing(isolated_import):
    """A circular import gives the half-made module."""
    plant(isolated_import, {"circle.py": "import fastimport\nseen = fastimport.import_module('circle')\n"})
    module = fastimport.import_module("circle")
    assert module.seen is module
