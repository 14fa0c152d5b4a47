"""A recording on one screen: what to change first, then where the time went, by kind and by package."""

import textwrap

from fastimport.diagnosis.record.model import KINDS, Change, Module, Recording
from fastimport.diagnosis.report.view import failed, milliseconds, parts, percent
from fastimport.diagnosis.words import counted

WIDTH = 80
_MOST_CHANGES, _MOST_KINDS, _MOST_PACKAGES = 4, 4, 3
_LEAST_SHARE = 0.02
_INDENT = " " * 12


def short(recording: Recording, notes: list[str]) -> list[str]:
    """The lines after the headline; `notes` are what else has to be said."""
    lines = ["", *what_to_change(recording)] if recording.could_be_ns is not None else []
    lines += ["", *_kinds(recording), "", *_packages(recording), *_failures(recording)]
    lines += [line for note in notes for line in textwrap.wrap(note, WIDTH)]
    return [*lines, "More: --view tree, --view table, --view summary, -o report.html"]


def what_to_change(recording: Recording) -> list[str]:
    """The ranked list: what it saves, where, and what to write."""
    total, then = f"{milliseconds(recording.total_ns)} ms", f"{milliseconds(recording.could_be_ns or 0)} ms"
    if not recording.changes:
        return ["What to change: nothing found that would save a millisecond or a hundredth of it"]
    lines = [f"{'What to change':<40}{f'{total} now; could be {then}':>{WIDTH - 40}}"]
    for change in recording.changes[:_MOST_CHANGES]:
        lines += _change(change)
    if rest := recording.changes[_MOST_CHANGES:]:
        lines.append(f"{_INDENT}and {len(rest)} more: --json, or -o report.html")
    return lines


def _change(change: Change) -> list[str]:
    saved = f"-{milliseconds(change.saving_ns)} ms"
    proof = f" (measured: {measured(change)})" if change.measured_ns is not None else ""
    what = f"put off {change.title}" if change.kind == "import" else change.title
    where = f": {', '.join(change.places)}" if change.places else ""
    said = [f"{what}{where}, {change.why}{proof}", change.edit, *([f"careful: {change.risk}"] if change.risk else [])]
    how = textwrap.TextWrapper(WIDTH - len(_INDENT), break_on_hyphens=False, break_long_words=False)
    lines = [line for text in said if text for line in how.wrap(text)]
    return [f"{saved:>10}  {lines[0]}", *(_INDENT + line for line in lines[1:])]


def _kinds(recording: Recording) -> list[str]:
    """The largest kinds of cost; the small ones in one line."""
    found = sorted(parts(recording).items(), key=lambda item: -item[1])
    shown = [each for each in found if each[1] >= _LEAST_SHARE * recording.total_ns][:_MOST_KINDS]
    lines = [f"{'Where the time went':22}{'ms':>8}{'share':>9}"]
    for name, ns in shown:
        meaning = KINDS.get(name, "").partition(":")[0].partition(",")[0]
        line = f"  {name:20}{milliseconds(ns):>8}{percent(ns, recording.total_ns):>9}  {meaning}".rstrip()
        lines.append(line if len(line) <= WIDTH else line[: WIDTH - 4].rpartition(" ")[0] + " ...")
    rest = sum(ns for _, ns in found) - sum(ns for _, ns in shown)
    return [*lines, f"  {'the rest':20}{milliseconds(rest):>8}{percent(rest, recording.total_ns):>9}"] if rest else lines


def packages(recording: Recording) -> list[tuple[str, int, int]]:
    """Own cost and number of modules of each top-level package, the most expensive first."""
    totals: dict[str, list[Module]] = {}
    for module in recording.modules:
        totals.setdefault(module.name.partition(".")[0], []).append(module)
    rows = [(name, sum(each.self_ns for each in modules), len(modules)) for name, modules in totals.items()]
    return sorted(rows, key=lambda row: -row[1])


def _packages(recording: Recording) -> list[str]:
    rows = packages(recording)
    if not rows:
        return ["No module was imported."]
    lines = [f"{'Packages, own cost':22}{'ms':>8}"]
    for name, ns, count in rows[:_MOST_PACKAGES]:
        lines.append(f"  {name[:20]:20}{milliseconds(ns):>8}  {counted(count, 'module')}")
    if rest := rows[_MOST_PACKAGES:]:
        lines.append(f"  {f'{len(rest)} others':20}{milliseconds(sum(ns for _, ns, _ in rest)):>8}")
    return lines


def _failures(recording: Recording) -> list[str]:
    modules = failed(recording)
    if not modules:
        return []
    names = ", ".join(dict.fromkeys(module.name for module in modules))
    spent = milliseconds(sum(module.self_ns for module in modules))
    return [textwrap.shorten(f"{counted(len(modules), 'import')} failed, {spent} ms: {names}", WIDTH, placeholder=" ...")]


def measured(change: Change) -> str:
    """What measuring an import's absence gave: the median of the pairs, the least and the most; empty: it was not measured."""
    if change.measured_ns is None:
        return ""
    low, middle, high = map(milliseconds, (change.measured_low_ns, change.measured_ns, change.measured_high_ns))
    return f"-{middle} ms, {low} to {high}" if change.measured_ns else "no gain in these runs"
