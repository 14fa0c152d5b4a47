"""How start-up grows with the number of modules and of path entries: measured at several sizes, with a fitted slope.

    python benchmarks/scaling.py [--full] [--pairs N]

The slope is the least-squares line through the medians; ``--full`` goes to 5,000 modules and 2,000 entries.
"""

import argparse
import statistics
import sys
import tempfile
from collections.abc import Callable, Sequence
from pathlib import Path

import generate

from fastimport.startup.bench import launcher, plan, report, session
from fastimport.startup.bench.statistics import spread

MODULES = (500, 1000, 2000)
MORE_MODULES = (5000,)
ENTRIES = (3, 30, 300)
MORE_ENTRIES = (1000, 2000)
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


def table(kind: str, unit: str, sizes: Sequence[int], comparisons: Sequence[session.Comparison]) -> str:
    """Lay a series out: a row for each size, and the slope of each side."""
    names = [side.name for side in comparisons[0].sides]
    rows = [[f"{unit}, {kind}", *names, *(f"{name} / stock" for name in names[1:])]]
    for size, comparison in zip(sizes, comparisons, strict=True):
        medians = [report.milliseconds(spread(side.seconds).median) for side in comparison.sides]
        rows.append([str(size), *medians, *(report.ratio(side.estimate) for side in comparison.sides[1:])])
    slopes = [slope(sizes, [each.sides[index] for each in comparisons]) for index in range(len(names))]
    cells = [f"{value * 1e6:.1f} us" for value in slopes]
    rows.append([f"each of the {unit} adds", *cells, *(f"{value / slopes[0]:.3f}" for value in slopes[1:])])
    return report.table(rows)


def slope(sizes: Sequence[int], sides: Sequence[session.Side]) -> float:
    """Return seconds per unit of size."""
    return statistics.linear_regression(sizes, [spread(side.seconds).median for side in sides]).slope


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--pairs", type=int, default=7, metavar="N")
    parser.add_argument("--full", action="store_true", help="the largest sizes too: some minutes more")
    arguments = parser.parse_args()
    how = plan.Plan(pairs=arguments.pairs, warmups=1)
    modules = MODULES + (MORE_MODULES if arguments.full else ())
    entries = ENTRIES + (MORE_ENTRIES if arguments.full else ())
    for kind in generate.SHAPES:
        print(table(kind, "modules", modules, series(generate.application, kind, modules, how)), end="\n\n")
    for kind in generate.PATHS:
        found = series(generate.search_path, kind, entries, how)
        print(table(kind, "entries", entries, found), end="\n\n")
    print(f"imports from each search path: {generate.IMPORTS}")
    print("\n".join(f"{name}: {value}" for name, value in found[0].conditions.items() if name != "path entries"))
    return 0


if __name__ == "__main__":
    sys.exit(main())
