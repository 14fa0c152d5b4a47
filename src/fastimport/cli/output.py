"""What the diagnosing commands share: the search path of a program, and output that no name can break."""

import email.parser  # noqa: F401  importlib.metadata loads it late, when the program's own directory may hide it
import json
import os
import sys
from typing import Any

from fastimport import activation
from fastimport.cli.execution import enter
from fastimport.cli.terminal import painted


def look_as_program() -> None:
    """Make this process see what ``python -c`` sees: the current directory first on sys.path, importlib finding modules.

    The command line has taken off what the interpreter put there for the command (`cli.DIAGNOSING`). Everything that is
    needed has to be imported before this.
    """
    activation.uninstall()
    try:
        enter(os.getcwd())
    except OSError:  # deleted: then python has nothing there either
        pass


def show(text: str) -> None:
    """Print `text` on stdout, as `write` does, in colours where they are wanted."""
    write(painted(text) + "\n")


def write(text: str) -> None:
    """Write `text` to stdout. File names may hold what the terminal, or any encoding, can't express.

    A reader that has gone away, as ``head`` does, ends the command without a word; any other failure is told. Both raise
    `SystemExit`.
    """
    if sys.stdout is None:
        print("fastimport: the result can't be written: standard output is closed", file=sys.stderr)
        raise SystemExit(1)
    encoding = sys.stdout.encoding or "utf-8"
    try:
        print(text.encode(encoding, "backslashreplace").decode(encoding), end="", flush=True)
    except OSError as error:
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())  # or the interpreter's own flush fails at the end
        if not isinstance(error, BrokenPipeError):
            print(f"fastimport: the result can't be written: {error}", file=sys.stderr)
        raise SystemExit(1) from None


def show_progress(message: str = "") -> None:
    """Replace the line of progress on stderr, if that is a terminal; without a message, take it away."""
    if sys.stderr.isatty():
        print(f"\r{message[:78]}\x1b[K", end="", file=sys.stderr, flush=True)


def show_json(data: dict[str, Any]) -> None:
    """Print `data` as JSON, in ASCII. Fails as `show` does."""
    write(json.dumps(data, indent=1) + "\n")
