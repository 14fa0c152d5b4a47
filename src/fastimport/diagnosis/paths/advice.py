"""What to do about a search path: each advice names an entry, what is wrong, and what to do."""

from collections.abc import Iterator, Mapping, Sequence
from typing import NamedTuple

from fastimport.diagnosis.paths.costs import EntryCost
from fastimport.diagnosis.paths.entries import PathEntry

LONG_PATH = 20
"""Entries from which the length of the path itself is worth a word."""

WORTH_MOVING = 0.1
"""Share of the whole search from which an order that serves few is worth changing."""

WORTH_REMOVING = 0.02
"""Share of the whole search from which an entry that gives nothing is worth removing."""

LEAST_WORTH = 0.2e-3
"""Seconds below which nothing is worth a word."""

SHOWN_NAMES = 5


class Advice(NamedTuple):
    """Index of the entry, or None for the whole path; `kind` for programs, `text` for people."""

    entry: int | None
    kind: str
    text: str


def advise(entries: Sequence[PathEntry], bill: Mapping[str, EntryCost] | None) -> list[Advice]:
    """Advice on each entry, then on the path as a whole. `bill` is that of a recorded program, or None."""
    found = [
        Advice(entry.index, kind, f"{entry.entry!r} {text}")
        for entry in entries
        for kind, text in _on_entry(entry, entry is entries[-1])
    ]
    if bill is not None:
        found += _on_use(entries, bill)
    if len(entries) >= LONG_PATH:
        text = (
            f"{len(entries)} entries: a name is asked of each of them until one has it. Install packages into one "
            "directory, or let fastimport search (fastimport bench measures what that saves)"
        )
        found.append(Advice(None, "long path", text))
    return found


def _on_entry(entry: PathEntry, is_last: bool) -> Iterator[tuple[str, str]]:
    if entry.is_missing:
        yield "missing", "does not exist: take it off PYTHONPATH, or out of the .pth file that adds it"
    elif not entry.answers:
        yield "no answer", f"{entry.note}: every import that comes to it waits; take it off the path"
    elif entry.finder is None and not entry.is_standard_archive:
        yield "useless", f"{entry.note}: importlib skips it; take it off the path"
    if entry.duplicate_of is not None:
        yield "duplicate", f"the same directory as entry {entry.duplicate_of}: failed look-ups ask it twice; remove one"
    if entry.shadows:
        names = ", ".join(sorted(entry.shadows)[:SHOWN_NAMES]) + (", ..." if len(entry.shadows) > SHOWN_NAMES else "")
        count = "a name" if len(entry.shadows) == 1 else f"{len(entry.shadows)} names"
        yield "shadowing", f"hides {count} of later entries ({names}): fastimport explain NAME shows each"
    if entry.file_system is not None and entry.file_system.is_remote:
        yield "remote", f"on {entry.file_system}: copy it to a local disk{'' if is_last else ', or put it behind local entries'}"
    if entry.is_slow and entry.answers and entry.latency is not None:
        how = "copy it to a faster one" if is_last else "put it last, or copy it"
        yield "slow", f"takes {entry.latency * 1e6:.0f} µs to say that it does not have a name: {how}"


def _on_use(entries: Sequence[PathEntry], bill: Mapping[str, EntryCost]) -> Iterator[Advice]:
    total = sum(cost.nanoseconds + cost.below_nanoseconds for cost in bill.values()) or 1
    unused: list[PathEntry] = []
    for entry in entries:
        cost = bill.get(entry.entry)
        if cost is None or entry.finder is None or entry.is_standard_library or entry.duplicate_of is not None:
            continue
        share, is_worth_it = cost.nanoseconds / total, cost.nanoseconds / 1e9 >= LEAST_WORTH
        if cost.modules:
            can_move = entry is not entries[-1] and entry.index  # the first is where the program is
            if is_worth_it and can_move and share >= WORTH_MOVING and cost.failed > 10 * max(cost.found, 1):
                yield _move(entry, cost)
        elif is_worth_it and share >= WORTH_REMOVING:
            yield _remove(entry, cost)
        else:
            unused.append(entry)
    spent = sum(bill[entry.entry].nanoseconds for entry in unused)
    if len(unused) > 1 and spent / total >= WORTH_REMOVING and spent / 1e9 >= LEAST_WORTH:
        numbers = ", ".join(str(entry.index) for entry in unused[:SHOWN_NAMES]) + (", ..." if unused[SHOWN_NAMES:] else "")
        cost_of_all = f"together took {spent / 1e6:.2f} ms"
        text = f"{len(unused)} more entries ({numbers}) gave no module, and {cost_of_all}: remove what is not needed"
        yield Advice(None, "never used", text)


def _remove(entry: PathEntry, cost: EntryCost) -> Advice:
    how = "python -P leaves it out" if entry.is_current_directory else "remove it, if the program never needs it"
    text = f"gave no module and was asked {cost.failed} times, {cost.nanoseconds / 1e6:.2f} ms: {how}"
    return Advice(entry.index, "never used", f"{entry.entry!r} {text}")


def _move(entry: PathEntry, cost: EntryCost) -> Advice:
    caution = ", once nothing depends on what it hides" if entry.shadows else ""
    text = (
        f"has {cost.found} of the {cost.found + cost.failed} top-level names that it is asked for, and takes "
        f"{cost.nanoseconds / 1e6:.2f} ms: put it behind the entries that have more{caution}"
    )
    return Advice(entry.index, "early", f"{entry.entry!r} {text}")
