"""An explanation as text, and as plain data for JSON (docs/search-path.md describes the schema)."""

import dataclasses
from typing import Any

from fastimport.diagnosis.explain import Explanation
from fastimport.diagnosis.explain.candidates import Candidate, EntryAnswer

SCHEMA = "fastimport.explain/1"
MOST_ENTRIES = 12


def plain(explanation: Explanation) -> dict[str, Any]:
    """The explanation as data that JSON can hold. Times are in seconds."""
    search = explanation.search
    return {
        "schema": SCHEMA,
        "name": explanation.name,
        "found": explanation.winner is not None,
        "winner": None if explanation.winner is None else _candidate(explanation.winner),
        "locations": search.locations,
        "candidates": [_candidate(each) for each in search.candidates],
        "finders": [
            {"index": stage.index, "finder": stage.finder, "source": stage.source, "note": stage.note} for stage in search.stages
        ],
        "entries": [_entry(each) for each in search.entries],
        "causes": [each._asdict() for each in explanation.causes],
        "notes": explanation.notes,
        "look_ups": [each._asdict() for each in explanation.costs],
    }


def _candidate(candidate: Candidate) -> dict[str, Any]:
    return dataclasses.asdict(candidate)


def _entry(answer: EntryAnswer) -> dict[str, Any]:
    entry = answer.entry if isinstance(answer.entry, str) else repr(answer.entry)
    return {"index": answer.index, "entry": entry, "finder": answer.finder, "note": answer.note, "has": len(answer.candidates)}


def text(explanation: Explanation) -> str:
    """The explanation for people; ends without a line feed."""
    parts = [_headline(explanation), *_cause_lines(explanation)]
    if explanation.search.stages:
        parts += _candidate_lines(explanation.search.candidates)
        parts += _asked(explanation)
    if explanation.costs:
        parts += ["", "cost of a look-up       first     later"]
        parts += [f"  {cost.finder:18}{_time(cost.first)} {_time(cost.later)}" for cost in explanation.costs]
    if explanation.notes:
        parts += ["", *(f"note: {note}" for note in explanation.notes)]
    return "\n".join(parts)


def _headline(explanation: Explanation) -> str:
    winner = explanation.winner
    if winner is None:
        return f"{explanation.name} is not found"
    if winner.is_portion:
        return f"{explanation.name} is a namespace package of {', '.join(explanation.search.locations or ())}\n  {winner.reason}"
    loader = f", loaded by {winner.loader}" if winner.loader else ""
    return f"{explanation.name} is {_described(winner)}{loader}\n  {winner.reason}"


def _described(winner: Candidate) -> str:
    if winner.kind in ("built-in", "frozen"):
        return f"a {winner.kind} module of the interpreter"
    return f"a {winner.kind}: {winner.origin or 'without a file'}"


def _cause_lines(explanation: Explanation) -> list[str]:
    lines = []
    for cause in explanation.causes:
        lines.append(f"  {cause.text}")
        if cause.remedy:
            lines.append(f"    -> {cause.remedy}")
    return lines


def _candidate_lines(candidates: list[Candidate]) -> list[str]:
    if not candidates:
        return []
    lines = ["", "candidates, in the order in which an import meets them"]
    for candidate in candidates:
        place = f"entry {candidate.index}" if candidate.index is not None else candidate.finder
        lines.append(f"  {candidate.outcome:10} {place:16} {candidate.kind:18} {candidate.origin or candidate.loader or ''}")
        lines.append(f"  {'':10} {candidate.reason}")
    return lines


def _asked(explanation: Explanation) -> list[str]:
    """Who else is asked; the entries one by one where they have something to say."""
    search = explanation.search
    finders = [stage.finder + (f" ({stage.source})" if stage.source else "") for stage in search.stages]
    lines = ["", f"finders on sys.meta_path: {', '.join(finders)}"]
    told = [answer for answer in search.entries if answer.note]
    lines += [f"  entry {answer.index}: {answer.entry!r} {answer.note}" for answer in told[:MOST_ENTRIES]]
    if len(told) > MOST_ENTRIES:
        lines.append(f"  ... and {len(told) - MOST_ENTRIES} more; --json has all")
    return lines


def _time(seconds: float) -> str:
    return f"{seconds * 1e6:8.1f} µs" if seconds < 1e-2 else f"{seconds * 1e3:8.1f} ms"
