"""``fastimport exec``: any command, with fastimport in all Python processes that come of it.

What it costs is added to the command's start: plain arguments are read without argparse.
"""

import os
import sys

from fastimport.cli.words import read_options
from fastimport.environment.variables import with_fastimport

TYPE_CHECKING = False  # of typing, which loads re and collections
if TYPE_CHECKING:
    import argparse

DESCRIPTION = """\
Replaces this process by the command, in whose environment fastimport is switched on: for every Python interpreter
that is started there and can import fastimport, children included. For servers, test runners and wrappers:
fastimport exec -- gunicorn app:app. Interpreters started with -S, -E or -I are not reached.
"""
NOT_EXECUTABLE, NOT_FOUND = 126, 127
"""Exit statuses of a command that can't be run, as shells give them."""


def parse(words: list[str]) -> tuple[list[str], dict[str, str]] | None:
    """The command and the settings of the words after ``exec``; None if argparse should read them."""
    found = read_options(words, ("--snapshot",))
    if found is None:
        return None
    settings, command = found
    command = command[1:] if command[:1] == ["--"] else command
    if not command or command[0].startswith("-"):
        return None
    if "snapshot" in settings:
        from fastimport.snapshot.places import absolute

        settings["snapshot"] = absolute(settings["snapshot"])
    return command, settings


def add_parser(subparsers: "argparse._SubParsersAction[argparse.ArgumentParser]") -> None:
    """Add the command to the command line, for its help and for what `parse` declined."""
    import argparse

    from fastimport.cli import install_options

    parser = subparsers.add_parser(
        "exec",
        help="run a command, and all Python processes that come of it, with fastimport",
        description=DESCRIPTION,
        epilog=f"The exit status is the command's own; {NOT_FOUND} if it is not found, {NOT_EXECUTABLE} if it can't be executed.",
        usage=f"fastimport exec {install_options.USAGE} -- CMD ARGS...",
    )
    install_options.add(parser)
    parser.add_argument("command", nargs=argparse.REMAINDER, metavar="CMD ARGS", help="the command")
    parser.set_defaults(func=run, parser=parser)


def run(arguments: "argparse.Namespace") -> int:
    """Become the command that argparse has read."""
    from fastimport.cli import install_options

    command = arguments.command[1:] if arguments.command[:1] == ["--"] else arguments.command
    if not command:
        arguments.parser.error("give a command: fastimport exec -- CMD ARGS...")
    settings = install_options.given(arguments)
    install_options.warn_of_lazy("exec", settings)
    return become(command, settings)


def become(command: list[str], settings: dict[str, str]) -> int:
    """Replace this process; returns only where that fails, or where the operating system can't do it."""
    _warn_of_no_snapshot(settings)
    environment = with_fastimport(os.environ, settings)
    sys.stdout.flush()
    try:
        if os.name == "nt":  # execvpe there starts another process and ends this one, before the command is done
            import subprocess

            return subprocess.run(command, env=environment, check=False).returncode
        os.execvpe(command[0], command, environment)
    except OSError as error:
        print(f"fastimport exec: {command[0]}: {error.strerror or error}", file=sys.stderr)
        return NOT_FOUND if isinstance(error, FileNotFoundError | NotADirectoryError) else NOT_EXECUTABLE


def _warn_of_no_snapshot(settings: dict[str, str]) -> None:
    """The processes themselves say nothing of a file that is not there; whoever asked for it should know."""
    if "snapshot" not in settings:
        return
    from fastimport.snapshot.places import WORDS

    path = settings["snapshot"]
    if path not in WORDS and not os.path.exists(path):
        print(f"fastimport exec: warning: {path}: there is no such snapshot", file=sys.stderr)
