"""The scaling law: a few coefficients for each side, fitted to measurements, and what they predict elsewhere.

    T = t + m M + e E + n (c + f L)     where     n = o + p M + q E

for an application of M modules in `generate.PACKAGES` top-level packages that are spread evenly over E path entries, on a file
system where each of n operations takes the latency L.  Pure arithmetic: `scaling_law` measures.
"""

from collections.abc import Mapping, Sequence
from statistics import linear_regression, median
from typing import NamedTuple

Series = Mapping[float, Sequence[float]]
"""Seconds of all runs, by size."""


class Point(NamedTuple):
    """An application and where it is: modules, path entries, and seconds for each operation of the file system."""

    modules: int
    entries: int
    latency: float = 0.0

    def __str__(self) -> str:
        where = f"{self.latency * 1e3:g} ms" if self.latency else "no latency"
        return f"{self.modules:,} modules, {self.entries:,} entries, {where}"


class Operations(NamedTuple):
    """File-system operations: of every start, for each module, for each entry."""

    start: float
    module: float
    entry: float

    def at(self, point: Point) -> float:
        return self.start + self.module * point.modules + self.entry * point.entries


class Law(NamedTuple):
    """One side's coefficients, in seconds: processor and local disk, and what the slow file system adds to each operation.

    ``overhead`` is what an operation costs there beside its latency, ``waited`` how much of the latency is waited for.
    """

    start: float
    module: float
    entry: float
    operations: Operations
    overhead: float
    waited: float

    def seconds(self, point: Point) -> float:
        """Return the predicted start-up."""
        local = self.start + self.module * point.modules + self.entry * point.entries
        if not point.latency:
            return local
        return local + self.operations.at(point) * (self.overhead + self.waited * point.latency)

    def seconds_of_many(self, point: Point, processes: int, servers: int, processors: int) -> float:
        """Return the predicted time until so many have started at once: what is scarce decides, file system or processors."""
        waiting = self.operations.at(point) * (self.overhead + self.waited * point.latency)
        local = self.seconds(point._replace(latency=0))
        return max(local + waiting, processes * waiting / servers, processes * local / processors)

    def formula(self) -> str:
        """Return the law with its numbers, in ms and microseconds as they come."""
        n = self.operations
        local = f"{self.start * 1e3:.1f} ms + {self.module * 1e6:.1f} us x M + {self.entry * 1e6:.1f} us x E"
        counted = f"{n.start:.0f} + {n.module:.2f} x M + {n.entry:.2f} x E"
        return f"{local} + ({counted}) x ({self.overhead * 1e6:.0f} us + {self.waited:.2f} x L)"


def line(series: Series) -> tuple[float, float]:
    """Return slope and intercept of the least-squares line through the medians."""
    slope, intercept = linear_regression(list(series), [median(values) for values in series.values()])
    return slope, intercept


def operations(counted: Mapping[Point, float]) -> Operations:
    """Return what three counts say: a first, one with more modules, and one with more entries.

    Raises `ValueError` if the second and third differ from the first in anything else.
    """
    (base, few), (larger, of_modules), (longer, of_entries) = counted.items()
    if larger.entries != base.entries or longer.modules != base.modules:
        raise ValueError(f"one thing at a time: {base}; {larger}; {longer}")
    module = (of_modules - few) / (larger.modules - base.modules)
    entry = (of_entries - few) / (longer.entries - base.entries)
    return Operations(few - module * base.modules - entry * base.entries, module, entry)


def local_fit(modules: tuple[int, Series], entries: Series, counted: Operations) -> Law:
    """Return the law of one side without latency: each operation waits for what it says, and costs nothing besides.

    *modules* is the series over modules with the number of entries that it was measured at, *entries* the one over entries.
    """
    at_entries, over_modules = modules
    module, at_none = line(over_modules)
    entry, _ = line(entries)
    return Law(at_none - entry * at_entries, module, entry, counted, 0.0, 1.0)


def with_file_system(laws: Mapping[str, Law], point: Point, latency: Mapping[str, Series]) -> dict[str, Law]:
    """Return the laws of all sides with what an operation costs on the file system of the series *latency* over seconds.

    That is a property of the file system, whoever asks: one line through the times per operation of all sides.
    """
    latencies, each_costs = [], []
    for name, series in latency.items():
        local, number = laws[name].seconds(point._replace(latency=0)), laws[name].operations.at(point)
        for seconds, values in series.items():
            latencies.append(seconds)
            each_costs.append((median(values) - local) / number)
    waited, overhead = linear_regression(latencies, each_costs)
    return {name: each._replace(overhead=overhead, waited=waited) for name, each in laws.items()}
