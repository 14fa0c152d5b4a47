"""``fastimport completion``: what a shell needs to complete commands and options; made by shtab."""

import argparse

from fastimport.cli import FAMILIES, make_parser
from fastimport.cli.output import write

SHELLS = ("bash", "tcsh", "zsh")


def add_parser(subparsers: "argparse._SubParsersAction[argparse.ArgumentParser]") -> None:
    """Add the command to the command line."""
    parser = subparsers.add_parser(
        "completion",
        help="print what a shell needs to complete commands and options",
        description="Prints a script for a shell. It needs shtab: pip install 'fastimport-finder[completion]'.",
        epilog="Exit status: 0 fine, 2 wrong usage, or shtab is not installed.",
    )
    parser.add_argument("shell", metavar="SHELL", choices=SHELLS, help=f"{', '.join(SHELLS[:-1])} or {SHELLS[-1]}")
    parser.set_defaults(func=run, parser=parser)


def run(arguments: argparse.Namespace) -> int:
    """Print the script."""
    try:
        import shtab
    except ImportError:
        arguments.parser.error("shtab is not installed: pip install 'fastimport-finder[completion]'")
    write(shtab.complete(make_parser(FAMILIES.values())[0], arguments.shell))
    return 0
