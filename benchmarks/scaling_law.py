"""The scaling law, measured: coefficients for each side, a prediction, and the largest case that fits beside its prediction.

    python benchmarks/scaling_law.py [--quick | --full] [--pairs N] [--json FILE]

One thing is varied at a time: modules and entries on the local disk, then latency and processes on the slow file system of
`slow_interpreter`, whose operations are counted.  ``law.py`` has the formula.  Without FUSE, the first two remain.
"""

import argparse
import os
import sys
import tempfile
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from pathlib import Path
from statistics import median
from typing import NamedTuple

import generate
import slow_file_systems
from instruments import law, results, slow_interpreter
from instruments.law import Law, Point
from instruments.slow_interpreter import SlowInterpreter, Slowness

from fastimport.diagnosis.bench import identity, launcher, measure, plan, recorded, report

FEW_ENTRIES = 4
FEW_MODULES = generate.PACKAGES
SERVERS = 8
LATENCY = 0.001
FAR = Point(10_000, 2_000, 0.005)
VARIANTS = [launcher.STOCK, *map(launcher.variant_for_level, (*launcher.LEVELS, "frozen"))]


class Sizes(NamedTuple):
    """What is measured, and ``check``, which is predicted first."""

    modules: tuple[int, ...] = (100, 400, 1600)
    entries: tuple[int, ...] = (4, 100, 400)
    latencies: tuple[float, ...] = (0.0005, 0.001, 0.002)
    at: Point = Point(200, 20)
    processes: tuple[int, ...] = (1, 8, 32)
    check: Point = Point(1000, 200, 0.001)


QUICK = Sizes((100, 200), (4, 50), (0.0001, 0.0003), Point(100, 10), (1, 4), Point(200, 50, 0.0002))
FULL = Sizes(entries=(4, 100, 400, 2000), check=Point(4000, 1000, 0.002))

Seconds = dict[str, list[float]]
Series = dict[float, Seconds]


class Workshop(NamedTuple):
    """Where applications are made; the slow file system's program, or why there is none."""

    root: Path
    delayfs: Path | None
    obstacle: str = ""

    def script(self, point: Point) -> Path:
        """Return the program of *point*, made and compiled when it is first wanted.

        Raises `AssertionError` if one of the sides imported something else.
        """
        directory = self.root / f"{point.modules}-{point.entries}"
        path = directory / "main.py"
        if not path.exists():
            code = generate.spread(directory, point.modules, point.entries)
            path.write_text(code, encoding="utf-8")
            program = launcher.Program("script", os.fspath(path))
            measure.run_once(launcher.command(program, launcher.STOCK), launcher.environment(launcher.STOCK))
            with recorded.resolved(VARIANTS, program) as variants:
                stock, *others = (identity.record(program, variant) for variant in variants)
            assert not any(identity.differences(stock, other) for other in others)
        return path

    @contextmanager
    def slow(self, latency: float, servers: int = 64) -> Iterator[SlowInterpreter]:
        assert self.delayfs is not None
        with slow_interpreter.under_fuse(self.delayfs, Slowness(latency, servers=servers)) as interpreter:
            yield interpreter


@contextmanager
def prepared(script: Path, interpreter: SlowInterpreter | None) -> Iterator[dict[str, tuple[list[str], dict[str, str]]]]:
    """Yield each side's command line and environment, through the mount if there is an *interpreter* there."""
    prefix = "" if interpreter is None else interpreter.prefix
    code = script.read_text(encoding="utf-8").replace(repr(os.fspath(script.parent)), repr(prefix + os.fspath(script.parent)))

    def command(program: launcher.Program, variant: launcher.Variant) -> tuple[list[str], dict[str, str]]:
        python, *arguments = launcher.command(program, variant)
        return [interpreter.python if interpreter else python, *arguments], launcher.environment(variant)

    program = launcher.Program("code", code)
    with recorded.resolved(VARIANTS, program, command, prefix) as variants:
        yield {variant.name: command(program, variant) for variant in variants}


def timed(script: Path, pairs: int, interpreter: SlowInterpreter | None = None, processes: int = 1) -> Seconds:
    """Run every side so often, interleaved, after a warm-up where a run is short."""
    seconds: Seconds = {variant.name: [] for variant in VARIANTS}
    rounds = plan.rounds(list(seconds), seed=1)
    with prepared(script, interpreter) as commands:
        for number in range(0 if interpreter else -1, pairs):
            for name in next(rounds):
                taken = slow_file_systems.run_together(*commands[name], processes)
                if number >= 0:
                    seconds[name].append(taken)
    return seconds


def counted(workshop: Workshop, points: Sequence[Point]) -> dict[str, dict[Point, float]]:
    """Return each side's operations at each point."""
    found: dict[str, dict[Point, float]] = {variant.name: {} for variant in VARIANTS}
    for point in points:
        with workshop.slow(0) as interpreter, prepared(workshop.script(point), interpreter) as commands:
            for name, command in commands.items():
                interpreter.counts.reset()
                measure.run_once(*command)
                found[name][point] = sum(interpreter.counts.read().values())
    return found


def over(sizes: Sequence[float], run: Callable[[float], Seconds], what: str) -> Series:
    """Measure at each size."""
    found = {}
    for size in sizes:
        print(f"{what} {size:g}: measuring ...", file=sys.stderr, flush=True)
        found[size] = run(size)
    return found


def series_of(workshop: Workshop, sizes: Sizes, pairs: int) -> dict[str, Series]:
    """Measure all series; those on the slow file system only where there is one."""
    few = max(1, pairs // 3)

    def slowly(latency: float, point: Point, processes: int = 1, servers: int = 64) -> Seconds:
        with workshop.slow(latency, servers) as interpreter:
            return timed(workshop.script(point), few, interpreter, processes)

    small = Point(FEW_MODULES, FEW_ENTRIES)
    found = {
        "modules": over(sizes.modules, lambda n: timed(workshop.script(Point(int(n), FEW_ENTRIES)), pairs), "modules"),
        "entries": over(sizes.entries, lambda n: timed(workshop.script(Point(FEW_MODULES, int(n))), pairs), "entries"),
    }
    if workshop.delayfs is not None:
        found["latency"] = over(sizes.latencies, lambda latency: slowly(latency, sizes.at), "latency in seconds")
        found["processes"] = over(sizes.processes, lambda n: slowly(LATENCY, small, int(n), SERVERS), "processes")
    return found


def fitted(workshop: Workshop, found: Mapping[str, Series], sizes: Sizes) -> dict[str, Law]:
    """Return each side's law."""
    laws = {}
    points = [Point(FEW_MODULES, FEW_ENTRIES), Point(FEW_MODULES * 3, FEW_ENTRIES), Point(FEW_MODULES, FEW_ENTRIES * 26)]
    counts = counted(workshop, points) if workshop.delayfs is not None else {}
    for name in (variant.name for variant in VARIANTS):
        number = law.operations(counts[name]) if counts else law.Operations(0, 0, 0)
        laws[name] = law.local_fit((FEW_ENTRIES, _own(found["modules"], name)), _own(found["entries"], name), number)
    if "latency" in found:
        return law.with_file_system(laws, sizes.at, {name: _own(found["latency"], name) for name in laws})
    return laws


def _own(series: Series, name: str) -> dict[float, list[float]]:
    return {size: seconds[name] for size, seconds in series.items()}


def law_table(laws: Mapping[str, Law]) -> results.Table:
    rows = [("side", "start", "per module", "per entry", "operations", "per module", "per entry", "each costs", "of L")]
    for name, each in laws.items():
        number = each.operations
        counts = f"{number.start:.0f}", f"{number.module:.2f}", f"{number.entry:.2f}"
        times = report.milliseconds(each.start), f"{each.module * 1e6:.1f} us", f"{each.entry * 1e6:.1f} us"
        rows.append((name, *times, *counts, f"{each.overhead * 1e6:.0f} us", f"{each.waited:.2f}"))
    title = f"T = t + m M + e E + (o + p M + q E) (c + f L), {generate.PACKAGES} top-level packages"
    return results.Table(rows, title)


def prediction_table(laws: Mapping[str, Law], point: Point, measured: Seconds | None) -> results.Table:
    rows = [("side", "predicted", "of stock", "measured", "measured / predicted")]
    stock = laws[launcher.STOCK.name].seconds(point)
    for name, each in laws.items():
        predicted = each.seconds(point)
        seen = ("not measured", "-") if measured is None else _beside(median(measured[name]), predicted)
        rows.append((name, _seconds(predicted), f"{predicted / stock:.3f}", *seen))
    return results.Table(rows, str(point))


def _seconds(value: float) -> str:
    return f"{value:,.0f} s" if value >= 100 else f"{value:.3g} s"


def _beside(seconds: float, predicted: float) -> tuple[str, str]:
    return _seconds(seconds), f"{seconds / predicted:.2f}"


def processes_table(laws: Mapping[str, Law], series: Series) -> results.Table:
    """Each number of processes: measured, and what the law of one process says."""
    point = Point(FEW_MODULES, FEW_ENTRIES, LATENCY)
    rows = [("processes", *(text for name in laws for text in (name, "predicted")))]
    for number, seconds in series.items():
        cells = []
        for name, each in laws.items():
            predicted = each.seconds_of_many(point, int(number), SERVERS, os.cpu_count() or 1)
            cells += [f"{median(seconds[name]):.2f} s", f"{predicted:.2f} s"]
        rows.append((str(number), *cells))
    return results.Table(rows, f"Processes that start at once: {point}, {SERVERS} operations served at a time")


def result(workshop: Workshop, sizes: Sizes, pairs: int) -> results.Result:
    """Measure, fit, predict, and measure what was predicted."""
    found = series_of(workshop, sizes, pairs)
    laws = fitted(workshop, found, sizes)
    tables, notes = [law_table(laws)], [f"{name}: T = {each.formula()}" for name, each in laws.items()]
    if workshop.delayfs is None:
        notes.append(f"no latency was measured: {workshop.obstacle}")
    else:
        print(f"{sizes.check}: measuring what was predicted ...", file=sys.stderr, flush=True)
        with workshop.slow(sizes.check.latency) as interpreter:
            seen = timed(workshop.script(sizes.check), 1, interpreter)
        tables += [processes_table(laws, found["processes"]), prediction_table(laws, sizes.check, seen)]
        tables.append(prediction_table(laws, FAR, None))
    told = results.circumstances(rounds=f"{pairs} on the local disk, {max(1, pairs // 3)} on the slow file system, seed 1")
    data = {"series": [_drawable(unit, series) for unit, series in found.items()], "laws": laws}
    return results.Result(tables, list(_figures(laws)), told, notes, data)


def _figures(laws: Mapping[str, Law]) -> Iterator[results.Figure]:
    for name, each in laws.items():
        if each.operations.module:
            yield results.count(f"operations per module, {name}", each.operations.module)
            yield results.count(f"operations per entry, {name}", each.operations.entry)
        yield results.seconds(f"per module, {name}", each.module, each.module, each.module)
        yield results.seconds(f"per entry, {name}", each.entry, each.entry, each.entry)


def _drawable(unit: str, series: Series) -> dict[str, object]:
    seconds = {variant.name: [each[variant.name] for each in series.values()] for variant in VARIANTS}
    fits = {name: law.line(dict(zip(series, each))) for name, each in seconds.items()}
    label = {"latency": "latency of each operation, seconds"}.get(unit, unit)
    return {"label": label, "sizes": list(series), "seconds": seconds, "fits": fits}


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    size = parser.add_mutually_exclusive_group()
    size.add_argument("--quick", dest="sizes", action="store_const", const=QUICK, default=Sizes(), help="small sizes")
    size.add_argument("--full", dest="sizes", action="store_const", const=FULL, help="up to 2,000 entries; minutes more")
    parser.add_argument("--pairs", type=int, default=6, metavar="N")
    parser.add_argument("--json", metavar="FILE", help="write the result for the suite")
    arguments = parser.parse_args()
    with tempfile.TemporaryDirectory() as directory:
        root = Path(directory)
        workshop = Workshop(root / "applications", *_slow_file_system(root))
        results.publish(result(workshop, arguments.sizes, arguments.pairs), arguments.json)
    return 0


def _slow_file_system(scratch: Path) -> tuple[Path | None, str]:
    try:
        program = slow_interpreter.compile_delayfs(scratch)
        with slow_interpreter.under_fuse(program, Slowness(0)):
            return program, ""
    except slow_interpreter.Unavailable as reason:
        return None, str(reason)


if __name__ == "__main__":
    sys.exit(main())
