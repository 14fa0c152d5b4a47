"""The program that a command starts and looks at: ``-m MOD``, ``-c CODE`` or a file, and its arguments."""

import argparse
from typing import NoReturn

from fastimport.diagnosis.bench.launcher import Program


def add_program(parser: argparse.ArgumentParser) -> None:
    """Add what names a program. What follows belongs to it, options included, as for python itself."""
    for short, name, metavar, text in (("-m", "module", "MOD", "a module"), ("-c", "code", "CODE", "code")):
        parser.add_argument(short, dest=name, nargs=argparse.REMAINDER, metavar=f"{metavar} ARGS", help=f"run {text}")
    parser.add_argument("script", nargs=argparse.REMAINDER, metavar="SCRIPT ARGS", help="run a file, directory or zip file")


def program_if_given(arguments: argparse.Namespace) -> Program | None:
    """Return the program, or None without one; ``-m`` and ``-c`` with nothing behind them end with the usage, status 2."""
    given = {"module": arguments.module, "code": arguments.code, "script": arguments.script}
    for kind, words in given.items():
        if words:
            return Program(kind, words[0], tuple(words[1:]))  # type: ignore[arg-type]
    return None if arguments.module is None and arguments.code is None else _refuse(arguments)


def program_of(arguments: argparse.Namespace) -> Program:
    """Return the program; without one, end with the usage and status 2."""
    return program_if_given(arguments) or _refuse(arguments)


def _refuse(arguments: argparse.Namespace) -> NoReturn:
    raise SystemExit(arguments.parser.error("give a program: -m MOD, -c CODE or a SCRIPT"))
