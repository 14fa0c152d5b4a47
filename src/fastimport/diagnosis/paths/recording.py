"""A program's start-up, recorded: which searches there were, and what each path entry did in them."""

import ast
import os
import subprocess
import sys
import tempfile
from collections.abc import Iterable
from dataclasses import dataclass, field
from typing import Any, NamedTuple

from fastimport.diagnosis.bench import launcher

_RECORDER = os.path.join(os.path.dirname(os.path.abspath(__file__)), "recorder.py")


class Visit(NamedTuple):
    """One entry in one search: nanoseconds, and how often a directory was read."""

    entry: str
    nanoseconds: int
    reads: int


class Search(NamedTuple):
    """One search of PathFinder, with its visits in order.

    ``outcome`` is ``found`` (by the last entry visited), ``absent``, ``error``, or ``portions``, with the portions.
    """

    name: str
    is_top: bool
    outcome: str
    portions: tuple[str, ...]
    visits: tuple[Visit, ...]


@dataclass
class Recording:
    """What was recorded of one run. ``path`` is ``sys.path`` at the end, or at the start if the end was not reached."""

    path: list[str] = field(default_factory=list)
    searches: list[Search] = field(default_factory=list)
    seconds: float | None = None
    """From the start of recording to the end of the program; None if the program did not come to its end."""
    overhead: float = 0.0
    """Seconds that recording added to the run, outside the figures of the entries."""
    status: int = 0
    """The program's exit status; negative: the signal that ended it."""

    @property
    def search_seconds(self) -> float:
        """All visits together."""
        return sum(visit.nanoseconds for search in self.searches for visit in search.visits) / 1e9


def record(program: launcher.Program) -> Recording:
    """Run `program` to its end in a fresh interpreter, with importlib finding modules, and return what was recorded.

    Its standard output is thrown away, its standard error is this process's. Raises `RuntimeError` if nothing was recorded.
    """
    with tempfile.TemporaryDirectory() as directory:
        answer = os.path.join(directory, "recording")
        command = [sys.executable, "-c", _source(program, answer), *program.arguments]
        process = subprocess.Popen(
            command, env=launcher.environment(launcher.STOCK), stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL
        )
        try:
            status = process.wait()
        except KeyboardInterrupt:  # the program got it too: show what was recorded of it
            status = process.wait()
        try:
            with open(answer, encoding="utf-8", errors="surrogatepass") as file:
                recording = parse(file)
        except FileNotFoundError:
            raise RuntimeError(f"the interpreter ended with status {status} before the program began") from None
    recording.status = status
    return recording


def _source(program: launcher.Program, answer: str) -> str:
    prologue = [
        *_first_entry(program),
        "recorder = {'__name__': 'recorder'}",
        f"exec(compile(open({_RECORDER!r}, encoding='utf-8').read(), {_RECORDER!r}, 'exec'), recorder)",
        f"recorder['record']({answer!r})",
        "del recorder",
    ]
    return "\n".join([*prologue, launcher.source(program, launcher.STOCK)])


def _first_entry(program: launcher.Program) -> list[str]:
    """Put the program's own first entry there before recording begins, so that no search sees the launcher's."""
    if program.kind == "module":
        return ["import os, sys", launcher.FIRST_ENTRY_OF_A_MODULE, "del os, sys"]
    if program.kind == "script" and not os.path.isdir(program.target):
        return ["import sys", f"sys.path[0] = {os.path.dirname(os.path.realpath(program.target))!r}", "del sys"]
    return []


def parse(lines: Iterable[str]) -> Recording:
    """Read what the recorder wrote; a last line that was cut off is left out."""
    recording, entries, begin, per_search, per_visit = Recording(), dict[int, str](), 0, 0, 0
    for line in lines:
        try:
            kind, *fields = ast.literal_eval(line)
        except (SyntaxError, ValueError):
            break
        if kind == "start":
            begin, per_search, per_visit, recording.path = fields
        elif kind == "entry":
            entries[fields[0]] = fields[1]
        elif kind == "search":
            recording.searches.append(_search(entries, *fields))
        else:
            recording.seconds, recording.path = (fields[0] - begin) / 1e9, fields[1]
    recording.path = [entry for entry in recording.path if isinstance(entry, str)]
    more_visits = sum(len(search.visits) - 1 for search in recording.searches)
    recording.overhead = max(0.0, (per_search * len(recording.searches) + per_visit * more_visits) / 1e9)
    return recording


def _search(entries: dict[int, str], name: str, is_top: bool, outcome: Any, visits: list[tuple[int, int, int]]) -> Search:
    portions = tuple(outcome) if isinstance(outcome, list) else ()
    word = outcome if isinstance(outcome, str) else "portions" if portions else "absent"
    return Search(name, is_top, word, portions, tuple(Visit(entries[number], *rest) for number, *rest in visits))
