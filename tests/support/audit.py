"""Audit events of one thread: recorded, or vetoed.

Audit hooks cannot be removed, so there is one, which does nothing unless it is asked to.
"""

import sys
import threading
from contextlib import contextmanager
from types import FrameType, TracebackType

_listening = threading.local()


def _hook(event, arguments):
    observer = getattr(_listening, "observer", None)
    if observer is not None:
        observer(event, arguments)


sys.addaudithook(_hook)


@contextmanager
def observing(observer):
    """Show every event of this thread to `observer`, then to whoever was observing before."""
    outer = getattr(_listening, "observer", None)

    def observe(event, arguments):
        if outer is not None:
            outer(event, arguments)
        observer(event, arguments)

    _listening.observer = observe
    try:
        yield
    finally:
        _listening.observer = outer


@contextmanager
def recording():
    """Give the list to which the events of this thread are added.

    Left out: that attributes of tracebacks and frames are read. The frames of an error are tidied when
    it leaves the search, which importlib need not do; test_harness holds this to errors only.
    """
    events = []

    def record(event, arguments):
        if event != "object.__getattr__" or not isinstance(arguments[0], TracebackType | FrameType):
            events.append((event, repr(arguments)))

    with observing(record):
        yield events


@contextmanager
def veto(event, error):
    """Raise `error` out of every audit event called `event`."""

    def refuse(name, arguments):
        if name == event:
            raise error

    with observing(refuse):
        yield
