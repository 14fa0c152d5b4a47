"""``fastimport report`` and ``fastimport diff``: recordings that were saved, and logs of ``python -X importtime``."""

import argparse
import json
import sys

from fastimport.cli.output import write
from fastimport.cli.showing import add_options, check_ending, number, show
from fastimport.cli.terminal import painted
from fastimport.diagnosis.record.model import NotARecording, Recording
from fastimport.diagnosis.report.comparison import SCHEMA, compare
from fastimport.diagnosis.report.difference import markdown, render_comparison
from fastimport.diagnosis.report.formats import read_file

_FILE = "JSON written by fastimport profile, or a log of python -X importtime"


def add_parser(subparsers: "argparse._SubParsersAction[argparse.ArgumentParser]") -> None:
    """Add both commands to the command line."""
    _add_report(subparsers)
    _add_diff(subparsers)


def _add_report(subparsers: "argparse._SubParsersAction[argparse.ArgumentParser]") -> None:
    parser = subparsers.add_parser(
        "report",
        help="show a saved recording, or a log of python -X importtime",
        description="Shows a recording of fastimport profile, or a log of python -X importtime (also =2), in any format.",
        epilog="Exit status: 0 fine, 1 the file can't be read, is no recording, or the report can't be written, 2 wrong usage.",
    )
    parser.add_argument("file", metavar="FILE", help=_FILE)
    add_options(parser)
    parser.set_defaults(func=report, parser=parser)


def _add_diff(subparsers: "argparse._SubParsersAction[argparse.ArgumentParser]") -> None:
    parser = subparsers.add_parser(
        "diff",
        help="compare two recordings",
        description="Compares two recordings: modules that are new, gone, slower and faster.",
        epilog="Exit status: 0 fine, 1 slower than --fail-above allows, or a file can't be read, 2 wrong usage.",
    )
    parser.add_argument("before", metavar="A", help=_FILE)
    parser.add_argument("after", metavar="B", help="the same, later")
    parser.add_argument("--fail-above", type=_fraction, metavar="PERCENT", help="exit 1 if the total grew by more than this: 5%%")
    parser.add_argument("--json", action="store_true", help=f"write JSON, schema {SCHEMA}")
    parser.add_argument("--markdown", action="store_true", help="write Markdown, for a pull request")
    parser.set_defaults(func=diff, parser=parser)


def report(arguments: argparse.Namespace) -> int:
    """Show a file and return the exit status."""
    check_ending(arguments)
    recording = _read(arguments.file, "report")
    if recording is None:
        return 1
    try:
        show(recording, arguments)
    except OSError as error:
        print(f"fastimport report: the report can't be written: {error}", file=sys.stderr)
        return 1
    return 0


def diff(arguments: argparse.Namespace) -> int:
    """Compare two files and return the exit status."""
    before, after = (_read(path, "diff") for path in (arguments.before, arguments.after))
    if before is None or after is None:
        return 1
    comparison = compare(before, after)
    if arguments.json:
        write(json.dumps(comparison.to_dict(), indent=1) + "\n")
    else:
        write(markdown(comparison) if arguments.markdown else painted(render_comparison(comparison)))
    if arguments.fail_above is not None and comparison.growth > arguments.fail_above and not comparison.within_spread:
        grown, allowed = f"{comparison.growth * 100:.1f} %", f"{arguments.fail_above * 100:g} %"
        print(f"fastimport diff: the total grew by {grown}; --fail-above allows {allowed}", file=sys.stderr)
        return 1
    return 0


def _read(path: str, command: str) -> Recording | None:
    try:
        return read_file(path)
    except NotARecording as error:
        print(f"fastimport {command}: {error}", file=sys.stderr)
    except OSError as error:
        print(f"fastimport {command}: {path} can't be read: {error.strerror or error}", file=sys.stderr)
    return None


def _fraction(text: str) -> float:
    value = number(text.rstrip().removesuffix("%")) / 100
    if not 0 <= value < float("inf"):
        raise argparse.ArgumentTypeError(f"must be a percentage such as 5%, not {text!r}")
    return value
