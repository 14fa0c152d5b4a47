"""What one look-up costs, measured here and now: importlib beside each level of fastimport."""

import statistics
import sys
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from time import perf_counter
from typing import Any, NamedTuple

from fastimport.finding import finder
from fastimport.settings import FRESHNESS

REPEATS = 7
LEAST_SECONDS = 0.002
LEVELS = tuple(level for level in FRESHNESS if level in ("checked", "trusted"))
"""The levels that need no snapshot."""


class Cost(NamedTuple):
    """Seconds for one look-up by ``PathFinder.find_spec``: the first, with nothing known, and the median of later ones."""

    finder: str
    first: float
    later: float


def measure(name: str, path: Sequence[Any] | None) -> list[Cost]:
    """Look `name` up on `path` (None: ``sys.path``) with importlib, then with fastimport at each level.

    Each has an importer cache of its own. fastimport is left out where it can't work.
    """
    costs = [_cost("importlib", finder.StockPathFinder, name, path)]
    for level in LEVELS:
        cls = _finder_at(level)
        if cls is not None:
            costs.append(_cost(f"fastimport {level}", cls, name, path))
    return costs


def _finder_at(level: str) -> Any:
    """A PathFinder with a resolver of its own, so that nobody else's settings or counts change."""
    resolver = finder.make_resolver()
    if resolver is None or resolver.reason is not None:
        return None
    cls = type("PathFinder", (finder.StockPathFinder,), finder.methods_for(resolver))
    finder.serve(resolver, cls, finder.StockPathFinder)
    finder.set_freshness(resolver, level)
    return cls


def _cost(label: str, cls: Any, name: str, path: Sequence[Any] | None) -> Cost:
    with _empty_importer_cache():
        ask = _question(cls, name, path)
        first = _seconds(ask, 1)
        ask()  # trusted makes its index of a long path at the second search
        count = max(1, int(LEAST_SECONDS / max(_seconds(ask, 1), 1e-7)))
        later = statistics.median(_seconds(ask, count) / count for _ in range(REPEATS))
    return Cost(label, first, later)


def _question(cls: Any, name: str, path: Sequence[Any] | None) -> Callable[[], object]:
    def ask() -> object:
        try:
            return cls.find_spec(name, path)
        except Exception as error:  # a look-up that fails costs time too
            return error

    return ask


def _seconds(function: Callable[[], object], count: int) -> float:
    start = perf_counter()
    for _ in range(count):
        function()
    return perf_counter() - start


@contextmanager
def _empty_importer_cache() -> Iterator[None]:
    before = sys.path_importer_cache
    sys.path_importer_cache = {}
    try:
        yield
    finally:
        sys.path_importer_cache = before
