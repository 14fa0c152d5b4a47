"""A whole comparison, in order: are both sides the same, then warm-up, timed rounds, counts."""

import os
import platform
import sys
import time
from collections.abc import Callable, Mapping, Sequence
from typing import NamedTuple, TypeVar

from fastimport.diagnosis import file_systems
from fastimport.diagnosis.bench import counting, identity, launcher, measure, plan, statistics
from fastimport.diagnosis.words import counted

T = TypeVar("T")


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
    identity_is_known: bool = True
    """Whether it was compared what the sides import."""

    @property
    def is_identical(self) -> bool:
        """Whether every side imported the same modules from the same files."""
        return not any(side.differences for side in self.sides)


class Interrupted(Exception):
    """Ctrl-C after at least one whole round: ``timings`` is what was measured until then."""

    def __init__(self, timings: list[list[measure.Run]]) -> None:
        super().__init__("interrupted")
        self.timings = timings


class Options(NamedTuple):
    """What to measure besides the time."""

    cold: bool = False
    counts: bool = True
    callgrind: bool = False


DEFAULT_PLAN = plan.Plan()
DEFAULT_OPTIONS = Options()


def compare(
    program: launcher.Program,
    variants: Sequence[launcher.Variant],
    how: plan.Plan = DEFAULT_PLAN,
    options: Options = DEFAULT_OPTIONS,
    progress: Callable[[str], None] = lambda message: None,
) -> Comparison:
    """Run *program* under each of *variants*, the first of which is the baseline.

    Raises `measure.ProgramFailed` if it fails on either side.
    """
    # The first account would also hold the program's writing of bytecode.
    identity.record(program, variants[0])
    accounts = [identity.record(program, variant) for variant in variants]
    read = {path for account in accounts for path in account.files} | {path for each in variants for path in each.files}
    cold_files = sorted(read) if options.cold else []
    counter = _Counter(program, options)
    try:
        timings = _time_rounds(program, variants, how, cold_files, progress)
    except Interrupted as stopped:
        timings = stopped.timings
        counter = _Counter(program, options._replace(counts=False, callgrind=False))
        counter.notes.append(f"interrupted: {len(timings[0])} rounds are what there is, and nothing was counted")
    sides = []
    for variant, account, runs in zip(variants, accounts, timings, strict=True):
        progress(f"counting under {variant.name}")
        sides.append(_side(variant, (accounts[0], account), (timings[0], runs), counter))
    if accounts[0].uncompiled:
        counter.notes.append(f"no bytecode file, compiled in each run: {counted(accounts[0].uncompiled, 'module')}")
    counter.notes += business()
    conditions = _conditions(accounts[0], how, len(timings[0]), cold_files)
    return Comparison(str(program), tuple(sides), conditions, tuple(dict.fromkeys(counter.notes)))


def _time_rounds(
    program: launcher.Program,
    variants: Sequence[launcher.Variant],
    how: plan.Plan,
    cold_files: Sequence[str],
    progress: Callable[[str], None],
) -> list[list[measure.Run]]:
    prepared = {each.name: (launcher.command(program, each), launcher.environment(each)) for each in variants}
    runs: dict[str, list[measure.Run]] = {name: [] for name in prepared}
    begun = time.perf_counter()
    try:
        for number, order in enumerate(plan.rounds(list(prepared), how.seed), 1 - how.warmups):
            timed = {name: _run_one(*prepared[name], cold_files) for name in order}
            if number > 0:
                for name, run in timed.items():
                    runs[name].append(run)
            progress(describe_progress(how, number, time.perf_counter() - begun))
            if number > 0 and plan.is_enough(how, number, lambda: estimates(list(runs.values()))):
                break
    except KeyboardInterrupt:
        if not all(runs.values()):
            raise
        raise Interrupted(list(runs.values())) from None
    return list(runs.values())


def _run_one(command: Sequence[str], environment: Mapping[str, str], cold_files: Sequence[str]) -> measure.Run:
    measure.evict(cold_files)
    return measure.run_once(command, environment)


def describe_progress(how: plan.Plan, number: int, seconds: float) -> str:
    """Where a run of rounds is, and how long it may still take."""
    if number <= 0:
        return "warm-up"
    done = number + how.warmups
    left = seconds / done * (how.limit - number)
    most = "at most " if how.pairs is None else ""
    return f"round {number} of {most}{how.limit}, {most}{left:.0f} s left"


def estimates(timings: Sequence[Sequence[measure.Run]]) -> list[statistics.Estimate]:
    """Compare each side but the first with the first."""
    stock, *changed = ([run.seconds for run in runs] for runs in timings)
    return [statistics.paired_ratio(stock, seconds) for seconds in changed]


def _side(
    variant: launcher.Variant,
    accounts: tuple[identity.Account, identity.Account],
    timings: tuple[Sequence[measure.Run], Sequence[measure.Run]],
    counter: "_Counter",
) -> Side:
    """Put one variant's results together; of each pair the first is stock's."""
    found = identity.differences(*accounts)
    if variant.active and not accounts[1].active:
        found.append("fastimport was not active when the program ended")
    return Side(
        name=variant.name,
        seconds=tuple(run.seconds for run in timings[1]),
        cpu_seconds=tuple(run.cpu_seconds for run in timings[1] if run.cpu_seconds is not None),
        estimate=None if timings[0] is timings[1] else estimates(timings)[0],
        system_calls=counter.system_calls(variant),
        instructions=counter.instructions(variant),
        peak_bytes=accounts[1].peak_bytes,
        modules=len(accounts[1].modules),
        differences=tuple(found),
    )


class _Counter:
    """Counts with the tools that are there, and notes which are not."""

    def __init__(self, program: launcher.Program, options: Options) -> None:
        self.program = program
        self.options = options
        self.notes: list[str] = []

    def system_calls(self, variant: launcher.Variant) -> dict[str, int] | None:
        return self._try(counting.count_system_calls, variant) if self.options.counts else None

    def instructions(self, variant: launcher.Variant) -> int | None:
        if self.options.callgrind:
            return self._try(counting.count_instructions_exactly, variant)
        return self._try(counting.count_instructions, variant) if self.options.counts else None

    def _try(self, count: "Callable[[Sequence[str], Mapping[str, str]], T]", variant: launcher.Variant) -> "T | None":
        try:
            return count(launcher.command(self.program, variant), launcher.environment(variant))
        except counting.Unavailable as reason:
            self.notes.append(str(reason))
            return None


def _conditions(account: identity.Account, how: plan.Plan, pairs: int, cold_files: Sequence[str]) -> dict[str, str]:
    return conditions_of_machine() | {
        "file system": file_systems.identify(os.path.dirname(os.__file__)).kind,
        "page cache": _cache_state(cold_files),
        "rounds": describe_rounds(how, pairs),
        "path entries": str(account.path_entries),
    }


def conditions_of_machine() -> dict[str, str]:
    """Which Python, on which machine."""
    version = f"{platform.python_implementation()} {platform.python_version()}"
    return {
        "Python": version + (" free-threaded" if not getattr(sys, "_is_gil_enabled", lambda: True)() else ""),
        "machine": f"{platform.system()} {platform.machine()}, {os.cpu_count()} processors",
    }


def describe_rounds(how: plan.Plan, pairs: int) -> str:
    """How many rounds there were, in which order."""
    return f"{pairs} timed after {how.warmups} warm-up, order drawn with seed {how.seed}"


def business() -> list[str]:
    """A note if the machine has other work to do."""
    load = os.getloadavg()[0] if hasattr(os, "getloadavg") else 0.0
    processors = os.cpu_count() or 1
    if load <= processors:
        return []
    return [f"the machine had other work to do (a load above {processors} on {processors} processors): times spread widely"]


def _cache_state(cold_files: Sequence[str]) -> str:
    if not cold_files:
        return "warm"
    measure.evict(cold_files)
    stayed = measure.count_cached(cold_files)
    measure.evict(cold_files)
    kept = "" if stayed is None else f", {stayed} of them stayed cached"
    return f"evicted before each run: {counted(len(cold_files), 'file')}{kept}; directory entries and inodes stay"
