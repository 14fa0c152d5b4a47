"""A collector that waits while modules are imported: what it puts off, and what it leaves as it is.

Each test is a program of its own process, since a collector has one state. ``module()`` adds a module, ``automatic()`` makes
objects that stay until the interpreter has collected by itself.
"""

import sys
import sysconfig

import pytest
from tests.support.process import python

PRELUDE = """
import gc, sys, types, weakref
from fastimport.code._collector import LIMITS, Deferral

class Cycle:
    def __init__(self):
        self.own = self

def module():
    name = f"made_{len(sys.modules)}"
    sys.modules[name] = types.ModuleType(name)

def collections():
    return sum(each["collections"] for each in gc.get_stats())

kept = []
def automatic():
    before = collections()
    while collections() == before:
        kept.append([])

def generation_of(thing):
    return next((number for number in range(3) if any(each is thing for each in gc.get_objects(number))), None)

gc.collect()
deferral = Deferral()
"""
IS_GENERATIONAL = not sysconfig.get_config_var("Py_GIL_DISABLED") and not (3, 14) <= sys.version_info < (3, 14, 5)
generational = pytest.mark.skipif(not IS_GENERATIONAL, reason="there is nothing to wait for in this interpreter's collector")


def succeeds(code, *options):
    done = python(*options, "-c", PRELUDE + code)
    assert (done.returncode, done.stderr) == (0, ""), done.stderr
    return done.stdout


@pytest.mark.parametrize(("begin", "left"), [("assert deferral.begin() is None", True), ("", False)])
@generational
def test_an_automatic_collection_waits_while_modules_are_imported(begin, left):
    """Garbage is left for later; without the deferral the same collection finds it."""
    succeeds(f"""
{begin}
garbage = weakref.ref(Cycle())
module()
automatic()
assert (garbage() is not None) is {left}
assert deferral.answered == {left}
gc.collect()
assert garbage() is None
""")


@generational
def test_an_automatic_collection_without_new_modules_collects():
    succeeds("""
deferral.begin()
module()
automatic()
garbage = weakref.ref(Cycle())
automatic()
assert garbage() is None and deferral.answered == 1 and deferral.is_active()
""")


@pytest.mark.parametrize(("number", "rounds"), [(0, 0), (1, 1), (2, 1), (2, 15), ("", 15)])
@generational
def test_what_a_program_collects_is_collected(number, rounds):
    """gc.collect() of any generation, young garbage and garbage that automatic collections have passed over, import or not."""
    succeeds(f"""
deferral.begin()
passed = []
for _ in range({rounds}):
    passed.append(weakref.ref(Cycle()))
    module()
    automatic()
assert deferral.answered == {rounds} and all(each() for each in passed)
young = weakref.ref(Cycle())
module()
gc.collect({number})
assert young() is None
assert not any(each() for each in passed)
""")


@generational
def test_objects_are_in_the_generations_in_which_they_would_be():
    """One collection of the youngest: the next generation; eleven more, and one of that generation: the oldest."""
    succeeds("""
deferral.begin()
first, middle = collections(), gc.get_stats()[1]["collections"]
thing = []
assert generation_of(thing) == 0
module()
automatic()
assert generation_of(thing) == 1
while gc.get_stats()[1]["collections"] == middle:
    module()
    automatic()
assert generation_of(thing) == 2 and gc.is_tracked(thing)
assert deferral.answered == collections() - first
""")


HISTORY = """
import random
chance = random.Random(SEED)
BEGIN
things, log = [], []
for step in range(400):
    act = chance.randrange(9)
    if act < 3:
        module()
    if act < 7:
        things.append([{"step": step}, (step, "text"), (step, [step])])
        kept.extend([] for _ in range(gc.get_threshold()[0] // 3))
    elif act == 7:
        gc.collect(chance.randrange(3))
    else:
        things.pop(chance.randrange(len(things)) if things else 0) if things else None
    if step % 20 == 0:
        members = [{id(each) for each in gc.get_objects(number)} for number in range(3)]
        log.append([next(number for number in range(3) if id(thing) in members[number]) for thing in things])
        log.append([gc.is_tracked(thing[1]) and generation_of(thing) == 2 for thing in things])
        log.append([gc.is_tracked(thing[2]) for thing in things])
log.append((collections(), [thing[0]["step"] for thing in things]))
print(log)
"""


@pytest.mark.parametrize("seed", range(4))
@generational
def test_random_histories_place_objects_alike(seed):
    """A program that imports, keeps, drops and collects: every object is in the generation in which it is without the deferral.

    The oldest generation's own collections are left out by a threshold: those are what is put off.
    """
    history = HISTORY.replace("SEED", str(seed))
    ways = ("gc.callbacks.append(lambda phase, info: None)", "assert deferral.begin() is None")
    stock, deferred = (succeeds(history.replace("BEGIN", f"gc.set_threshold(700, 10, 1000000)\n{way}")) for way in ways)
    assert stock == deferred


@generational
def test_frozen_objects_stay_frozen():
    succeeds("""
deferral.begin()
gc.freeze()
frozen = gc.get_freeze_count()
for _ in range(15):
    module()
    automatic()
assert gc.get_freeze_count() == frozen and deferral.answered == 15
gc.unfreeze()
assert gc.get_freeze_count() == 0
gc.collect()
""")


@generational
def test_a_disabled_collector_is_left_alone():
    succeeds("""
deferral.begin()
gc.disable()
garbage = weakref.ref(Cycle())
module()
kept += [[] for _ in range(5 * gc.get_threshold()[0])]
assert garbage() is not None and deferral.answered == 0
gc.collect(0)
assert garbage() is None
gc.enable()
module()
automatic()
assert deferral.answered == 1
""")


@pytest.mark.parametrize("thresholds", ["1", "1, 1", "5, 1, 1", "0", "100000, 50, 1000"])
@generational
def test_thresholds_that_the_program_sets_count_from_then_on(thresholds):
    """A collection that it asks for right afterwards is not taken for an automatic one."""
    succeeds(f"""
deferral.begin()
module()
automatic()
for number in range(3):
    garbage = weakref.ref(Cycle())
    module()
    gc.set_threshold({thresholds})
    gc.collect(number)
    assert garbage() is None, number
    gc.set_threshold(700, 10, 10)
    module()
    automatic()
before = deferral.answered
gc.set_threshold({thresholds})
if gc.get_threshold()[0]:
    kept.append([])
    module()
    automatic()
    module()
    automatic()
    assert deferral.answered > before
""")


@generational
def test_debug_flags_end_it():
    """A program that debugs its collector sees it as it is; and it doesn't begin there."""
    succeeds("""
deferral.begin()
gc.set_debug(gc.DEBUG_SAVEALL)
Cycle()
module()
automatic()
assert not deferral.is_active() and gc.callbacks == []
assert [each for each in gc.garbage if isinstance(each, Cycle)]
assert deferral.begin() == "gc.set_debug() is in use"
gc.set_debug(0)
gc.garbage.clear()
""")


@pytest.mark.parametrize("end", ["deferral.end()", "gc.set_debug(gc.DEBUG_SAVEALL)"])
@generational
def test_callbacks_of_the_program_are_called_as_ever(end):
    """Those before ours and those behind it, once for each start and once for each stop, also when ours goes."""
    succeeds(f"""
calls = [[], [], []]
gc.callbacks.append(lambda phase, info: calls[0].append((phase, info["generation"])))
deferral.begin()
gc.callbacks.append(lambda phase, info: calls[1].append((phase, info["generation"])))
gc.callbacks.append(lambda phase, info: calls[2].append((phase, info["generation"])))
first = collections()
for _ in range(3):
    module()
    automatic()
{end}
automatic()
automatic()
made = collections() - first
gc.set_debug(0)
assert len(gc.callbacks) == 3 and not deferral.is_active()
assert calls[0] == calls[1] == calls[2]
assert [phase for phase, _ in calls[0]] == ["start", "stop"] * made, calls[0]
gc.callbacks.clear()
""")


def test_an_error_of_a_callback_that_follows_is_reported():
    """As the interpreter reports it, in the one call that is made from here."""
    if not IS_GENERATIONAL:
        pytest.skip("there is nothing to wait for in this interpreter's collector")
    done = python("-c", PRELUDE + """
def broken(phase, info):
    if phase == "start" and not deferral.is_active():
        told.append(phase)
        raise ValueError("told")
deferral.begin()
gc.callbacks.append(broken)
told = []
gc.set_debug(gc.DEBUG_SAVEALL)
automatic()
gc.callbacks.clear()
gc.set_debug(0)
assert told == ["start"]
""")  # fmt: skip
    assert done.returncode == 0 and done.stderr.count("ValueError: told") == 1, done.stderr
    assert done.stderr.count("Exception ignored") == 1 and "function broken" in done.stderr


@generational
def test_others_may_take_the_callback_away():
    succeeds("""
deferral.begin()
gc.callbacks.clear()
assert not deferral.is_active()
deferral.end()
garbage = weakref.ref(Cycle())
module()
automatic()
assert garbage() is None
assert deferral.begin() is None and deferral.begin() is None and len(gc.callbacks) == 1
""")


@generational
def test_it_ends_for_good_after_many_objects_without_an_import():
    """Full collections come due again; a module that is imported later does not bring it back."""
    succeeds("""
deferral.begin()
module()
start = len(kept)
while deferral.is_active():
    kept.append([])
    assert len(kept) - start < LIMITS[0] + 3 * gc.get_threshold()[0]
assert len(kept) - start > LIMITS[0] // 2 and gc.callbacks == []
full = gc.get_stats()[2]["collections"]
while gc.get_stats()[2]["collections"] == full:
    module()
    kept += [[] for _ in range(1000)]
    assert len(kept) < 2 * LIMITS[0]
""")


CYCLES = """
import gc
most = alive = 0
class Cycle:
    __slots__ = ("own",)
    def __init__(self):
        global alive, most
        self.own = self
        alive += 1
        most = max(most, alive)
    def __del__(self):
        global alive
        alive -= 1
for _ in range({count}):
    Cycle()
"""


@generational
def test_a_million_cycles_in_a_module_stay_few(tmp_path):
    """A module body that makes garbage and imports nothing: at most one collection is put off, counted in objects."""
    (tmp_path / "cyclic.py").write_text(CYCLES.format(count=1_000_000), encoding="utf-8")
    succeeds(f"""
sys.path.insert(0, {str(tmp_path)!r})
deferral.begin()
import cyclic
assert cyclic.most <= 3 * (gc.get_threshold()[0] + 1), cyclic.most
""")


@generational
def test_cycles_between_imports_stay_within_the_limit():
    """The worst that can be done: a new module for every few cycles."""
    succeeds(f"\nmade = {CYCLES.format(count=0)!r}" + """
namespace = {}
exec(made, namespace)
deferral.begin()
while deferral.is_active():
    for _ in range(1000):
        namespace["Cycle"]()
    module()
    assert namespace["alive"] <= LIMITS[1] + 3 * gc.get_threshold()[0]
assert namespace["most"] > LIMITS[1] // 3  # 3.12 comes to half of it, 3.13 to all
while namespace["alive"] > LIMITS[1] // 3:
    namespace["Cycle"]()
    assert namespace["alive"] < 1.25 * LIMITS[1] + 12 * 12 * gc.get_threshold()[0]
""")  # fmt: skip


@generational
def test_a_full_collection_of_the_program_starts_the_count_anew():
    succeeds("""
deferral.begin()
for number in range(10 * LIMITS[1] // 100_000):
    kept = [[] for _ in range(100_000)]
    module()
    if number % 10 == 0:
        gc.collect()
assert deferral.is_active()
""")


EXIT = """
import gc, sys, types
BEGIN
class Last:
    def __init__(self, name):
        self.own, self.name = self, name
    def __del__(self):
        print(self.name, sys is not None)
Last("garbage")
sys.modules["made"] = types.ModuleType("made")
kept = [[] for _ in range(gc.get_threshold()[0] + 100)]
lasting = Last("lasting")
"""


@generational
def test_finalizers_run_at_exit_as_ever():
    """Garbage that was passed over is finalized while the modules are still whole; what lives is finalized after it."""
    begin = "from fastimport.code._collector import Deferral; deferral = Deferral(); deferral.begin()"
    deferred, stock = (python("-c", EXIT.replace("BEGIN", way)) for way in (begin, ""))
    assert [deferred.returncode, deferred.stderr, stock.stderr] == [0, "", ""]
    assert sorted(deferred.stdout.splitlines()) == sorted(stock.stdout.splitlines())
    assert deferred.stdout.startswith("garbage True")


@generational
def test_threads_and_forks():
    """Collections come up in whichever thread allocates; a child process goes on by itself."""
    succeeds(
        """
import os, threading
deferral.begin()
def work():
    own = [[] for _ in range(20000)]
    for _ in range(20):
        module()
        own += [Cycle() for _ in range(500)]
threads = [threading.Thread(target=work) for _ in range(8)]
for each in threads: each.start()
for each in threads: each.join()
child = os.fork()
if child == 0:
    module()
    automatic()
    automatic()
    gc.collect()
    os._exit(0 if deferral.answered and gc.collect() == 0 else 1)
assert os.waitpid(child, 0)[1] == 0
gc.collect()
assert gc.collect() == 0
""",
        *(["-W", "ignore::DeprecationWarning"]),
    )


@generational
def test_beginning_and_ending_leaves_nothing_behind():
    succeeds("""
import tracemalloc
def rounds(number):
    for _ in range(number):
        each = Deferral()
        assert each.begin() is None
        module() if len(sys.modules) < 500 else None
        each.end()
rounds(500)
tracemalloc.start()
rounds(10)
gc.collect()
before = tracemalloc.get_traced_memory()[0]
rounds(500)
gc.collect()
assert tracemalloc.get_traced_memory()[0] - before < 5000
assert gc.callbacks == [] and not [each for each in gc.get_objects() if type(each) is Deferral and each is not deferral]
""")


@pytest.mark.parametrize("lie", ["get_threshold", "get_count"])
@generational
def test_a_collector_that_is_not_as_expected_is_left_alone(lie):
    """What is found in the interpreter's state must be what the gc module says of it."""
    succeeds(f"""
gc.{lie} = lambda: (701, 11, 12)
deferral = Deferral()
assert deferral.begin() == "the collector is not as expected"
assert gc.callbacks == []
""")


@pytest.mark.skipif(IS_GENERATIONAL, reason="for the others")
def test_other_collectors_are_left_alone():
    """A reason, and nothing else."""
    succeeds("""
assert deferral.begin() in (
    "free-threaded builds have no generations", "the collector of Python 3.14.0 to 3.14.4 is incremental"
)
assert gc.callbacks == [] and not deferral.is_active()
import fastimport
from fastimport.state import describe
fastimport.install(collector="deferred")
assert fastimport.stats().refusals == {} and describe()["collector"] == "stock"
assert describe()["collector_obstacle"] == deferral.begin()
""")


FACE = """
import gc, sys
import fastimport
from fastimport.state import describe
"""


def face(code, **variables):
    done = python("-c", FACE + code, **variables)
    assert (done.returncode, done.stderr) == (0, ""), done.stderr
    return done.stdout.split()


@generational
def test_install_begins_and_uninstall_ends():
    """Off by default; a second call changes it; the way to register and the level can change without a new beginning."""
    face("""
fastimport.install()
assert describe()["collector"] == "stock" and gc.callbacks == [] and "fastimport.code._collector" not in sys.modules
fastimport.install(collector="deferred")
first = gc.callbacks[:]
assert describe()["collector"] == "deferred" and len(first) == 1
fastimport.install(collector="deferred", register="in_place", freshness="trusted")
assert len(gc.callbacks) == 1 and gc.callbacks[0] is first[0]
fastimport.install(register="in_place")
assert describe()["collector"] == "stock" and gc.callbacks == []
fastimport.install(collector="deferred")
fastimport.uninstall()
assert describe()["collector"] == "stock" and gc.callbacks == []
""")


@pytest.mark.parametrize("wrong", ["'off'", "None", "True", "''"])
def test_a_wrong_word_is_refused(wrong):
    face(f"""
try:
    fastimport.install(collector={wrong})
except (TypeError, ValueError) as error:
    assert "collector must be" in str(error)
else:
    raise AssertionError
assert not fastimport.installed()
""")


@generational
def test_the_variable_counts_more_than_the_argument():
    tell = "fastimport.install(collector={!r}); print(describe()['collector'], *fastimport.stats().refusals)"
    assert face(tell.format("stock"), FASTIMPORT_COLLECTOR="deferred") == ["deferred"]
    assert face(tell.format("deferred"), FASTIMPORT_COLLECTOR="stock") == ["stock"]
    assert face(tell.format("deferred"), FASTIMPORT_COLLECTOR="") == ["deferred"]
    assert face(tell.format("stock"), FASTIMPORT_COLLECTOR="never")[0] == "stock"


@generational
def test_a_collector_that_cannot_wait_is_a_reason_in_stats():
    """And nothing to fail for, not even in strict mode: imports are as fast as ever."""
    face("""
gc.set_debug(gc.DEBUG_UNCOLLECTABLE)
fastimport.install(collector="deferred")
assert fastimport.installed() and fastimport.stats().refusals == {"collector: gc.set_debug() is in use": 1}
assert describe()["collector_obstacle"] == "gc.set_debug() is in use"
""", FASTIMPORT_STRICT="1")  # fmt: skip


@pytest.mark.parametrize("command", ["run", "exec"])
@generational
def test_commands_that_switch_it_on_let_collections_wait(command):
    """Unless told otherwise, by option or variable."""
    tell = "from fastimport.state import describe; print(describe()['collector'])"
    end = ["-c", tell] if command == "run" else ["--", sys.executable, "-c", tell]

    def told(*options, **variables):
        done = python("-m", "fastimport", command, *options, *end, **variables)
        assert (done.returncode, done.stderr) == (0, ""), done.stderr
        return done.stdout.strip()

    assert told() == "deferred"
    assert told("--collector", "stock") == "stock"
    assert told("--collector=deferred") == "deferred"
    assert told(FASTIMPORT_COLLECTOR="stock") == "stock"


@generational
def test_a_collection_that_is_due_is_taken_for_automatic():
    """What can't be told apart: many objects, no automatic collection yet, and the program asks for the same one."""
    succeeds("""
deferral.begin()
module()
automatic()
gc.disable()
garbage = weakref.ref(Cycle())
kept += [[] for _ in range(2 * gc.get_threshold()[0])]
module()
gc.enable(); gc.collect(0)
assert garbage() is not None and deferral.answered == 2
gc.collect()
assert garbage() is None
""")


@generational
def test_the_module_of_the_collector_is_imported_by_programs_only():
    """What `sys.modules` holds, and what a program that imports gc gets, is as without the deferral."""
    face("""
assert "gc" in sys.modules
del sys.modules["gc"]
fastimport.install(collector="deferred")
assert "gc" not in sys.modules and describe()["collector"] == "deferred"
import gc as again
assert len(again.callbacks) == 1
again.callbacks.clear()
assert describe()["collector"] == "stock"
""")
