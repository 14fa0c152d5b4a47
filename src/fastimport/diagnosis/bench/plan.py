"""Which variant runs when, and when there have been enough runs."""

import random
from collections.abc import Callable, Iterator, Sequence
from typing import NamedTuple

from fastimport.diagnosis.bench.statistics import Estimate

FIRST_LOOK = 10
LOOK_EVERY = 5


class Plan(NamedTuple):
    """How a comparison is run.

    With ``pairs`` set, exactly so many rounds are timed; without, until every ratio's interval is narrower than
    ``narrow_enough`` (a fraction of the ratio), and at most ``most_pairs``.
    """

    pairs: int | None = None
    warmups: int = 2
    seed: int = 1
    narrow_enough: float = 0.02
    most_pairs: int = 60

    @property
    def limit(self) -> int:
        return self.most_pairs if self.pairs is None else self.pairs


def rounds(variants: Sequence[str], seed: int) -> Iterator[tuple[str, ...]]:
    """Yield rounds without end, each with every variant once, in an order drawn anew.

    Interleaving makes a slow drift of the machine hit all sides alike; the random order keeps one side from
    always running just after the other.
    """
    generator = random.Random(seed)
    while True:
        yield tuple(generator.sample(variants, len(variants)))


def is_enough(plan: Plan, timed: int, estimates: Callable[[], Sequence[Estimate]]) -> bool:
    """Return whether to stop after *timed* rounds; *estimates* gives the ratios so far.

    The width of the interval decides, never its position: stopping as soon as a difference shows would find
    differences where there are none.  For the same reason it is looked at only now and then.
    """
    if timed >= plan.limit:
        return True
    if plan.pairs is not None or timed < FIRST_LOOK or timed % LOOK_EVERY:
        return False
    return all(estimate.high - estimate.low <= plan.narrow_enough * estimate.ratio for estimate in estimates())
