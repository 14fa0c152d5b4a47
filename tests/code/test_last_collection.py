"""The full collection at the interpreter's end, before the modules are removed: left out if nothing is there that would notice.

Each test is a program of its own process. Whether garbage was still there is told when the modules are removed, by the callback
of a weak reference to what a module holds: that is in use before, so it does not notice the collection itself.
"""

import sys
import sysconfig

import pytest
from tests.support.process import python

IS_GENERATIONAL = not sysconfig.get_config_var("Py_GIL_DISABLED") and not (3, 14) <= sys.version_info < (3, 14, 5)
pytestmark = pytest.mark.skipif(not IS_GENERATIONAL, reason="there is nothing to wait for in this interpreter's collector")

PROGRAM = """
BEGIN
import gc, sys, types, weakref

class Plain:
    pass

def cycle():
    made = Plain()
    made.own = made
    return made

def ignore(reference):
    pass

garbage = weakref.ref(cycle())
holder = sys.modules["holder"] = types.ModuleType("holder")
holder.held = Plain()
sys.watch = weakref.ref(holder.held, lambda _, garbage=garbage: print("collected" if garbage() is None else "left out"))
sys.kept = []
del holder
"""
INSTALL = "import fastimport; fastimport.install(collector={!r})"
DEFERRED = INSTALL.format("deferred")


def told(setup, begin=DEFERRED, *options):
    done = python(*options, "-c", PROGRAM.replace("BEGIN", begin) + setup)
    assert (done.returncode, done.stderr) == (0, ""), done.stderr
    return done.stdout.splitlines()


def test_it_takes_place_with_the_stock_collector():
    assert told("", "") == told("", INSTALL.format("stock")) == ["collected"]


UNNOTICED = {
    "nothing": "",
    "buffers": "import io; sys.kept += [io.BytesIO(b'1'), io.StringIO('2')]",
    "abstract classes": """
import collections.abc
for _ in range(3):
    collections.abc.Sized.register(type("Registered", (), {}))
    isinstance(cycle(), collections.abc.Hashable)
""",
    "weak tables": """
keys, values, members = weakref.WeakKeyDictionary(), weakref.WeakValueDictionary(), weakref.WeakSet()
for number in range(100):
    one = cycle()
    keys[one] = values[number] = one
    members.add(one)
del one
""",
    "handlers": "import logging; logging.getLogger('a').addHandler(logging.NullHandler()); logging.StreamHandler()",
    "values of threads": """
import threading
local = threading.local()
local.value = cycle()
one = threading.Thread(target=lambda: setattr(local, "value", cycle()))
one.start(); one.join()
""",
    "functions called at exit": "weakref.finalize(Plain, print); weakref.finalize(sys.kept.append, print).detach()",
    "methods": """
class Receiver:
    def method(self): pass
one = cycle(); one.receiver = Receiver()
sys.kept.append(weakref.WeakMethod(one.receiver.method))
del one
""",
    "a callback for what a module holds": "sys.kept.append(weakref.ref(Plain, ignore))",
    "an object of a module": """
class Last:
    def __del__(self): pass
lasting = Last()
""",
    "another stream": "import io; sys.stderr = io.TextIOWrapper(sys.stderr.buffer)",
    "frozen objects": "gc.freeze()",
}


@pytest.mark.parametrize("kind", UNNOTICED)
def test_it_is_left_out_where_nobody_would_notice(kind):
    setup = UNNOTICED[kind]
    assert told(setup, "")[-1] == ("left out" if "freeze" in setup else "collected")
    assert told(setup) == [*told(setup, "")[:-1], "left out"]


NOTICED = {
    "a finalizer": """
class Last:
    def __del__(self): pass
sys.kept.append(Last())
""",
    "two objects of a module": """
class Last:
    def __del__(self): pass
first, second = Last(), Last()
""",
    "a file": "import os; sys.kept.append(open(os.devnull, 'w'))",
    "a socket": "import socket; one, other = socket.socketpair(); one.close(); other.close()",
    "a kind of buffer of its own": """
import io
class Buffer(io.BytesIO): pass
sys.kept.append(Buffer())
""",
    "a generator": """
def numbers():
    try:
        yield 1
    finally:
        pass
sys.kept.append(numbers()); next(sys.kept[0])
""",
    "a callback": "one = cycle(); sys.kept.append(weakref.ref(one, sys.kept.remove)); del one",
    "a callback of a proxy": "one = cycle(); sys.kept.append(weakref.proxy(one, ignore)); del one",
    "a callback of a method": """
class Receiver:
    def method(self): pass
one = cycle(); one.receiver = Receiver()
sys.kept.append(weakref.WeakMethod(one.receiver.method, sys.kept.remove))
del one
""",
    "a function in place of the library's": """
import logging
def _removeHandlerRef(ref): pass
logging._removeHandlerRef = _removeHandlerRef
handler = logging.NullHandler(); handler.own = handler; del handler
""",
    "a name that the library has, too": """
def _destroy(ref): pass
one = cycle(); sys.kept.append(weakref.ref(one, _destroy)); del one
""",
    "too many callbacks": "sys.kept += [weakref.ref(Plain, ignore) for _ in range(100)]",
    "a callback of the collector": "gc.callbacks.append(lambda phase, info: None)",
}


@pytest.mark.parametrize("kind", NOTICED)
def test_it_takes_place_where_somebody_would_notice(kind):
    assert told(NOTICED[kind]) == told(NOTICED[kind], "") == ["collected"]


def test_debug_flags_show_it():
    done = [python("-c", f"{begin}; import gc; gc.set_debug(gc.DEBUG_STATS)") for begin in ("pass", DEFERRED)]
    assert done[0].stderr.count("generation 2") == done[1].stderr.count("generation 2") > 0


def test_a_disabled_collector_collects_as_little_as_ever():
    assert told("gc.disable()") == told("gc.disable()", "") == ["left out"]


@pytest.mark.parametrize("undo", ["fastimport.uninstall()", "fastimport.install()"])
def test_it_can_be_taken_back(undo):
    assert told("", f"{DEFERRED}; {undo}") == ["collected"]
    assert told("", f"{DEFERRED}; {undo}; {DEFERRED}") == ["left out"]


MANY = """
from fastimport.code._collector import LIMITS
sys.kept += [[] for _ in range(LIMITS[0] + 100_000)]
assert not gc.callbacks
sys.kept.clear()
"""


def test_it_is_left_out_also_when_deferring_has_ended_before():
    """Then only the callback comes back, at exit, and waits for nothing else."""
    again = "one = cycle(); sys.watch.__callback__.__defaults__ = (weakref.ref(one),); del one"
    assert told(f"{MANY}{again}") == ["left out"]
    assert told(f"{MANY}{again}; fastimport.uninstall()") == ["collected"]


def test_what_is_in_files_that_cycles_hold_is_written(tmp_path):
    """The order in which a text, its buffer and its file are closed depends on this collection."""
    for number, begin in enumerate(("", DEFERRED)):
        path = tmp_path / str(number)
        told(f"held = [open({str(path)!r}, 'w')]; held.append(held); held[0].write('all')", begin, "-W", "ignore")
        assert path.read_text() == "all"


def test_what_looks_at_the_heap_runs_nothing_of_the_program():
    """Modules in ``sys.modules`` may be anything, and what they are asked for may do anything."""
    setup = """
class Module(types.ModuleType):
    def __getattribute__(self, name): print("asked for", name)
for name in ("weakref", "_weakrefset", "logging", "_io"):
    sys.modules[name] = Module(name)
sys.modules["nothing"] = None
"""
    assert [line for line in told(setup) if line.startswith("asked")] == []


def test_streams_may_be_anything():
    for stream in ("None", "object()", "io.StringIO()", "io.TextIOWrapper(io.BytesIO())"):
        assert told(f"import io; sys.stdin = sys.__stdin__ = {stream}")[-1] in ("left out", "collected")
    assert told("sys.stdin.detach()")[-1] in ("left out", "collected")
