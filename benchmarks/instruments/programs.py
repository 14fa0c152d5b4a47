"""Small programs that are compared as whole processes: one row for each program and level."""

import argparse
import sys
import tempfile
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from pathlib import Path

from fastimport.diagnosis.bench import counting, launcher, plan, recorded, report, session
from fastimport.diagnosis.bench.statistics import paired_ratio, quartiles, spread
from instruments import results

HEADINGS = ("program", "level", "file calls", "with", "time", "with", "ratio (95 %)", "CPU (95 %)")


def main(document: str | None, cases: Callable[[Path], Iterable[tuple[str, str]]]) -> int:
    """Measure what `cases`, given a directory for their files, yield as name and code: the whole of such a script."""
    parser = argparse.ArgumentParser(description=document, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--pairs", type=int, default=11, metavar="N")
    parser.add_argument("--levels", default=",".join(launcher.LEVELS), metavar="LIST")
    parser.add_argument("--json", metavar="FILE", help="write the result for the suite")
    arguments = parser.parse_args()
    with tempfile.TemporaryDirectory() as directory:
        found = compared(dict(cases(Path(directory))), arguments.levels.split(","), arguments.pairs)
        results.publish(found, arguments.json)
    return 0


def compared(programs: Mapping[str, str], levels: Sequence[str], pairs: int) -> results.Result:
    """Compare each of *programs*, which map a name to code.

    Raises `AssertionError` if a side imported something else.
    """
    variants = [launcher.STOCK, *map(launcher.variant_for_level, levels)]
    how = plan.Plan(pairs=pairs, warmups=1)
    found = {}
    for name, code in programs.items():
        print(f"{name}: measuring ...", file=sys.stderr, flush=True)
        program = launcher.Program("code", code)
        with recorded.resolved(variants, program) as sides:
            found[name] = session.compare(program, sides, how)
        assert found[name].is_identical, [side.differences for side in found[name].sides]
    table = results.Table([HEADINGS, *(row for name, each in found.items() for row in _rows(name, each))])
    published = [figure for name, each in found.items() for figure in figures(name, each)]
    told = results.circumstances(page_cache="warm", rounds=next(iter(found.values())).conditions["rounds"])
    notes = dict.fromkeys(note for each in found.values() for note in each.notes)
    return results.Result([table], published, told, tuple(notes))


def _rows(name: str, comparison: session.Comparison) -> Iterator[Sequence[str]]:
    stock, *others = comparison.sides
    for side in others:
        yield (
            name,
            side.name,
            _file_calls(stock),
            _file_calls(side),
            report.milliseconds(spread(stock.seconds).median),
            report.milliseconds(spread(side.seconds).median),
            report.ratio(side.estimate),
            report.ratio(paired_ratio(stock.cpu_seconds, side.cpu_seconds)) if stock.cpu_seconds else "-",
        )


def figures(name: str, comparison: session.Comparison) -> Iterator[results.Figure]:
    """Yield what is published of one comparison: stock's time, the file calls of each side, and the ratios."""
    stock, *others = comparison.sides
    yield results.seconds(f"{name}, stock", spread(stock.seconds).median, *quartiles(stock.seconds))
    for side in comparison.sides:
        if side.system_calls is not None:
            yield results.count(f"{name}, {side.name}, file calls", counting.file_system_calls(side.system_calls))
    for side in others:
        if side.estimate:
            yield results.ratio(f"{name}, {side.name}", side.estimate)
        if side.cpu_seconds:
            yield results.ratio(f"{name}, {side.name}, CPU", paired_ratio(stock.cpu_seconds, side.cpu_seconds))


def _file_calls(side: session.Side) -> str:
    return "-" if side.system_calls is None else str(counting.file_system_calls(side.system_calls))
