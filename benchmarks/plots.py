"""Plots of the scaling benchmarks, made from the JSON files of one run of the suite.

    python -m pip install -r benchmarks/requirements.txt
    python benchmarks/plots.py RESULTS [DIRECTORY]

Dots are medians, bars the middle half of the runs, lines the fits; both axes start at zero.
"""

import argparse
import importlib.util
import sys
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from instruments import results

from fastimport.diagnosis.bench.statistics import quartiles, spread

PLOTS = {
    "search-paths.svg": ("search-paths", "Start-up against the length of the search path"),
    "scaling-law.svg": ("scaling-law", "Start-up against modules, path entries, latency and processes"),
}
COLOURS = {"stock": "#b3261e", "checked": "#2463a8", "trusted": "#1b7f4b", "frozen": "#6d3fa8"}


class Unavailable(RuntimeError):
    """matplotlib is not installed."""


def draw(directory: Path, target: Path) -> list[str]:
    """Draw what the results in *directory* allow into *target*; return the files' names.

    Raises `Unavailable` without matplotlib.
    """
    if importlib.util.find_spec("matplotlib") is None:
        raise Unavailable("matplotlib is not installed; benchmarks/requirements.txt names it")
    drawn = []
    for name, (source, _) in PLOTS.items():
        path = directory / f"{source}.json"
        if path.exists():
            _draw_series(results.load(path).data["series"], target / name)
            drawn.append(name)
    return drawn


def _draw_series(series: Sequence[Mapping[str, Any]], path: Path) -> None:
    """One panel for each series: its sizes, its unit, and each side's seconds at each size."""
    import matplotlib

    matplotlib.use("svg")
    # The same figures give the same file.
    matplotlib.rcParams.update({"svg.hashsalt": "fastimport", "font.size": 9})
    from matplotlib.figure import Figure

    columns = 2
    figure = Figure(figsize=(9, 3.2 * -(-len(series) // columns)), layout="constrained")
    for number, each in enumerate(series, 1):
        _draw_panel(figure.add_subplot(-(-len(series) // columns), columns, number), each)
    figure.savefig(path, format="svg", metadata={"Date": None})


def _draw_panel(axes: Any, series: Mapping[str, Any]) -> None:
    sizes = series["sizes"]
    for side, seconds in series["seconds"].items():
        medians = [spread(values).median for values in seconds]
        bars = [[abs(middle - end) for middle, end in zip(medians, ends)] for ends in zip(*map(quartiles, seconds))]
        colour = COLOURS.get(side)
        axes.errorbar(sizes, medians, yerr=bars, fmt="o", markersize=3, capsize=2, color=colour, label=side)
        slope, start = series["fits"][side]
        axes.plot([0, max(sizes)], [start, start + slope * max(sizes)], linewidth=1, color=colour)
    axes.set_xlabel(series["label"])
    axes.set_ylabel("seconds")
    axes.set_xlim(left=0)
    axes.set_ylim(bottom=0)
    axes.legend(frameon=False)


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("results", type=Path, metavar="RESULTS")
    parser.add_argument("target", type=Path, nargs="?", metavar="DIRECTORY", help="default: RESULTS")
    arguments = parser.parse_args()
    try:
        print("\n".join(draw(arguments.results, arguments.target or arguments.results)))
    except (Unavailable, results.Malformed) as reason:
        print(f"plots: {reason}", file=sys.stderr)
        return 2
    return 0


if __name__ == "__main__":
    sys.exit(main())
