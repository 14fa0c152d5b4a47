"""Where the instructions of an application's imports go, step by step: importlib, fastimport, and the floor.

    python benchmarks/profile_import.py [django] [pandas] [sympy] …     # default: django pandas; needs valgrind

Callgrind counts the instructions that a process executes in user mode, and the counts repeat.  It sees C functions only, so a
step of importlib, which is Python code, is the difference between two processes: one gets ready for the step and stops, the
other gets ready in the same way and does the step, for all modules of the application, in the application's order
(import_steps.py).  What the application asks for is recorded first, in a run that is not counted.

Finder
    ``PathFinder.find_spec`` for every name that was asked, from empty caches to the finished spec.  *Spec* is the part of it that
    makes loader and spec; for fastimport, the instructions inside the compiled function that does it.
Code
    ``loader.get_code`` for every source module, less unmarshalling.  Unmarshalling is ``marshal.loads`` of the same bytes; in
    ``frozen``, whose snapshot has ready-made code, it is what makes the code objects instead.
Module attributes
    ``module_from_spec`` of the same modules.
Locks, sys.modules
    ``_find_and_load`` of the same modules, emptied, their specs and code objects handed over ready; less the attributes.
Execution
    The application over a finder and a loader that hand over ready specs and code objects (*the floor*), less attributes and
    locks.  It includes statements that import what is loaded, extension modules, and whatever else the application does.
Garbage collection
    The application with the collector on (``checked`` and ``frozen``: ``collector="deferred"``), less the same with it off.
    All other counts but that of the exit are taken with it off.
Exit
    The application and the interpreter's end after it, less the application; both with the collector on.
Not attributed
    What remains of the application's own count; negative where a step costs less among others than it does alone.

The control: sides must find the same, read the same code objects and end with the same modules from the same files, which is
asserted before anything is counted.  Kernel work is not in the counts: a file-system call is worth thousands of instructions.
"""

import argparse
import marshal
import os
import shutil
import subprocess
import sys
import tempfile
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import NamedTuple

from instruments import applications

from fastimport.diagnosis.bench import counting, launcher, recorded, report

SIDES = ("stock", "checked", "frozen", "floor")
COMPARED = ("find", "get_code", "make_modules", "import_application")
CHOICES = {application.name.split()[0].lower(): application for application in applications.ALL if application.needs}
STEPS_FILE = os.fspath(Path(__file__).with_name("import_steps.py"))
MAKE_SPEC = "__pyx_f_10fastimport_7finding_9_resolver_8Resolver_make_spec"
MAKE_CODE = "__pyx_f_10fastimport_4code_6_ready_9CodeMaker_make"
READING = "code: path, stat, open, read, validate"
LOAD_LIBRARY = "_PyImport_FindSharedFuncptr"


class Profiler:
    """Runs steps over one recording; the interpreter gets nothing from the environment but what is given here."""

    def __init__(self, application: applications.Application, recording: str) -> None:
        self.recording = recording
        self.totals: dict[tuple[str, str, str], int] = {}
        self.environment = {"PATH": os.environ.get("PATH", os.defpath), "LC_ALL": "C.UTF-8", "PYTHONHASHSEED": "0"}
        with open(recording, "wb") as file:
            marshal.dump({"code": application.code}, file)
        self.run("stock", "-", "record")
        with open(recording, "rb") as file:
            asked = marshal.load(file)
        asked["snapshot"] = f"{recording}.fastimport"
        self.make_snapshot(application, asked["snapshot"])
        with open(recording, "wb") as file:
            marshal.dump(asked, file)
        self.questions, self.modules = len(asked["questions"]), len(asked["made"])

    def make_snapshot(self, application: applications.Application, path: str) -> None:
        """Make the snapshot of ``frozen``, by a run with the search path that the steps have."""
        program = launcher.Program("code", application.code)

        def command(variant: launcher.Variant) -> recorded.Command:
            return [sys.executable, "-P", "-s", "-c", launcher.source(program, variant)], self.environment

        recorded.make(path, command, f"{path}.record")

    def command(self, side: str, step: str, mode: str) -> list[str]:
        return [sys.executable, "-P", "-s", STEPS_FILE, side, step, mode, self.recording]

    def run(self, side: str, step: str, mode: str) -> str:
        command = self.command(side, step, mode)
        return subprocess.run(command, env=self.environment, stdout=subprocess.PIPE, text=True, check=True).stdout

    def check(self) -> None:
        """Raise `AssertionError` unless every side gives importlib's results."""
        for step in COMPARED:
            wanted = self.run("stock", step, "check")
            for side in SIDES:
                assert self.run(side, step, "check") == wanted, f"{step}: the results of {side} differ from importlib's"

    def count(self, side: str, step: str, mode: str = "count") -> int:
        """Return the instructions of a step."""
        return self._total(side, step, mode) - self._total(side, step, "prepare")

    def _total(self, side: str, step: str, mode: str) -> int:
        run = side, step, mode
        if run not in self.totals:
            self.totals[run] = counting.count_instructions_exactly(self.command(*run), self.environment)
        return self.totals[run]

    def count_inside(self, function: str, side: str, step: str) -> int:
        """Return the instructions of a step that are executed in a C function and what it calls."""
        with tempfile.TemporaryDirectory() as directory:
            log = os.path.join(directory, "log")
            tool = ["valgrind", "--tool=callgrind", f"--toggle-collect={function}", f"--callgrind-out-file={os.devnull}"]
            command = [*tool, f"--log-file={log}", *self.command(side, step, "count")]
            status = subprocess.run(command, env=self.environment).returncode
            count = counting.parse_callgrind_log(Path(log).read_text(errors="replace"))
        if status or count is None:
            raise counting.Unavailable(f"valgrind failed ({status})")
        return count


class Wanted(NamedTuple):
    """A count by name; ``take`` gets it."""

    name: str
    side: str
    take: Callable[[], int]


def wanted(profiler: Profiler) -> Iterator[Wanted]:
    """Yield everything that has to be counted."""

    def of(name: str, side: str, step: str, mode: str = "count") -> Wanted:
        return Wanted(name, side, lambda: profiler.count(side, step, mode))

    for side in SIDES:
        yield of("application", side, "import_application")
        yield of("collected", side, "import_application", "collect")
        yield of("exited", side, "import_application", "exit")
        yield of("attributes", side, "make_modules")
        if side != "floor":
            yield of("find", side, "find")
            yield of("get_code", side, "get_code")
    yield of("find", "floor", "find")
    yield Wanted("spec", "checked", lambda: profiler.count_inside(MAKE_SPEC, "checked", "find"))
    yield Wanted("unmarshal", "frozen", lambda: profiler.count_inside(MAKE_CODE, "frozen", "get_code"))
    yield Wanted("libraries", "floor", lambda: profiler.count_inside(LOAD_LIBRARY, "floor", "import_application"))
    yield of("spec", "stock", "build_spec")
    yield of("empty", "floor", "import_empty")
    for step in ("unmarshal", "cached_path", "stat", "read", "validate"):
        yield of(step, "stock", step)


class Profile:
    """Instructions by step, for each side."""

    def __init__(self, profiler: Profiler) -> None:
        todo = list(wanted(profiler))
        with ThreadPoolExecutor(max(1, (os.cpu_count() or 2) - 1)) as pool:
            counts = pool.map(lambda each: each.take(), todo)
        self.counts = {(each.name, each.side): count for each, count in zip(todo, counts, strict=True)}
        self.locks = self.counts["empty", "floor"] - self.counts["attributes", "floor"]
        self.execution = self.counts["application", "floor"] - self.counts["empty", "floor"] - self.counts["find", "floor"]

    def steps(self, side: str) -> dict[str, int]:
        """Return the rows of one column, without their sum."""
        get = self.counts.get
        unmarshal = get(("unmarshal", side), self.counts["unmarshal", "stock"]) if side != "floor" else 0
        spec = get(("spec", side), 0)
        steps = {
            "finder: directories, names": self.counts["find", side] - spec,
            "finder: loader and spec": spec,
            READING: get(("get_code", side), unmarshal) - unmarshal,
            "code: unmarshal, or make": unmarshal,
            "module attributes": self.counts["attributes", side],
            "locks, sys.modules, other finders": self.locks,
            "execution": self.execution,
            "garbage collection": self.counts["collected", side] - self.counts["application", side],
        }
        rest = self.counts["collected", side] - sum(steps.values())
        return {**steps, "not attributed": rest, "exit": self.counts["exited", side] - self.counts["collected", side]}

    def table(self) -> str:
        """Return millions of instructions and their share of the column."""
        columns = {side: self.steps(side) for side in SIDES}
        totals = {side: self.counts["exited", side] for side in SIDES}
        rows = [["step", *(text for side in SIDES for text in (side, "share"))]]
        for name in columns["stock"]:
            rows.append([name, *(text for side in SIDES for text in cells(columns[side][name], totals[side]))])
        rows.append(["total", *(text for side in SIDES for text in cells(totals[side], totals[side]))])
        rows.append(["total / stock", *(text for side in SIDES for text in (f"{totals[side] / totals['stock']:.3f}", ""))])
        return report.table([tuple(row) for row in rows])

    def details(self) -> str:
        """Return the parts of importlib's loader, and what the dynamic loader does for extension modules."""
        parts = {
            "cache_from_source (and again for the module's attributes)": "cached_path",
            "path_stats": "stat",
            "get_data: open, fstat, ioctl, lseek, read, close": "read",
            "_classify_pyc, _validate_timestamp_pyc": "validate",
        }
        rows = [("part of importlib's bytecode step", "instructions")]
        rows += [(name, millions(self.counts[step, "stock"])) for name, step in parts.items()]
        rest = self.steps("stock")[READING] - sum(self.counts[step, "stock"] for step in parts.values())
        rows.append(("get_code itself, memoryview, fix_co_filename", millions(rest)))
        rows.append(("of execution: opening the libraries of extension modules", millions(self.counts["libraries", "floor"])))
        return report.table(rows)


def millions(count: int) -> str:
    return f"{count / 1e6:.1f} M"


def cells(count: int, total: int) -> tuple[str, str]:
    return millions(count), f"{100 * count / total:.1f} %"


def profile(application: applications.Application) -> str:
    """Return the account of one application.

    Raises `AssertionError` if the sides differ.
    """
    with tempfile.TemporaryDirectory() as directory:
        profiler = Profiler(application, os.path.join(directory, "recording"))
        profiler.check()
        result = Profile(profiler)
    asked = f"{application.name}: {profiler.modules} modules made, {profiler.questions} questions to PathFinder, same answers"
    return "\n\n".join((asked, result.table(), result.details()))


def main(arguments: Sequence[str] | None = None) -> int:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("applications", nargs="*", metavar="APPLICATION", help=", ".join(sorted(CHOICES)))
    names = parser.parse_args(arguments).applications or ["django", "pandas"]
    unknown = [name for name in names if name not in CHOICES]
    if unknown:
        parser.error(f"not known: {', '.join(unknown)}; choose from {', '.join(sorted(CHOICES))}")
    if shutil.which("valgrind") is None:
        parser.error("valgrind is not installed")
    for name in names:
        if missing := applications.missing(CHOICES[name]):
            parser.error(f"{name}: {', '.join(missing)} is not installed")
        try:
            print(profile(CHOICES[name]), end="\n\n", flush=True)
        except counting.Unavailable as reason:
            parser.exit(1, f"{parser.prog}: {name}: {reason}\n")
    return 0


if __name__ == "__main__":
    sys.exit(main())
