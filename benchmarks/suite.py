"""Everything that is measured, by one command: what ``make bench`` runs.

    python benchmarks/suite.py                         # all of it, about a quarter of an hour; then docs/measured.md
    python benchmarks/suite.py --only peers memory     # these alone; the results of the others stay
    python benchmarks/suite.py --only targets --pairs 15 --install    # the table of targets, into its section of docs/measured.md
    python benchmarks/suite.py --quick                 # a few runs of each: does everything work?

Each benchmark is a child process and leaves NAME.json (see `results`) and NAME.txt in the directory of results; one that
fails, or that this machine can't run, is reported there and stops no other.  ``measured.md`` and the plots are made from the
JSON files; after a complete run they replace those in docs/, and the figures in the README.

Exit status 0 all ran, 1 one failed, 2 usage.  What can't run here (no FUSE, a package that is missing) is no failure.
"""

import argparse
import json
import os
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Sequence
from pathlib import Path
from typing import NamedTuple

import measured_page
import plots
from instruments import conditions
from instruments.suite_plan import SUITE, Benchmark

SCHEMA = "fastimport.benchmark-suite/1"
HERE = Path(__file__).resolve().parent
RESULTS = HERE.parent / "build" / "benchmarks"
LIMIT_S = 1500
PATIENCE_S = 30
UNAVAILABLE = 2
"""The exit status by which a benchmark says that this machine can't run it; argparse has it for wrong usage, with this mark."""

ARGPARSE_MARK = ": error: "


class Ran(NamedTuple):
    """How one benchmark ended: ``status`` is "ran", "unavailable" or "failed", and ``message`` says why."""

    name: str
    status: str
    seconds: float
    message: str = ""


def run(benchmark: Benchmark, arguments: Sequence[str], directory: Path, limit: float = LIMIT_S) -> Ran:
    """Run one benchmark; what an earlier run left of it is deleted first."""
    result, text = directory / f"{benchmark.name}.json", directory / f"{benchmark.name}.txt"
    result.unlink(missing_ok=True)
    command = [sys.executable, os.fspath(HERE / benchmark.script), *arguments, "--json", os.fspath(result)]
    started = time.perf_counter()
    late = threading.Event()
    with text.open("w", encoding="utf-8") as output:
        pipes = {"stdin": subprocess.DEVNULL, "stdout": output, "stderr": subprocess.PIPE}
        with subprocess.Popen(command, text=True, **pipes) as child:
            timer = threading.Timer(limit, _stop, [child, late])
            timer.start()
            said = _follow(benchmark, child, started)
            status = child.wait()
            timer.cancel()
    seconds = time.perf_counter() - started
    if late.is_set():
        return Ran(benchmark.name, "failed", seconds, f"stopped after {limit:g} s")
    if status == 0 and result.exists():
        return Ran(benchmark.name, "ran", seconds)
    said = said or _last_line(text) or f"exit status {status}"
    if status == UNAVAILABLE and ARGPARSE_MARK not in said:
        return Ran(benchmark.name, "unavailable", seconds, said)
    return Ran(benchmark.name, "failed", seconds, said)


def _follow(benchmark: Benchmark, child: "subprocess.Popen[str]", started: float) -> str:
    """Pass the child's messages on as progress; return the last of them."""
    last = ""
    for line in child.stderr or ():
        last = line.strip() or last
        print(f"[{time.perf_counter() - started:5.0f} s] {benchmark.name}: {line.rstrip()}", file=sys.stderr, flush=True)
    return "" if last.endswith("...") else last


def _stop(child: "subprocess.Popen[str]", late: threading.Event) -> None:
    late.set()
    # An interrupt, so that it unmounts and deletes what it made.
    child.send_signal(signal.SIGINT)
    try:
        child.wait(PATIENCE_S)
    except subprocess.TimeoutExpired:
        child.kill()


def _last_line(path: Path) -> str:
    lines = path.read_text(encoding="utf-8", errors="replace").split("\n")
    return next((line.strip() for line in reversed(lines) if line.strip()), "")


def commit() -> str:
    """Return the commit that is measured, with a mark if files have changed since, or "unknown"."""
    command = ["git", "-C", os.fspath(HERE), "describe", "--always", "--dirty", "--exclude=*"]
    try:
        return subprocess.run(command, capture_output=True, text=True, check=True).stdout.strip()
    except (OSError, subprocess.CalledProcessError):
        return "unknown"


def save(directory: Path, ran: Sequence[Ran]) -> None:
    """Write how each benchmark ended; those that were not run this time keep their entry."""
    path = directory / "suite.json"
    entries = {}
    if path.exists():
        entries = {each["name"]: each for each in json.loads(path.read_text(encoding="utf-8"))["benchmarks"]}
    entries |= {each.name: each._asdict() for each in ran}
    document = {"schema": SCHEMA, "commit": commit(), "conditions": conditions.of_this_machine()}
    document["benchmarks"] = [entries[each.name] for each in SUITE if each.name in entries]
    path.write_text(json.dumps(document, indent=1) + "\n", encoding="utf-8")


def publish(directory: Path, docs: bool) -> None:
    """Make the page and the plots from the JSON files, in *directory*, and if *docs* in docs/ and the README too."""
    try:
        plots.draw(directory, directory)
    except plots.Unavailable as reason:
        print(f"no plots: {reason}", file=sys.stderr)
    measured_page.write(directory, directory / "measured.md")
    if docs:
        measured_page.install(directory)


def main() -> int:
    arguments = _parse()
    # A shell that starts this in the background has it ignored, and so it would be in each child.
    signal.signal(signal.SIGINT, signal.default_int_handler)
    directory: Path = arguments.results
    directory.mkdir(parents=True, exist_ok=True)
    chosen = [each for each in SUITE if not arguments.only or each.name in arguments.only]
    ran = []
    for number, benchmark in enumerate(chosen, 1):
        print(f"({number} of {len(chosen)}) {benchmark.title}", file=sys.stderr, flush=True)
        ran.append(run(benchmark, _words(benchmark, arguments), directory, arguments.limit))
        save(directory, ran)
    publish(directory, docs=not (arguments.quick or arguments.only))
    for each in ran if arguments.install and arguments.only else ():
        if each.status == "ran":
            measured_page.install_section(directory, each.name)
    for each in ran:
        print(f"{each.name:18} {each.status:12} {each.seconds:5.0f} s  {each.message}".rstrip())
    print(f"results: {directory}")
    return 1 if any(each.status == "failed" for each in ran) else 0


def _words(benchmark: Benchmark, arguments: argparse.Namespace) -> list[str]:
    """Return the benchmark's arguments and, after them, since the last of an option counts, what the command line wants."""
    words = [*((benchmark.quick or benchmark.arguments) if arguments.quick else benchmark.arguments)]
    if arguments.levels and benchmark.takes_levels:
        words += ["--levels", arguments.levels]
    if arguments.pairs and "--pairs" in benchmark.arguments:
        words += ["--pairs", str(arguments.pairs)]
    if arguments.big and benchmark.name == "targets":
        words.append("--big")
    return words


def _parse() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    names = [each.name for each in SUITE]
    parser.add_argument("--only", nargs="+", choices=names, metavar="NAME", help=", ".join(names))
    parser.add_argument("--quick", action="store_true", help="a few runs of each; no figure to be quoted")
    parser.add_argument("--levels", metavar="LIST", help="freshness levels, for the benchmarks that take them")
    parser.add_argument("--pairs", type=int, metavar="N", help="rounds, for the benchmarks whose rounds are set here")
    parser.add_argument("--big", action="store_true", help="programs of more than 1,500 modules, too (requirements-big.txt)")
    parser.add_argument("--install", action="store_true", help="with --only: replace these sections of docs/measured.md")
    parser.add_argument("--results", type=Path, default=RESULTS, metavar="DIRECTORY", help="(%(default)s)")
    parser.add_argument("--limit", type=float, default=LIMIT_S, metavar="S", help="seconds for one benchmark (%(default)s)")
    return parser.parse_args()


if __name__ == "__main__":
    sys.exit(main())
