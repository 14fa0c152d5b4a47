"""Start-up from the disk that is there, with nothing of the program in the page cache.

python benchmarks/cold_cache.py                   # files dropped with posix_fadvise, by any user
python benchmarks/cold_cache.py --drop-caches     # the kernel's caches dropped: root, and felt by the whole machine
"""

import argparse
import os
import sys
from collections.abc import Mapping, Sequence
from pathlib import Path
from statistics import median

from instruments import applications, levels, results

from fastimport.diagnosis.bench import launcher, measure, plan, recorded, report, session
from fastimport.diagnosis.bench.statistics import paired_ratio, quartiles

DROP_CACHES = Path("/proc/sys/vm/drop_caches")
SEED = 1


def evicted(program: launcher.Program, variants: Sequence[launcher.Variant], pairs: int) -> results.Result:
    """Measure as ``fastimport bench --cold`` does.

    Raises `AssertionError` if a side imported something else.
    """
    options = session.Options(cold=True, counts=False)
    comparison = session.compare(program, variants, plan.Plan(pairs=pairs, warmups=1), options)
    assert comparison.is_identical, comparison.sides
    return _result({side.name: side.seconds for side in comparison.sides}, comparison.conditions["page cache"], pairs)


def dropped(program: launcher.Program, variants: Sequence[launcher.Variant], pairs: int) -> results.Result:
    """Measure runs before each of which pages, directory entries and inodes are dropped.

    Raises `AssertionError` if a side imported something else.
    """
    comparison = session.compare(program, variants, plan.Plan(pairs=1, warmups=0), session.Options(counts=False))
    assert comparison.is_identical, comparison.sides
    by_name = {variant.name: variant for variant in variants}
    seconds: dict[str, list[float]] = {name: [] for name in by_name}
    for _, order in zip(range(pairs), plan.rounds(list(by_name), SEED)):
        for name in order:
            os.sync()
            DROP_CACHES.write_text("3")
            run = measure.run_once(launcher.command(program, by_name[name]), launcher.environment(by_name[name]))
            seconds[name].append(run.seconds)
    return _result(seconds, f"{DROP_CACHES} before each run", pairs)


def _result(seconds: Mapping[str, Sequence[float]], page_cache: str, pairs: int) -> results.Result:
    """Compare each side's seconds with those of the first."""
    stock_name, *names = seconds
    stock = seconds[stock_name]
    estimates = {name: paired_ratio(stock, seconds[name]) for name in names}
    rows = [("level", "time", "middle half", "ratio (95 %)")]
    for name, each in seconds.items():
        half = " to ".join(map(report.milliseconds, quartiles(each)))
        rows.append((name, report.milliseconds(median(each)), half, report.ratio(estimates.get(name))))
    figures = [results.ratio(name, estimate) for name, estimate in estimates.items()]
    figures.append(results.seconds(stock_name, median(stock), *quartiles(stock)))
    told = results.circumstances(page_cache=page_cache, rounds=f"{pairs}, order drawn with seed {SEED}")
    return results.Result([results.Table(rows)], figures, told, data=dict(seconds))


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--application", default=applications.DJANGO_ADMIN.name)
    parser.add_argument("--drop-caches", action="store_true")
    parser.add_argument("--levels", default=",".join((*launcher.LEVELS, *launcher.SNAPSHOT_LEVELS)), metavar="LIST")
    parser.add_argument("--pairs", type=int, default=10, metavar="N")
    parser.add_argument("--json", metavar="FILE", help="write the result for the suite")
    arguments = parser.parse_args()
    chosen = {each.name: each for each in applications.ALL}[arguments.application]
    if absent := applications.missing(chosen):
        print(f"{chosen.name}: not installed here: {', '.join(absent)}", file=sys.stderr)
        return 2
    if arguments.drop_caches and not os.access(DROP_CACHES, os.W_OK):
        print(f"{DROP_CACHES} can't be written: it takes Linux and root", file=sys.stderr)
        return 2
    variants = levels.variants(arguments.levels)
    program = launcher.Program("code", chosen.code)
    with recorded.resolved(variants, program) as sides:
        result = (dropped if arguments.drop_caches else evicted)(program, sides, arguments.pairs)
    results.publish(result._replace(tables=[each._replace(title=chosen.name) for each in result.tables]), arguments.json)
    return 0


if __name__ == "__main__":
    sys.exit(main())
