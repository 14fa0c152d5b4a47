"""An uncaught exception of the program, reported by the interpreter as if fastimport were not below it.

The exception is let out to the interpreter, which then does everything that it does: exit status, death by SIGINT,
``-i``. Only sys.excepthook stands in between, for this one report: it puts the program's hook back and calls it with a
traceback that starts at the program.
"""

import sys

_LOADED = (sys,)  # used now: where imports are lazy, this would come through whatever the program puts in their way

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable
    from types import FrameType, TracebackType

    Kind = type[BaseException]
    Hook = Callable[[Kind, BaseException, TracebackType | None], object]


def report_as_program(frame: "FrameType | None", at_end: "Callable[[], object] | None" = None) -> None:
    """Arrange the report of the exception on its way. Its traceback shall start after `frame`; None: have no entries.

    `at_end` is called after the report.
    """
    hook = getattr(sys, "excepthook", _missing)

    def excepthook(kind: "Kind", value: BaseException, traceback: "TracebackType | None") -> None:
        _put_back(hook)
        traceback = _after(frame, traceback)
        value.__traceback__ = sys.last_traceback = traceback
        _call(hook, kind, value, traceback)
        if at_end is not None:
            at_end()

    sys.excepthook = excepthook


def _missing(kind: "Kind", value: BaseException, traceback: "TracebackType | None") -> None:
    print("sys.excepthook is missing", file=sys.stderr)
    sys.__excepthook__(kind, value, traceback)


def _put_back(hook: "Hook") -> None:
    if hook is _missing:
        del sys.excepthook
    else:
        sys.excepthook = hook


def _after(frame: "FrameType | None", traceback: "TracebackType | None") -> "TracebackType | None":
    """The entries after those of `frame`; all of them, if somebody called main() and it is not there."""
    if frame is None:
        return None
    entry = traceback
    while entry is not None and entry.tb_frame is not frame:
        entry = entry.tb_next
    while entry is not None and entry.tb_frame is frame:
        entry = entry.tb_next
    return entry


def _call(hook: "Hook", kind: "Kind", value: BaseException, traceback: "TracebackType | None") -> None:
    """_PyErr_PrintEx: an error in the hook is shown with the exception; SystemExit in the hook ends the process."""
    try:
        hook(kind, value, traceback)
        return
    except SystemExit:
        raise
    except BaseException as error:
        failure = error
    print("Error in sys.excepthook:", file=sys.stderr)
    failure.__traceback__ = failure.__traceback__ and failure.__traceback__.tb_next
    sys.__excepthook__(type(failure), failure, failure.__traceback__)
    print("\nOriginal exception was:", file=sys.stderr)
    sys.__excepthook__(kind, value, traceback)
