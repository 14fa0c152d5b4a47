"""Finders that others put on ``sys.meta_path``, and editable installations: each is asked for every name that is imported."""

import importlib.metadata
import json
import os
import sys
import sysconfig
import time
import urllib.parse
import urllib.request
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
    """Yield each foreign finder with its cost, then the editable installations."""
    for index, finder in enumerate(list(sys.meta_path or ())):
        cls = finder if isinstance(finder, type) else type(finder)
        if not is_path_finder(finder) and cls.__module__.partition(".")[0] not in _OWN:
            yield _finder(index, finder, cls)
    for distribution in importlib.metadata.distributions():
        yield from _editable_distribution(distribution)


def _finder(index: int, finder: Any, cls: type) -> Finding:
    seconds = _seconds_per_name(finder)
    source = getattr(sys.modules.get(cls.__module__), "__file__", None) or cls.__module__
    is_editable = any(sign in f"{cls.__module__}.{cls.__qualname__}" for sign in _EDITABLE)
    kind = "editable finder" if is_editable else "foreign finder"
    cost = f"takes {seconds * 1e6:.1f} µs for each name that is not its own"
    text = f"{cls.__name__} of {source} is number {index} on sys.meta_path and {cost}"
    remedy = "install the project without -e where time matters" if is_editable else "uninstall it where it is not needed"
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


def _editable_distribution(distribution: importlib.metadata.Distribution) -> Iterator[Finding]:
    """PEP 610: an editable installation says where its source is."""
    try:
        origin = json.loads(distribution.read_text("direct_url.json") or "{}")
        is_editable = bool(origin.get("dir_info", {}).get("editable"))
        url = urllib.parse.urlsplit(origin.get("url", ""))
    except (ValueError, AttributeError, OSError):
        return
    if not is_editable or url.scheme != "file":
        return
    name, source = str(distribution.metadata["Name"]), urllib.request.url2pathname(url.path)
    details = {"source": source}
    if not os.path.isdir(source):
        text = f"is an editable installation of {source}, which does not exist"
        yield Finding("editable without source", WARNING, name, text, f"install it again, or: pip uninstall {name}", details)
    elif not source.startswith(sysconfig.get_path("purelib")):
        text = f"is an editable installation of {source}: an entry or a finder more for every import"
        yield Finding("editable", NOTICE, name, text, "install it without -e where time matters", details)
