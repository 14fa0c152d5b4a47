"""Finders that others put on ``sys.meta_path``: each is asked for every name that is imported."""

import sys
import time
from collections.abc import Iterator
from typing import Any

from fastimport.diagnosis.doctor.findings import NOTICE, WARNING, Finding
from fastimport.diagnosis.explain.stages import is_path_finder

SLOW = 50e-6
"""Seconds per name from which a finder is slow: importlib asks a whole short path in that time."""

ASKED = 200

_EDITABLE = ("__editable__", "_EditableFinder", "ScikitBuildRedirectingFinder", "MesonpyMetaFinder", "Editable", "Redirect")
_OWN = ("fastimport", "_frozen_importlib", "_frozen_importlib_external")


def find() -> Iterator[Finding]:
    """Yield each finder that no editable installation has put there, with its cost."""
    return _found("foreign finder", False, "uninstall it where it is not needed")


def of_editable_installations() -> Iterator[Finding]:
    """Yield the others."""
    return _found("editable finder", True, "install the project without -e where time matters")


def _found(kind: str, is_editable: bool, remedy: str) -> Iterator[Finding]:
    for index, finder in enumerate(list(sys.meta_path or ())):
        cls = finder if isinstance(finder, type) else type(finder)
        if is_path_finder(finder) or cls.__module__.partition(".")[0] in _OWN:
            continue
        if any(sign in f"{cls.__module__}.{cls.__qualname__}" for sign in _EDITABLE) is is_editable:
            yield _finding(kind, index, finder, cls, remedy)


def _finding(kind: str, index: int, finder: Any, cls: type, remedy: str) -> Finding:
    seconds = _seconds_per_name(finder)
    source = getattr(sys.modules.get(cls.__module__), "__file__", None) or cls.__module__
    cost = f"takes {seconds * 1e6:.1f} µs for each name that is not its own"
    text = f"{cls.__name__} of {source} is number {index} on sys.meta_path and {cost}"
    severity = WARNING if seconds >= SLOW else NOTICE
    return Finding(kind, severity, cls.__name__, text, remedy, {"index": index, "source": source, "seconds": seconds})


def _seconds_per_name(finder: Any) -> float:
    """The mean over names that nobody has; 0 for a finder that can't be asked."""
    if not hasattr(finder, "find_spec"):
        return 0.0
    begin = time.perf_counter()
    for number in range(ASKED):
        try:
            finder.find_spec(f"fastimport_no_such_module_{number}", None, None)
        except Exception:  # what it costs is the question, not what it says
            pass
    return (time.perf_counter() - begin) / ASKED
