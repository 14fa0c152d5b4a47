"""What may be concluded from paired timings: pure functions, no clock and no process.

The unit is the pair: a run of each side, taken close together.  The estimate is the median of the pairs' ratios,
its interval the wider, on either side, of two: the percentile bootstrap, and the one between the order statistics
that the sign test gives.  The bootstrap alone is too sure of itself on few pairs (at seven, its 95 % interval of a
median covers 87 %), and a false "faster" costs more than a missed one.
"""

import math
import random
import statistics
from collections.abc import Sequence
from typing import NamedTuple

CONFIDENCE = 0.95
FEWEST_PAIRS = 6
"""Below six pairs not even the span from the smallest to the largest ratio is a 95 % interval of the median."""

RESAMPLES = 2000


class Spread(NamedTuple):
    """Median and interquartile range of some values, in their unit."""

    median: float
    iqr: float


class Estimate(NamedTuple):
    """A ratio (with ÷ without) and its interval at `CONFIDENCE`, from so many pairs."""

    ratio: float
    low: float
    high: float
    pairs: int


def spread(values: Sequence[float]) -> Spread:
    """Return the median and the interquartile range (0 for a single value)."""
    first, third = quartiles(values)
    return Spread(statistics.median(values), third - first)


def quartiles(values: Sequence[float]) -> tuple[float, float]:
    """Return the ends of the middle half of *values*."""
    if len(values) < 2:
        return values[0], values[0]
    first, _, third = statistics.quantiles(values, n=4, method="inclusive")
    return first, third


def paired_ratio(baseline: Sequence[float], changed: Sequence[float], *, seed: int = 0) -> Estimate:
    """Return the median of ``changed[i] / baseline[i]`` with its interval.

    Raises `ValueError` for no pairs or sides of different length.
    """
    ratios = sorted(after / before for before, after in zip(baseline, changed, strict=True))
    if not ratios:
        raise ValueError("no pairs to compare")
    lows, highs = zip(_bootstrap_median(ratios, seed), _order_statistics(ratios), strict=True)
    return Estimate(statistics.median(ratios), min(lows), max(highs), len(ratios))


def verdict(estimate: Estimate) -> str:
    """Say in plain words what the interval allows to say."""
    if estimate.pairs < FEWEST_PAIRS:
        return f"too few pairs to tell (at least {FEWEST_PAIRS} are needed)"
    if estimate.high < 1:
        return "faster by " + _percent(1 - estimate.ratio, 1 - estimate.high, 1 - estimate.low)
    if estimate.low > 1:
        return "slower by " + _percent(estimate.ratio - 1, estimate.low - 1, estimate.high - 1)
    return "no difference that can be told from noise"


def geometric_mean(ratios: Sequence[float]) -> float:
    """Return the mean that treats twice as fast and half as fast as opposites."""
    return math.exp(math.fsum(map(math.log, ratios)) / len(ratios))


def _percent(middle: float, low: float, high: float) -> str:
    digits = 0 if middle >= 0.1 else 1
    return f"{middle * 100:.{digits}f} % ({low * 100:.{digits}f} to {high * 100:.{digits}f})"


def _bootstrap_median(ratios: Sequence[float], seed: int) -> tuple[float, float]:
    generator = random.Random(seed)
    size = len(ratios)
    medians = sorted(statistics.median(generator.choices(ratios, k=size)) for _ in range(RESAMPLES))
    tail = (1 - CONFIDENCE) / 2
    return medians[math.floor(tail * RESAMPLES)], medians[math.ceil((1 - tail) * RESAMPLES) - 1]


def _order_statistics(ordered: Sequence[float]) -> tuple[float, float]:
    """The narrowest pair of values, equally far from both ends, that covers the median often enough."""
    size = len(ordered)
    outside = 0.0
    rank = 0
    while rank < size // 2:
        outside += 2 * math.comb(size, rank) / 2**size
        if outside > 1 - CONFIDENCE:
            break
        rank += 1
    return ordered[max(rank - 1, 0)], ordered[size - max(rank, 1)]
