"""Everything that can make a start faster here, side by side: which of it is worth having, and how sure that is."""

from collections.abc import Sequence
from typing import NamedTuple

from fastimport.diagnosis.bench.launcher import SNAPSHOT_PLACE, STOCK, Variant
from fastimport.diagnosis.bench.session import Comparison, Side
from fastimport.diagnosis.bench.statistics import FEWEST_PAIRS, Estimate


class Lever(NamedTuple):
    """One side of the comparison: `arguments` of `fastimport.install`, and what a user types to have it."""

    name: str
    arguments: str
    meaning: str
    command: str

    @property
    def variant(self) -> Variant:
        """How it is measured."""
        return Variant(self.name, f"import fastimport; fastimport.install({self.arguments}); del fastimport", True)


_SNAPSHOT = f"snapshot={SNAPSHOT_PLACE!r}"
LEVERS = (
    Lever("finder", "", "modules are found and read by compiled code", "fastimport exec -- CMD"),
    Lever("waiting collector", "collector='deferred'", "and garbage is collected after the start", "fastimport exec -- CMD"),
    Lever("snapshot", f"{_SNAPSHOT}, collector='deferred'", "and code comes from one mapped file, checked as importlib checks",
          "fastimport build, then fastimport exec -- CMD"),
    Lever("frozen snapshot", f"freshness='frozen', {_SNAPSHOT}, collector='deferred'", "and that file is believed: for images",
          "fastimport build, then fastimport exec --freshness frozen -- CMD"),
    Lever("huge pages", f"freshness='frozen', {_SNAPSHOT}, collector='deferred', arenas='huge'",
          "and memory for small objects comes in huge pages: up to 2 MB more of it",
          "fastimport build, then fastimport exec --freshness frozen --arenas huge -- CMD"),
)  # fmt: skip


def variants() -> list[Variant]:
    """Stock, then each lever with those before it."""
    return [STOCK, *(lever.variant for lever in LEVERS)]


def best(comparison: Comparison) -> Lever | None:
    """The first lever that is surely faster than stock, and than which no later one is surely faster; None: none is."""
    chosen: tuple[Lever, Estimate] | None = None
    for lever, side in zip(LEVERS, comparison.sides[1:], strict=True):
        estimate = side.estimate
        if estimate is None or estimate.pairs < FEWEST_PAIRS or side.differences or estimate.high >= 1:
            continue
        if chosen is None or estimate.high < chosen[1].low:
            chosen = lever, estimate
    return None if chosen is None else chosen[0]


def in_words(estimate: Estimate | None) -> str:
    """``18 % faster (15 to 21)``; what can't be told is said."""
    if estimate is None:
        return ""
    if estimate.low <= 1 <= estimate.high:
        return f"no difference that can be told ({_signed(estimate.low)} to {_signed(estimate.high)} %)"
    faster = estimate.ratio < 1
    ends = sorted(abs(1 - end) * 100 for end in (estimate.low, estimate.high))
    return f"{abs(1 - estimate.ratio) * 100:.0f} % {'faster' if faster else 'slower'} ({ends[0]:.0f} to {ends[1]:.0f})"


def _signed(ratio: float) -> str:
    return f"{(ratio - 1) * 100:+.0f}"


def table(sides: Sequence[Side]) -> list[tuple[str, float, str, str]]:
    """Name, median seconds, comparison in words, and meaning of each side."""
    meanings = ["as it is", *(lever.meaning for lever in LEVERS)]
    rows = []
    for side, meaning in zip(sides, meanings, strict=True):
        seconds = sorted(side.seconds)[len(side.seconds) // 2]
        rows.append((side.name, seconds, in_words(side.estimate), meaning))
    return rows
