"""Two whole commands against each other, as a shell would start them."""

import os
import shutil
import sys
import time
from collections.abc import Callable, Sequence

from fastimport.diagnosis.bench import measure, plan, session, statistics

NAMES = ("A", "B")


class NoSuchCommand(ValueError):
    """The first word of a command is no command; the text says which."""


def resolved(words: Sequence[str]) -> list[str]:
    """The command line that `words` mean: a command on PATH, a Python file, ``-m MOD`` or ``-c CODE``. Raises `NoSuchCommand`."""
    if words[0] in ("-m", "-c") and words[1:]:
        return [sys.executable, *words]
    if words[0] in ("python", "python3"):
        return [sys.executable, *words[1:]]
    if words[0].endswith((".py", ".pyz")) and os.path.isfile(words[0]):
        return [sys.executable, *words]
    found = shutil.which(words[0], path=os.path.dirname(os.path.abspath(sys.executable))) or shutil.which(words[0])
    if found is None:
        raise NoSuchCommand(f"{words[0]}: no such command")
    return [found, *words[1:]]


def compare(
    sides: Sequence[Sequence[str]],
    how: plan.Plan,
    progress: Callable[[str], None] = lambda message: None,
) -> session.Comparison:
    """Run both commands in turns, in random order, and compare their times. Raises `measure.ProgramFailed`, `NoSuchCommand`."""
    commands = dict(zip(NAMES, map(resolved, sides), strict=True))
    runs: dict[str, list[measure.Run]] = {name: [] for name in NAMES}
    notes = []
    try:
        _time(commands, runs, how, progress)
    except KeyboardInterrupt:
        if not all(runs.values()):
            raise
        notes.append(f"interrupted: {len(runs['B'])} rounds are what there is")
    whole = min(map(len, runs.values()))
    timings = [each[:whole] for each in runs.values()]
    notes += session.business()
    conditions = session.conditions_of_machine() | {"rounds": session.describe_rounds(how, whole)}
    rows = [_side(name, timings[0], timed) for name, timed in zip(NAMES, timings, strict=True)]
    titles = [f"{name}: {' '.join(words)}" for name, words in zip(NAMES, sides, strict=True)]
    return session.Comparison("\n".join(titles), tuple(rows), conditions, tuple(notes), identity_is_known=False)


def _time(
    commands: dict[str, list[str]], runs: dict[str, list[measure.Run]], how: plan.Plan, progress: Callable[[str], None]
) -> None:
    begun = time.perf_counter()
    for number, order in enumerate(plan.rounds(list(commands), how.seed), 1 - how.warmups):
        timed = {name: measure.run_once(commands[name], os.environ) for name in order}
        if number > 0:
            for name, run in timed.items():
                runs[name].append(run)
        progress(session.describe_progress(how, number, time.perf_counter() - begun))
        if number > 0 and plan.is_enough(how, number, lambda: session.estimates(list(runs.values()))):
            break


def _side(name: str, first: Sequence[measure.Run], timed: Sequence[measure.Run]) -> session.Side:
    estimate = None
    if timed is not first:
        estimate = statistics.paired_ratio([run.seconds for run in first], [run.seconds for run in timed])
    cpu = tuple(run.cpu_seconds for run in timed if run.cpu_seconds is not None)
    return session.Side(name, tuple(run.seconds for run in timed), cpu, estimate, None, None, None, 0, ())
