"""``.pth`` files, and ``.start`` files from 3.15 on: what each line costs every start, and which are broken."""

import ast
import os
import statistics
import sys
from collections.abc import Callable, Iterator
from typing import Any, NamedTuple

from fastimport.diagnosis import child
from fastimport.diagnosis.doctor.findings import ERROR, NOTICE, WARNING, Finding
from fastimport.diagnosis.words import counted

RUNS = 3
SHOWN = 80
SLOW = 1e-3
"""Seconds from which a line is slow: what fastimport itself may cost at most."""

_CHILD = os.path.join(os.path.dirname(os.path.abspath(__file__)), "pth_child.py")


def find(progress: Callable[[str], object] = lambda message: None) -> Iterator[Finding]:
    """Measure the lines in children, and look at those that name directories."""
    if sys.flags.no_site:
        return
    runs = []
    for number in range(RUNS):
        progress(f".pth files: run {number + 1} of {RUNS}")
        try:
            runs.append(_measure())
        except (child.ChildFailed, SyntaxError, ValueError) as error:
            yield Finding("not measured", WARNING, "site", f".pth files can't be measured: {error}", "run python -v to see why")
            return
    _, directories, failure = runs[-1]
    yield from map(_finding, _merged([run[0] for run in runs]))
    if failure is not None:
        text = f"raises {failure} while .pth files are processed: the interpreter may not start"
        yield Finding("site fails", ERROR, "site", text, "run python -S to start without them, and repair the file")
    for directory in directories:
        yield from _directory_lines(directory)


def _measure() -> Any:
    code = f"exec(compile(open({_CHILD!r}, encoding='utf-8').read(), {_CHILD!r}, 'exec'), {{'__name__': 'pth_child'}})"
    return ast.literal_eval(child.ask(code, options=["-S"]))


class _Line(NamedTuple):
    """One line in all runs. A start of a virtual environment executes it twice: for the environment, and for its directory."""

    file: str
    line: str
    times: int
    seconds: float
    modules: int
    error: str | None


def _merged(runs: list[list[tuple[str, str, int, int, str | None]]]) -> list[_Line]:
    """For each line the median over the runs of all that a start spends on it."""
    lines = []
    for file, line in dict.fromkeys(step[:2] for run in runs for step in run):
        of_runs = [[step for step in run if step[:2] == (file, line)] for run in runs]
        seconds = statistics.median(sum(step[2] for step in steps) for steps in of_runs) / 1e9
        last = of_runs[-1]
        error = next((step[4] for step in last if step[4]), None)
        lines.append(_Line(file, line, len(last), seconds, sum(step[3] for step in last), error))
    return lines


def _finding(line: _Line) -> Finding:
    shown = line.line if len(line.line) <= SHOWN else line.line[: SHOWN - 3] + "..."
    details = {name: value for name, value in line._asdict().items() if name != "file"}
    if line.error is not None:
        rest = "; the rest of the file is ignored" if sys.version_info < (3, 15) else ""
        text = f"`{shown}` raises {line.error} at every start{rest}"
        return Finding("broken line", ERROR, line.file, text, "uninstall or repair what wrote the file", details)
    often = f", executed {line.times} times," if line.times > 1 else ""
    text = f"`{shown}`{often} takes {line.seconds * 1e3:.2f} ms at every start and loads {counted(line.modules, 'module')}"
    if line.seconds < SLOW:
        return Finding("line", NOTICE, line.file, text, "", details)
    remedy = "uninstall what wrote the file, or let the program do it when it needs it"
    return Finding("slow line", WARNING, line.file, text, remedy, details)


def _directory_lines(directory: str) -> Iterator[Finding]:
    """Lines that are to add a directory that is not there: site leaves it out without a word (3.15: with one)."""
    for name in sorted(_listed(directory)):
        if not name.endswith(".pth") or name.startswith("."):
            continue
        file = os.path.join(directory, name)
        for line in _lines(file):
            added = os.path.abspath(os.path.join(directory, line))
            if not os.path.exists(added):
                text = f"is to add {added}, which does not exist: what was installed there can't be imported"
                remedy = "install it again, or delete the file"
                yield Finding("missing directory", WARNING, file, text, remedy, {"directory": added})


def _listed(directory: str) -> list[str]:
    try:
        return os.listdir(directory)
    except OSError:
        return []


def _lines(file: str) -> list[str]:
    """The lines that name directories; a file that can't be read has none."""
    try:
        with open(file, encoding="utf-8-sig", errors="surrogateescape") as opened:
            lines = [line.strip() for line in opened]
    except OSError:
        return []
    return [line for line in lines if line and not line.startswith(("#", "import ", "import\t"))]
