"""A look-up on search paths of 3 to 1000 entries, with a snapshot of the path: does its cost grow?

    python benchmarks/snapshot_paths.py [--json FILE]

Nanoseconds of one `find_spec`, the best of several batches; "growth" is over the shortest path.  The answers are compared with
importlib's.
"""

import argparse
import gc
import sys
import tempfile
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

from instruments import results, search_paths

import fastimport
from fastimport.snapshot import store
from fastimport.snapshot.build import build

LENGTHS = (3, 30, 300, 1000)
LEVELS = ("trusted", "frozen")
BATCHES, SECONDS = 7, 0.02
HEADINGS = ("what", "level", *map(str, LENGTHS), "growth", "importlib at 3", f"importlib at {LENGTHS[-1]}")


def best_ns(call: Callable[[], object]) -> float:
    """Return the nanoseconds of one call, the best batch of `BATCHES`, without garbage collections, as timeit does."""
    call()
    count, elapsed = 1, 0.0
    gc.collect()
    gc.disable()
    try:
        while elapsed < SECONDS:
            count *= 2
            elapsed = _batch(call, count)
        return min(_batch(call, count) for _ in range(BATCHES)) / count * 1e9
    finally:
        gc.enable()


def _batch(call: Callable[[], object], count: int) -> float:
    started = time.perf_counter()
    for _ in range(count):
        call()
    return time.perf_counter() - started


@contextmanager
def active(level: str, path: search_paths.SearchPath, snapshot: str) -> Iterator[type]:
    """Put *level* in charge with a snapshot, or importlib."""
    with search_paths.active("importlib", path.entries):
        if level == "importlib":
            yield search_paths.importlib.machinery.PathFinder
            return
        fastimport.install(freshness=level, snapshot=snapshot)
        try:
            yield fastimport.PathFinder
        finally:
            fastimport.uninstall()


def measured(root: Path) -> dict[tuple[str, str], list[float]]:
    """Return nanoseconds by question and level, one for each length.  Raises AssertionError if an answer is not importlib's."""
    found: dict[tuple[str, str], list[float]] = {}
    for length in LENGTHS:
        path = search_paths.build(root / str(length), length)
        snapshot = str(root / f"{length}.fastimport")
        store.save(build(path.entries), snapshot)
        for what, name in (("hit in the last", path.last), ("absent", path.absent)):
            expected = search_paths.expected(path.entries, name)
            for level in ("importlib", *LEVELS):
                with active(level, path, snapshot) as finder:
                    assert search_paths.answer(finder, name) == expected, (level, name)
                    found.setdefault((what, level), []).append(best_ns(lambda: finder.find_spec(name)))  # noqa: B023
    return found


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--json", metavar="FILE", help="write the result for the suite")
    arguments = parser.parse_args()
    with tempfile.TemporaryDirectory() as scratch:
        found = measured(Path(scratch))
    rows = [HEADINGS]
    for (what, level), each in found.items():
        if level != "importlib":
            stock = found[what, "importlib"]
            times = [f"{value:.0f} ns" for value in (*each, stock[0], stock[-1])]
            rows.append((what, level, *times[:-2], f"{each[-1] / each[0]:.2f}", *times[-2:]))
    figures = [
        results.seconds(f"{what}, {level}, {length} entries", value / 1e9, value / 1e9, value / 1e9)
        for (what, level), each in found.items()
        for length, value in zip(LENGTHS, each, strict=True)
    ]
    told = results.circumstances(rounds=f"the best of {BATCHES} batches of {SECONDS * 1000:g} ms")
    results.publish(results.Result([results.Table(rows)], figures, told), arguments.json)
    return 0


if __name__ == "__main__":
    sys.exit(main())
