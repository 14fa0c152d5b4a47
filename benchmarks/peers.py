"""Other ways to import the same tree, in the same run: archives, databases, frozen and lazy modules, and the floor.

    python -m pip install -r benchmarks/requirements-peers.txt
    python benchmarks/peers.py [--modules N] [--pairs N] [--json FILE]

"imports" is the time from before a side's own setup until after the last import, taken inside the process; "CPU" is
the processor time of the same span, which a machine with other work to do disturbs less; "process" is the whole
process.  A floor has everything prepared before its clock starts, so its process means nothing.
"""

import argparse
import shutil
import sys
import tempfile
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from statistics import median
from time import perf_counter
from typing import NamedTuple

import generate
from instruments import peer_sides, results
from instruments.applications import SYMPY, missing
from instruments.peer_sides import PEERS, Builder, Side, Tree, Unavailable

from fastimport.diagnosis.bench import launcher, measure, plan, report
from fastimport.diagnosis.bench.statistics import paired_ratio

RATIO = "of importlib (95 %)"
HEADINGS = ("modules", "imports", RATIO, "CPU", RATIO, "process", RATIO)
AGAINST_RIVAL = (("fastimport frozen", "PyCDS"), ("fastimport frozen, collector off", "PyCDS, collector off"))
START = {
    "frozen_modules=on": (["-X", "frozen_modules=on"], launcher.STOCK),
    "frozen_modules=off": (["-X", "frozen_modules=off"], launcher.STOCK),
    **{f"on, fastimport {level}": (["-X", "frozen_modules=on"], launcher.variant_for_level(level)) for level in launcher.LEVELS},
}


class Times(NamedTuple):
    """One side's seconds, a value for each round."""

    imports: list[float]
    cpu: list[float]
    process: list[float]


class Results(NamedTuple):
    """All sides of one tree, those that can't run with the reason, and how many modules each imported."""

    tree: Tree
    times: dict[str, Times]
    modules: dict[str, int]
    absent: dict[str, str]
    floors: frozenset[str]


def compare(tree: Tree, scratch: Path, pairs: int) -> Results:
    """Run every side that can run.

    Raises `AssertionError` if one that promises the same modules imported others, or from other files.
    """
    builder = Builder(tree, scratch)
    stock = builder.importlib()
    peer_sides.run(stock)  # writes the bytecode
    reference = peer_sides.run(stock)
    expected = peer_sides.files(stock, reference, tree)
    sides, modules, absent = {stock.name: stock}, {stock.name: len(expected)}, {}
    floors = [lambda builder, make=make: make(builder, reference.modules) for make in (Builder.specs_ready, Builder.execution)]
    names = [make.__name__ for make in PEERS] + ["specs_ready", "execution"]
    for name, make in zip(names, [*PEERS, *floors], strict=True):
        print(f"{tree.name}, {name}: preparing ...", file=sys.stderr, flush=True)
        try:
            side = make(builder)
            modules[side.name] = _checked(side, expected, tree) or len(expected)
            sides[side.name] = side
        except Unavailable as reason:
            absent[name] = str(reason)
    times = _timed(sides, pairs)
    return Results(tree, times, modules, absent, frozenset(side.name for side in sides.values() if not side.is_whole_process))


def _checked(side: Side, expected: Mapping[str, str | None], tree: Tree) -> int:
    """Return how many modules of the tree *side* imports, after comparing which."""
    found = peer_sides.files(side, peer_sides.run(side), tree)
    if not side.is_complete:
        assert found.items() <= expected.items(), f"{side.name} imported something else"
    elif side.root is None:
        assert found.keys() == expected.keys(), f"{side.name}: {sorted(found.keys() ^ expected.keys())[:10]}"
    else:
        assert found == expected, f"{side.name}: {sorted(found.items() ^ expected.items())[:10]}"
    return len(found)


def _timed(sides: Mapping[str, Side], pairs: int) -> dict[str, Times]:
    times = {name: Times([], [], []) for name in sides}
    rounds = plan.rounds(list(sides), seed=1)
    for number in range(-1, pairs):
        for name in next(rounds):
            started = perf_counter()
            run = peer_sides.run(sides[name])
            process = perf_counter() - started
            if number >= 0:
                times[name].imports.append(run.seconds)
                times[name].cpu.append(run.cpu_seconds)
                times[name].process.append(process)
    return times


def table(found: Results) -> results.Table:
    """Lay one tree's results out; those that could not run are there too, and the reasons among the notes."""
    stock = found.times["importlib"]
    rows = [(found.tree.name, *HEADINGS)]
    for name, times in found.times.items():
        row = [name, str(found.modules[name])]
        for before, after in zip(stock, times, strict=True):
            row += [report.milliseconds(median(after)), _ratio(before, after)]
        if name in found.floors:
            row[-2:] = "-", "-"
        rows.append(tuple(row))
    rows += [(name, "-", "can't run here", *["-"] * (len(HEADINGS) - 2)) for name in found.absent]
    return results.Table(rows)


def rival_table(found: Sequence[Results]) -> results.Table:
    """Lay out what a frozen snapshot takes of the nearest rival's time, in the same rounds."""
    rows = [("fastimport frozen ÷ PyCDS", "imports (95 %)", "CPU (95 %)", "process (95 %)")]
    for each in found:
        for ours, rival in AGAINST_RIVAL:
            if {ours, rival} <= each.times.keys():
                ratios = (_ratio(*pair) for pair in zip(each.times[rival], each.times[ours], strict=True))
                rows.append((f"{each.tree.name}{ours.removeprefix(AGAINST_RIVAL[0][0])}", *ratios))
    return results.Table(rows)


def reasons(found: Results) -> list[str]:
    """Return why each side that is absent can't run."""
    return [f"{found.tree.name}, {name}: can't run here: {reason}" for name, reason in found.absent.items()]


def figures(found: Results) -> Iterator[results.Figure]:
    """Yield the times of all imports, of clock and processor, as ratios to importlib's."""
    stock = found.times["importlib"]
    for name, times in found.times.items():
        if times is not stock:
            yield results.ratio(f"{found.tree.name}, {name}", paired_ratio(stock.imports, times.imports))
            yield results.ratio(f"{found.tree.name}, {name}, CPU", paired_ratio(stock.cpu, times.cpu))
    for ours, rival in AGAINST_RIVAL:
        if {ours, rival} <= found.times.keys():
            pair = found.times[rival].imports, found.times[ours].imports
            yield results.ratio(f"{found.tree.name}, {ours} ÷ {rival}", paired_ratio(*pair))


def _ratio(stock: Sequence[float], seconds: Sequence[float]) -> str:
    return "1" if seconds is stock else report.ratio(paired_ratio(stock, seconds))


def interpreter_start(pairs: int) -> dict[str, list[float]]:
    """Return the seconds of ``python -c pass`` with the frozen standard library modules in use and not in use."""
    seconds: dict[str, list[float]] = {name: [] for name in START}
    rounds = plan.rounds(list(START), seed=1)
    for number in range(-1, pairs):
        for name in next(rounds):
            options, variant = START[name]
            python, *arguments = launcher.command(launcher.Program("code", "pass"), variant)
            run = measure.run_once([python, *options, *arguments], launcher.environment(variant))
            if number >= 0:
                seconds[name].append(run.seconds)
    return seconds


def start_table(seconds: Mapping[str, list[float]]) -> results.Table:
    stock = next(iter(seconds.values()))
    rows = [("python -c pass", "process", "of the first (95 %)")]
    rows += [(name, report.milliseconds(median(each)), _ratio(stock, each)) for name, each in seconds.items()]
    return results.Table(rows)


def generated(root: Path, modules: int) -> Tree:
    """Return an application of so many modules, eight in each package."""
    lines = generate.application(root, modules, "deep").splitlines()
    imports = "\n".join(line for line in lines if line.startswith("import application")) + "\n"
    return Tree(f"generated, {modules} modules", root, ("application",), imports)


def sympy(root: Path) -> Tree:
    """Return a copy of SymPy, and of what it needs, without their tests."""
    import mpmath
    import sympy

    ignored = shutil.ignore_patterns("tests", "__pycache__")
    for package in (sympy, mpmath):
        shutil.copytree(Path(package.__file__).parent, root / package.__name__, ignore=ignored)
    return Tree(f"SymPy {sympy.__version__}", root, ("sympy", "mpmath"), "import sympy\n")


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--modules", type=int, default=500, metavar="N", help="of the generated application")
    parser.add_argument("--pairs", type=int, default=15, metavar="N")
    parser.add_argument("--generated-only", action="store_true", help="no real application")
    parser.add_argument("--json", metavar="FILE", help="write the result for the suite")
    arguments = parser.parse_args()
    found = []
    with tempfile.TemporaryDirectory() as directory:
        scratches = [Path(directory, name) for name in ("a", "b")]
        for scratch in scratches:
            scratch.mkdir()
        trees = [generated(scratches[0] / "tree", arguments.modules)]
        if not arguments.generated_only and not missing(SYMPY):
            trees.append(sympy(scratches[1] / "tree"))
        for tree, scratch in zip(trees, scratches):
            found.append(compare(tree, scratch, arguments.pairs))
    start = interpreter_start(arguments.pairs)
    told = results.circumstances(rounds=f"{arguments.pairs} after a warm-up, order drawn with seed 1")
    notes = [reason for each in found for reason in reasons(each)]
    numbers = [figure for each in found for figure in figures(each)]
    data = {"start": start, "trees": [_as_document(each) for each in found]}
    tables = [*map(table, found), rival_table(found), start_table(start)]
    results.publish(results.Result(tables, numbers, told, notes, data), arguments.json)
    return 0


def _as_document(results: Results) -> dict[str, object]:
    times = {name: each._asdict() for name, each in results.times.items()}
    return {"tree": results.tree.name, "times": times, "modules": results.modules, "absent": results.absent}


if __name__ == "__main__":
    sys.exit(main())
