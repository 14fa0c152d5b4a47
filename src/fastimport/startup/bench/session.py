"""A whole comparison, in order: are both sides the same, then warm-up, timed rounds, counts."""

import os
import platform
import sys
from collections.abc import Callable, Sequence
from typing import Any, NamedTuple

from . import counting, identity, launcher, measure, plan, statistics


class Side(NamedTuple):
    """The results of one variant; its `estimate` compares it with stock (None for stock itself)."""

    name: str
    seconds: tuple[float, ...]
    cpu_seconds: tuple[float, ...]
    estimate: statistics.Estimate | None
    system_calls: dict[str, int] | None
    instructions: int | None
    peak_bytes: int | None
    modules: int
    differences: tuple[str, ...]


class Comparison(NamedTuple):
    """The results for one program; the first side is stock."""

    program: str
    sides: tuple[Side, ...]
    conditions: dict[str, str]
    notes: tuple[str, ...]

    @property
    def is_identical(self) -> bool:
        """Whether every side imported the same modules from the same files."""
        return not any(side.differences for side in self.sides)


class Options(NamedTuple):
    """What to measure besides the time."""

    cold: bool = False
    counts: bool = True
    callgrind: bool = False


def compare(
    program: launcher.Program,
    variants: Sequence[launcher.Variant],
    how: plan.Plan = plan.Plan(),
    options: Options = Options(),
    progress: Callable[[str], None] = lambda message: None,
) -> Comparison:
    """Run *program* under each of *variants*, the first of which is the baseline.

    Raises `measure.ProgramFailed` if it fails on either side.
    """
    # The first account would also hold the program's writing of bytecode.
    identity.record(program, variants[0])
    accounts = [identity.record(program, variant) for variant in variants]
    cold_files = sorted({path for account in accounts for path in account.files}) if options.cold else []
    timings = _time_rounds(program, variants, how, cold_files, progress)
    notes: list[str] = []
    sides = tuple(
        _side(program, variant, timings, accounts, index, options, notes) for index, variant in enumerate(variants)
    )
    if accounts[0].uncompiled:
        notes.append(f"{accounts[0].uncompiled} modules have no bytecode file: they were compiled in each run")
    conditions = _conditions(accounts[0], how, len(timings[0]), cold_files)
    return Comparison(str(program), sides, conditions, tuple(dict.fromkeys(notes)))


def _time_rounds(
    program: launcher.Program,
    variants: Sequence[launcher.Variant],
    how: plan.Plan,
    cold_files: Sequence[str],
    progress: Callable[[str], None],
) -> list[list[measure.Run]]:
    prepared = {variant.name: (launcher.command(program, variant), launcher.environment(variant)) for variant in variants}
    runs: dict[str, list[measure.Run]] = {name: [] for name in prepared}
    for number, order in enumerate(plan.rounds(list(prepared), how.seed), 1 - how.warmups):
        for name in order:
            measure.evict(cold_files)
            run = measure.run_once(*prepared[name])
            if number > 0:
                runs[name].append(run)
        progress(f"round {number} of {'at most ' if how.pairs is None else ''}{how.limit}" if number > 0 else "warm-up")
        if number > 0 and plan.is_enough(how, number, lambda: _estimates(list(runs.values()))):
            return list(runs.values())
    raise AssertionError("rounds never end")


def _estimates(timings: Sequence[Sequence[measure.Run]]) -> list[statistics.Estimate]:
    stock, *changed = ([run.seconds for run in runs] for runs in timings)
    return [statistics.paired_ratio(stock, seconds) for seconds in changed]


def _side(
    program: launcher.Program,
    variant: launcher.Variant,
    timings: Sequence[Sequence[measure.Run]],
    accounts: Sequence[identity.Account],
    index: int,
    options: Options,
    notes: list[str],
) -> Side:
    account = accounts[index]
    found = identity.differences(accounts[0], account)
    if variant.active and not account.active:
        found.append("fastimport was not active when the program ended")
    return Side(
        name=variant.name,
        seconds=tuple(run.seconds for run in timings[index]),
        cpu_seconds=tuple(run.cpu_seconds for run in timings[index] if run.cpu_seconds is not None),
        estimate=_estimates([timings[0], timings[index]])[0] if index else None,
        system_calls=_try(counting.count_system_calls, program, variant, notes) if options.counts else None,
        instructions=_instructions(program, variant, options, notes),
        peak_bytes=account.peak_bytes,
        modules=len(account.modules),
        differences=tuple(found),
    )


def _instructions(
    program: launcher.Program, variant: launcher.Variant, options: Options, notes: list[str]
) -> int | None:
    if options.callgrind:
        return _try(counting.count_instructions_exactly, program, variant, notes)
    return _try(counting.count_instructions, program, variant, notes) if options.counts else None


def _try(
    count: Callable[..., Any], program: launcher.Program, variant: launcher.Variant, notes: list[str]
) -> Any:
    try:
        return count(launcher.command(program, variant), launcher.environment(variant))
    except counting.Unavailable as reason:
        notes.append(str(reason))
        return None


def _conditions(account: identity.Account, how: plan.Plan, pairs: int, cold_files: Sequence[str]) -> dict[str, str]:
    version = f"{platform.python_implementation()} {platform.python_version()}"
    return {
        "Python": version + (" free-threaded" if not getattr(sys, "_is_gil_enabled", lambda: True)() else ""),
        "machine": f"{platform.system()} {platform.machine()}, {os.cpu_count()} processors",
        "file system": file_system_of(os.path.dirname(os.__file__)),
        "page cache": _cache_state(cold_files),
        "rounds": f"{pairs} timed after {how.warmups} warm-up, order drawn with seed {how.seed}",
        "path entries": str(account.path_entries),
    }


def _cache_state(cold_files: Sequence[str]) -> str:
    if not cold_files:
        return "warm"
    measure.evict(cold_files)
    stayed = measure.count_cached(cold_files)
    measure.evict(cold_files)
    kept = "" if stayed is None else f", {stayed} of them stayed cached"
    return f"evicted before each run: {len(cold_files)} files{kept}; directory entries and inodes stay"


def file_system_of(path: str) -> str:
    """Return the type of the file system that holds *path*, or ``unknown``."""
    try:
        with open("/proc/self/mounts", encoding="utf-8") as file:
            mounts = [line.split()[1:3] for line in file]
    except OSError:
        return "unknown"
    real = os.path.realpath(path)
    holding = [(len(point), kind) for point, kind in mounts if os.path.commonpath([real, point]) == point]
    return max(holding)[1] if holding else "unknown"
