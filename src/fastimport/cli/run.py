"""``fastimport run``: a program as ``python`` runs it, with fastimport installed.

The arguments are read here rather than by argparse, which would load a dozen modules that the program may never need.
Whatever is not plain is left to argparse after all: it explains.
"""

import sys

from fastimport.cli.words import read_options
from fastimport.settings import DEFERRED, FRESHNESS, REGISTER

TYPE_CHECKING = False  # of typing, which loads re and collections
if TYPE_CHECKING:
    import argparse
    from typing import Any

DESCRIPTION = """\
Runs a program exactly as python would, with fastimport installed. Options of the interpreter are given to it:
python -X dev -m fastimport run SCRIPT. Without a program, or with -, standard input is the program.
"""

_HINT = "the program is -m MOD, -c CODE or SCRIPT; options of the interpreter go before -m fastimport"
_FREE_OPTIONS = ("--snapshot", "--lazy", "--record-to")  # the last is what `build --from` says


class Request:
    """Arguments of `fastimport.install`; ``-m``, ``-c``, ``-`` (standard input) or ``file``; the program; its own."""

    def __init__(self, settings: dict[str, str], kind: str, program: str, arguments: list[str]) -> None:
        self.settings = settings
        self.kind = kind
        self.program = program
        self.arguments = arguments


def parse(words: list[str]) -> Request | None:
    """Read the words after ``run``; None if argparse should."""
    found = read_options(words, _FREE_OPTIONS)
    return None if found is None else _parse_program(*found)


def _parse_program(settings: dict[str, str], words: list[str]) -> Request | None:
    first = words[0] if words else ""
    if first in ("", "-") and not (words and first == ""):
        return Request(settings, "-", first, words[1:])
    if first[:2] in ("-m", "-c") and (first[2:] or words[1:]):
        program, *arguments = [first[2:], *words[1:]] if first[2:] else words[1:]
        return Request(settings, first[:2], program, arguments)
    if first == "--":
        return Request(settings, "file", words[1], words[2:]) if words[1:] else Request(settings, "-", "", [])
    return None if first.startswith("-") else Request(settings, "file", first, words[1:])


def start(request: Request) -> int:
    """Install fastimport and run the program in this process. The exit status; what the program raises comes out."""
    from fastimport.cli import program

    _install(request.settings)
    return program.run(request.kind, request.program, request.arguments)


def _install(settings: "dict[str, Any]") -> None:
    """Nothing in fastimport may keep a program from starting, unless FASTIMPORT_STRICT asks for it."""
    from fastimport.settings import read_environment

    try:
        from fastimport.activation import install

        record = settings.pop("record-to", None)
        if record is not None:
            from fastimport.snapshot.recording import record_to

            record_to(record)
        install(**{"collector": DEFERRED, **settings})
        _tell_no_snapshot(settings)
        if "lazy" in settings:
            _tell_refusal(settings["lazy"])
    except Exception as error:
        if read_environment().strict:
            if not str(error).startswith("snapshot refused: "):
                raise
            print(f"fastimport: {error}", file=sys.stderr)
            raise SystemExit(2) from None
        print(f"fastimport: not active: {error}", file=sys.stderr)


def _tell_no_snapshot(settings: "dict[str, Any]") -> None:
    """Say why the snapshot that was asked for is not used."""
    from fastimport.finding.finder import resolver

    refused = [reason for reason in (resolver.refusals if resolver is not None else ()) if reason.startswith("snapshot: ")]
    if refused and (settings.get("snapshot") or settings.get("freshness") == "frozen"):
        print(f"fastimport: warning: no {refused[-1]}", file=sys.stderr)


def _tell_refusal(file: str) -> None:
    """Say why no import is late although FILE was given for this very run."""
    from fastimport.activation import installed
    from fastimport.finding.lazy import check_file

    reason = check_file(file) if installed() else None
    if reason is not None:
        print(f"fastimport: no import is late: {reason}", file=sys.stderr)


def add_parser(subparsers: "argparse._SubParsersAction[argparse.ArgumentParser]") -> None:
    """Add the command, for its help and for what `parse` declined."""
    from fastimport.cli.install_options import add_memory

    parser = subparsers.add_parser(
        "run",
        help="run a program with fastimport",
        description=DESCRIPTION,
        epilog="The exit status is the program's own.",
        usage="fastimport run [--freshness LEVEL] [--register WAY] [--snapshot FILE] [--collector HOW] "
        "[--arenas KIND] [--lazy FILE] [-m MOD | -c CODE | SCRIPT | -] ARGS...",
    )
    parser.add_argument(
        "--freshness", "--level", choices=FRESHNESS, metavar="LEVEL", help=f"one of {', '.join(FRESHNESS)} (default: checked)"
    )
    parser.add_argument("--register", choices=REGISTER, metavar="WAY", help=f"one of {', '.join(REGISTER)} (default: meta_path)")
    parser.add_argument("--snapshot", metavar="FILE", help="a snapshot, or auto (default: what FASTIMPORT_SNAPSHOT says)")
    add_memory(parser)
    parser.add_argument("--lazy", metavar="FILE", help="postpone the imports that a file of 'fastimport lazy learn' names (3.15)")
    parser.add_argument("-m", metavar="MOD", help="run a module, or a package's __main__")
    parser.add_argument("-c", metavar="CODE", help="run code")
    parser.add_argument("script", nargs="*", metavar="SCRIPT", help="run a file, or __main__ of a directory or zip file")
    parser.set_defaults(func=_explain, parser=parser, hint=f"; {_HINT}")


def _explain(arguments: "argparse.Namespace") -> None:
    arguments.parser.error(_HINT)
