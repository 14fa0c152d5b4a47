"""The full collection at the interpreter's end, before the modules are removed: left out if nothing is there that would notice.

Each test is a program of its own process. Whether garbage was still there when the modules were removed is told by a capsule in
it, whose destructor in C calls back: the collector knows of no finalizer there.
"""

import sys
import sysconfig

import pytest
from tests.support.process import python

IS_GENERATIONAL = not sysconfig.get_config_var("Py_GIL_DISABLED") and not (3, 14) <= sys.version_info < (3, 14, 5)
pytestmark = pytest.mark.skipif(not IS_GENERATIONAL, reason="there is nothing to wait for in this interpreter's collector")

PROGRAM = """
BEGIN
import ctypes, gc, sys, types, weakref

class Plain:
    pass

def cycle():
    made = Plain()
    made.own = made
    return made

def ignore(reference):
    pass

@ctypes.CFUNCTYPE(None, ctypes.c_void_p)
def destructor(_, names=sys.modules):
    print("collected" if "json" in names else "left out")

ctypes.pythonapi.PyCapsule_New.restype = ctypes.py_object
ctypes.pythonapi.PyCapsule_New.argtypes = [ctypes.c_void_p, ctypes.c_void_p, ctypes.c_void_p]
sys.kept = [destructor]
watched = cycle()
watched.capsule = ctypes.pythonapi.PyCapsule_New(1, None, ctypes.cast(destructor, ctypes.c_void_p))
del watched
import json
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
    "functions called at exit": "weakref.finalize(Plain, ignore, 1); weakref.finalize(cycle, ignore, 1).detach()",
    "methods": """
class Receiver:
    def method(self): pass
one = cycle(); one.receiver = Receiver()
sys.kept.append(weakref.WeakMethod(one.receiver.method))
del one
""",
    "another stream": "import io; sys.stderr = io.TextIOWrapper(sys.stderr.buffer)",
    "keys that are themselves": """
sys.kept.append(table := weakref.WeakValueDictionary())
table[Plain] = table['a'] = table[1] = table[None, (b'2', True)] = cycle()
""",
    "tables that are gone": """
one = cycle()
class Table(weakref.WeakSet): pass
sys.kept.append(Table([one])); sys.kept += sys.kept.pop().data
del one
""",
    "generators that only yield": """
def numbers(one=cycle()):
    while True:
        yield one
sys.kept += [numbers(), numbers(), (each for each in [cycle()])]; next(sys.kept[-1]); next(sys.kept[-2])
""",
    "callbacks that set a flag": """
class Signal:
    def any(self, *args): self.dead = True
    def one(self, reference): self.slotted = True
    def both(self, reference, *more): self.other = True
class Slotted(Signal): __slots__ = "slotted"
one, signal = cycle(), Slotted()
signal.slotted = False
sys.kept += [weakref.ref(one, signal.any), weakref.ref(one, signal.one), weakref.ref(one, signal.both)]
class Receiver:
    def method(self): pass
one.receiver = Receiver()
sys.kept.append(weakref.WeakMethod(one.receiver.method, signal.any)); del one
""",
    "finalizers that let go": """
class Part:
    def __init__(self, whole): self.whole = whole
    def __del__(self): del self.whole
whole = types.SimpleNamespace(); whole.parts = [Part(whole), Part(whole)]; del whole
""",
    "the tracker of multiprocessing": "import multiprocessing.resource_tracker",
}


@pytest.mark.parametrize("kind", UNNOTICED)
def test_it_is_left_out_where_nobody_would_notice(kind):
    setup = UNNOTICED[kind]
    assert told(setup, "") == ["collected"]
    assert told(setup) == ["left out"]


NOTICED = {
    "a finalizer": """
class Last:
    def __del__(self): pass
sys.kept.append(Last())
""",
    "an object of a module": """
class Last:
    def __del__(self): pass
last = Last()
""",
    "a file": "import os; sys.kept.append(open(os.devnull, 'w'))",
    "a socket": "import socket; one, other = socket.socketpair(); one.close(); other.close()",
    "a kind of buffer of its own": """
import io
class Buffer(io.StringIO): pass
sys.kept.append(Buffer())
""",
    "a buffer that is closed in a way of its own": "import io; sys.kept.append(io.StringIO()); sys.kept[-1].close = dict",
    "a generator": """
def numbers():
    try:
        yield 1
    finally:
        pass
sys.kept.append(numbers()); next(sys.kept[-1])
""",
    "a generator with a block": """
def numbers():
    with type("Block", (), {"__enter__": lambda self: self, "__exit__": lambda *exception: None})():
        yield 1
sys.kept.append(numbers()); next(sys.kept[-1])
""",
    "a generator that hands on": """
class Numbers:
    def __iter__(self): return self
    def __next__(self): return 1
    def close(self): pass
def numbers(): yield from Numbers()
sys.kept.append(numbers()); next(sys.kept[-1])
""",
    "a finalizer that fails": """
sys.unraisablehook = dict.fromkeys
class Part:
    def __del__(self): del self.whole
sys.kept.append(Part())
""",
    "a finalizer that deletes what asks": """
class Part:
    whole = property(lambda self: 1, None, lambda self: None)
    def __del__(self): del self.whole
sys.kept.append(Part())
""",
    "a finalizer that is told of deletions": """
class Part:
    def __delattr__(self, name): pass
    def __del__(self): del self.whole
sys.kept.append(Part()); sys.kept[-1].whole = 1
""",
    "a finalizer that deletes something deeper": """
class Part:
    def __del__(self): del self.whole.whole
sys.kept.append(Part()); sys.kept[-1].whole = Part(); sys.kept[-1].whole.whole = Part(); sys.kept[-1].whole.whole.whole = cycle()
""",
    "a buffer with a view": "import io; sys.kept.append(io.BytesIO(b'1').getbuffer())",
    "a method with no names": """
class Signal:
    def forget(self, reference): self.dead = True
Signal.forget.__code__ = Signal.forget.__code__.replace(co_names=())
one = Plain(); one.own = one; sys.kept += [one, weakref.ref(one, Signal().forget)]; del one, Signal
""",
    "a flag for which there is no room": """
sys.unraisablehook = dict.fromkeys
class Signal:
    __slots__ = ("__weakref__",)
    def forget(self, reference): self.dead = True
one = cycle(); sys.kept.append(weakref.ref(one, Signal().forget)); del one
""",
    "a flag that can only be read": """
import functools
sys.unraisablehook = dict.fromkeys
class Signal(functools.partial):
    def forget(self, reference): self.func = True
one = cycle(); sys.kept.append(weakref.ref(one, Signal(print).forget)); del one
""",
    "a flag that is another class's": """
sys.unraisablehook = dict.fromkeys
class Other: __slots__ = "dead"
class Signal:
    dead = Other.dead
    def forget(self, reference): self.dead = True
one = cycle(); sys.kept.append(weakref.ref(one, Signal().forget)); del one
""",
    "a flag among names that compare": """
class Name(str):
    def __hash__(self): return hash("dead")
    def __eq__(self, other): return False
class Signal:
    def forget(self, reference): self.dead = True
signal = Signal(); vars(signal)[Name("other")] = 1
one = cycle(); sys.kept.append(weakref.ref(one, signal.forget)); del one
""",
    "a finalizer of nothing in particular": """
sys.unraisablehook = dict.fromkeys
class Part:
    def __del__(*self): del self.whole
sys.kept.append(Part()); sys.kept[-1].whole = 1
""",
    "finalizers that share what they delete": """
sys.unraisablehook = dict.fromkeys
class Part:
    def __del__(self): del self.whole
one, other = Part(), Part(); one.__dict__ = other.__dict__; one.whole = other; sys.kept += [one, other]; del one, other
""",
    "a reference with a finalizer that lets go": """
class Reference(weakref.ref):
    def __del__(self): del self.whole
one = cycle(); reference = Reference(one, ignore); reference.whole = 1; sys.kept.append(reference); del reference, one
""",
    "a method's references alone": """
sys.unraisablehook = dict.fromkeys
class Receiver:
    def method(self): pass
one = cycle(); one.receiver = Receiver()
method = weakref.WeakMethod(one.receiver.method); one.method = method._func_ref; sys.kept.append(method._func_ref); del method
""",
    "a lock of the program's around the handlers": """
import logging
class Lock:
    def acquire(self, *arguments): pass
    def release(self): pass
    __enter__, __exit__ = acquire, acquire
handler = logging.NullHandler(); handler.own = handler; del handler
logging._lock = Lock()
""",
    "handlers that are compared": """
import logging
handler = logging.NullHandler(); handler.own = handler; del handler
logging._handlerList.append(lambda: None)
""",
    "a table with something else in it": """
class Odd:
    def __hash__(self): return 1
    def __eq__(self, other): return False
sys.kept.append(table := weakref.WeakSet()); table.data.add(Odd()); table.add(cycle())
""",
    "a name of a module that hashes": """
class Name(str):
    def __hash__(self): return str.__hash__(self)
sys.modules[Name("fake")] = types.ModuleType("fake")
""",
    "another builtin in place of sys.gettrace": "sys.gettrace = id",
    "an asynchronous generator": """
async def numbers(): yield 1
sys.kept.append(numbers())
""",
    "a flag that is a property": """
class Signal:
    dead = property(lambda self: 1, lambda self, value: None)
    def forget(self, reference): self.dead = True
one = cycle(); sys.kept.append(weakref.ref(one, Signal().forget)); del one
""",
    "a flag whose object is told": """
class Signal:
    def __setattr__(self, name, value): pass
    def forget(self, reference): self.dead = True
one = cycle(); sys.kept.append(weakref.ref(one, Signal().forget)); del one
""",
    "a method that does more": """
class Signal:
    def forget(self, reference): self.dead = id(True)
one = cycle(); sys.kept.append(weakref.ref(one, Signal().forget)); del one
""",
    "a method that does something else first": """
class Signal:
    def forget(self, reference): self.dead.flag = True
one = cycle(); signal = Signal(); signal.dead = signal; sys.kept.append(weakref.ref(one, signal.forget)); del one
""",
    "a trace function": "sys.settrace(lambda *event: None)",
    "a profile function": "sys.setprofile(lambda *event: None)",
    "a function in place of sys.gettrace": "sys.gettrace = lambda: None",
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
    "a callback for what a module holds": "sys.kept.append(weakref.ref(Plain, ignore))",
    "a wrapper with the library's names": """
import functools, logging
original = logging._removeHandlerRef
@functools.wraps(original)
def _removeHandlerRef(reference): original(reference)
logging._removeHandlerRef = _removeHandlerRef
handler = logging.NullHandler(); handler.own = handler; del handler
""",
    "keys that are compared": """
class Key:
    def __eq__(self, other): return self is other
    def __hash__(self): return 1
sys.kept.append(table := weakref.WeakValueDictionary())
table[Key()] = cycle()
""",
    "keys with a part that is compared": """
class Key:
    def __eq__(self, other): return self is other
    def __hash__(self): return 1
sys.kept.append(table := weakref.WeakValueDictionary())
table['a', (1, Key())] = cycle()
""",
    "keys that are too deep to look at": """
sys.kept.append(table := weakref.WeakValueDictionary())
key = 1
for _ in range(20):
    key = (key,)
table[key] = cycle()
""",
    "a subclass of a weak set": """
class Table(weakref.WeakSet): pass
one = cycle(); sys.kept.append(Table([one])); del one
""",
    "a subclass of a weak dictionary": """
class Table(weakref.WeakValueDictionary): pass
sys.kept.append(table := Table()); table[1] = cycle()
""",
    "a table with entries in a class of its own": """
class Entries(dict): pass
sys.kept.append(table := weakref.WeakKeyDictionary()); table.data = Entries()
table[cycle()] = 1
""",
    "a table with an attribute that asks": """
weakref.WeakKeyDictionary._iterating = property(lambda self: set(), lambda self, value: None)
sys.kept.append(table := weakref.WeakKeyDictionary()); table[cycle()] = 1
""",
    "references of a class of its own": """
class Reference(weakref.ref): pass
sys.kept.append(table := weakref.WeakSet()); one = cycle()
table.data.add(Reference(one, table._remove)); del one
""",
    "a reference that is in no table": """
sys.unraisablehook = dict.fromkeys
sys.kept.append(table := weakref.WeakSet()); one = cycle(); sys.kept.append(weakref.ref(one, table._remove)); del one
""",
    "another table's callback": """
table = types.ModuleType("table"); table.__dict__.update(data=set(), _iterating=False, _pending_removals=[])
sys.kept.append(table); source = weakref.WeakSet()
forget = types.FunctionType(source._remove.__code__, globals(), "", (weakref.ref(table),))
one = cycle(); table.data.add(weakref.ref(one, forget)); del one
""",
    "a subclass of a weak method": """
class Receiver:
    def method(self): pass
class Method(weakref.WeakMethod):
    def __setattr__(self, name, value): super().__setattr__(name, value)
one = cycle(); one.receiver = Receiver()
sys.kept.append(Method(one.receiver.method)); del one
""",
    "a lock of its own around the handlers": """
import logging
logging._handlerList = type("Handlers", (list,), {})()
handler = logging.NullHandler(); handler.own = handler; del handler
""",
    "another tracker of the program's": """
import multiprocessing.resource_tracker as tracking
class ResourceTracker(tracking.ResourceTracker):
    def __del__(self): pass
tracking._resource_tracker = ResourceTracker()
""",
    "a callback of the collector": "gc.callbacks.append(lambda phase, info: None)",
}


@pytest.mark.parametrize("kind", NOTICED)
def test_it_takes_place_where_somebody_would_notice(kind):
    assert told(NOTICED[kind]) == told(NOTICED[kind], "") == ["collected"]


@pytest.mark.parametrize("generation", [0, 1, 2])
@pytest.mark.parametrize("kind", ["a finalizer", "a callback for what a module holds", "a file"])
def test_it_is_noticed_in_each_generation(kind, generation):
    """What has survived collections is looked at, too."""
    older = "\n".join(["gc.collect()", NOTICED[kind], *[f"gc.collect({number})" for number in range(generation)]])
    assert told("", f"{DEFERRED}; import gc; gc.collect()") == ["left out"]
    watched = "again = cycle(); again.capsule = ctypes.pythonapi.PyCapsule_New(1, None, ctypes.cast(destructor, ctypes.c_void_p))"
    assert told(f"{older}\n{watched}; del again")[-1] == "collected"


def test_many_kinds_of_objects():
    """More types than are kept in mind, in turns, with a witness between them or none."""
    classes = "classes = [type(f'Kind{number}', (), {}) for number in range(300)]; sys.kept += [each() for each in classes * 3]"
    assert told(classes) == ["left out"]
    assert told(f"{classes}; {NOTICED['a file']}; {classes}") == ["collected"]


def test_exit_functions_that_were_not_called_are_seen():
    """A pending `weakref.finalize` does something as long as it has not been called at exit."""
    setup = "import atexit; one = cycle(); weakref.finalize(one, ignore, 1); del one; atexit._clear()"
    assert told(setup) == told(setup, "") == ["collected"]


def test_a_builtin_that_is_bound_to_a_weak_reference_may_do_anything():
    assert told("one = cycle(); sys.kept.append(weakref.ref(one, (1, 2).count)); del one") == ["collected"]


def test_a_finalizer_of_the_kind_before_pep_442_is_a_witness():
    setup = """
import _testcapi
class Last: pass
Last.__del__ = None; del Last.__del__
_testcapi.with_tp_del(Last)
Last.__tp_del__ = lambda self: None
sys.kept.append(Last())
"""
    pytest.importorskip("_testcapi")
    assert told(setup) == told(setup, "") == ["collected"]


FLUSHES = """
class Stream:
    def write(self, text): pass
    def flush(self):
        if sys.is_finalizing():
            original.write(f"{gc.collect() > 0}\\n")
original, sys.stdout = sys.stdout, Stream()
del Stream
"""


def test_what_the_program_asks_for_while_it_ends_takes_place():
    """A stream that is flushed after the exit functions may collect."""
    setup = f"{FLUSHES}garbage = cycle(); del garbage"
    assert told(setup)[-1] == told(setup, "")[-1] == "True"


def test_a_flag_that_a_callback_can_not_set_is_an_error_that_is_told():
    setup = """
sys.unraisablehook = dict.fromkeys
class Signal:
    def forget(self, reference, more): self.dead = True
    def keyword(self, *reference, more): self.dead = True
one, signal = cycle(), Signal()
sys.kept.append(weakref.ref(one, signal.NAME)); del one
"""
    for name in ("forget", "keyword"):
        assert told(setup.replace("NAME", name)) == told(setup.replace("NAME", name), "") == ["collected"]


@pytest.mark.skipif(sys.version_info < (3, 12), reason="PEP 669")
def test_a_tool_that_monitors_is_told():
    setup = "sys.monitoring.use_tool_id(TOOL, 'tool')"
    for tool in ("0", "5"):
        assert told(setup.replace("TOOL", tool)) == told(setup.replace("TOOL", tool), "") == ["collected"]


@pytest.mark.skipif(sys.version_info < (3, 12), reason="PEP 669")
def test_events_of_a_tool_that_was_freed_are_told_all_the_same():
    """On some versions: its events stay on."""
    setup = """
tool = sys.monitoring
tool.use_tool_id(3, "tool"); tool.set_events(3, tool.events.PY_START); tool.free_tool_id(3)
if not tool._all_events(): tool.use_tool_id(3, "tool")
"""
    assert told(setup) == told(setup, "") == ["collected"]


@pytest.mark.skipif(sys.version_info < (3, 12), reason="PEP 688")
def test_who_gives_a_buffer_is_told_that_it_is_released():
    setup = """
class Giver:
    def __buffer__(self, flags): return memoryview(b"abc")
    def __release_buffer__(self, view): print("released", Plain.__name__)
one = cycle(); one.view = memoryview(Giver()); del one
"""
    assert "released Plain" in told(setup, "")
    assert "released Plain" in told(setup)


def test_a_handler_that_was_put_in_the_place_of_a_generators_own():
    setup = """
def numbers():
    try:
        yield 1
    finally:
        print("closed", Plain.__name__)
table = numbers.__code__.co_exceptiontable
entries = [number for number, byte in enumerate(table) if byte & 0x80] + [len(table)]
numbers.__code__ = numbers.__code__.replace(co_exceptiontable=table[entries[OWN]:entries[OWN + 1]])
one = cycle(); one.numbers = numbers(); next(one.numbers); del one
"""
    setup = setup.replace("OWN", str(int(sys.version_info >= (3, 12))))
    assert "closed Plain" in told(setup, "")
    assert "closed Plain" in told(setup)


def test_debug_flags_show_it():
    done = [python("-c", f"{begin}; import gc; gc.set_debug(gc.DEBUG_STATS)") for begin in ("pass", DEFERRED)]
    assert done[0].stderr.count("generation 2") == done[1].stderr.count("generation 2") > 0


def test_a_disabled_collector_collects_as_little_as_ever():
    disable = "import gc; gc.disable()"
    assert told("", f"{DEFERRED}; {disable}") == told("", disable) == ["left out"]


def test_what_is_frozen_may_be_held_by_garbage_alone():
    freeze = "import gc; gc.freeze()"
    assert told("", f"{DEFERRED}; {freeze}") == told("", freeze) == ["collected"]


@pytest.mark.parametrize("undo", ["fastimport.uninstall()", "fastimport.install()"])
def test_it_can_be_taken_back(undo):
    assert told("", f"{DEFERRED}; {undo}") == ["collected"]
    assert told("", f"{DEFERRED}; {undo}; {DEFERRED}") == ["left out"]


MANY = """
from fastimport.code._collector import LIMITS
objects = [[] for _ in range(LIMITS[0] + 100_000)]
assert not gc.callbacks
objects.clear()
again = cycle()
again.capsule = ctypes.pythonapi.PyCapsule_New(1, None, ctypes.cast(destructor, ctypes.c_void_p))
del again
"""


def test_it_is_left_out_also_when_deferring_has_ended_before():
    """Then only the callback comes back, at exit, and waits for nothing else. (The first one may be found in between.)"""
    assert told(MANY)[-1] == "left out"
    assert told(f"{MANY}fastimport.uninstall()")[-1] == "collected"


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
for name in ("weakref", "_weakrefset", "logging", "_io", "multiprocessing.resource_tracker"):
    sys.modules[name] = Module(name)
sys.modules["nothing"] = None
"""
    assert [line for line in told(setup) if line.startswith("asked")] == []


def test_audit_hooks_hear_nothing_of_it():
    """What importing the same modules raises is all that there is."""
    setup = "import logging, weakref; sys.addaudithook(lambda event, arguments, write=print: write(event, *arguments))"
    assert [line for line in told(setup) if line.startswith("object.")] == []


def test_streams_may_be_anything():
    for stream in ("None", "object()", "io.StringIO()", "io.TextIOWrapper(io.BytesIO())"):
        assert told(f"import io; sys.stdin = sys.__stdin__ = {stream}")[-1] in ("left out", "collected")
    assert told("sys.stdin.detach()")[-1] in ("left out", "collected")
