"""``fastimport doctor``: what is wrong with this environment, as far as imports go."""

import argparse

from fastimport.cli.output import look_as_program, show, show_json, show_progress
from fastimport.diagnosis import doctor
from fastimport.diagnosis.doctor import report


def add_parser(subparsers: "argparse._SubParsersAction[argparse.ArgumentParser]") -> None:
    """Add the command to the command line."""
    parser = subparsers.add_parser(
        "doctor",
        help="look for what is wrong with this environment, or makes its imports slow",
        description="Looks at this environment: another project of fastimport's name, bytecode, .pth files (each line is timed "
        "in a child), editable installations, the search path, interpreter switches, fastimport itself. Nothing is changed.",
        epilog="Exit status: 0 no error, 1 an error, 2 wrong usage.",
    )
    parser.add_argument("--json", action="store_true", help=f"write JSON, schema {report.SCHEMA}")
    parser.add_argument(
        "--only",
        metavar="LIST",
        help=f"families of findings, separated by commas, of {', '.join(doctor.FAMILIES)} (default: all)",
    )
    parser.set_defaults(func=run, parser=parser)


def run(arguments: argparse.Namespace) -> int:
    """Examine, print, and return 1 if there is an error."""
    look_as_program()
    try:
        families = doctor.FAMILIES if arguments.only is None else tuple(arguments.only.split(","))
        examination = doctor.examine(families, show_progress)
    except ValueError as error:
        arguments.parser.error(str(error))
    show_progress()
    show_json(report.plain(examination)) if arguments.json else show(report.text(examination))
    return 0 if examination.is_fine else 1
