"""The command line: ``fastimport COMMAND ...``, ``python -m fastimport`` the same.

Every family of commands is a module of this package with ``add_parser(subparsers)``, which sets ``func``, a function
from the parsed arguments to the exit status, and ``parser``. Only the family that is asked for is imported.

Results go to stdout, progress and warnings to stderr. Colours are for terminals and obey NO_COLOR, as argparse's own do.
"""

import sys

TYPE_CHECKING = False
if TYPE_CHECKING:
    import argparse
    from collections.abc import Iterable
    from typing import Any

FAMILIES = {  # command: the module here that has it
    "bench": "bench",
    "build": "build",
    "clean": "clean",
    "completion": "completion",
    "diff": "report",
    "disable": "environment",
    "doctor": "doctor",
    "enable": "environment",
    "exec": "exec",
    "explain": "explain",
    "lazy": "lazy",
    "paths": "paths",
    "profile": "profile",
    "report": "report",
    "run": "run",
    "speedup": "speedup",
    "status": "status",
    "verify": "verify",
}

DIAGNOSING = ("diff", "doctor", "explain", "lazy", "paths", "profile", "report")
"""Commands for programs whose files hide modules of the standard library: such a file must not hide them from us."""

OK, CHECK_FAILED, USAGE, UNCHANGEABLE, INTERRUPTED = 0, 1, 2, 3, 130
"""Exit statuses: fine; a check failed; wrong usage; the environment can't be changed; Ctrl-C."""


def main(argv: list[str] | None = None) -> int:
    """Carry out a command and return its exit status.

    ``run`` takes the interpreter over for the program, and lets through what the program raises.
    """
    words = sys.argv[1:] if argv is None else list(argv)
    if words[:1] == ["run"]:
        from fastimport.cli import run

        request = run.parse(words[1:])
        if request is not None:
            return run.start(request)
    if words[:1] == ["exec"]:
        from fastimport.cli import exec as execution

        found = execution.parse(words[1:])
        if found is not None:
            return execution.become(*found)
    return _dispatch(words)


def finish(status: int) -> None:
    """End the process with `status`: for 0 by falling off the end, after which ``-i`` and PYTHONINSPECT are obeyed."""
    if status:
        raise SystemExit(status)


def _dispatch(words: list[str]) -> int:
    known = words[0] if words and words[0] in FAMILIES else None
    if known in DIAGNOSING:
        from fastimport.cli.program import leave_search_path

        leave_search_path()
    parser, choices = make_parser([FAMILIES[known]] if known else FAMILIES.values())
    if not words:
        parser.print_help(sys.stderr)
        return USAGE
    if known and known in choices:
        _complete(known, choices[known], words)
    try:
        if words and known is None and not words[0].startswith("-"):
            parser.error(f"no command is called {words[0]!r}{_nearest(words[0], list(FAMILIES))}; fastimport --help lists them")
        arguments, unknown = parser.parse_known_args(words)
        if unknown:  # reported with the usage of the command, not of all of them
            hint = _meant(unknown, arguments.parser) or getattr(arguments, "hint", "")
            arguments.parser.error(f"unrecognized arguments: {' '.join(unknown)}{hint}")
        status: int = arguments.func(arguments)
        return status
    except SystemExit as stop:  # argparse: help, or wrong usage
        return stop.code if isinstance(stop.code, int) else OK
    except KeyboardInterrupt:
        print(f"fastimport{f' {known}' if known else ''}: interrupted", file=sys.stderr)
        return INTERRUPTED


def make_parser(families: "Iterable[str]") -> "tuple[argparse.ArgumentParser, dict[str, argparse.ArgumentParser]]":
    """The parser of the command line with the commands of `families`, modules of this package, and that of each command."""
    import argparse
    import functools

    parser = argparse.ArgumentParser(
        prog="fastimport",
        description="The same imports, found faster.",
        epilog="Exit status: 0 fine, 1 a check failed, 2 wrong usage, 3 the environment can't be changed. "
        "FASTIMPORT=0 in the environment switches fastimport off.",
    )
    parser.add_argument("--version", action="version", version=_version())
    exact: Any = functools.partial(argparse.ArgumentParser, allow_abbrev=False)  # a mistyped option is told, not guessed
    subparsers = parser.add_subparsers(title="commands", metavar="COMMAND", required=True, parser_class=exact)
    for family in dict.fromkeys(families):
        __import__(f"{__name__}.{family}", fromlist=["add_parser"]).add_parser(subparsers)
    return parser, subparsers.choices


def _complete(command: str, parser: "argparse.ArgumentParser", words: list[str]) -> None:
    """What all commands have in common: examples, and for some of them the defaults of a project."""
    if "-h" in words or "--help" in words:
        from fastimport.cli.help import add_examples

        add_examples(command, parser)
    else:
        from fastimport.cli.project import read_defaults

        read_defaults(command, parser)


def _meant(unknown: list[str], parser: "argparse.ArgumentParser") -> str:
    """The option that was perhaps meant by the first unknown word."""
    word = unknown[0].partition("=")[0]
    return _nearest(word, list(parser._option_string_actions)) if word.startswith("-") else ""


def _nearest(word: str, known: list[str]) -> str:
    import difflib

    near = difflib.get_close_matches(word, known, 1, 0.7)
    return f": did you mean {near[0]}?" if near else ""


def _version() -> str:
    import fastimport

    return f"fastimport {getattr(fastimport, '__version__', 'overwritten by another project: fastimport doctor')}"
