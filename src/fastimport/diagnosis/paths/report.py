"""A search path as text, and as plain data for JSON (docs/search-path.md describes the schema)."""

import dataclasses
from collections import Counter
from collections.abc import Mapping, Sequence
from typing import Any

from fastimport.diagnosis.paths.advice import Advice
from fastimport.diagnosis.paths.costs import EntryCost, FailedLookUp, failed_look_ups
from fastimport.diagnosis.paths.entries import PathEntry
from fastimport.diagnosis.paths.recording import Recording

SCHEMA = "fastimport.paths/1"
MOST = 10


class Report:
    """Everything that there is to say; ``recording`` and ``bill`` are None without a program."""

    def __init__(
        self,
        entries: Sequence[PathEntry],
        advice: Sequence[Advice],
        recording: Recording | None = None,
        bill: Mapping[str, EntryCost] | None = None,
    ) -> None:
        self.entries = entries
        self.advice = advice
        self.recording = recording
        self.bill = bill

    @property
    def failed(self) -> list[FailedLookUp]:
        """Top-level names that the program searched for in vain."""
        return [] if self.recording is None else failed_look_ups(self.recording)


def plain(report: Report) -> dict[str, Any]:
    """The report as data that JSON can hold. Times are in seconds."""
    return {
        "schema": SCHEMA,
        "entries": [_plain_entry(entry, report.bill) for entry in report.entries],
        "other": _plain_others(report),
        "advice": [advice._asdict() for advice in report.advice],
        "program": _plain_program(report),
    }


def _plain_entry(entry: PathEntry, bill: Mapping[str, EntryCost] | None) -> dict[str, Any]:
    system = entry.file_system
    return {
        "index": entry.index,
        "entry": entry.entry,
        "finder": entry.finder,
        "note": entry.note,
        "missing": entry.is_missing,
        "duplicate_of": entry.duplicate_of,
        "file_system": system and {**system._asdict(), "remote": system.is_remote},
        "latency": entry.latency,
        "slow": entry.is_slow,
        "names": len(entry.names),
        "shadows": entry.shadows,
        "cost": _plain_cost(bill.get(entry.entry, EntryCost())) if bill is not None else None,
    }


def _plain_cost(cost: EntryCost) -> dict[str, Any]:
    fields = dataclasses.asdict(cost)
    for prefix in ("", "below_"):
        fields[f"{prefix}seconds"] = fields.pop(f"{prefix}nanoseconds") / 1e9
    return fields


def _plain_others(report: Report) -> list[dict[str, Any]]:
    known = {entry.entry for entry in report.entries}
    return [{"entry": name, "cost": _plain_cost(cost)} for name, cost in (report.bill or {}).items() if name not in known]


def _plain_program(report: Report) -> dict[str, Any] | None:
    recording = report.recording
    if recording is None:
        return None
    return {
        "status": recording.status,
        "seconds": recording.seconds,
        "search_seconds": recording.search_seconds,
        "recording_seconds": recording.overhead,
        "searches": len(recording.searches),
        "failed_look_ups": [{"name": f.name, "times": f.times, "seconds": f.nanoseconds / 1e9} for f in report.failed],
    }


def text(report: Report) -> str:
    """The report for people; ends without a line feed."""
    lines = _table(report)
    lines += [f"     {entry.index:3} {note}" for entry in report.entries for note in _notes(entry, report.bill)]
    if report.recording is not None:
        lines += ["", *_program_lines(report, report.recording)]
    advice = _advice_lines(report.advice)
    return "\n".join([*lines, "", *(["advice", *advice] if advice else ["nothing to advise"])])


def _advice_lines(advice: Sequence[Advice]) -> list[str]:
    """No more than `MOST` of a kind."""
    lines, counts = [], Counter[str]()
    for each in advice:
        counts[each.kind] += 1
        if counts[each.kind] <= MOST:
            lines.append(f"  - {'' if each.entry is None else f'entry {each.entry}: '}{each.text}")
    lines += [f"  - {count - MOST} more of the kind {kind!r}; --json has all" for kind, count in counts.items() if count > MOST]
    return lines


def _table(report: Report) -> list[str]:
    if report.bill is None:
        lines = ["  # names  latency  entry"]
        return lines + [f"{e.index:3} {len(e.names):5} {_latency(e)}  {e.entry!r}" for e in report.entries]
    lines = ["  # found below failed reads      ms  latency  entry"]
    for entry in report.entries:
        cost = report.bill.get(entry.entry, EntryCost())
        lines.append(f"{entry.index:3} {_figures(cost)} {_latency(entry)}  {entry.entry!r}")
    known = {entry.entry for entry in report.entries}
    lines += [f"  - {_figures(cost)}       -   {name}" for name, cost in report.bill.items() if name not in known]
    return lines


def _figures(cost: EntryCost) -> str:
    reads = cost.reads + cost.below_reads
    return f"{cost.found:5} {cost.below_found:5} {cost.failed:6} {reads:5} {cost.seconds * 1e3:7.2f}"


def _latency(entry: PathEntry) -> str:
    return "      - " if entry.latency is None else f"{entry.latency * 1e6:5.0f} µs"


def _notes(entry: PathEntry, bill: Mapping[str, EntryCost] | None) -> list[str]:
    system = entry.file_system
    kind = "zip archive" if entry.is_archive else "" if entry.finder in ("FileFinder", None) else f"found by {entry.finder}"
    where = f"on {system}" if system and system.category != "local" else ""
    unused = "never used" if bill is not None and entry.finder and not bill.get(entry.entry, EntryCost()).modules else ""
    found = ", ".join(filter(None, [kind, where, entry.note, unused]))
    return [found] if found and not entry.is_standard_archive else []


def _program_lines(report: Report, recording: Recording) -> list[str]:
    searches, found = len(recording.searches), sum(search.outcome in ("found", "portions") for search in recording.searches)
    lines = [f"{searches} searches, {found} found; searching took {recording.search_seconds * 1e3:.1f} ms{_share(recording)}"]
    lines.append(f"recording itself took about {recording.overhead * 1e3:.1f} ms, which is in no figure above")
    failed = report.failed
    if failed:
        dearest = ", ".join(f"{f.name} ({f.times} times, {f.nanoseconds / 1e6:.2f} ms)" for f in failed[:MOST])
        lines.append(f"searched for in vain: {dearest}{', ...' if failed[MOST:] else ''}")
    return lines


def _share(recording: Recording) -> str:
    if recording.seconds is None:
        return ": the program did not come to its end"
    run = recording.seconds - recording.overhead
    return f" of {run * 1e3:.1f} ms ({recording.search_seconds / run:.0%}): no finder can save more than that"
