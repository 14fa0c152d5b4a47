"""What compiling at each start costs, measured; and for which modules a snapshot saves it."""

import _imp
import os
import statistics
import time
import warnings
from collections.abc import Sequence

from fastimport.diagnosis.doctor import snapshot_state
from fastimport.finding import finder
from fastimport.snapshot import attachment, identity

SAMPLE = 24
PATIENCE = 2.0
"""Seconds."""


def seconds_for(paths: Sequence[str]) -> float:
    """What compiling all of `paths` takes in this process: the mean of some that lie evenly among them, times their number.

    Those that can't be read or compiled count nothing.
    """
    chosen = paths[:: max(1, len(paths) // SAMPLE)][:SAMPLE]
    until = time.monotonic() + PATIENCE
    times = []
    for path in chosen:
        times.append(_compile(path))
        if time.monotonic() > until:
            break
    return statistics.mean(times) * len(paths) if times else 0.0


def _compile(path: str) -> float:
    try:
        with open(path, "rb") as file:
            source = file.read()
        begin = time.perf_counter()
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            compile(source, path, "exec", dont_inherit=True)
        return time.perf_counter() - begin
    except (OSError, SyntaxError, ValueError, RecursionError, MemoryError):
        return 0.0


def served(paths: Sequence[str]) -> tuple[int, str]:
    """How many of `paths` a start gets from the snapshot that it would use, and the snapshot; 0 and "" if there is none."""
    snapshot = snapshot_state.path_in_use()
    if snapshot is None:
        return 0, ""
    try:
        reader = attachment.open_snapshot(snapshot)
        attachment.relocate(reader, snapshot)
    except (attachment.Refused, ValueError):
        return 0, ""
    reader.serve(identity.suffixes(), _imp._fix_co_filename, False, finder.external.FileFinder)  # type: ignore[attr-defined]
    return sum(reader.code(os.path.abspath(path)) is not None for path in paths), snapshot
