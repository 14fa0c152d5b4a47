"""What fastimport saves on a program: measured without recording, with and without in turns."""

import os
import statistics
from collections.abc import Callable

from fastimport.diagnosis.bench import launcher, measure, plan
from fastimport.diagnosis.bench.statistics import paired_ratio
from fastimport.diagnosis.record.model import Saving


def _environment(variant: launcher.Variant) -> dict[str, str]:
    """As it is: unlike ``bench``, this measures the program as it is started, PYTHONDONTWRITEBYTECODE and all."""
    kept = {name: value for name, value in os.environ.items() if name != "FASTIMPORT"}
    return kept if variant.active else {**kept, "FASTIMPORT": "0"}


def measure_saving(program: launcher.Program, level: str, pairs: int, progress: Callable[[str], None]) -> Saving:
    """Time whole processes, `pairs` of each, in random order. Raises `ProgramFailed`, as a failing program has no time."""
    variants = {"stock": launcher.STOCK, level: launcher.variant_for_level(level)}
    prepared = {name: (launcher.command(program, each), _environment(each)) for name, each in variants.items()}
    seconds: dict[str, list[float]] = {name: [] for name in variants}
    for number, order in enumerate(plan.rounds(list(variants), seed=1)):
        progress(f"measuring what fastimport saves, {number} of {pairs}" if number else "warming up")
        for name in order:
            run = measure.run_once(*prepared[name])
            if number:
                seconds[name].append(run.seconds)
        if number == pairs:
            break
    stock, ours = seconds["stock"], seconds[level]
    estimate = paired_ratio(stock, ours)
    return Saving(
        level, statistics.median(stock), statistics.median(ours), estimate.ratio, estimate.low, estimate.high, estimate.pairs
    )
