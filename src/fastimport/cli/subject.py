"""The program that a command starts and looks at: ``-m MOD``, ``-c CODE``, a file or a command on PATH, and its arguments."""

import argparse
from typing import NoReturn

from fastimport.cli.console_scripts import NotAProgram, program_from
from fastimport.diagnosis.bench.launcher import Program


def add_program(parser: argparse.ArgumentParser) -> None:
    """Add what names a program. What follows belongs to it, options included, as for python itself."""
    for short, name, metavar, text in (("-m", "module", "MOD", "a module"), ("-c", "code", "CODE", "code")):
        parser.add_argument(short, dest=name, nargs=argparse.REMAINDER, metavar=f"{metavar} ARGS", help=f"run {text}")
    what = "run a file, directory or zip file, or a command that is on PATH; a leading python is passed over"
    parser.add_argument("script", nargs=argparse.REMAINDER, metavar="SCRIPT ARGS", help=what)


def program_if_given(arguments: argparse.Namespace) -> Program | None:
    """Return the program, or None without one; what can't be one ends with the usage, status 2."""
    for kind, words in {"module": arguments.module, "code": arguments.code}.items():
        if words:
            return Program(kind, words[0], tuple(words[1:]))  # type: ignore[arg-type]
    if arguments.script:
        try:
            return program_from(arguments.script)
        except (NotAProgram, OSError) as error:
            arguments.parser.error(str(error))
    return None if arguments.module is None and arguments.code is None else _refuse(arguments)


def program_of(arguments: argparse.Namespace) -> Program:
    """Return the program; without one, end with the usage and status 2."""
    return program_if_given(arguments) or _refuse(arguments)


def _refuse(arguments: argparse.Namespace) -> NoReturn:
    raise SystemExit(arguments.parser.error("give a program: -m MOD, -c CODE, a SCRIPT or a command"))
