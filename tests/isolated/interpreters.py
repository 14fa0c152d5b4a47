"""Other interpreters of a process: fastimport steps aside in them, each imports as ever, and the first is none the wiser.

Arguments: ``isolated`` (its own GIL) or ``legacy``; ``main`` or ``other``, the interpreter that imports fastimport first.
"""

import importlib.util
import sys
import threading

try:
    import _interpreters
except ImportError:
    import _xxsubinterpreters as _interpreters

KIND, FIRST = sys.argv[1:]
ROUNDS = 5

STEPS_ASIDE = """
import sys
before = sys.meta_path[:]
import fastimport
fastimport.install()
assert not fastimport.installed()
assert [*map(id, sys.meta_path)] == [*map(id, before)]
(reason,) = fastimport.stats().refusals
assert reason.startswith("compiled module: "), reason
assert "interpreter" in reason, reason
with fastimport.startup():
    import json.tool
assert fastimport.import_module("json.decoder") is sys.modules["json.decoder"]
assert fastimport.resolve_name(".b", "a") == "a.b"
assert fastimport.split_name("a.b.c") == ("a.b", "c")
import importlib.machinery
assert fastimport.PathFinder.find_spec("email").origin == importlib.machinery.PathFinder.find_spec("email").origin
assert fastimport.Finder(sys.path).find_spec("email") is not None
assert not fastimport.installed()
fastimport.uninstall()
assert [*map(id, sys.meta_path)] == [*map(id, before)]
"""
WORKS = """
import fastimport
fastimport.install()
assert fastimport.installed()
import json.tool
assert fastimport.stats().hits
fastimport.uninstall()
"""


def create():
    if sys.version_info >= (3, 13):
        return _interpreters.create(KIND)
    return _interpreters.create(isolated=KIND == "isolated")


def run(interpreter, code):
    if hasattr(_interpreters, "exec"):
        failure = _interpreters.exec(interpreter, code)
        assert failure is None, failure
    else:
        _interpreters.run_string(interpreter, code)


def run_in_new(code):
    interpreter = create()
    run(interpreter, code)
    _interpreters.destroy(interpreter)


def main_first():
    import fastimport

    fastimport.install()
    for _ in range(ROUNDS):
        run_in_new(STEPS_ASIDE)
        importlib.invalidate_caches()
        assert fastimport.installed()
        assert importlib.util.find_spec("email.message") is not None
    assert not [reason for reason in fastimport.stats().refusals if "compiled" in reason]
    threads = [threading.Thread(target=run_in_new, args=(STEPS_ASIDE,)) for _ in range(4)]
    for thread in threads:
        thread.start()
    for name in ("wave", "colorsys", "sched", "cmd"):
        __import__(name)
    for thread in threads:
        thread.join()
    assert fastimport.installed()


def other_first():
    """Whoever comes first has the compiled modules, as long as the process lives; with an own GIL nobody else may."""
    interpreter = create()
    may_load = KIND == "legacy" or sys.version_info < (3, 12)
    run(interpreter, WORKS if may_load else STEPS_ASIDE)
    _interpreters.destroy(interpreter)
    exec(STEPS_ASIDE if may_load else WORKS, {})


main_first() if FIRST == "main" else other_first()
