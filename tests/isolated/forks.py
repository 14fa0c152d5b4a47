"""Fork while a thread is in the middle of an import: children import, the parent goes on, nobody waits for ever.

Arguments: the freshness; ``idle``, ``importing`` (another thread imports) or ``inside`` (the forking thread is in the middle of
an import itself); an empty directory. A child imports other modules than the one that is being imported: for that one it
would wait for ever in importlib as well.
"""

import importlib
import os
import signal
import sys
import threading
import warnings

import fastimport

FRESHNESS, WHERE, DIRECTORY = sys.argv[1:]
CHILDREN, ENTRIES = 12, 10
warnings.simplefilter("ignore", DeprecationWarning)  # 3.12 and later: a fork beside threads


def plant(path, text):
    with open(path, "w") as file:
        file.write(text)


def entry(number):
    return os.path.join(DIRECTORY, f"entry{number}")


for number in range(ENTRIES):
    os.mkdir(entry(number))
    plant(os.path.join(entry(number), f"lazy{number}.py"), f"VALUE = {number}")
for number in range(400):
    plant(os.path.join(entry(number % ENTRIES), f"slow{number}.py"), "import time; time.sleep(0.001)")
plant(os.path.join(entry(0), "forking.py"), "import os\nPID = os.fork()\nimport lazy5\n")


def child(number):
    """Its exit status: 0 if it imported everything, new files included, and what is absent is absent."""
    signal.alarm(20)  # the default action ends a process that hangs
    for lazy in range(ENTRIES):
        if lazy != importlib.import_module(f"lazy{lazy}").VALUE:
            return 2
    plant(os.path.join(entry(number % ENTRIES), f"born{number}.py"), "")
    importlib.invalidate_caches()
    importlib.import_module(f"born{number}")
    try:
        importlib.import_module("absent")
    except ModuleNotFoundError:
        return 0 if fastimport.installed() else 3
    return 4


def keep_importing():
    for number in range(400):
        if stop.is_set():
            return
        importlib.import_module(f"slow{number}")


def fork():
    if WHERE != "inside":
        return os.fork()
    sys.modules.pop("forking", None)
    return importlib.import_module("forking").PID


signal.alarm(100)
sys.path[:0] = map(entry, range(ENTRIES))
fastimport.install(freshness=FRESHNESS)
stop = threading.Event()
thread = threading.Thread(target=keep_importing)
if WHERE == "importing":
    thread.start()
    while not fastimport.stats().hits:
        pass
pids = []
for number in range(CHILDREN):
    pid = fork()
    if pid == 0:
        os._exit(child(number))
    pids.append(pid)
statuses = [os.waitstatus_to_exitcode(os.waitpid(pid, 0)[1]) for pid in pids]
stop.set()
if WHERE == "importing":
    thread.join()
assert statuses == [0] * CHILDREN, statuses
for number in range(CHILDREN):
    importlib.invalidate_caches()
    importlib.import_module(f"born{number}")
