"""What each path entry did in a recorded start-up: the bill."""

import os
from collections.abc import Iterable
from dataclasses import dataclass

from fastimport.diagnosis.paths.recording import Recording, Search
from fastimport.diagnosis.working_directory import here


@dataclass
class EntryCost:
    """One entry of the search path.

    ``found``, ``failed``, ``nanoseconds`` and ``reads`` (of directories) are of searches for top-level names. The same with
    ``below_`` is of searches inside packages that lie in this entry.
    """

    found: int = 0
    failed: int = 0
    nanoseconds: int = 0
    reads: int = 0
    below_found: int = 0
    below_failed: int = 0
    below_nanoseconds: int = 0
    below_reads: int = 0

    @property
    def seconds(self) -> float:
        """All that was spent in this entry and in packages below it."""
        return (self.nanoseconds + self.below_nanoseconds) / 1e9

    @property
    def modules(self) -> int:
        return self.found + self.below_found


@dataclass
class FailedLookUp:
    """A top-level name that no entry has: how often it was searched for, and what that cost."""

    name: str
    times: int = 0
    nanoseconds: int = 0


ELSEWHERE = "(elsewhere)"
"""Stands for directories that are in no entry of the search path."""


def charge(recording: Recording) -> dict[str, EntryCost]:
    """The bill by entry, in the order of the path; entries that were on it for a while come behind, then `ELSEWHERE`."""
    visited = (visit.entry for search in recording.searches if search.is_top for visit in search.visits)
    bill = {entry: EntryCost() for entry in [*recording.path, *visited, ELSEWHERE]}
    homes = _Homes(entry for entry in bill if entry != ELSEWHERE)
    for search in recording.searches:
        for number, visit in enumerate(search.visits):
            is_hit = _is_hit(search, number)
            home = visit.entry if search.is_top else homes.of(visit.entry)
            _add(bill[home], search.is_top, is_hit, visit.nanoseconds, visit.reads)
    if bill[ELSEWHERE] == EntryCost():
        del bill[ELSEWHERE]
    return bill


def _is_hit(search: Search, number: int) -> bool:
    if search.outcome == "portions":
        entry = os.path.join(search.visits[number].entry or here(), "")
        return any(portion.startswith(entry) for portion in search.portions)
    return search.outcome == "found" and number == len(search.visits) - 1


def _add(cost: EntryCost, is_top: bool, is_hit: bool, nanoseconds: int, reads: int) -> None:
    prefix = "" if is_top else "below_"
    for name, amount in (("found" if is_hit else "failed", 1), ("nanoseconds", nanoseconds), ("reads", reads)):
        setattr(cost, prefix + name, getattr(cost, prefix + name) + amount)


class _Homes:
    """Which entry of the search path a directory lies in; the innermost, if several."""

    def __init__(self, entries: Iterable[str]) -> None:
        by_length = sorted(entries, key=len, reverse=True)
        self.entries = [(os.path.join(entry or here(), ""), entry) for entry in by_length]
        self.known: dict[str, str] = {}

    def of(self, directory: str) -> str:
        if directory not in self.known:
            inside = (entry for prefix, entry in self.entries if os.path.join(directory, "").startswith(prefix))
            self.known[directory] = next(inside, ELSEWHERE)
        return self.known[directory]


def failed_look_ups(recording: Recording) -> list[FailedLookUp]:
    """Top-level names that no entry has, the dearest first."""
    failed: dict[str, FailedLookUp] = {}
    for search in recording.searches:
        if search.is_top and search.outcome == "absent":
            entry = failed.setdefault(search.name, FailedLookUp(search.name))
            entry.times += 1
            entry.nanoseconds += sum(visit.nanoseconds for visit in search.visits)
    return sorted(failed.values(), key=lambda each: -each.nanoseconds)
