"""``arenas="huge"``: memory for small objects from huge pages, and back.

Each test is a program of its own process. ``held()`` is how many kilobytes of address space there are for such arenas; that they
are advised to be of huge pages is seen in the kernel's own account. Whether they are is the kernel's to say.
"""

import sys
import sysconfig
from pathlib import Path

import pytest
from tests.support.process import python

SETTING = Path("/sys/kernel/mm/transparent_hugepage/enabled")
CAN_WORK = SETTING.exists() and "[never]" not in SETTING.read_text() and not sysconfig.get_config_var("Py_GIL_DISABLED")
needs_huge_pages = pytest.mark.skipif(not CAN_WORK, reason="no transparent huge pages here")

PRELUDE = """
import sys
import fastimport
from fastimport.state import describe

def held():
    return sys.modules["fastimport.code._arenas"].held() >> 10

def advised(total=0):
    size = 0
    for line in open("/proc/self/smaps"):
        name, _, rest = line.partition(":")
        if name == "Size":
            size = int(rest.split()[0])
        elif name == "VmFlags" and "hg" in rest.split():
            total += size
    return total

def resident():
    return int(open("/proc/self/statm").read().split()[1]) * 4

def fill(number=300_000):
    return [[] for _ in range(number)]
"""


def succeeds(code, **variables):
    done = python("-c", PRELUDE + code, **variables)
    assert (done.returncode, done.stderr) == (0, ""), done.stderr
    return done.stdout.split()


@needs_huge_pages
def test_new_arenas_are_of_huge_pages():
    succeeds("""
assert describe()["arenas"] == "stock" and "fastimport.code._arenas" not in sys.modules
fastimport.install()
kept = fill()
before = advised()
assert "fastimport.code._arenas" not in sys.modules
fastimport.install(arenas="huge")
assert describe()["arenas"] == "huge" and describe()["arenas_obstacle"] is None and fastimport.stats().refusals == {}
kept += fill()
assert held() > 10_000 and advised() - before >= held()
""")


@needs_huge_pages
def test_memory_is_given_back():
    """Arena by arena, then region by region; what is in use stays what it was."""
    succeeds("""
fastimport.install(arenas="huge")
few = [(number, str(number)) for number in range(1000)]
for _ in range(5):
    kept = fill()
    some = kept[::50_000]
    del kept
    assert few == [(number, str(number)) for number in range(1000)] and all(each == [] for each in some)
assert held() < 50_000
kept = fill(3_000_000)
most, all_of_it = held(), resident()
del kept
assert held() < most / 4 and resident() < all_of_it / 3
""")


@needs_huge_pages
def test_an_arena_of_a_region_in_use_is_given_back():
    """Its memory is the kernel's again, its address stays."""
    succeeds("""
fastimport.install(arenas="huge")
kept = fill(3_000_000)
most, all_of_it = held(), resident()
some = kept[::100_000]
del kept
assert held() > most / 2 and resident() < all_of_it / 2
assert all(each == [] for each in some)
""")


@needs_huge_pages
def test_uninstall_puts_the_allocator_back():
    """At once if nothing of ours is in use, else new arenas come from where they came from before."""
    succeeds("""
import ctypes

class Allocator(ctypes.Structure):
    _fields_ = [(name, ctypes.c_void_p) for name in ("context", "allocate", "free")]

def current():
    found = Allocator()
    ctypes.pythonapi.PyObject_GetArenaAllocator(ctypes.byref(found))
    return found.context, found.allocate, found.free

before = current()
fastimport.install(arenas="huge")
ours = current()
assert ours != before and describe()["arenas"] == "huge"
fastimport.uninstall()
assert current() == before and describe()["arenas"] == "stock"
fastimport.install(arenas="huge")
kept = fill()
fastimport.install()
assert current() == ours and describe()["arenas"] == "stock"
now = held()
kept += fill()
assert held() == now
fastimport.install(arenas="huge")
kept += fill()
assert held() > now and current() == ours
kept.clear()
""")


@needs_huge_pages
def test_others_may_put_an_allocator_above_ours():
    """It hands on to ours; then neither is put in a circle nor taken for ours."""
    succeeds("""
import ctypes

class Allocator(ctypes.Structure):
    _fields_ = [(name, ctypes.c_void_p) for name in ("context", "allocate", "free")]

fastimport.install(arenas="huge")
ours = Allocator()
ctypes.pythonapi.PyObject_GetArenaAllocator(ctypes.byref(ours))
ctypes.pythonapi.PyObject_SetArenaAllocator(ctypes.byref(Allocator(1, ours.allocate, ours.free)))
fastimport.install()
fastimport.install(arenas="huge")
kept = fill()
assert held() > 10_000
now = Allocator()
ctypes.pythonapi.PyObject_GetArenaAllocator(ctypes.byref(now))
assert now.context == 1
""")


@needs_huge_pages
def test_forks_and_threads():
    succeeds("""
import os, threading
fastimport.install(arenas="huge")
kept = fill()
threads = [threading.Thread(target=lambda: kept.extend(fill(50_000))) for _ in range(4)]
for each in threads: each.start()
for each in threads: each.join()
assert len(kept) == 500_000
if not os.fork():
    kept.clear()
    more = fill()
    os._exit(0 if len(more) == 300_000 else 1)
assert os.wait()[1] == 0 and all(each == [] for each in kept)
""", PYTHONWARNINGS="ignore::DeprecationWarning")  # fmt: skip


@needs_huge_pages
def test_where_no_region_can_be_had_memory_comes_from_before():
    """A limit on address space: what fits is as large as without."""
    succeeds("""
import resource
fastimport.install(arenas="huge")
used = int(open("/proc/self/statm").read().split()[0]) * resource.getpagesize()
resource.setrlimit(resource.RLIMIT_AS, (used + (7 << 20), resource.RLIM_INFINITY))
kept = fill(50_000)
assert held() == 0
try:
    kept.extend(fill(3_000_000))
    raise AssertionError
except MemoryError:
    pass
assert len(kept) == 50_000
""")


def test_where_there_are_none_the_reason_is_counted():
    """And nothing to fail for, not even in strict mode."""
    told = succeeds("""
fastimport.install(arenas="huge")
print(describe()["arenas"], len(fastimport.stats().refusals), fastimport.installed(), describe()["arenas_obstacle"])
""", FASTIMPORT_STRICT="1")  # fmt: skip
    assert told[:4] == (["huge", "0", "True", "None"] if CAN_WORK else ["stock", "1", "True", told[3]])


@pytest.mark.parametrize("wrong", ["'off'", "None", "True", "''"])
def test_a_wrong_word_is_refused(wrong):
    succeeds(f"""
try:
    fastimport.install(arenas={wrong})
except (TypeError, ValueError) as error:
    assert "arenas must be" in str(error)
else:
    raise AssertionError
assert not fastimport.installed()
""")


@needs_huge_pages
@pytest.mark.parametrize("command", ["run", "exec", "variable", "status"])
def test_how_it_is_chosen(command):
    tell = "from fastimport.state import describe; print(describe()['arenas'])"
    if command == "variable":
        assert succeeds(f"fastimport.install(); {tell}", FASTIMPORT_ARENAS="huge") == ["huge"]
        assert succeeds(f"fastimport.install(arenas='huge'); {tell}", FASTIMPORT_ARENAS="stock") == ["stock"]
    elif command == "status":
        told = python("-m", "fastimport", "exec", "--arenas=huge", "--", sys.executable, "-m", "fastimport", "status").stdout
        assert [line.split() for line in told.splitlines() if line.startswith("arenas")] == [["arenas", "huge"]]
    else:
        end = ["-c", tell] if command == "run" else ["--", sys.executable, "-c", tell]
        done = python("-m", "fastimport", command, "--arenas", "huge", *end)
        assert (done.stdout, done.stderr) == ("huge\n", "")


@needs_huge_pages
def test_a_phase_of_start_up_leaves_it_as_it_is():
    succeeds("""
fastimport.install(arenas="huge")
with fastimport.startup():
    assert describe()["arenas"] == "huge"
assert describe()["arenas"] == "huge" and fastimport.installed()
""")
