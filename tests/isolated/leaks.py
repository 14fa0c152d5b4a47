"""Repeated work leaves nothing behind: not references (where the build counts them), not blocks, not memory, not files.

Arguments: the kind of work, an empty directory.
"""

import gc
import importlib
import importlib.machinery
import importlib.util
import itertools
import os
import statistics
import sys
import tracemalloc

import fastimport

ROUNDS, CALLS = 6, 300
SLACK = 20  # bytes per call; an object that leaked has more
KIND, DIRECTORY = sys.argv[1:]
FILES = {"valid": "X = 1\n", "stale": "X = 2\n", "damaged": "X = 3\n", "cut": "X = 4\n"}
sys.dont_write_bytecode = True


def plant():
    for name, source in FILES.items():
        path = os.path.join(DIRECTORY, f"{name}.py")
        with open(path, "w") as file:
            file.write(source)
        sys.dont_write_bytecode = False
        importlib.machinery.SourceFileLoader(name, path).get_code(name)
        sys.dont_write_bytecode = True
    cached = {name: importlib.util.cache_from_source(os.path.join(DIRECTORY, f"{name}.py")) for name in FILES}
    os.utime(os.path.join(DIRECTORY, "stale.py"), (0, 0))
    with open(cached["damaged"], "r+b") as file:
        file.seek(16)
        file.write(b"\xff")
    os.truncate(cached["cut"], 30)


def get_code(finder, name):
    loader = finder.find_spec(name, [DIRECTORY]).loader
    try:
        loader.get_code(name)
    except (EOFError, ValueError):
        pass


def create(finder):
    spec = finder.find_spec("valid", [DIRECTORY])
    spec.loader.exec_module(importlib.util.module_from_spec(spec))


def install(finder):
    if finder is not fastimport.PathFinder:
        return
    for register in ("meta_path", "in_place"):
        for freshness in ("checked", "trusted"):
            fastimport.install(register=register, freshness=freshness)
            importlib.util.find_spec("valid")
            fastimport.uninstall()


def find(finder):
    for name in ("valid", "absent", "json"):
        finder.find_spec(name)
    importlib.invalidate_caches()


ACTIONS = {name: lambda finder, name=name: get_code(finder, name) for name in FILES}
ACTIONS |= {"create": create, "install": install, "find": find}


def measure():
    """References or blocks, bytes and open files now."""
    for _ in range(3):
        gc.collect()
    references = getattr(sys, "gettotalrefcount", sys.getallocatedblocks)()
    return references, resident(), len(os.listdir("/proc/self/fd"))


def resident():
    with open("/proc/self/statm") as file:
        return int(file.read().split()[1]) * os.sysconf("SC_PAGE_SIZE")


def traced_growth(action, finder):
    """Bytes that each round leaves. importlib's own leave some: free-threaded builds keep constants of code.

    Those builds also give memory back late, so much depends on the moment: the least of the first rounds is compared with
    the least of as many later ones. A table of the interpreter that grows once is no leak, which half of the rounds show.
    """
    tracemalloc.start()
    history = []
    for _ in range(ROUNDS):
        for _ in range(CALLS):
            action(finder)
        gc.collect()
        history.append(tracemalloc.get_traced_memory()[0])
    tracemalloc.stop()
    half = ROUNDS // 2
    of_rounds = statistics.median(later - earlier for earlier, later in itertools.pairwise(history))
    return min(of_rounds, (min(history[half:]) - min(history[:half])) / half)


def main():
    plant()
    sys.meta_path[:] = [finder for finder in sys.meta_path if "importlib" in getattr(finder, "__module__", "")]
    sys.path.insert(0, DIRECTORY)
    action = ACTIONS[KIND]
    history = []
    for _ in range(ROUNDS):
        for _ in range(CALLS):
            action(fastimport.PathFinder)
        history.append(measure())
    growth = [later - earlier for earlier, later in zip(history[1], history[-1], strict=True)]
    calls = CALLS * (ROUNDS - 2)
    in_a_round = [later[0] - earlier[0] for earlier, later in itertools.pairwise(history[1:])]
    assert min(in_a_round) < CALLS / 10, ("references or blocks: a leak shows in every round", history)
    assert growth[1] < calls * 100 + 2**18, ("resident memory", history)
    assert growth[2] == 0, ("open files", history)
    stock, ours = (traced_growth(action, finder) for finder in (importlib.machinery.PathFinder, fastimport.PathFinder))
    assert ours < max(stock, 0) * 1.2 + CALLS * SLACK, ("traced memory", stock, ours)


main()
