"""The budgets of the finder, each measured beside importlib in this process, in short interleaved batches.

    python benchmarks/budgets.py [--pairs N] [--json FILE]

Prints what was allowed, what was measured and whether it held; never a test, since timings depend on the machine.
Exit status 0 also when a budget is exceeded.
"""

import argparse
import importlib
import importlib.util
import os
import random
import subprocess
import sys
import tempfile
import time
import timeit
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import NamedTuple

import system_calls
from instruments import applications, results, search_paths

import fastimport
from fastimport.diagnosis.bench import counting, launcher, measure, statistics

BATCH_SECONDS = 0.002
HEADINGS = ("what", "level", "budget", "measured (95 % interval)", "held")


class Row(NamedTuple):
    """A budget and what was measured, both in the same unit."""

    what: str
    level: str
    budget: str
    measured: str
    is_held: bool | None
    figure: results.Figure | None = None

    def cells(self) -> tuple[str, ...]:
        held = {True: "yes", False: "NO", None: "not measured"}[self.is_held]
        return (self.what, self.level, self.budget, self.measured, held)


def ratio_row(what: str, level: str, budget: float, estimate: statistics.Estimate) -> Row:
    measured = f"{estimate.ratio:.3f} ({estimate.low:.3f} to {estimate.high:.3f})"
    return Row(what, level, f"<= {budget:.3f}", measured, estimate.ratio <= budget, results.ratio(f"{what}, {level}", estimate))


class Side(NamedTuple):
    """A call to be timed; *prepare* runs before each batch, outside the time."""

    function: Callable[..., object]
    arguments: tuple[object, ...]
    prepare: Callable[[], object] = lambda: None

    def timer(self) -> timeit.Timer:
        # A statement, not a callable: calling a lambda would be half of what is measured. Processor time, since other
        # processes' turns are longer than a batch.
        variables = {"function": self.function, **{f"a{index}": each for index, each in enumerate(self.arguments)}}
        statement = f"function({', '.join(f'a{index}' for index in range(len(self.arguments)))})"
        return timeit.Timer(statement, self.prepare, time.thread_time, variables)


def interleaved(stock: Side, ours: Side, pairs: int, seed: int = 1) -> statistics.Estimate:
    """Return the ratio of *ours* to *stock* from batches of equal length, taken in turn, in random order."""
    timers = stock.timer(), ours.timer()
    number = max(1, int(BATCH_SECONDS / (min(timers[0].repeat(3, 10)) / 10)))
    generator = random.Random(seed)
    seconds: tuple[list[float], list[float]] = ([], [])
    for _ in range(pairs + 1):
        for side in generator.sample((0, 1), 2):
            seconds[side].append(timers[side].timeit(number))
    return statistics.paired_ratio(seconds[0][1:], seconds[1][1:])


def find(finder: Callable[..., object], name: str, path: list[str] | None, entries: list[str]) -> Side:
    """A look-up with directories of its own, which one untimed find has filled."""
    cache: dict[str, object] = {}

    def prepare() -> None:
        sys.path, sys.path_importer_cache = entries, cache
        finder(name, path)

    return Side(finder, (name, path), prepare)


def compare_finders(level: str, entries: list[str], name: str, path: list[str] | None, pairs: int) -> statistics.Estimate:
    """Return the ratio of ``find_spec`` times.

    Raises `AssertionError` if the answers differ.
    """
    wanted = search_paths.expected(entries, name, path)
    with search_paths.active(level, entries) as finder:
        found = search_paths.answer(finder, name, path)
        assert found == wanted, f"{name}: the answers differ: {found} and {wanted}"
        stock = find(importlib.machinery.PathFinder.find_spec, name, path, entries)
        return interleaved(stock, find(finder.find_spec, name, path, entries), pairs)


def find_rows(directory: Path, pairs: int) -> Iterator[Row]:
    """Hits and absent names."""
    package = [os.fspath(search_paths.make_package(directory, "parent"))]
    for name in ("module7", "package7"):
        for level, budget in (("checked", 1 / 2), ("trusted", 1 / 6)):
            found = compare_finders(level, [], f"parent.{name}", package, pairs)
            yield ratio_row(f"hit in a package directory, {name.rstrip('7')}", level, budget, found)
    short = search_paths.build(directory / "short", 4)
    for which, budgets in (("first", (1 / 3, 1 / 10)), ("last", (1 / 3, 1 / 10)), ("absent", (1 / 3, 1 / 3))):
        for level, budget in zip(search_paths.LEVELS, budgets, strict=True):
            found = compare_finders(level, short.entries, getattr(short, which), None, pairs)
            yield ratio_row(f"4 entries, {'absent' if which == 'absent' else f'hit in the {which}'}", level, budget, found)
    long = search_paths.build(directory / "long", 300)
    for level in search_paths.LEVELS:
        found = compare_finders(level, long.entries, long.absent, None, max(7, pairs // 2))
        yield ratio_row("300 entries, absent", level, 1 / 4, found)


def growth_row(directory: Path, pairs: int) -> Row:
    """A hit at a thousand entries beside one at three, both trusted."""
    paths = [search_paths.build(directory / str(length), length) for length in (3, 1000)]
    with search_paths.active("trusted", []) as finder:
        sides = [find(finder.find_spec, path.last, None, path.entries) for path in paths]
        estimate = interleaved(*sides, pairs)
    return ratio_row("hit in the last of 1000 entries over the last of 3", "trusted", 1.1, estimate)


def name_rows(pairs: int) -> Iterator[Row]:
    """Names and the module cache."""
    cases = {
        "import_module, loaded module": (importlib.import_module, fastimport.import_module, ("json",)),
        "resolve_name, relative": (importlib.util.resolve_name, fastimport.resolve_name, ("..d", "a.b.c")),
    }
    for what, (stock, ours, arguments) in cases.items():
        assert stock(*arguments) == ours(*arguments)
        yield ratio_row(what, "-", 1 / 4, interleaved(Side(stock, arguments), Side(ours, arguments), pairs))


def install_rows(pairs: int) -> Iterator[Row]:
    """What ``import fastimport; fastimport.install()`` adds to a process, and which modules it brings."""
    program = launcher.Program("code", "pass")
    for level in search_paths.LEVELS:
        variants = [launcher.STOCK, launcher.variant_for_level(level)]
        commands = [(launcher.command(program, each), launcher.environment(each)) for each in variants]
        runs = [[measure.run_once(*command) for command in commands] for _ in range(pairs + 2)][2:]
        wall = statistics.spread([(after.seconds - before.seconds) * 1000 for before, after in runs]).median
        cpu = [(after.cpu_seconds - before.cpu_seconds) * 1000 for before, after in runs]
        low, high = statistics.quartiles(cpu)
        median = statistics.spread(cpu).median
        measured = f"{median:.2f} ms CPU (middle half {low:.2f} to {high:.2f}), {wall:.2f} ms wall"
        what = "import and install over python -c pass"
        figure = results.seconds(f"{what}, {level}", median / 1000, low / 1000, high / 1000)
        yield Row(what, level, "<= 1 ms", measured, median <= 1, figure)
    yield _new_modules_row()


def _new_modules_row() -> Row:
    code = "import sys; old = set(sys.modules); import fastimport; fastimport.install(); print(*set(sys.modules) - old)"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    others = sorted(name for name in done.stdout.split() if name.partition(".")[0] in sys.stdlib_module_names)
    return Row("library modules that install loads", "-", "none", ", ".join(others) or "none", not others)


def system_call_rows() -> Iterator[Row]:
    """File-system calls per module; these budgets count the quicker reading of bytecode in."""
    application = applications.DJANGO_ADMIN
    for level, budget in (("checked", 8.5), ("trusted", 6.0)):
        what = "file-system calls per source module, Django admin"
        try:
            if applications.missing(application):
                raise counting.Unavailable("Django is not installed")
            found = system_calls.count(application, launcher.variant_for_level(level)).per_module
        except counting.Unavailable as reason:
            yield Row(what, level, f"<= {budget}", str(reason), None)
        else:
            figure = results.count(f"{what}, {level}", found)
            yield Row(what, level, f"<= {budget}", f"{found:.2f}", found <= budget, figure)


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--pairs", type=int, default=25, metavar="N", help="batches of each side (%(default)s)")
    parser.add_argument("--json", metavar="FILE", help="write the result for the suite")
    arguments = parser.parse_args()
    pairs = arguments.pairs
    with tempfile.TemporaryDirectory() as directory:
        root = Path(directory)
        rows = [*find_rows(root / "find", pairs), growth_row(root / "growth", pairs), *name_rows(pairs)]
    rows += [*install_rows(pairs), *system_call_rows()]
    table = results.Table([HEADINGS, *(row.cells() for row in rows)])
    figures = [row.figure for row in rows if row.figure is not None]
    told = results.circumstances(pairs=f"{pairs}, of batches of {BATCH_SECONDS * 1000:g} ms")
    results.publish(results.Result([table], figures, told), arguments.json)
    return 0


if __name__ == "__main__":
    sys.exit(main())
