"""The proof of a prediction: the program is run with some import statements put off, and timed beside itself as it is."""

import contextlib
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
_DEFERRING = """
import builtins
from sys import _getframe
def defer(places, real):
    class Late(type(builtins)):
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
            frame = _getframe(1)
            if (frame.f_code.co_filename, frame.f_lineno) in places:
                late = Late(name)
                object.__setattr__(late, "_ask", lambda: real(name, globals, locals, fromlist, level))
                return late
        return real(name, globals, locals, fromlist, level)
    return __import__
builtins.__import__ = defer(places, builtins.__import__)
"""
# As in recordings, the end of an interpreter is no part of a start, and collections belong to no import: a little more or less
# to do moves them, or adds a whole one. Exit functions run last first: this one after all others.
_TELLING = """
import atexit, gc, os
from time import process_time as spent_here
try:
    from resource import RUSAGE_CHILDREN, RUSAGE_SELF, getrusage
except ImportError:
    spent = spent_here
else:
    def spent():
        return sum(each.ru_utime + each.ru_stime for each in map(getrusage, (RUSAGE_SELF, RUSAGE_CHILDREN)))
collecting = 0.0
def collected(phase, _):
    global collecting
    collecting += spent_here() if phase == "stop" else -spent_here()
def told(pid=os.getpid()):
    if os.getpid() == pid:
        taken = spent() - collecting
        with open(place, "w", encoding="ascii") as file:
            file.write(repr(taken))
gc.callbacks.append(collected)
atexit.register(told)
"""
_PAIRS = 5


def command_without(program: launcher.Program, put_off: Iterable[Statement], tell: str | None = None) -> list[str]:
    """The command that runs the program with the statements `put_off` until something is asked of what they import.

    With `tell`, a file, it writes there how many seconds of processor time, but for collections, the program took to its end.
    """
    places = {(each.file, line) for each in put_off for line in range(each.line, each.end_line + 1)}
    setup = _apart(_DEFERRING, places=places)
    if tell is not None:
        setup += "\n" + _apart(_TELLING, place=tell)
    return launcher.command(program, launcher.Variant("", setup, False))


def _apart(code: str, **names: object) -> str:
    """Code that runs with these names and keeps none of the program's: its ``__main__`` is to end when it always does."""
    return f"exec({code!r}, {names!r})"


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
    """Run the program in pairs, as it is and with the statements `put_off`: processor time, but for collections, and output."""
    differences = []
    with tempfile.TemporaryDirectory(prefix="fastimport-") as directory:
        place = os.path.join(directory, "spent")
        sides = {"as it is": Side(program, (), place), "put off": Side(program, put_off, place)}
        try:
            for number, order in enumerate(itertools.islice(plan.rounds(list(sides), seed=1), pairs + 1)):
                progress(f"checking the advice, {number} of {pairs}")
                taken = {name: sides[name].run() for name in order}
                if number:
                    differences.append(int((taken["as it is"] - taken["put off"]) * 1e9))
        except measure.ProgramFailed:
            return Proof([], "the program fails without it")
    if len(sides["as it is"].printed) == 1 and sides["put off"].printed != sides["as it is"].printed:
        return Proof(differences, "the program prints something else without it")
    return Proof(differences)


class Side:
    """The program with some statements put off, run now and then."""

    def __init__(self, program: launcher.Program, put_off: Iterable[Statement], place: str) -> None:
        self.command = command_without(program, put_off, place)
        self.place = place
        self.printed: set[bytes] = set()

    def run(self) -> float:
        """Seconds of processor time until the program was over, but for collections; of the process, if that was not told."""
        with contextlib.suppress(FileNotFoundError):
            os.unlink(self.place)
        with tempfile.TemporaryFile() as output:
            run = measure.run_once(self.command, os.environ, output)
            output.seek(0)
            self.printed.add(hashlib.sha256(output.read()).digest())
        try:
            with open(self.place, encoding="ascii") as file:
                return float(file.read())
        except (OSError, ValueError):
            return run.seconds if run.cpu_seconds is None else run.cpu_seconds
