"""How start-up grows with the number of modules and of path entries: measured at several sizes, with a fitted slope.

    python benchmarks/scaling.py [--only modules|entries] [--full] [--pairs N] [--json FILE]

The slope is the least-squares line through the medians; ``--full`` goes to 5,000 modules and 2,000 entries.
What follows from them together with the latency of the file system and the number of processes: ``scaling_law.py``.
"""

import argparse
import statistics
import sys
import tempfile
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path

import generate
from instruments import results

from fastimport.diagnosis.bench import launcher, plan, report, session
from fastimport.diagnosis.bench.statistics import quartiles, spread

MODULES = (500, 1000, 2000)
MORE_MODULES = (5000,)
ENTRIES = (3, 30, 300, 1000)
MORE_ENTRIES = (2000,)
UNITS = ("modules", "entries")
OPTIONS = session.Options(counts=False)


def series(make: Callable[[Path, int, str], str], kind: str, sizes: Sequence[int], how: plan.Plan) -> list[session.Comparison]:
    """Compare all sides at each size.

    Raises `AssertionError` if one of them imported something else.
    """
    variants = [launcher.STOCK, *map(launcher.variant_for_level, launcher.LEVELS)]
    comparisons = []
    for size in sizes:
        print(f"{kind}, {size}: measuring ...", file=sys.stderr, flush=True)
        with tempfile.TemporaryDirectory() as directory:
            code = make(Path(directory, "application"), size, kind)
            script = Path(directory, "main.py")
            script.write_text(code)
            program = launcher.Program("script", str(script))
            comparison = session.compare(program, variants, how, OPTIONS)
        assert comparison.is_identical, comparison.sides
        comparisons.append(comparison)
    return comparisons


def table(kind: str, unit: str, sizes: Sequence[int], comparisons: Sequence[session.Comparison]) -> results.Table:
    """Lay a series out: a row for each size, and the slope of each side."""
    names = [side.name for side in comparisons[0].sides]
    rows = [[f"{unit}, {kind}", *names, *(f"{name} / stock" for name in names[1:])]]
    for size, comparison in zip(sizes, comparisons, strict=True):
        medians = [report.milliseconds(spread(side.seconds).median) for side in comparison.sides]
        rows.append([str(size), *medians, *(report.ratio(side.estimate) for side in comparison.sides[1:])])
    slopes = [fit(sizes, [each.sides[index] for each in comparisons])[0] for index in range(len(names))]
    cells = [f"{value * 1e6:.1f} us" for value in slopes]
    rows.append([f"each of the {unit} adds", *cells, *(f"{value / slopes[0]:.3f}" for value in slopes[1:])])
    return results.Table(rows)


def fit(sizes: Sequence[int], sides: Sequence[session.Side]) -> tuple[float, float]:
    """Return seconds per unit of size, and seconds at size 0."""
    return tuple(statistics.linear_regression(sizes, [spread(side.seconds).median for side in sides]))


def figures(kind: str, unit: str, sizes: Sequence[int], comparisons: Sequence[session.Comparison]) -> Iterator[results.Figure]:
    """Yield stock's time and each level's ratio to it, at each size."""
    for size, comparison in zip(sizes, comparisons, strict=True):
        stock, *others = comparison.sides
        yield results.seconds(f"{size} {unit}, {kind}, stock", spread(stock.seconds).median, *quartiles(stock.seconds))
        yield from (results.ratio(f"{size} {unit}, {kind}, {side.name}", side.estimate) for side in others if side.estimate)


def _drawable(kind: str, unit: str, sizes: Sequence[int], comparisons: Sequence[session.Comparison]) -> dict[str, object]:
    """Return a series as `plots` wants it."""
    seconds, fits = {}, {}
    for index, side in enumerate(comparisons[0].sides):
        sides = [each.sides[index] for each in comparisons]
        seconds[side.name] = [each.seconds for each in sides]
        fits[side.name] = fit(sizes, sides)
    return {"label": f"{unit}, {kind}", "sizes": sizes, "seconds": seconds, "fits": fits}


def main() -> int:
    arguments = _parse()
    how = plan.Plan(pairs=arguments.pairs, warmups=1)
    wanted = [(generate.application, kind, "modules", MODULES, MORE_MODULES) for kind in generate.SHAPES]
    wanted += [(generate.search_path, kind, "entries", ENTRIES, MORE_ENTRIES) for kind in generate.PATHS]
    tables, numbers, data = [], [], []
    for make, kind, unit, few, more in wanted:
        if unit not in arguments.only:
            continue
        sizes = few + (more if arguments.full else ())
        found = series(make, kind, sizes, how)
        tables.append(table(kind, unit, sizes, found))
        numbers += figures(kind, unit, sizes, found)
        data.append(_drawable(kind, unit, sizes, found))
    told = results.circumstances(page_cache="warm", rounds=found[0].conditions["rounds"])
    if "entries" in arguments.only:
        told["imports from each search path"] = str(generate.IMPORTS)
    results.publish(results.Result(tables, numbers, told, data={"series": data}), arguments.json)
    return 0


def _parse() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--pairs", type=int, default=7, metavar="N")
    parser.add_argument("--only", nargs="+", choices=UNITS, default=UNITS, metavar="SERIES", help=", ".join(UNITS))
    parser.add_argument("--full", action="store_true", help="the largest sizes too: some minutes more")
    parser.add_argument("--json", metavar="FILE", help="write the result for the suite")
    return parser.parse_args()


if __name__ == "__main__":
    sys.exit(main())
