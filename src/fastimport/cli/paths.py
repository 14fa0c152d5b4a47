"""``fastimport paths``: what is on the search path, and what each entry costs a program."""

import argparse
import sys

from fastimport.cli.output import look_as_program, show, show_json
from fastimport.cli.subject import add_program, program_if_given
from fastimport.diagnosis.paths import advice, costs, entries, recording, report


def add_parser(subparsers: "argparse._SubParsersAction[argparse.ArgumentParser]") -> None:
    """Add the command to the command line."""
    parser = subparsers.add_parser(
        "paths",
        help="show what is on the search path, and what each entry costs a program",
        description="Describes each entry of the search path: file system, latency, duplicates, what it hides. With a program, "
        "runs it to its end under importlib in a fresh interpreter, and shows per entry the modules found, the failed look-ups, "
        "the directory reads and the milliseconds. Its standard output is thrown away.",
        epilog="Exit status: 0 fine, 1 the program failed (what was recorded is shown), 2 wrong usage.",
        usage="fastimport paths [--json] [-m MOD | -c CODE | SCRIPT] ARGS...",
    )
    parser.add_argument("--json", action="store_true", help=f"write JSON, schema {report.SCHEMA}")
    add_program(parser)
    parser.set_defaults(func=run, parser=parser)


def run(arguments: argparse.Namespace) -> int:
    """Survey the path, and record the program if there is one."""
    program = program_if_given(arguments)
    recorded = bill = None
    look_as_program()
    if program is not None:
        try:
            recorded = recording.record(program)
        except (OSError, RuntimeError) as error:
            print(f"fastimport paths: nothing was recorded: {error}", file=sys.stderr)
            return 1
        bill = costs.charge(recorded)
    surveyed = entries.survey(sys.path if recorded is None else recorded.path)
    found = report.Report(surveyed, advice.advise(surveyed, bill), recorded, bill)
    show_json(report.plain(found)) if arguments.json else show(report.text(found))
    if recorded is not None and recorded.status:
        print(f"fastimport paths: {_failure(recorded.status)}; above is what it did until then", file=sys.stderr)
        return 1
    return 0


def _failure(status: int) -> str:
    return f"the program was ended by signal {-status}" if status < 0 else f"the program ended with exit status {status}"
