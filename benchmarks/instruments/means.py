"""The mean of several programs' ratios, and how sure it is."""

import math
import random
from collections.abc import Sequence
from statistics import median

from fastimport.diagnosis.bench.statistics import CONFIDENCE, RESAMPLES, Estimate, geometric_mean

Pairs = tuple[Sequence[float], Sequence[float]]


def of_pairs(programs: Sequence[Pairs], seed: int = 0) -> Estimate:
    """Return the geometric mean of each program's median ratio, each given as the seconds without and with.

    The interval is a percentile bootstrap over the rounds of each program; programs are not drawn, so that it says how
    sure the mean of these programs is, and not that of others. Raises `ValueError` for none.
    """
    if not programs:
        raise ValueError("no programs to compare")
    ratios = [[after / before for before, after in zip(*pairs, strict=True)] for pairs in programs]
    generator = random.Random(seed)
    drawn = sorted(geometric_mean([_median_drawn(each, generator) for each in ratios]) for _ in range(RESAMPLES))
    tail = (1 - CONFIDENCE) / 2
    low, high = drawn[math.floor(tail * RESAMPLES)], drawn[math.ceil((1 - tail) * RESAMPLES) - 1]
    return Estimate(geometric_mean([median(each) for each in ratios]), low, high, min(map(len, ratios)))


def _median_drawn(ratios: Sequence[float], generator: random.Random) -> float:
    return median(generator.choices(ratios, k=len(ratios)))
