"""Another interpreter, started as this one was, to ask it something that this process can't know any more."""

import os
import subprocess
import sys
import tempfile
from collections.abc import Sequence

TIMEOUT = 60.0
"""Seconds after which a child is given up."""


class ChildFailed(RuntimeError):
    """The child did not do what it was asked; the message says how it ended, with its last words."""


def ask(code: str, arguments: Sequence[str] = (), options: Sequence[str] = (), timeout: float = TIMEOUT) -> str:
    """Run `code` in an interpreter with this one's options and environment, and return what it wrote into a file.

    The code finds the name of that file in ``sys.argv[1]``, and `arguments` behind it; what it prints is thrown away, since
    others print too. `options` are more options of the interpreter. Raises `ChildFailed`.
    """
    with tempfile.TemporaryDirectory() as directory:
        answer = os.path.join(directory, "answer")
        flags = subprocess._args_from_interpreter_flags()  # type: ignore[attr-defined]
        try:
            done = subprocess.run(
                [sys.executable, *flags, *options, "-c", code, answer, *arguments],
                stdin=subprocess.DEVNULL,
                stdout=subprocess.DEVNULL,
                stderr=subprocess.PIPE,
                text=True,
                errors="replace",
                timeout=timeout,
            )
        except (OSError, subprocess.TimeoutExpired) as error:
            raise ChildFailed(f"an interpreter can't be started to look: {error}") from error
        try:
            with open(answer, encoding="utf-8", errors="surrogateescape") as file:
                return file.read()
        except OSError:
            last = done.stderr.strip().splitlines()[-1:] or ["it said nothing"]
            raise ChildFailed(f"the interpreter that was started to look ended with {done.returncode}: {last[0]}") from None


_LIST_MODULES = """\
import sys
open(sys.argv[1], "w", encoding="utf-8", errors="surrogateescape").write("\\n".join(sys.modules))
"""


def modules_at_start() -> frozenset[str]:
    """Names of the modules that are loaded before a program starts. Raises `ChildFailed`."""
    return frozenset(ask(_LIST_MODULES).splitlines())
