"""The table of targets: thirteen applications, warm, with everything that a user can choose, and the nearest rival.

    python benchmarks/targets.py                          # 15 rounds, about twelve minutes
    python benchmarks/targets.py --minutes 6              # as many rounds as fit, at least six
    python benchmarks/targets.py --big                    # also programs of more than 1,500 modules (requirements-big.txt)
    python benchmarks/targets.py --pairs 3 --sides "frozen, deferred" SymPy

In each round each application is started once with each side, in an order drawn anew; a ratio is of the same round. A time
is that of the whole process, what fastimport itself costs and its end included; "exit excluded" ends with the last statement.
The peak of memory is from an untimed start. A mean is geometric, its interval from drawing the rounds of each application anew.
"""

import argparse
import sys
import time
from collections.abc import Iterator, Sequence
from contextlib import ExitStack
from pathlib import Path
from statistics import median
from typing import NamedTuple

from instruments import applications, means, nearest_rival, results, target_sides, whole_starts
from instruments.whole_starts import Start

from fastimport.diagnosis.bench import identity, launcher, measure, plan, report
from fastimport.diagnosis.bench.statistics import FEWEST_PAIRS, Estimate, paired_ratio

MEAN = "geometric mean"
EXCLUDED = "exit excluded"
STOCK = launcher.STOCK.name
SEED = 1
TARGETS = {
    target_sides.CHECKED: 0.85,
    target_sides.SNAPSHOT: 0.76,
    target_sides.FROZEN: 0.70,
    f"{target_sides.FROZEN} ÷ {target_sides.RIVAL}": 0.90,
    f"{target_sides.FROZEN_OFF} ÷ {target_sides.RIVAL_OFF}": 0.90,
}
SINGLE_TARGET, BIG_TARGET = 0.85, 0.72


class Measured(NamedTuple):
    """One application: its program, its sides, an account of each, and its starts, a list for each side."""

    application: applications.Application
    program: launcher.Program
    sides: list[launcher.Variant]
    accounts: dict[str, identity.Account]
    starts: dict[str, list[Start]]

    def estimate(self, name: str, baseline: str = STOCK, until_ready: bool = False) -> Estimate:
        """Return the ratio of two sides."""
        before, after = (self.times(side, until_ready) for side in (baseline, name))
        return paired_ratio(before, after)

    def times(self, side: str, until_ready: bool = False) -> list[float]:
        return [start.until_ready if until_ready else start.seconds for start in self.starts[side]]


def prepared(application: applications.Application, rival: Path | None, names: Sequence[str], stack: ExitStack) -> Measured:
    """Make the sides and see that they import the same.

    Raises `measure.ProgramFailed` if the application does not run here, `AssertionError` if a side differs.
    """
    print(f"{application.name}: preparing ...", file=sys.stderr, flush=True)
    program = launcher.Program("code", application.code)
    sides = stack.enter_context(target_sides.prepared(program, rival, names))
    accounts = target_sides.accounts(program, sides)
    return Measured(application, program, sides, accounts, {side.name: [] for side in sides})


def time_rounds(found: Sequence[Measured], pairs: int, minutes: float | None) -> int:
    """Time so many rounds, or as many as fit, after one that does not count; return how many."""
    orders = {each.application.name: plan.rounds([side.name for side in each.sides], SEED) for each in found}
    begun = time.monotonic()
    for number in range(pairs + 1):
        for each in found:
            told, by_name = whole_starts.telling(each.program), {side.name: side for side in each.sides}
            starts = {name: whole_starts.run(told, by_name[name]) for name in next(orders[each.application.name])}
            if number:
                for name, start in starts.items():
                    each.starts[name].append(start)
        spent = time.monotonic() - begun
        print(f"round {number} of {pairs}, {spent:.0f} s ...", file=sys.stderr, flush=True)
        if minutes and number >= FEWEST_PAIRS and spent * (number + 2) / (number + 1) > minutes * 60:
            return number
    return pairs


def headings(title: str) -> tuple[str, ...]:
    return (title, "side", "modules", "time", "with", "ratio (95 %)", EXCLUDED, "peak memory")


def rows(each: Measured) -> Iterator[tuple[str, ...]]:
    """Lay one application out."""
    stock = each.accounts[STOCK]
    for side in each.sides[1:]:
        account = each.accounts[side.name]
        has_peaks = stock.peak_bytes and account.peak_bytes
        yield (
            each.application.name,
            side.name,
            str(len(stock.modules)),
            report.milliseconds(median(each.times(STOCK))),
            report.milliseconds(median(each.times(side.name))),
            report.ratio(each.estimate(side.name)),
            report.ratio(each.estimate(side.name, until_ready=True)),
            f"{account.peak_bytes / stock.peak_bytes:.3f}" if has_peaks else "-",  # type: ignore[operator]
        )


def mean(found: Sequence[Measured], name: str, baseline: str = STOCK, until_ready: bool = False) -> Estimate | None:
    """Return the geometric mean over those that have both sides, or None if none has."""
    having = [each for each in found if {name, baseline} <= each.starts.keys()]
    pairs = [(each.times(baseline, until_ready), each.times(name, until_ready)) for each in having]
    return means.of_pairs(pairs) if pairs else None


def mean_rows(found: Sequence[Measured]) -> Iterator[tuple[str, Estimate, Estimate]]:
    """Yield what is compared, its mean with the end of the process, and without."""
    compared = [(name, STOCK) for name in (*target_sides.OURS, target_sides.RIVAL, target_sides.RIVAL_OFF)]
    for name, baseline in (*compared, *target_sides.AGAINST_RIVAL):
        whole, ready = mean(found, name, baseline), mean(found, name, baseline, until_ready=True)
        if whole and ready:
            yield name if baseline == STOCK else f"{name} ÷ {baseline}", whole, ready


def mean_table(found: Sequence[Measured], targets: dict[str, float]) -> results.Table:
    lines = [(f"{MEAN}, {len(found)} applications", "ratio (95 %)", EXCLUDED, "target", "held")]
    for name, whole, ready in mean_rows(found):
        target = targets.get(name)
        held = "-" if target is None else "yes" if whole.ratio <= target else "NO"
        lines.append((name, report.ratio(whole), report.ratio(ready), "-" if target is None else f"<= {target:.2f}", held))
    return results.Table(lines)


def figures(found: Sequence[Measured], thirteen: Sequence[Measured], big: Sequence[Measured]) -> Iterator[results.Figure]:
    for each in found:
        for side in each.sides[1:]:
            yield results.ratio(f"{each.application.name}, {side.name}", each.estimate(side.name))
            yield results.ratio(f"{each.application.name}, {side.name}, {EXCLUDED}", each.estimate(side.name, until_ready=True))
    for title, group in ((MEAN, thirteen), (f"{MEAN} of the big", big)):
        for name, whole, ready in mean_rows(group):
            yield results.ratio(f"{title}, {name}", whole)
            yield results.ratio(f"{title}, {name}, {EXCLUDED}", ready)


def notes(found: Sequence[Measured]) -> Iterator[str]:
    """Yield what holds for single applications, and what was not as it should be."""
    for each in found:
        if target_sides.FROZEN in each.starts and each.application in (*applications.TARGETS, *applications.BIG):
            estimate = each.estimate(target_sides.FROZEN)
            if estimate.ratio > SINGLE_TARGET or estimate.high >= 1:
                told = f"{report.ratio(estimate)}, above {SINGLE_TARGET} or not surely below 1"
                yield f"{each.application.name}, {target_sides.FROZEN}: {told}"
        for side in each.sides[1:]:
            if reason := target_sides.obstacle(each.program, side):
                yield f"{each.application.name}, {side.name}: {reason}"


def result(found: Sequence[Measured], pairs: int, more: Sequence[str]) -> results.Result:
    thirteen = [each for each in found if each.application in applications.TARGETS]
    big = [each for each in found if each.application in applications.BIG]
    tables = [mean_table(thirteen, TARGETS)] if thirteen else []
    if big:
        tables.append(mean_table(big, {target_sides.FROZEN: BIG_TARGET})._replace(title="Programs of more than 1,500 modules"))
    tables.append(results.Table([headings("application"), *(row for each in found for row in rows(each))]))
    told = results.circumstances(page_cache="warm", rounds=f"{pairs} after a warm-up, order drawn with seed {SEED}")
    data = {each.application.name: each.starts for each in found}
    return results.Result(tables, list(figures(found, thirteen, big)), told, [*notes(found), *more], data)


def main() -> int:
    arguments = _parse()
    chosen = [each for each in applications.ALL if each in _wanted(arguments)]
    found, more, rival = [], [], None
    try:
        rival = None if arguments.no_rival else nearest_rival.fetched()
    except nearest_rival.Unavailable as reason:
        more.append(f"{nearest_rival.NAME}: can't run here: {reason}")
    with ExitStack() as stack:
        for application in chosen:
            if absent := applications.missing(application):
                more.append(f"{application.name}: not installed here: {', '.join(absent)}")
                continue
            try:
                found.append(_prepared_with_or_without(application, rival, arguments.sides, stack, more))
            except measure.ProgramFailed as error:
                more.append(f"{application.name}: does not run here: {str(error).splitlines()[-1]}")
        if not found:
            print("None of the applications is installed.", file=sys.stderr)
            return 2
        pairs = time_rounds(found, arguments.pairs, arguments.minutes)
        results.publish(result(found, pairs, more), arguments.json)
    return 0


def _prepared_with_or_without(
    application: applications.Application, rival: Path | None, names: Sequence[str], stack: ExitStack, more: list[str]
) -> Measured:
    """`prepared`; what the rival can't do is noted, and the application is measured without it."""
    if rival is not None:
        try:
            with ExitStack() as trial:
                found = prepared(application, rival, names, trial)
                stack.push(trial.pop_all())
                return found
        except (nearest_rival.Unavailable, AssertionError, measure.ProgramFailed) as reason:
            more.append(f"{application.name}, {nearest_rival.NAME}: left out: {str(reason).splitlines()[-1]}")
    return prepared(application, None, names, stack)


def _wanted(arguments: argparse.Namespace) -> Sequence[applications.Application]:
    if arguments.applications:
        return [each for each in applications.ALL if each.name in arguments.applications]
    if arguments.only_big:
        return applications.BIG
    kept = (applications.SPHINX, applications.SCIKIT_LEARN)
    return (*applications.TARGETS, *kept, *(applications.BIG if arguments.big else ()))


def _parse() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    names = [each.name for each in applications.ALL]
    parser.add_argument("applications", nargs="*", metavar="NAME", help=", ".join(names))
    parser.add_argument("--pairs", type=int, default=15, metavar="N", help="rounds (%(default)s)")
    parser.add_argument("--minutes", type=float, metavar="M", help=f"stop earlier, but not before {FEWEST_PAIRS} rounds")
    parser.add_argument("--sides", nargs="+", default=(), metavar="SIDE", help=", ".join(_SIDES))
    parser.add_argument("--no-rival", action="store_true", help=f"without {nearest_rival.NAME}, which is fetched from the index")
    parser.add_argument("--big", action="store_true", help="programs of more than 1,500 modules, too")
    parser.add_argument("--only-big", action="store_true", help="no others")
    parser.add_argument("--json", metavar="FILE", help="write the result for the suite")
    arguments = parser.parse_args()
    if unknown := [*(set(arguments.applications) - set(names)), *(set(arguments.sides) - set(_SIDES))]:
        parser.error(f"not known: {', '.join(unknown)}")
    return arguments


_SIDES = (*target_sides.OURS, target_sides.RIVAL, target_sides.RIVAL_OFF)

if __name__ == "__main__":
    sys.exit(main())
