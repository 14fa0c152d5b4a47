"""What a resolver did so far, as numbers."""

from typing import NamedTuple

from fastimport.finding import finder


class Stats(NamedTuple):
    """Counts since the process started; all are numbers of events."""

    hits: int
    """Names found, namespace packages included."""
    absent: int
    """Names that no path entry has."""
    not_ours: int
    """Path entries that were put to importlib, in their place in the order."""
    scans: int
    """Directories listed."""
    stat_calls: int
    """Calls of stat(2)."""
    snapshot_hits: int
    """Names found in a snapshot, or in a listing that came from it."""
    snapshot_codes: int
    """Modules whose code came from a snapshot."""
    refusals: dict[str, int]
    """What fastimport declined to do, by reason."""
    snapshot_unused: dict[str, int] = {}
    """Directories and modules that were not taken from the snapshot, by reason, with the remedy."""
    unmarshalled: str | None = None
    """Why code from the snapshot is unmarshalled; None if it is ready-made, or if there is no snapshot."""


def stats_of(resolver):
    """The `Stats` of one resolver; None where there can be none."""
    if resolver is None:
        return Stats(0, 0, 0, 0, 0, 0, 0, {finder.unavailable: 1})
    refusals = dict(resolver.refusals)
    if resolver.reason is not None:
        refusals.setdefault(resolver.reason, 1)
    counts = (resolver.hits, resolver.absent, resolver.not_ours, resolver.scans, resolver.stat_calls, resolver.snapshot_hits)
    return Stats(*counts, finder.reader.snapshot_codes if finder.reader is not None else 0, refusals)
