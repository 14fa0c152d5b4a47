"""Real applications with and without fastimport: one table, and the geometric mean of the ratios.

    python benchmarks/macro.py                          # everything that is installed
    python benchmarks/macro.py --levels trusted --pairs 20 --json macro.json pandas SymPy

"CPU" is the ratio of processor times, which a machine with other work to do disturbs less.
"""

import argparse
import json
import sys
from collections.abc import Iterable, Sequence

import applications

from fastimport.startup.bench import counting, launcher, measure, plan, pyperf_json, recorded, report, session
from fastimport.startup.bench.statistics import geometric_mean, spread, verdict

HEADINGS = (
    "application",
    "level",
    "modules",
    "identical",
    "file calls",
    "with",
    "time",
    "with",
    "ratio (95 %)",
    "CPU",
    "verdict",
)


def main(chosen: Sequence[applications.Application] = applications.ALL, *, pairs: int = 15) -> int:
    """Measure *chosen* (the command line may name fewer); exit status 1 if any answer differed."""
    arguments = _parse(chosen, pairs)
    variants = [launcher.STOCK, *map(launcher.variant_for_level, arguments.levels.split(","))]
    how = plan.Plan(pairs=arguments.pairs, warmups=1)
    options = session.Options(cold=arguments.cold)
    names = set(arguments.applications)
    comparisons = dict(measured([each for each in chosen if not names or each.name in names], variants, how, options))
    if not comparisons:
        print("None of the applications is installed.", file=sys.stderr)
        return 2
    show(comparisons)
    if arguments.json:
        with open(arguments.json, "w", encoding="utf-8") as file:
            json.dump(_suite(comparisons), file, indent=1)
    return 0 if all(comparison.is_identical for comparison in comparisons.values()) else 1


def measured(
    chosen: Iterable[applications.Application],
    variants: Sequence[launcher.Variant],
    how: plan.Plan,
    options: session.Options,
) -> Iterable[tuple[str, session.Comparison]]:
    """Yield each application that is installed with its comparison; say on stderr why the others are left out."""
    for application in chosen:
        absent = applications.missing(application)
        if absent:
            print(f"{application.name}: skipped, not installed here: {', '.join(absent)}", file=sys.stderr)
            continue
        print(f"{application.name}: measuring ...", file=sys.stderr, flush=True)
        try:
            program = launcher.Program("code", application.code)
            with recorded.resolved(variants, program) as sides:
                comparison = session.compare(program, sides, how, options)
            yield application.name, comparison
        except measure.ProgramFailed as error:
            print(f"{application.name}: skipped, it does not run here: {error}", file=sys.stderr)


def show(comparisons: dict[str, session.Comparison]) -> None:
    """Print the table, the means and the conditions."""
    rows = [row for name, comparison in comparisons.items() for row in _rows(name, comparison)]
    print(report.table([HEADINGS, *rows]))
    print()
    for name, comparison in comparisons.items():
        for side in comparison.sides:
            for difference in side.differences[: report.MOST_DIFFERENCES]:
                print(f"DIFFERENT {name}, {side.name}: {difference}")
    _show_means(list(comparisons.values()))
    any_comparison = next(iter(comparisons.values()))
    print("\n" + "\n".join(f"{name}: {value}" for name, value in any_comparison.conditions.items()))
    for note in dict.fromkeys(note for comparison in comparisons.values() for note in comparison.notes):
        print(f"note: {note}")


def _show_means(comparisons: Sequence[session.Comparison]) -> None:
    for index, side in enumerate(comparisons[0].sides[1:], 1):
        estimates = [comparison.sides[index].estimate for comparison in comparisons]
        mean = geometric_mean([estimate.ratio for estimate in estimates if estimate is not None])
        print(f"geometric mean of the ratios, {side.name}: {mean:.3f} over {len(comparisons)} applications")


def _rows(name: str, comparison: session.Comparison) -> Iterable[Sequence[str]]:
    stock, *others = comparison.sides
    for side in others:
        yield (
            name,
            side.name,
            str(stock.modules),
            "NO" if side.differences else "yes",
            _file_calls(stock),
            _file_calls(side),
            report.milliseconds(spread(stock.seconds).median),
            report.milliseconds(spread(side.seconds).median),
            report.ratio(side.estimate),
            report.cpu_ratio(stock, side),
            verdict(side.estimate) if side.estimate else "",
        )


def _file_calls(side: session.Side) -> str:
    return "-" if side.system_calls is None else str(counting.file_system_calls(side.system_calls))


def _suite(comparisons: dict[str, session.Comparison]) -> dict[str, object]:
    parts = [pyperf_json.suite(comparison._replace(program=name)) for name, comparison in comparisons.items()]
    return {"version": pyperf_json.FORMAT, "benchmarks": [each for part in parts for each in part["benchmarks"]]}


def _parse(chosen: Sequence[applications.Application], pairs: int) -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("applications", nargs="*", metavar="NAME", help=", ".join(each.name for each in chosen))
    parser.add_argument("--levels", default="checked,trusted", metavar="LIST")
    parser.add_argument("--pairs", type=int, default=pairs, metavar="N")
    parser.add_argument("--cold", action="store_true", help="drop the files from the page cache before each run")
    parser.add_argument("--json", metavar="FILE", help="write the times for pyperf")
    arguments = parser.parse_args()
    unknown = set(arguments.applications) - {each.name for each in chosen}
    if unknown:
        parser.error(f"no such application: {', '.join(sorted(unknown))}")
    return arguments


if __name__ == "__main__":
    sys.exit(main())
