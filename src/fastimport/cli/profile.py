"""``fastimport profile``: where the time of a program's start-up goes."""

import argparse
import sys

from fastimport.cli.output import show_progress
from fastimport.cli.showing import add_options, at_least, check_ending, check_output, show
from fastimport.cli.subject import add_program, program_of
from fastimport.diagnosis.advice.advise import advise
from fastimport.diagnosis.bench.launcher import Program
from fastimport.diagnosis.bench.measure import ProgramFailed
from fastimport.diagnosis.bench.statistics import FEWEST_PAIRS
from fastimport.diagnosis.record.model import Recording
from fastimport.diagnosis.record.savings import measure_saving
from fastimport.diagnosis.record.session import NothingRecorded, Plan, record_program
from fastimport.settings import FRESHNESS

DESCRIPTION = """\
Runs a program in fresh interpreters and shows, for each import, what was spent on searching, reading, unmarshalling,
compiling, loading extensions and executing; which path entries cost what; which imports failed; and what a faster finder
could save. The program's output is thrown away. It runs to its end; for a server, name the module after whose import the
start-up is over, --until-import app, or wait until it is idle, --until-idle 1.
"""

EPILOG = """\
Exit status: 0 recorded, 1 the program ended badly (what was recorded is shown) or nothing could be recorded, 2 wrong usage.
"""

_RECORDER = "fastimport.cli.recorded"
_MISSED = "--until-import"


def add_parser(subparsers: "argparse._SubParsersAction[argparse.ArgumentParser]") -> None:
    """Add the command to the command line."""
    parser = subparsers.add_parser(
        "profile",
        help="show where the time of a program's start-up goes",
        description=DESCRIPTION,
        epilog=EPILOG,
        usage="fastimport profile [options] [-m MOD | -c CODE | SCRIPT] ARGS...",
    )
    parser.add_argument(
        "--runs", type=at_least(1), default=5, metavar="N", help="timed runs, of which the median is shown (%(default)s)"
    )
    parser.add_argument("--until-import", metavar="NAME", help="end the program as soon as this module has been imported")
    parser.add_argument(
        "--until-idle",
        type=_seconds,
        metavar="SECONDS",
        help="end the program once nothing was imported for so long, which does not count",
    )
    parser.add_argument(
        "--level", "--freshness", choices=FRESHNESS, metavar="LEVEL", help=f"record with fastimport: {', '.join(FRESHNESS)}"
    )
    parser.add_argument("--no-saving", action="store_true", help="don't measure what fastimport would save")
    parser.add_argument("--no-advice", action="store_true", help="don't look at what was used, and don't say what to change")
    add_options(parser)
    add_program(parser)
    parser.set_defaults(func=run, parser=parser)


def run(arguments: argparse.Namespace) -> int:
    """Record, report, and return the exit status."""
    program = program_of(arguments)
    if arguments.script == ["-"]:
        arguments.parser.error("a program on standard input can't be profiled: it is there once, and run several times")
    check_ending(arguments)
    what = "the report can't be written"
    try:
        check_output(arguments)
        what = "nothing was recorded"
        recording = _record(program, arguments)
        what = "the report can't be written"
        show_progress("")
        if recording.outcome and not (arguments.view or arguments.sort):
            arguments.view = "short"  # a program that failed is no start-up to look at import by import
        show(recording, arguments)
    except (NothingRecorded, OSError) as error:
        show_progress("")
        print(f"fastimport profile: {what}: {error}", file=sys.stderr)
        return 1
    missed = next((note for note in recording.notes if note.startswith(_MISSED)), "")
    failure = recording.outcome or missed
    if failure:
        print(f"fastimport profile: {failure}", file=sys.stderr)
    return 1 if failure else 0


def _record(program: Program, arguments: argparse.Namespace) -> Recording:
    plan = Plan(arguments.runs, arguments.level, arguments.until_import, arguments.until_idle)
    show_progress("recording the first run")
    recording = record_program(program, _RECORDER, plan, show_progress)
    if plan.until and not any(module.name == plan.until for module in recording.modules):
        what = "was there before the program began" if plan.until in recording.preloaded else "was never imported"
        recording.notes.append(f"{_MISSED} {plan.until}: it {what}; the program ran to its end")
    if plan.level and recording.level is None and recording.complete:
        recording.notes.append(f"--level {plan.level}: fastimport was not active; fastimport status says why")
    if recording.level is None and not (arguments.no_saving or plan.ends_early or recording.outcome):
        try:
            pairs = max(plan.runs, FEWEST_PAIRS) if plan.runs > 2 else plan.runs
            recording.saving = measure_saving(program, "checked", pairs, show_progress)
        except ProgramFailed as error:
            recording.notes.append(f"what fastimport saves could not be measured: {str(error).splitlines()[0]}")
    if not plan.ends_early and (seconds := idle_at_the_end(recording)):
        recording.notes.append(
            f"Nothing was imported in the last {seconds:.1f} s. If this is a server: --until-idle 1 leaves that out."
        )
    if not (arguments.no_advice or recording.outcome):
        advise(recording, program, _RECORDER, plan, not (arguments.no_saving or plan.ends_early), show_progress)
    return recording


def idle_at_the_end(recording: Recording) -> float:
    """For how many seconds nothing was imported at the end, if that is most of the time and more than one; otherwise 0."""
    last = max((module.end_ns for module in recording.modules), default=0) + recording.before_ns + recording.install_ns
    idle = recording.total_ns - last
    return idle / 1e9 if idle > 1e9 and idle > recording.total_ns / 2 else 0.0


def _seconds(text: str) -> float:
    try:
        value = float(text)
    except ValueError:
        value = 0.0
    if not 0.01 <= value <= 3600:
        raise argparse.ArgumentTypeError(f"must be a number of seconds from 0.01 to 3600, not {text!r}")
    return value
