"""Real applications with and without fastimport: one table, and the geometric mean of the ratios.

    python benchmarks/macro.py                          # everything that is installed
    python benchmarks/macro.py --levels trusted --pairs 20 --pyperf times.json pandas SymPy

"CPU" is the ratio of processor times, which a machine with other work to do disturbs less.
"""

import argparse
import json
import sys
from collections.abc import Iterable, Sequence

from instruments import applications, levels, programs, results

from fastimport.diagnosis.bench import counting, launcher, measure, plan, pyperf_json, recorded, report, session
from fastimport.diagnosis.bench.statistics import geometric_mean, paired_ratio, spread, verdict

# Measured beside the applications, and not part of their mean.
OTHERS = tuple(each.name for each in (applications.STANDARD_LIBRARY, applications.NOTHING, applications.ONE_MODULE))

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
    variants = levels.variants(arguments.levels)
    how = plan.Plan(pairs=arguments.pairs, warmups=1)
    options = session.Options(cold=arguments.cold)
    names = set(arguments.applications)
    comparisons = dict(measured([each for each in chosen if not names or each.name in names], variants, how, options))
    if not comparisons:
        print("None of the applications is installed.", file=sys.stderr)
        return 2
    results.publish(_result(comparisons), arguments.json)
    if arguments.pyperf:
        with open(arguments.pyperf, "w", encoding="utf-8") as file:
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


def _result(comparisons: dict[str, session.Comparison]) -> results.Result:
    """Put the table, the means and the conditions together."""
    rows = [row for name, comparison in comparisons.items() for row in _rows(name, comparison)]
    figures = [figure for name, comparison in comparisons.items() for figure in programs.figures(name, comparison)]
    tables = [results.Table([HEADINGS, *rows])]
    if comparisons.keys() - set(OTHERS):
        tables.append(results.Table([("geometric mean of the ratios", "ratio", "CPU", "applications"), *_means(comparisons)]))
    notes = [note for comparison in comparisons.values() for note in (*_differences(comparison), *comparison.notes)]
    first = next(iter(comparisons.values())).conditions
    told = results.circumstances(page_cache=first["page cache"], rounds=first["rounds"])
    data = {name: [side._asdict() for side in comparison.sides] for name, comparison in comparisons.items()}
    return results.Result(tables, figures, told, tuple(dict.fromkeys(notes)), data)


def _differences(comparison: session.Comparison) -> Iterable[str]:
    for side in comparison.sides:
        yield from (f"DIFFERENT under {side.name}: {each}" for each in side.differences[: report.MOST_DIFFERENCES])


def _means(comparisons: dict[str, session.Comparison]) -> Iterable[Sequence[str]]:
    """One row for each side, over the real applications."""
    real = [each for name, each in comparisons.items() if name not in OTHERS]
    for index, side in enumerate(real[0].sides[1:], 1) if real else ():
        ratios = [each.sides[index].estimate.ratio for each in real]
        sides = [(each.sides[0].cpu_seconds, each.sides[index].cpu_seconds) for each in real]
        cpu = [paired_ratio(*pair).ratio for pair in sides if all(pair)]
        yield side.name, f"{geometric_mean(ratios):.3f}", f"{geometric_mean(cpu):.3f}" if cpu else "-", str(len(real))


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
    parser.add_argument("--pyperf", metavar="FILE", help="write the times for pyperf")
    parser.add_argument("--json", metavar="FILE", help="write the result for the suite")
    arguments = parser.parse_args()
    unknown = set(arguments.applications) - {each.name for each in chosen}
    if unknown:
        parser.error(f"no such application: {', '.join(sorted(unknown))}")
    return arguments


if __name__ == "__main__":
    sys.exit(main())
