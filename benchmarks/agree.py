"""Do two runs of the suite agree?

    python benchmarks/agree.py RESULTS-A RESULTS-B [--json FILE]

Figures are matched by benchmark and name.  Two ratios agree if their 95 % intervals overlap, two counts if they are within
3 %.  Seconds are not compared, nor ratios of fewer than six pairs, which have no 95 % interval.  An interval of 95 % may miss:
one ratio in twenty may disagree, no count may.  A ratio that disagrees is listed whatever the verdict.

Exit status 0 they agree, 1 they don't, 2 they can't be compared: other Python, machine or file system, or nothing in common.
"""

import argparse
import json
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import NamedTuple

from instruments import results
from instruments.results import Figure, Result

from fastimport.diagnosis.bench import report
from fastimport.diagnosis.bench.statistics import FEWEST_PAIRS

MUST_BE_EQUAL = ("Python", "machine", "file system")
TOLERANCE = 0.03
ALLOWED = 1 / 20


class Pair(NamedTuple):
    """The same figure from both runs."""

    benchmark: str
    a: Figure
    b: Figure

    @property
    def agrees(self) -> bool:
        if self.a.kind == "count":
            return abs(self.a.value - self.b.value) <= TOLERANCE * max(abs(self.a.value), abs(self.b.value))
        return self.a.low <= self.b.high and self.b.low <= self.a.high


class Verdict(NamedTuple):
    """How many of each kind were compared, those that disagree, and what only one run has."""

    compared: dict[str, int]
    disagreeing: list[Pair]
    lonely: list[str]

    @property
    def holds(self) -> bool:
        ratios = [pair for pair in self.disagreeing if pair.a.kind == "ratio"]
        return len(ratios) == len(self.disagreeing) and len(ratios) <= ALLOWED * self.compared["ratio"]


class Incomparable(ValueError):
    """The runs were made under conditions that make a comparison meaningless."""


def read(directory: Path) -> dict[str, Result]:
    """Return the results in *directory* by name.

    Raises `Incomparable` if there are none, and `results.Malformed`.
    """
    found = {path.stem: results.load(path) for path in sorted(directory.glob("*.json")) if path.stem != "suite"}
    if not found:
        raise Incomparable(f"{directory}: no results; `python benchmarks/suite.py --results {directory}` makes some")
    return found


def compare(a: dict[str, Result], b: dict[str, Result]) -> Verdict:
    """Match all figures of two runs.

    Raises `Incomparable` where the conditions differ, or nothing is in both.
    """
    pairs = [pair for name in a.keys() & b.keys() for pair in _matched(name, a[name], b[name])]
    if not pairs:
        raise Incomparable("the two runs have no figure in common")
    disagreeing = sorted(pair for pair in pairs if not pair.agrees)
    compared = {kind: sum(pair.a.kind == kind for pair in pairs) for kind in ("ratio", "count")}
    return Verdict(compared, disagreeing, sorted(_names(a) ^ _names(b)))


def _matched(name: str, a: Result, b: Result) -> Iterator[Pair]:
    for key in MUST_BE_EQUAL:
        if a.conditions.get(key) != b.conditions.get(key):
            raise Incomparable(f"{name}: {key} is {a.conditions.get(key)!r} in one, {b.conditions.get(key)!r} in the other")
    others = {figure.id: figure for figure in b.figures}
    for figure in a.figures:
        other = others.get(figure.id)
        if other is not None and _is_comparable(figure) and _is_comparable(other):
            yield Pair(name, figure, other)


def _is_comparable(figure: Figure) -> bool:
    return figure.kind == "count" or (figure.kind == "ratio" and figure.pairs >= FEWEST_PAIRS)


def _names(run: dict[str, Result]) -> set[str]:
    return {f"{name}: {figure.id}" for name, result in run.items() for figure in result.figures}


def text(verdict: Verdict) -> str:
    """Say it in words, the disagreements first."""
    lines = []
    if verdict.disagreeing:
        rows = [(pair.benchmark, pair.a.id, _shown(pair.a), _shown(pair.b)) for pair in verdict.disagreeing]
        lines += [report.table([("benchmark", "figure", "A", "B"), *rows]), ""]
    lines += [f"only in one run: {name}" for name in verdict.lonely]
    kinds = ", ".join(f"{number} {kind}s" for kind, number in verdict.compared.items())
    lines.append(f"compared: {kinds}; {len(verdict.disagreeing)} disagree")
    lines.append("The runs agree within their stated intervals." if verdict.holds else "The runs DISAGREE.")
    return "\n".join(lines)


def _shown(figure: Figure) -> str:
    if figure.kind == "count":
        return f"{figure.value:g}"
    return f"{figure.value:.3f} ({figure.low:.3f} to {figure.high:.3f})"


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("a", type=Path, metavar="RESULTS-A")
    parser.add_argument("b", type=Path, metavar="RESULTS-B")
    parser.add_argument("--json", type=Path, metavar="FILE")
    arguments = parser.parse_args()
    try:
        verdict = compare(read(arguments.a), read(arguments.b))
    except (Incomparable, results.Malformed) as error:
        print(f"agree: {error}", file=sys.stderr)
        return 2
    print(text(verdict))
    if arguments.json:
        pairs = [{"benchmark": each.benchmark, "a": each.a._asdict(), "b": each.b._asdict()} for each in verdict.disagreeing]
        document = {"schema": "fastimport.agree/1", "agree": verdict.holds, "compared": verdict.compared, "disagreeing": pairs}
        arguments.json.write_text(json.dumps({**document, "only in one": verdict.lonely}, indent=1) + "\n", encoding="utf-8")
    return 0 if verdict.holds else 1


if __name__ == "__main__":
    sys.exit(main())
