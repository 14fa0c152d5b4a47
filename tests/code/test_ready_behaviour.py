"""What is done with code that was made of templates goes as with what marshal makes: it runs, and is looked at, copied, traced.

Each question is put to both, each new: code that has run was changed by it.
"""

import dis
import gc
import inspect
import marshal
import os
import pickle
import sys
import sysconfig
import threading
import types
import weakref

import pytest
from support import plant
from support.snapshots import contents_of, encoded

from fastimport.code._ready import difference, unusable
from fastimport.snapshot import decode
from fastimport.snapshot._reader import SnapshotReader
from fastimport.snapshot.identity import build_number

SOURCE = '''
"""Text of the module."""
import functools

class Base:
    """Text of a class."""
    kind = "base"
    def __init__(self, start=1, *rest, step: int = 2, **more):
        self.value, self.rest, self.more = start, rest, more
        self.step = step
    def advance(self, times):
        for turn in range(times):
            if turn % 3 == 0: continue
            self.value += self.step * turn
        else:
            self.value -= 1
        return self.value

class Derived(Base):
    def advance(self, times): return super().advance(times) + len(self.kind)

def closure(a):
    def inner(b, *, c="two words"):
        nonlocal a
        a += b
        return (a, b, c, lambda: (a, c))
    return inner

def generate(n):
    try:
        while n:
            n -= 1
            yield n if n in {1, 3, "x", (2, 3)} else -n
    finally:
        n = None

def guarded(value):
    try:
        return 10 / value
    except ZeroDivisionError as error:
        return f"{error!r:>40}"
    finally:
        value = 0

async def waits(n):
    return [each async for each in counted(n)]

async def counted(n):
    for each in range(n): yield each

def drive(coroutine):
    try: coroutine.send(None)
    except StopIteration as stop: return stop.value

def matched(thing):
    match thing:
        case {"a": int(x), **rest}: return x, rest
        case [first, *others] if others: return first, others
        case Base(value=v): return v
        case str() | None: return "text or none"
    return 2**70, 1.5, 3j, b"bytes", ..., (1, ("nested", frozenset({1})))

def main():
    inner = closure(5)
    return [
        Derived(3, 4, step=7, extra="é").advance(9), inner(2)[:3], inner(3)[3](), list(generate(6)), guarded(0), guarded(4),
        drive(waits(4)), [matched(each) for each in ({"a": 1, "b": 2}, [1, 2], Base(6), None, 5)],
        functools.reduce(lambda a, b: a * b, range(1, 20)), sorted({k: v for k, v in zip("abc", (1, 2, 3))}),
    ]
'''


@pytest.fixture(scope="module")
def reader(tmp_path_factory):
    if unusable(sys.hexversion) is not None:
        pytest.skip("this build unmarshals")
    reader = SnapshotReader(data=encoded(contents_of([plant(tmp_path_factory.mktemp("behaviour"), {"m.py": SOURCE})])))
    reader.prepare(sys.hexversion, build_number(), pytest.fail)
    return reader


@pytest.fixture
def make(reader):
    """New code, of marshal and of templates: ``make(False)``, ``make(True)``."""
    (number,) = [code.number for code in decode.codes(reader) if code.size]
    return lambda ready: reader.code_object(number) if ready else marshal.loads(reader.code_bytes(number))


def codes(code):
    yield code
    for each in code.co_consts:
        if isinstance(each, types.CodeType):
            yield from codes(each)


def module_of(code):
    module = types.ModuleType("m")
    exec(code, module.__dict__)
    return module


def functions(module):
    found = [value for value in vars(module).values() if inspect.isfunction(value) and value.__module__ == "m"]
    return [
        *found,
        *(value for cls in (module.Base, module.Derived) for value in vars(cls).values() if inspect.isfunction(value)),
    ]


def both(make, question):
    """The answers for what marshal makes and for what is made ready."""
    return question(make(False)), question(make(True))


def test_it_computes_the_same(make):
    expected, found = both(make, lambda code: repr(module_of(code).main()))
    assert found == expected and "ZeroDivisionError" in found


def test_replace(make):
    """Whole, and with each argument; what is replaced runs."""

    def question(code):
        for each in codes(code):
            assert each.replace() == each and hash(each.replace()) == hash(each)
            assert each.replace(co_name="other").co_name == "other" and each.replace(co_code=each.co_code) == each
            assert each.replace(co_consts=(*each.co_consts, "more")).co_consts[-1] == "more"
        return repr(module_of(code.replace(co_filename="/elsewhere.py")).main())

    expected, found = both(make, question)
    assert found == expected


def test_inspect(make):
    def question(code):
        module = module_of(code)
        return [
            (
                str(inspect.signature(each)),
                inspect.getdoc(each),
                inspect.getsource(each),
                inspect.getclosurevars(each).globals.keys(),
            )
            for each in functions(module)
        ] + [[getattr(code, name) for name in ("co_argcount", "co_flags", "co_varnames")] for code in codes(module.main.__code__)]

    expected, found = both(make, question)
    assert found == expected


def instructions(code, **options):
    return [(each.offset, each.opname, each.argrepr.split(" at 0x")[0]) for each in dis.get_instructions(code, **options)]


def test_dis(make):
    """Before it has run and after, when the interpreter has made instructions special, caches and all."""

    def question(code):
        before = [instructions(each, show_caches=True) for each in codes(code)]
        module = module_of(code)
        for _ in range(100):
            module.main()
        return before, [instructions(each, adaptive=True) for each in codes(code)], dis.code_info(module.guarded)

    expected, found = both(make, question)
    assert found == expected
    assert found[0] != found[1]


def traced(code):
    events = []

    def trace(frame, event, argument):
        frame.f_trace_opcodes = True
        if frame.f_code.co_filename == code.co_filename:
            events.append((event, frame.f_code.co_qualname, frame.f_lineno, frame.f_lasti))
        return trace

    former = sys.gettrace()
    sys.settrace(trace)
    try:
        module_of(code).main()
    finally:
        sys.settrace(former)
    return events


def test_tracing_lines_and_opcodes(make):
    traced(make(False))  # 3.12 reports opcodes only once some frame of the process has asked for them
    expected, found = both(make, traced)
    assert found == expected and {"call", "line", "opcode", "return", "exception"} <= {event for event, *_ in found}


@pytest.mark.skipif(sys.version_info < (3, 12), reason="3.12 has it")
def test_monitoring(make):
    monitoring = sys.monitoring
    names = ("PY_START", "PY_RETURN", "PY_YIELD", "LINE", "INSTRUCTION", "JUMP", "BRANCH", "RAISE", "CALL")

    def question(code):
        events, tool = [], 4
        monitoring.use_tool_id(tool, "test")
        try:
            for name in names:
                event = getattr(monitoring.events, name)
                monitoring.register_callback(tool, event, lambda code, *rest, name=name: events.append((name, code, rest[:1])))
            monitoring.set_events(tool, sum(getattr(monitoring.events, name) for name in names))
            module_of(code).main()
        finally:
            monitoring.set_events(tool, 0)
            monitoring.free_tool_id(tool)
        seen = [(name, each.co_qualname, repr(rest)) for name, each, rest in events if each.co_filename == code.co_filename]
        return [item for item in seen if " at 0x" not in item[2]]

    expected, found = both(make, question)
    assert found == expected and {"LINE", "INSTRUCTION", "BRANCH"} <= {name for name, *_ in found}


def test_cloudpickle(make):
    cloudpickle = pytest.importorskip("cloudpickle")

    def question(code):
        main = pickle.loads(cloudpickle.dumps(module_of(code).closure))
        return repr(main(1)(2)[:3])

    expected, found = both(make, question)
    assert found == expected == "(3, 2, 'two words')"


def test_marshal_again(make):
    """What is written of it, read again, is the same once more."""
    written = marshal.loads(marshal.dumps(make(True)))
    assert difference(marshal.loads(marshal.dumps(make(False))), written) is None and written == make(False)


def test_the_collector_sees_the_same(make):
    """In the end: it stops to track a tuple once it has seen that nothing in it is tracked, from the inside to the outside."""

    def question(code):
        for _ in range(5):
            gc.collect()
        facts = []
        for each in codes(code):
            values = (each, each.co_consts, each.co_names, each.co_varnames, *each.co_consts)
            facts.append([(type(value).__name__, gc.is_tracked(value), len(gc.get_referents(value))) for value in values])
        return facts

    expected, found = both(make, question)
    assert found == expected


def test_it_goes_away(make):
    """Weak references see it die, and its memory comes back: blocks are as many after a thousand times as after some."""
    died = []
    code = make(True)
    weakref.finalize(code, died.append, True)
    del code
    assert died == [True]
    counts = []
    for times in (20, 500, 500):
        for _ in range(times):
            make(True)
        gc.collect()
        counts.append((sys.getallocatedblocks(), sys.getrefcount(sys.intern("advance")), sys.getrefcount(...)))
    assert abs(counts[2][0] - counts[1][0]) < 50 and counts[2][1:] == counts[1][1:]


def test_functions_outlive_the_snapshot(tmp_path):
    """Nothing that was made refers to the file or its reader."""
    if unusable(sys.hexversion) is not None:
        pytest.skip("this build unmarshals")
    reader = SnapshotReader(data=encoded(contents_of([plant(tmp_path, {"m.py": SOURCE})])))
    reader.prepare(sys.hexversion, build_number(), pytest.fail)
    (number,) = [code.number for code in decode.codes(reader) if code.size]
    module = module_of(reader.code_object(number))
    expected = repr(module_of(marshal.loads(reader.code_bytes(number))).main())
    del reader
    gc.collect()
    assert repr(module.main()) == expected


@pytest.mark.skipif(not hasattr(os, "fork"), reason="POSIX")
@pytest.mark.filterwarnings("ignore:.*multi-threaded.*fork:DeprecationWarning")
def test_forked_children(make):
    """One that inherits what was made, and makes its own."""
    inherited, expected = make(True), repr(module_of(make(False)).main())
    child = os.fork()
    if child == 0:
        right = all(repr(module_of(code).main()) == expected for code in (inherited, make(True)))
        os._exit(0 if right else 1)
    assert os.waitstatus_to_exitcode(os.waitpid(child, 0)[1]) == 0


def test_threads_at_once(make):
    expected, found, barrier = repr(module_of(make(False)).main()), [], threading.Barrier(8)

    def work():
        barrier.wait()
        for _ in range(25):
            found.append(repr(module_of(make(True)).main()))

    interval = sys.getswitchinterval()
    sys.setswitchinterval(1e-6)
    try:
        threads = [threading.Thread(target=work) for _ in range(8)]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
    finally:
        sys.setswitchinterval(interval)
    assert len(found) == 200 and set(found) == {expected}


def test_what_is_left_to_marshal_here():
    """Which builds skip all of this is fixed."""
    is_other = bool(sysconfig.get_config_var("Py_GIL_DISABLED")) or hasattr(sys, "gettotalrefcount")
    assert (unusable(sys.hexversion) is not None) == (is_other or sys.version_info >= (3, 16))
