"""Start-up on slow file systems: stock importlib and each level of fastimport, answers compared, operations counted.

    python benchmarks/slow_file_systems.py [--json FILE] [--levels LIST] [--only CASE ...] [--pairs N]

The file system is FUSE with a set latency for each operation, counted by itself (slow/delayfs.c); where FUSE can't be
had, a preloaded library delays the calls instead (slow/delay.c).  The table says which.
"""

import argparse
import json
import os
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import AbstractContextManager, ExitStack, contextmanager, nullcontext
from functools import partial
from pathlib import Path
from statistics import median
from typing import NamedTuple

from instruments import applications, levels, results, slow_interpreter
from instruments.slow_cases import BEYOND_THE_LIBRARY, BRIEF, CASES, NAMES, Case
from instruments.slow_interpreter import SlowInterpreter, Slowness

from fastimport.diagnosis.bench import identity, launcher, measure, plan, recorded, report
from fastimport.diagnosis.bench.statistics import Estimate, paired_ratio

HEADINGS = ("case", "level", "modules", "identical", "operations", "of stock", "x latency", "time", "of stock (95 %)")


Timing = tuple[float, dict[str, int]]
Slow = Callable[[Slowness, Path], AbstractContextManager[SlowInterpreter]]


class Side(NamedTuple):
    """One level's results; `operations` has the counts of each timed run."""

    name: str
    modules: int
    differences: list[str]
    outside: int
    seconds: list[float]
    operations: list[dict[str, int]]
    estimate: Estimate | None

    @property
    def total(self) -> int:
        return round(median(sum(each.values()) for each in self.operations))


def measured(case: Case, variants: Sequence[launcher.Variant], slow: Slow, pairs: int) -> list[Side]:
    """Run *case* with each of *variants*, the first of which is stock.

    Raises `measure.ProgramFailed` if the application fails.
    """
    program = launcher.Program("code", case.application.code)
    # Bytecode has to be there already: the file system is read-only.
    measure.run_once(launcher.command(program, launcher.STOCK), launcher.environment(launcher.STOCK))
    with tempfile.TemporaryDirectory() as place, ExitStack() as stack:
        with slow(case.slowness, Path(place)) as interpreter:
            start = partial(_command, interpreter)
            variants = stack.enter_context(recorded.resolved(variants, program, start, interpreter.prefix))
            accounts = [_account(interpreter, program, variant) for variant in variants]
            if not case.remounts:
                timings = _timed(case, program, variants, lambda: nullcontext(interpreter), pairs)
        if case.remounts:
            timings = _timed(case, program, variants, lambda: slow(case.slowness, Path(place)), pairs)
    return [
        _side(variant, (accounts[0], account), (timings[variants[0].name], timings[variant.name]), interpreter.root)
        for variant, account in zip(variants, accounts, strict=True)
    ]


def _command(
    interpreter: SlowInterpreter, program: launcher.Program, variant: launcher.Variant, record_to: str | None = None
) -> tuple[list[str], dict[str, str]]:
    _, *arguments = launcher.command(program, variant, record_to)
    return [interpreter.python, *arguments], launcher.environment(variant) | interpreter.variables


def _account(interpreter: SlowInterpreter, program: launcher.Program, variant: launcher.Variant) -> identity.Account:
    """What `identity.record` writes down, by another interpreter than this one."""
    with tempfile.TemporaryDirectory() as directory:
        path = os.path.join(directory, "account.json")
        measure.run_once(*_command(interpreter, program, variant, path))
        raw = json.loads(Path(path).read_text(encoding="utf-8"))
    setup = frozenset(raw["setup"])
    return identity.Account(raw["active"], raw["modules"], setup, (), 0, len(raw["path"]), raw["peak_bytes"])


def _timed(
    case: Case,
    program: launcher.Program,
    variants: Sequence[launcher.Variant],
    interpreters: Callable[[], AbstractContextManager[SlowInterpreter]],
    pairs: int,
) -> dict[str, list[Timing]]:
    by_name = {variant.name: variant for variant in variants}
    timings: dict[str, list[Timing]] = {name: [] for name in by_name}
    rounds = plan.rounds(list(by_name), seed=1)
    for _ in range(pairs):
        for name in next(rounds):
            with interpreters() as interpreter:
                command, environment = _command(interpreter, program, by_name[name])
                interpreter.counts.reset()
                seconds = run_together(command, environment, case.processes)
                timings[name].append((seconds, interpreter.counts.read()))
    return timings


def run_together(command: Sequence[str], environment: dict[str, str], processes: int) -> float:
    """Return the seconds until all of so many copies of *command* have ended."""
    if processes == 1:
        return measure.run_once(command, environment).seconds
    started = time.perf_counter()
    quiet = {"stdin": subprocess.DEVNULL, "stdout": subprocess.DEVNULL}
    running = [subprocess.Popen(command, env=environment, **quiet) for _ in range(processes)]
    statuses = [process.wait() for process in running]
    if any(statuses):
        raise measure.ProgramFailed("one of the processes failed; its messages are above")
    return time.perf_counter() - started


def _side(
    variant: launcher.Variant, accounts: Sequence[identity.Account], timings: Sequence[Sequence[Timing]], root: str
) -> Side:
    differences = identity.differences(*accounts)
    if variant.active and not accounts[1].active:
        differences.append("fastimport was not active when the program ended")
    (stock, _), (seconds, operations) = (zip(*each, strict=True) for each in timings)
    files = [origin for origin in accounts[1].modules.values() if isinstance(origin, str) and origin.startswith("/")]
    outside = sum(not origin.startswith(root) for origin in files)
    estimate = None if timings[0] is timings[1] else paired_ratio(stock, seconds)
    return Side(variant.name, len(accounts[1].modules), differences, outside, list(seconds), list(operations), estimate)


def rows(case: Case, sides: Sequence[Side]) -> Iterator[Sequence[str]]:
    """Lay one case out."""
    for side in sides:
        # What one process waits for, or what the server needs for all of them: the one that takes longer.
        waiting = side.total / min(case.processes, case.slowness.servers) * case.slowness.latency
        yield (
            str(case),
            side.name,
            str(side.modules),
            "NO" if side.differences else "yes",
            str(side.total),
            f"{side.total / sides[0].total:.3f}",
            f"{waiting:.2f} s",
            f"{median(side.seconds):.2f} s",
            report.ratio(side.estimate),
        )


@contextmanager
def slow_file_system(scratch: Path) -> Iterator[tuple[Slow, str]]:
    """Yield what makes a slow interpreter, and a description: FUSE if it works here, else the library."""
    try:
        program = slow_interpreter.compile_delayfs(scratch)
        with slow_interpreter.under_fuse(program, Slowness(0.001)) as trial:
            latency = trial.measured_latency()
        told = f"FUSE (slow/delayfs.c); with 1 ms set, a look-up takes {latency * 1e3:.2f} ms"
        yield partial(slow_interpreter.under_fuse, program), told
    except slow_interpreter.Unavailable as reason:
        library = slow_interpreter.compile_library(scratch)
        told = f"interposed library (slow/delay.c), as FUSE can't be had: {reason}"
        yield (lambda slowness, place: slow_interpreter.under_library(library, slowness)), told


def main() -> int:
    arguments = _parse()
    variants = levels.variants(arguments.levels)
    wanted = [case for case in (BRIEF if arguments.brief else CASES) if case.name in arguments.only]
    found = []
    with tempfile.TemporaryDirectory() as scratch, slow_file_system(Path(scratch)) as (slow, told):
        for case in wanted:
            if reason := _obstacle(case, told):
                print(f"{case}: skipped, {reason}", file=sys.stderr)
                continue
            print(f"{case}: measuring ...", file=sys.stderr, flush=True)
            found.append((case, measured(case, variants, slow, arguments.pairs or case.pairs)))
            # After each case: all of them take a quarter of an hour.
            results.save(_result(found, told), arguments.json)
    if not found:
        return 2
    results.publish(_result(found, told), arguments.json)
    return 0 if all(not side.differences for _, sides in found for side in sides) else 1


def _result(found: Sequence[tuple[Case, Sequence[Side]]], file_system: str) -> results.Result:
    table = results.Table([HEADINGS, *(row for case, sides in found for row in rows(case, sides))])
    figures = [figure for case, sides in found for side in sides for figure in _figures(case, side)]
    notes = [line for case, sides in found for side in sides for line in _remarks(case, side)]
    data = [{"case": str(case), "slowness": case.slowness, "sides": sides} for case, sides in found]
    return results.Result([table], figures, results.circumstances(slow_file_system=file_system), notes, data)


def _figures(case: Case, side: Side) -> Iterator[results.Figure]:
    if not case.slowness.remember:  # what is remembered for a time depends on how fast the machine is
        yield results.count(f"{case}, {side.name}, operations", side.total)
    if side.estimate is not None:
        yield results.ratio(f"{case}, {side.name}", side.estimate)


def _remarks(case: Case, side: Side) -> Iterator[str]:
    yield from (f"DIFFERENT {case}, {side.name}: {each}" for each in side.differences)
    if side.outside:
        yield f"{case}, {side.name}: {side.outside} modules are not from the slow file system"


def _obstacle(case: Case, file_system: str) -> str:
    if absent := applications.missing(case.application):
        return f"not installed here: {', '.join(absent)}"
    is_limited = case.slowness.servers < case.processes
    if not file_system.startswith("FUSE") and (case.name in BEYOND_THE_LIBRARY or is_limited):
        return "the library can't imitate it"
    return ""


def _parse() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--levels", default=",".join(launcher.LEVELS), metavar="LIST")
    parser.add_argument("--only", nargs="+", choices=NAMES, default=NAMES, metavar="CASE", help=", ".join(NAMES))
    parser.add_argument("--brief", action="store_true", help="a handful of the cases, fewer runs: some minutes")
    parser.add_argument("--pairs", type=int, metavar="N", help="instead of each case's own number")
    parser.add_argument("--json", metavar="FILE", help="write the result for the suite")
    return parser.parse_args()


if __name__ == "__main__":
    sys.exit(main())
