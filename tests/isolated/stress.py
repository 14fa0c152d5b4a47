"""Threads import, look up, invalidate, change files, paths and caches at once; children are forked: no wrong answer.

Arguments: seconds; the number of threads; the freshness; the way to register; ``forks`` or ``threads``; an empty directory. With
a seventh argument, each round of that many seconds reports memory, and it must not grow.

A wrong answer is a spec or a module whose file is not the one that the first entry with that name has, or an absent name found.
"""

import gc
import importlib
import importlib.machinery
import os
import random
import signal
import sys
import threading
import time
import warnings

import fastimport

SECONDS, THREADS, FRESHNESS, REGISTER, FORKS, DIRECTORY = sys.argv[1:7]
REPORT = float(sys.argv[7]) if len(sys.argv) > 7 else None
SECONDS, THREADS = float(SECONDS), int(THREADS)
ENTRIES, MODULES = 12, 3
warnings.simplefilter("ignore", DeprecationWarning)
GIL = getattr(sys, "_is_gil_enabled", lambda: True)  # before 3.13 there always is one


def plant(*parts):
    path = os.path.join(DIRECTORY, *parts)
    os.makedirs(os.path.dirname(path), exist_ok=True)
    with open(path, "w") as file:
        file.write(f"WHO = {parts[-1]!r}\n")


def plant_all():
    for number in range(ENTRIES):
        for module in range(MODULES):
            plant(f"entry{number}", f"m{number}_{module}.py")
            plant(f"entry{number}", f"p{number}", f"sub{module}.py")
        plant(f"entry{number}", f"p{number}", "__init__.py")
        plant(f"entry{number}", "space", f"part{number}.py")
        plant(f"entry{number}", "everywhere.py")  # the first entry wins, always


def file_of(number, *parts):
    return os.path.join(DIRECTORY, f"entry{number}", *parts)


class WrongAnswer(AssertionError):
    pass


def expect(found, wanted, name):
    if found != wanted:
        raise WrongAnswer(f"{name}: {found} instead of {wanted}")


def origin(spec):
    return spec and spec.origin


def find():
    number, finder = random.randrange(ENTRIES), importlib.machinery.PathFinder
    if REGISTER == "meta_path":
        finder = fastimport.PathFinder
    expect(origin(finder.find_spec("everywhere")), file_of(0, "everywhere.py"), "everywhere")
    expect(finder.find_spec("absent"), None, "absent")
    name = f"m{number}_{random.randrange(MODULES)}"
    expect(origin(finder.find_spec(name)), file_of(number, f"{name}.py"), name)
    package = finder.find_spec(f"p{number}")
    expect(origin(package), file_of(number, f"p{number}", "__init__.py"), "package")
    tail = f"sub{random.randrange(MODULES)}"
    inside = finder.find_spec(f"p{number}.{tail}", package.submodule_search_locations)
    expect(origin(inside), file_of(number, f"p{number}", f"{tail}.py"), tail)
    expect(len(list(finder.find_spec("space").submodule_search_locations)), ENTRIES, "space")


def load():
    """Threads that take a module away from each other may meet None or a deadlock that importlib reports: not wrong modules."""
    number = random.randrange(ENTRIES)
    for name in (f"m{number}_{random.randrange(MODULES)}", f"p{number}.sub0", f"space.part{number}"):
        sys.modules.pop(name, None)
        try:
            module = importlib.import_module(name)
        except (KeyError, ImportError):
            continue
        expect(module.WHO, module.__spec__.origin.rpartition(os.sep)[2], name)


def invalidate():
    try:
        importlib.invalidate_caches()
    except KeyError:  # two threads race for a relative or None entry in importlib itself
        pass
    time.sleep(0.0005)


def change_files():
    path = file_of(random.randrange(ENTRIES), f"fleeting{random.randrange(5)}.py")
    with open(path, "w"):
        pass
    try:
        os.unlink(path)
    except FileNotFoundError:
        pass


def change_path():
    sys.path.extend(["/nowhere"] * 40)
    del sys.path[-40:]


def change_cache():
    sys.path_importer_cache.pop(file_of(random.randrange(ENTRIES)), None)


def patch():
    importlib.machinery.FileFinder.unknown = 1
    importlib.machinery.SourceFileLoader.unknown = 2
    time.sleep(0.001)


def fork():
    """A child imports from scratch and ends; it must be quick."""
    pid = os.fork()
    if pid == 0:
        signal.alarm(30)
        status = 1
        try:
            find()
            status = 0
        finally:
            os._exit(status)
    expect(os.waitstatus_to_exitcode(os.waitpid(pid, 0)[1]), 0, "child")
    time.sleep(0.05)


WORK = [find, find, find, find, load, load, invalidate, change_files, change_path, change_cache, patch]


def worker(action):
    try:
        while not failures and (time.monotonic() < END or action.__name__ not in counts):
            action()
            counts[action.__name__] = counts.get(action.__name__, 0) + 1
    except BaseException as error:
        failures.append(f"{action.__name__}: {type(error).__name__}: {error}")
        raise


def resident():
    gc.collect()
    with open("/proc/self/statm") as file:
        return int(file.read().split()[1]) * os.sysconf("SC_PAGE_SIZE")


def watch_memory():
    sizes = []
    while time.monotonic() < END and not failures:
        time.sleep(REPORT)
        sizes.append(resident())
        print(f"{time.monotonic() - START:6.0f} s  {sizes[-1] / 2**20:7.1f} MiB  {sum(counts.values())} steps", flush=True)
    settled = sizes[len(sizes) // 4 :]
    third = max(len(settled) // 3, 1)  # what leaks stays; without a GIL, what was freed can stay for a while, in peaks
    assert min(settled[-third:]) < min(settled[:third]) * 1.05 + 2**21, ("memory grows", sizes)


plant_all()
os.chdir(DIRECTORY)
sys.path[:0] = [os.path.join(DIRECTORY, f"entry{number}") for number in range(ENTRIES)]
sys.setswitchinterval(1e-4)
had_gil = GIL()
fastimport.install(freshness=FRESHNESS, register=REGISTER)
assert fastimport.installed()
START = time.monotonic()
END = START + SECONDS
failures, counts = [], {}
signal.alarm(int(SECONDS * 3 + 120))  # a deadlock ends in SIGALRM
actions = [WORK[number % len(WORK)] for number in range(THREADS)]
if FORKS == "forks":
    actions[-1] = fork
threads = [threading.Thread(target=worker, args=(action,)) for action in actions]
for thread in threads:
    thread.start()
if REPORT:
    watch_memory()
for thread in threads:
    thread.join()
assert not failures, failures
assert set(counts) == {action.__name__ for action in actions}, counts
assert GIL() == had_gil, "the GIL came back"
if REPORT:
    print({name: counts[name] for name in sorted(counts)}, "GIL" if GIL() else "no GIL")
