"""Lazy imports on Python 3.15: twelve applications, eager, with everything late, and with what ``fastimport lazy`` has learnt.

    python benchmarks/lazy_imports.py [--rounds N] [--keep DIR] [--json FILE] [NAME...]
    python benchmarks/suite.py --only lazy-imports --install     # the table of docs/measured.md: about 10 minutes

Each application is a script that imports a package and uses it once. Measured is the processor time of that script inside its
process, fastimport's own start included where it takes part; interleaved, in fresh interpreters, and compared in pairs.
"learnt" is what is learnt by default, "trusting" with --trust all, "together" the first with a snapshot of what the eager program
uses (``freshness="frozen"``) and the collector deferred. Every side has to print what stock prints; where -X lazy_imports=all
doesn't, it "breaks". Exit status 1 if another side doesn't, 2 if this is no Python 3.15.
"""

import argparse
import os
import re
import subprocess
import sys
import tempfile
from collections.abc import Mapping
from pathlib import Path
from typing import NamedTuple

from instruments import conditions, results
from instruments.applications import Application, missing
from instruments.lazy_uses import HEAVIER, USES

from fastimport.diagnosis.bench.statistics import Estimate, geometric_mean, paired_ratio
from fastimport.finding.lazy import FIRST_PYTHON, NEEDED

WAYS = {"learnt": (), "trusting": ("--trust", "all")}
TOGETHER = "together"
SHOWN = ("learnt", "trusting", TOGETHER)
HEADINGS = ("application", "stock", "all late", *SHOWN, "learnt ÷ all", "output")
NOTES = (
    "Time ÷ time of stock: the processor time of the program inside its process, with fastimport's own start.",
    "all late: -X lazy_imports=all; learnt: fastimport lazy learn; trusting: with --trust all; "
    "together: learnt, with a snapshot at frozen and the collector deferred.",
)
_TIMED = """\
import sys, time
begun = time.process_time()
{setup}
code = compile({code!r}, "program", "exec")
try: exec(code, {{"__name__": "__main__"}})
finally: sys.stderr.write(f"took {{time.process_time() - begun:.6f}}\\n")
"""
_TOOK = re.compile(r"^took ([\d.]+)$", re.MULTILINE)


class Run(NamedTuple):
    """What one process did."""

    status: int
    output: str
    seconds: float


class Measured(NamedTuple):
    """Times of the sides, stock first, and whether each printed the same."""

    seconds: dict[str, list[float]]
    same: dict[str, bool]

    def ratio(self, side: str, to: str = "stock") -> Estimate:
        """Of a side to another."""
        return paired_ratio(self.seconds[to], self.seconds[side])


def environment() -> dict[str, str]:
    """Without what would change the measurement, and with the same order of sets everywhere."""
    return {**conditions.clean_environment(), "PYTHONHASHSEED": "0"}


def learn(use: Application, directory: Path) -> dict[str, str]:
    """Learn the application both ways, and record a snapshot of it; the paths. What is there already is used as it is."""
    slug = re.sub(r"\W+", "_", use.name.lower())
    script = directory / f"use_{slug}.py"
    script.write_text(use.code, encoding="utf-8")
    files = {}
    for way, options in WAYS.items():
        files[way] = str(directory / f"{slug}-{way}.toml")
        if not os.path.exists(files[way]):
            command = [sys.executable, "-m", "fastimport", "lazy", "learn", *options, "-o", files[way], str(script)]
            subprocess.run(command, env=environment(), check=True, stdout=subprocess.DEVNULL)
    files[TOGETHER] = str(directory / f"{slug}.fastimport")
    if not os.path.exists(files[TOGETHER]):
        command = [sys.executable, "-m", "fastimport", "build", "-o", files[TOGETHER], "--from", str(script)]
        subprocess.run(command, env=environment(), check=True, stdout=subprocess.DEVNULL)
    return files


def sides(use: Application, files: Mapping[str, str]) -> dict[str, list[str]]:
    """The command of each side."""
    ours = {way: f"lazy={files[way]!r}" for way in WAYS}
    ours[TOGETHER] = f"{ours['learnt']}, snapshot={files[TOGETHER]!r}, freshness='frozen', collector='deferred'"
    setups = {side: f"import fastimport; fastimport.install({arguments}); del fastimport" for side, arguments in ours.items()}
    plain = [sys.executable, "-c", _TIMED.format(setup="", code=use.code)]
    return {
        "stock": plain,
        "all": [plain[0], "-X", "lazy_imports=all", *plain[1:]],
        **{side: [sys.executable, "-c", _TIMED.format(setup=setup, code=use.code)] for side, setup in setups.items()},
    }


def run(command: list[str]) -> Run:
    """One process."""
    done = subprocess.run(command, env=environment(), capture_output=True, text=True, check=False)
    return Run(done.returncode, done.stdout, float(_TOOK.findall(done.stderr)[-1]))


def measure(use: Application, directory: Path, rounds: int) -> Measured:
    """Learn, then run the sides in turn; the first round is not counted."""
    commands = sides(use, learn(use, directory))
    seconds: dict[str, list[float]] = {side: [] for side in commands}
    outputs: dict[str, set[tuple[int, str]]] = {side: set() for side in commands}
    for number in range(rounds + 1):
        for side, command in commands.items():
            done = run(command)
            outputs[side].add((done.status, done.output))
            if number:
                seconds[side].append(done.seconds)
    return Measured(seconds, {side: found == outputs["stock"] for side, found in outputs.items()})


def row(name: str, measured: Measured) -> list[str]:
    """One line of the table."""
    stock = sorted(measured.seconds["stock"])[len(measured.seconds["stock"]) // 2]
    works = measured.same["all"]
    shown = [f"{measured.ratio(side).ratio:.2f}" for side in SHOWN]
    all_late = f"{measured.ratio('all').ratio:.2f}" if works else "breaks"
    against = f"{measured.ratio('learnt', 'all').ratio:.2f}" if works else ""
    return [name, f"{1000 * stock:.0f} ms", all_late, *shown, against, "same" if is_same(measured) else "DIFFERS"]


def is_same(measured: Measured) -> bool:
    """Whether all sides print what stock prints, but for that with everything late."""
    return all(measured.same[side] for side in SHOWN)


def report(found: Mapping[str, Measured]) -> results.Result:
    """The table, with the geometric means, and the figures."""
    rows: list[list[str]] = [list(HEADINGS), *(row(name, each) for name, each in found.items())]
    twelve = [found[use.name] for use in USES if use.name in found]
    if twelve:
        means = [f"{geometric_mean([each.ratio(side).ratio for each in twelve]):.2f}" for side in SHOWN]
        working = [each for each in twelve if each.same["all"]]
        against = f"{geometric_mean([each.ratio('learnt', 'all').ratio for each in working]):.2f}" if working else ""
        rows.insert(len(twelve) + 1, [f"geometric mean of {len(twelve)}", "", "", *means, against, ""])
    figures = [results.ratio(f"{name}, {side}", each.ratio(side)) for name, each in found.items() for side in SHOWN]
    return results.Result([results.Table(rows)], figures, results.circumstances(), NOTES)


def main() -> int:
    """Measure, print the table, and return the exit status."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("names", nargs="*", metavar="NAME", help="applications, by default all that are installed")
    parser.add_argument("--rounds", type=int, default=11, metavar="N", help="timed rounds (%(default)s)")
    parser.add_argument("--keep", type=Path, metavar="DIR", help="keep what was learnt there, and use what is there")
    parser.add_argument("--json", metavar="FILE", help="write the result there, too")
    arguments = parser.parse_args()
    if sys.version_info < FIRST_PYTHON:
        print(NEEDED, file=sys.stderr)
        return 2
    chosen = [use for use in (*USES, *HEAVIER) if not missing(use) and (not arguments.names or use.name in arguments.names)]
    with tempfile.TemporaryDirectory() as temporary:
        directory = arguments.keep or Path(temporary)
        directory.mkdir(parents=True, exist_ok=True)
        found = {}
        for use in chosen:
            found[use.name] = measure(use, directory, arguments.rounds)
            print("  ".join(row(use.name, found[use.name])), file=sys.stderr, flush=True)
    results.publish(report(found), arguments.json)
    return 0 if all(map(is_same, found.values())) else 1


if __name__ == "__main__":
    sys.exit(main())
