"""Starts from a tree that was unpacked anew, where stock Python compiles every module each time: Django, boto3, pandas.

    python benchmarks/fresh_trees.py                    # four deployments, three applications
    python benchmarks/fresh_trees.py --rounds 9 --only bundle --markdown

Each deployment is made at one place with one `fastimport build`, and unpacked at another (instruments/deployments.py says how).
The page cache is warm. "left" is what importlib itself would need if all bytecode were there and valid (PYTHONPYCACHEPREFIX):
what the programs execute no cure can save, except for the garbage collections that "deferred" leaves out.

With 9 rounds it takes some 12 minutes on a quiet machine. --markdown prints two tables, the second as the README has it.
"""

import argparse
import inspect
import os
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterable, Sequence
from pathlib import Path
from typing import Any, NamedTuple

from instruments import applications, deployments, results

import fastimport
from fastimport.diagnosis.bench.statistics import Estimate, paired_ratio

APPLICATIONS = (applications.DJANGO_ADMIN, applications.BOTO3, applications.PANDAS)
STOCK, VALID = "importlib", "valid bytecode"
SIDES = {
    STOCK: "",
    VALID: "",
    "checked": "import fastimport; fastimport.install()\n",
    "frozen": "import fastimport; fastimport.install(freshness='frozen')\n",
}
if "collector" in inspect.signature(fastimport.install).parameters:  # what exec, run and enable give
    SIDES["checked, deferred"] = "import fastimport; fastimport.install(collector='deferred')\n"
    SIDES["frozen, deferred"] = "import fastimport; fastimport.install(freshness='frozen', collector='deferred')\n"
_ANSWER = """
import sys
print(sorted(name for name in sys.modules if not name.startswith(("fastimport", "_cython", "cython_runtime"))))
"""
_SERVED = "print(fastimport.stats().snapshot_codes, *fastimport.stats().refusals, file=sys.stderr)"
HEADINGS = ("deployment", "application", "level", "importlib", "with", "ratio (95 %)", "CPU", "left", "modules served", "same")


class Run(NamedTuple):
    """Seconds of wall and of processor, and what the program and fastimport said."""

    wall: float
    cpu: float
    answer: str
    served: str


def main() -> int:
    """Measure; exit status 1 if any answer differed."""
    arguments = _parse()
    absent = {name for each in APPLICATIONS for name in applications.missing(each)}
    if absent:
        print(f"not installed here: {', '.join(sorted(absent))}", file=sys.stderr)
        return 2
    rows, figures, same = [], [], True
    for make in deployments.ALL:
        if arguments.only in make.__name__:
            for row, figure in _deployment(make, arguments.rounds):
                rows.append(row)
                figures.append(figure)
                same = same and row[-1] == "yes"
    told = results.circumstances(page_cache="warm", rounds=str(arguments.rounds))
    if arguments.markdown:
        print(*_markdown([HEADINGS, *rows]), "", *_markdown(_summary(rows)), sep="\n")
    else:
        tables = [results.Table([HEADINGS, *rows]), results.Table(_summary(rows), "Processor time, and in brackets what is left")]
        results.publish(results.Result(tables, figures, told), arguments.json)
    return 0 if same else 1


def _deployment(make: deployments.Maker, rounds: int) -> Iterable[tuple[Sequence[str], results.Figure]]:
    with tempfile.TemporaryDirectory(dir=os.environ.get("TMPDIR")) as directory:
        work = Path(directory)
        work.chmod(0o755)
        deployment = make(work)
        cache = str(work / "cache")
        for application in APPLICATIONS:
            _run(deployment, application.code, {}, PYTHONPYCACHEPREFIX=cache)
        how = deployments.protect(work)
        for application in APPLICATIONS:
            print(f"{deployment.name}, {application.name}: measuring ...", file=sys.stderr, flush=True)
            runs = _rounds(deployment, application.code, rounds, how, cache)
            for level in SIDES:
                if level not in (STOCK, VALID):
                    yield _row(deployment, application.name, level, runs)


def _rounds(deployment: deployments.Deployment, code: str, rounds: int, how: dict[str, int], cache: str) -> dict[str, list[Run]]:
    found: dict[str, list[Run]] = {side: [] for side in SIDES}
    for turn in range(rounds + 1):
        for side, before in SIDES.items():
            variables = {"PYTHONPYCACHEPREFIX": cache} if side == VALID else {}
            run = _run(deployment, before + code + _ANSWER + (_SERVED if before else ""), how, **variables)
            if turn:  # the first fills the page cache
                found[side].append(run)
    return found


def _run(deployment: deployments.Deployment, code: str, how: dict[str, Any], **variables: str) -> Run:
    environment = deployments.environment(deployment) | variables
    if variables and not how:
        environment.pop("PYTHONDONTWRITEBYTECODE", None)
    command = [deployment.python, "-c", code]
    started, before = time.perf_counter(), os.times()
    done = subprocess.run(command, env=environment, capture_output=True, text=True, cwd="/", check=False, **how)
    wall, after = time.perf_counter() - started, os.times()
    if done.returncode:
        raise SystemExit(f"{deployment.name}: {done.stderr}")
    cpu = after.children_user + after.children_system - before.children_user - before.children_system
    return Run(wall, cpu, done.stdout, done.stderr.strip())


def _row(
    deployment: deployments.Deployment, name: str, level: str, runs: dict[str, list[Run]]
) -> tuple[Sequence[str], results.Figure]:
    stock, ours = runs[STOCK], runs[level]
    wall = paired_ratio([run.wall for run in stock], [run.wall for run in ours])
    cpu, left = (paired_ratio([run.cpu for run in stock], [run.cpu for run in runs[side]]) for side in (level, VALID))
    same = {run.answer for run in (*stock, *ours)} == {stock[0].answer}
    ratios = (_shown(wall), f"{cpu.ratio:.2f}", f"{left.ratio:.2f}")
    row = (deployment.name, name, level, _seconds(stock), _seconds(ours), *ratios, ours[-1].served, "yes" if same else "NO")
    return row, results.ratio(f"fresh/{deployment.name}/{name}/{level}", wall)


def _seconds(runs: Sequence[Run]) -> str:
    return f"{statistics.median(run.wall for run in runs):.2f} s"


def _shown(estimate: Estimate) -> str:
    return f"{estimate.ratio:.2f} ({estimate.low:.2f} to {estimate.high:.2f})"


def _summary(rows: Iterable[Sequence[str]]) -> list[Sequence[str]]:
    """A row for each deployment: the processor time of each level and application, as parts of importlib's."""
    found: dict[str, dict[str, dict[str, Sequence[str]]]] = {}
    for row in rows:
        found.setdefault(row[0], {}).setdefault(row[1], {})[row[2]] = row
    names = [each.name for each in APPLICATIONS]
    table: list[Sequence[str]] = [("deployment", *names)]
    for deployment, by_name in found.items():
        table.append((deployment, *(_cell([*by_name[name].values()]) for name in names)))
    return table


def _cell(rows: Sequence[Sequence[str]]) -> str:
    cpu, left = HEADINGS.index("CPU"), HEADINGS.index("left")
    return f"{', '.join(row[cpu] for row in rows)} ({rows[0][left]})"


def _markdown(rows: Sequence[Sequence[str]]) -> Iterable[str]:
    for number, row in enumerate(rows):
        yield f"| {' | '.join(row)} |"
        if not number:
            yield "|---" * len(row) + "|"


def _parse() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--rounds", type=int, default=9, metavar="N")
    parser.add_argument("--only", default="", metavar="TEXT", help="deployments whose function has this in its name")
    parser.add_argument("--markdown", action="store_true", help="print the tables as the documents have them")
    parser.add_argument("--json", metavar="FILE", help="write the result for the suite")
    return parser.parse_args()


if __name__ == "__main__":
    sys.exit(main())
