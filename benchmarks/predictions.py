"""Do the predictions of ``fastimport profile`` hold? The five largest entries of five programs, each put off and measured.

    python benchmarks/predictions.py [--pairs N] [--runs N] [--json FILE] [NAME...]

What the report says that putting off an import would save is compared with the processor time that the program then takes less
from the start of its process to its end: the median of pairs, in turn. A prediction holds if it is within 25 % or 5 ms of that.
An entry whose deferral makes the program fail is no advice; so is one that changes what it prints. Exit status 1 if one does not
hold, or changes the output. It takes 4 minutes. The predictions are times by the clock: on a busy machine they are too high, and
nothing is proved.
"""

import argparse
import sys
import tempfile
from pathlib import Path
from typing import NamedTuple

from instruments import results
from instruments.applications import BOTO3, CELERY, DJANGO_ADMIN, FASTAPI, Application, missing

from fastimport.diagnosis.advice.advise import main_of
from fastimport.diagnosis.advice.changes import Candidate, find_changes
from fastimport.diagnosis.advice.deferral import prove_saving
from fastimport.diagnosis.advice.program import Program
from fastimport.diagnosis.advice.weights import weigh
from fastimport.diagnosis.bench import launcher
from fastimport.diagnosis.record.session import Plan, record_program, record_usage

RECORDER = "fastimport.cli.recorded"
ENTRIES = 5
SHARE, MILLISECONDS = 0.25, 5.0
COMMAND_LINE = Application(
    "a command line",
    ("httpx", "sqlalchemy", "rich", "click"),
    """
import asyncio
import click
import httpx
import rich.console
import sqlalchemy
import sqlite3
import xml.dom.minidom
def fetch(url): return httpx.get(url)
def store(url): return sqlalchemy.create_engine(url)
def show(text): rich.console.Console().print(text)
def parse(text): return xml.dom.minidom.parseString(text)
def serve(main): asyncio.run(main())
def query(path): return sqlite3.connect(path)
@click.command()
def main(): click.echo("done")
main(standalone_mode=False)
""",
)
PROGRAMS = (COMMAND_LINE, DJANGO_ADMIN, CELERY, FASTAPI, BOTO3)
HEADINGS = ("program", "put off", "predicted", "measured", "difference", "")


class Entry(NamedTuple):
    """One prediction, in ms; `measured` is None where the program fails without the import."""

    program: str
    target: str
    predicted: float
    measured: float | None
    is_same: bool

    @property
    def verdict(self) -> str:
        """In a word: whether it holds."""
        if self.measured is None:
            return "needed"
        if not self.is_same:
            return "CHANGES THE OUTPUT"
        difference = abs(self.predicted - self.measured)
        return "holds" if difference <= max(MILLISECONDS, SHARE * abs(self.measured)) else "DOES NOT HOLD"


def candidates(program: launcher.Program, runs: int) -> list[Candidate]:
    """What the report would advise to put off, the largest first."""
    plan = Plan(runs)
    recording = record_program(program, RECORDER, plan, _quiet)
    usage = record_usage(program, RECORDER, plan)
    known = Program(recording, usage, main_of(program, usage["files"]))
    weigh(known)
    return sorted(find_changes(known)[2], key=lambda each: -each.saving_ns)


def entries(name: str, program: launcher.Program, runs: int, pairs: int) -> list[Entry]:
    """The largest entries of one program, measured."""
    found: list[Entry] = []
    for candidate in candidates(program, runs):
        statements = [statement for _, statement in candidate.statements]
        proof = prove_saving(program, statements, _quiet, pairs)
        measured = proof.saving_ns / 1e6 if proof.differences else None
        found.append(Entry(name, candidate.target, candidate.saving_ns / 1e6, measured, not proof.obstacle))
        if len([each for each in found if each.measured is not None]) == ENTRIES:
            break
    return found


def report(found: list[Entry]) -> results.Result:
    """The table."""
    rows = [list(HEADINGS)]
    for each in found:
        measured = "fails" if each.measured is None else f"{each.measured:.1f} ms"
        difference = "" if each.measured is None else f"{each.predicted - each.measured:+.1f} ms"
        rows.append([each.program, each.target, f"{each.predicted:.1f} ms", measured, difference, each.verdict])
    held = [each for each in found if each.verdict == "holds"]
    note = f"{len(held)} of {len([each for each in found if each.measured is not None])} hold: within 25 % or 5 ms"
    return results.Result(
        [results.Table(rows)], [results.count("predictions that hold", len(held))], results.circumstances(), [note]
    )


def _quiet(_: str) -> None:
    """Progress is told a line for each entry."""


def main() -> int:
    """Predict, measure, print the table, and return the exit status."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("names", nargs="*", metavar="NAME", help="programs, by default all that are installed")
    parser.add_argument("--pairs", type=int, default=11, metavar="N", help="pairs of runs for each entry (%(default)s)")
    parser.add_argument("--runs", type=int, default=9, metavar="N", help="recorded runs of each program (%(default)s)")
    parser.add_argument("--json", metavar="FILE", help="write the result there, too")
    arguments = parser.parse_args()
    found: list[Entry] = []
    with tempfile.TemporaryDirectory() as directory:
        for number, use in enumerate(PROGRAMS):
            if missing(use) or (arguments.names and use.name not in arguments.names):
                continue
            script = Path(directory, f"program_{number}.py")
            script.write_text(use.code, encoding="utf-8")
            found += entries(use.name, launcher.Program("script", str(script)), arguments.runs, arguments.pairs)
            print(f"{use.name}: {', '.join(each.verdict for each in found if each.program == use.name)}", file=sys.stderr)
    results.publish(report(found), arguments.json)
    return 1 if any(each.verdict.isupper() for each in found) else 0


if __name__ == "__main__":
    sys.exit(main())
