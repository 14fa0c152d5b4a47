"""The program's place on sys.path, and the one frame of ours that it runs in."""

import sys

from fastimport.cli.failure import report_as_program

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable

_FILE_FORGOTTEN_FIRST = (3, 13, 15) <= sys.version_info < (3, 14) or sys.version_info >= (3, 14, 7)
"""Whether ``__file__`` goes before an exception is reported, rather than after (gh-152132)."""


def enter(entry: str) -> None:
    """Put the program's place on sys.path (_PyPathConfig_ComputeSysPath0)."""
    if not sys.flags.safe_path:
        sys.path.insert(0, entry)


def execute(function: "Callable[..., object]", *arguments: object, at_end: "Callable[[], object] | None" = None) -> None:
    """The one frame of ours between the interpreter and the program, apart from what called it."""
    report = report_as_program  # now: a lazy import would come through hooks that the program has put there
    try:
        function(*arguments)
    except BaseException as error:
        if _FILE_FORGOTTEN_FIRST and at_end:
            at_end()
            at_end = None
        if not isinstance(error, SystemExit) or sys.flags.inspect:
            report(sys._getframe(), at_end)
        raise
    if at_end:
        at_end()
