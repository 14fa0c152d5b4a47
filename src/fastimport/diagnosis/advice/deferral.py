"""The proof of a prediction: the program is run with some import statements put off, and timed beside itself as it is."""

import hashlib
import itertools
import os
import statistics
import tempfile
from collections.abc import Callable, Iterable
from dataclasses import dataclass

from fastimport.diagnosis.advice.statements import Statement
from fastimport.diagnosis.bench import launcher, measure, plan

# Stands in for an import statement: whatever is asked of the module is done then, and the real one imported for it.
# Both sides run with it, so that what it costs itself cancels out.
_SETUP = """
import builtins as _b
def _defer(places, real):
    class Late(type(_b)):
        def __getattribute__(self, name):
            if name in ("__class__", "__spec__", "__path__"):
                return object.__getattribute__(self, name)
            return Name(object.__getattribute__(self, "_ask"), name)
    class Name:
        def __init__(self, ask, name):
            object.__setattr__(self, "_ask", (ask, name))
        def __getattribute__(self, name):
            ask, own = object.__getattribute__(self, "_ask")
            return getattr(getattr(ask(), own), name)
        def __call__(self, *words, **named):
            ask, own = object.__getattribute__(self, "_ask")
            return getattr(ask(), own)(*words, **named)
    def __import__(name, globals=None, locals=None, fromlist=(), level=0):
        if places and globals is not None:
            frame = _frame(1)
            if (frame.f_code.co_filename, frame.f_lineno) in places:
                late = Late(name)
                object.__setattr__(late, "_ask", lambda: real(name, globals, locals, fromlist, level))
                return late
        return real(name, globals, locals, fromlist, level)
    return __import__
from sys import _getframe as _frame
_b.__import__ = _defer({places!r}, _b.__import__)
del _b, _defer
"""
_PAIRS = 5


def command_without(program: launcher.Program, put_off: Iterable[Statement]) -> list[str]:
    """The command that runs the program with the statements `put_off` until something is asked of what they import."""
    places = {(each.file, line) for each in put_off for line in range(each.line, each.end_line + 1)}
    return launcher.command(program, launcher.Variant("", _SETUP.replace("{places!r}", repr(places)), False))


@dataclass(frozen=True)
class Proof:
    """What putting an import off did: the program's time less, of each pair of runs, in ns; why it can't be, or empty."""

    differences: list[int]
    obstacle: str = ""

    @property
    def saving_ns(self) -> int:
        """The median."""
        return int(statistics.median(self.differences))


def prove_saving(
    program: launcher.Program, put_off: Iterable[Statement], progress: Callable[[str], None], pairs: int = _PAIRS
) -> Proof:
    """Run the program in pairs, as it is and with the statements `put_off`: processor time, where it is known, and output."""
    commands = {"as it is": command_without(program, ()), "put off": command_without(program, put_off)}
    printed: dict[str, set[bytes]] = {name: set() for name in commands}
    differences = []
    try:
        for number, order in enumerate(itertools.islice(plan.rounds(list(commands), seed=1), pairs + 1)):
            progress(f"checking the advice, {number} of {pairs}")
            taken = {name: _run(commands[name], printed[name]) for name in order}
            if number:
                differences.append(int((taken["as it is"] - taken["put off"]) * 1e9))
    except measure.ProgramFailed:
        return Proof([], "the program fails without it")
    if len(printed["as it is"]) == 1 and printed["put off"] != printed["as it is"]:
        return Proof(differences, "the program prints something else without it")
    return Proof(differences)


def _run(command: list[str], printed: set[bytes]) -> float:
    with tempfile.TemporaryFile() as output:
        run = measure.run_once(command, os.environ, output)
        output.seek(0)
        printed.add(hashlib.sha256(output.read()).digest())
    return run.seconds if run.cpu_seconds is None else run.cpu_seconds
