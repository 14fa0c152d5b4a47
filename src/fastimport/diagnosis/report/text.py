"""A recording as text: a summary, then the tree or a table."""

from fastimport.diagnosis.bench.statistics import FEWEST_PAIRS
from fastimport.diagnosis.record.model import KINDS, Module, Recording
from fastimport.diagnosis.report.short import short, what_to_change
from fastimport.diagnosis.report.view import (
    Selection,
    bounds,
    cost,
    failed,
    milliseconds,
    parts,
    percent,
    place,
    table,
    walk,
)  # fmt: skip
from fastimport.diagnosis.words import counted

_MOST_FAILED, _MOST_COMPILED, _MOST_ENTRIES = 15, 10, 10
_PASTE = {ord(each): f"\\x{ord(each):02x}" for each in map(chr, [*range(32), 127])}


def printable(text: str) -> str:
    """Without characters that would command a terminal; names of modules and files can hold anything."""
    return text.translate(_PASTE)


def render_text(recording: Recording, selection: Selection, view: str) -> str:
    """The report; `view` is ``short``, ``tree``, ``table`` or ``summary``."""
    if view == "short":
        lines = [title(recording), headline(recording), *short(recording, [*_endings(recording), *recording.notes])]
        return "\n".join(map(printable, lines)) + "\n"
    lines = summary(recording)
    if view == "tree":
        lines += ["", *_tree(recording, selection)]
    elif view == "table":
        lines += ["", *_table(recording, selection)]
    return "\n".join(map(printable, lines)) + "\n"


def summary(recording: Recording) -> list[str]:
    """Where the time went, what could be saved, and what is remarkable."""
    lines = [title(recording), headline(recording)]
    if recording.could_be_ns is not None:
        lines += ["", *what_to_change(recording)]
    lines += ["", *_parts(recording), "", *summary_notes(recording)]
    for section in (_entries, _failed, _compiled, _shadowed, _threads):
        lines += section(recording)
    return lines


def summary_notes(recording: Recording) -> list[str]:
    """How it ended, what could be saved, what recording cost, and what else there is to know."""
    return [*_endings(recording), *_saving(recording), *_overhead(recording), *recording.notes]


def _endings(recording: Recording) -> list[str]:
    notes = []
    if recording.outcome:
        notes.append(f"{recording.outcome}; what was recorded until then is shown")
    if not recording.complete:
        notes.append("The end of the recording is missing: the last milliseconds of a process that was killed are lost.")
    return notes


def title(recording: Recording) -> str:
    """The program, and what ran it."""
    return f"{recording.program}  ({recording.python}, {recording.platform})"


def headline(recording: Recording) -> str:
    """The figures that everybody asks for first."""
    loaded = sum(1 for module in recording.modules if not module.error)
    total = f"{milliseconds(recording.total_ns)} ms{_spread(recording)}"
    return f"{total}, {counted(loaded, 'module')}, {counted(len(failed(recording)), 'import')} failed"


def _spread(recording: Recording) -> str:
    if len(recording.runs) < 2:
        return ""
    low, high = milliseconds(min(recording.runs)), milliseconds(max(recording.runs))
    return f" (median of {len(recording.runs)} runs, {low} to {high})"


def _parts(recording: Recording) -> list[str]:
    rows = [f"{'':22}{'ms':>10}{'share':>10}"]
    for name, ns in parts(recording).items():
        rows.append(f"{name:22}{milliseconds(ns):>10}{percent(ns, recording.total_ns):>10}  {KINDS.get(name, '')}".rstrip())
    return rows


def _saving(recording: Recording) -> list[str]:
    if recording.source == "importtime":
        return ["An -X importtime log does not tell search from execution: no bound for what a finder saves."]
    search, reading = bounds(recording)
    if recording.level is not None:
        return [f"fastimport is active ({recording.level}): search costs {milliseconds(search)} ms."]
    share, more = percent(search, recording.total_ns), percent(reading, recording.total_ns)
    lines = [
        f"A faster finder can save at most {milliseconds(search)} ms ({share}): all of search;"
        f" if reading and validating cost nothing either, {milliseconds(reading)} ms ({more})."
    ]
    saving = recording.saving
    if saving is not None:
        interval = f"{saving.low:.3f} to {saving.high:.3f}"
        certain = "" if saving.low > 1 or saving.high < 1 else ": no difference that can be told from noise"
        if saving.pairs < FEWEST_PAIRS:
            certain = f": too few pairs to tell, at least {FEWEST_PAIRS} are needed"
        lines.append(
            f"Measured, not recorded: fastimport ({saving.level}) takes {saving.ratio:.3f} of the time ({interval},"
            f" {saving.pairs} pairs; {saving.stock_s * 1000:.1f} ms without, {saving.fastimport_s * 1000:.1f} ms with){certain}."
        )
    return lines


def _overhead(recording: Recording) -> list[str]:
    if not recording.calls:
        return []
    share = percent(recording.overhead_ns, recording.total_ns)
    ms = milliseconds(recording.overhead_ns)
    lines = [f"Recording itself cost at least {ms} ms ({share}; {recording.calls} calls), included above."]
    if recording.saving is not None and recording.process_ns:
        whole, ratio = recording.process_ns / 1e6, recording.process_ns / 1e9 / recording.saving.stock_s
        lines.append(f"Whole processes took {whole:.1f} ms when recorded: {ratio:.2f} of what they take otherwise.")
    return lines


def _entries(recording: Recording) -> list[str]:
    asked = sorted((entry for entry in recording.entries if entry.ns), key=lambda entry: -entry.ns)
    if not asked:
        return []
    lines = ["", f"{'path entries':50}{'ms':>9}{'asked':>8}{'found':>8}{'read':>6}"]
    for entry in asked[:_MOST_ENTRIES]:
        figures = f"{milliseconds(entry.ns):>9}{entry.probes:>8}{entry.found:>8}{entry.listings:>6}"
        lines.append(f"{_shorten(entry.path, 49):50}{figures}")
    rest = asked[_MOST_ENTRIES:]
    if rest:
        lines.append(f"{f'and {len(rest)} more':50}{milliseconds(sum(entry.ns for entry in rest)):>9}")
    return lines


def _failed(recording: Recording) -> list[str]:
    modules = failed(recording)
    if not modules:
        return []
    lines = ["", f"{'failed imports':32}{'ms':>8}  imported by, and why"]
    for module in modules[:_MOST_FAILED]:
        lines.append(f"{_shorten(module.name, 31):32}{milliseconds(module.cumulative_ns):>8}  {place(module)}  {module.error}")
    return lines + ([f"and {len(modules) - _MOST_FAILED} more"] if len(modules) > _MOST_FAILED else [])


def _compiled(recording: Recording) -> list[str]:
    modules = [module for module in recording.modules if module.compiled]
    lines = []
    if modules:
        spent = sum(module.ns.get("compile", 0) + module.ns.get("write", 0) for module in modules)
        lines += ["", f"compiled from source: {counted(len(modules), 'module')}, {milliseconds(spent)} ms"]
        for module in sorted(modules, key=lambda module: -module.ns.get("compile", 0))[:_MOST_COMPILED]:
            ms = milliseconds(module.ns.get("compile", 0))
            lines.append(f"  {_shorten(module.name, 30):30}{ms:>8}  {module.compiled}; {module.written or 'not written'}")
        if len(modules) > _MOST_COMPILED:
            lines.append(f"  and {len(modules) - _MOST_COMPILED} more")
    if recording.first_run_compiled:
        lines.append(f"compiled in the first run only: {counted(len(recording.first_run_compiled), 'module')}")
    return lines


def _shadowed(recording: Recording) -> list[str]:
    lines = ["", "shadowed names: there more than once on sys.path"] if recording.shadowed else []
    for each in recording.shadowed:
        lines.append(f"  {each.name}: {each.winner} hides {', '.join(each.hidden)}")
    return lines


def _threads(recording: Recording) -> list[str]:
    others = [thread for thread in recording.threads if thread.id != 0]
    lines = ["", "other threads (not in the sums above)"] if others else []
    for thread in others:
        modules = [module for module in recording.modules if module.thread == thread.id]
        ms = milliseconds(sum(module.self_ns for module in modules))
        lines.append(f"  {thread.name}: {len(modules)} imports, {ms} ms")
    return lines


def _tree(recording: Recording, selection: Selection) -> list[str]:
    lines = [f"{'cumulative':>10}{'self':>9}  ms; imports in the order of time"]
    hidden, shown = 0, 0
    for depth, module in walk(recording):
        if (
            (selection.depth is not None and depth > selection.depth)
            or not selection.shows(module)
            or (selection.top is not None and shown >= selection.top)
        ):
            hidden += 1
        else:
            shown += 1
            figures = f"{milliseconds(module.cumulative_ns):>10}{milliseconds(module.self_ns):>9}"
            thread = f"  [{recording.threads[module.thread].name}]" if depth == 1 and module.thread else ""
            lines.append(f"{figures}  {'  ' * (depth - 1)}{module.name}{_remark(module)}{thread}")
    return lines + ([f"{'':19}  ({hidden} not shown)"] if hidden else [])


def _table(recording: Recording, selection: Selection) -> list[str]:
    kinds = ("search", "read", "validate", "unmarshal", "load", "compile", "dlopen", "execute")
    used = [kind for kind in kinds if any(kind in module.ns for module in recording.modules)]
    has_spread = any(module.spread for module in recording.modules)
    range_of_self = f"{'in all runs':>18}" if has_spread else ""
    lines = [f"{'cumulative':>11}{'self':>11}{range_of_self}" + "".join(f"{name:>11}" for name in used) + "  module"]
    modules = table(recording, selection)
    for module in modules:
        own = f"{milliseconds(module.cumulative_ns):>11}{milliseconds(module.self_ns):>11}"
        own += f"{_range(module):>18}" if has_spread else ""
        lines.append(
            own + "".join(f"{milliseconds(module.ns.get(kind, 0)):>11}" for kind in used) + f"  {module.name}{_remark(module)}"
        )
    hidden = len(recording.modules) - len(modules)
    shown_by = selection.sort or "self"
    rest = sum(cost(module, shown_by) for module in recording.modules) - sum(cost(module, shown_by) for module in modules)
    return lines + ([f"({hidden} not shown, {milliseconds(rest)} ms by {shown_by})"] if hidden else [])


def _range(module: Module) -> str:
    return "" if module.spread is None else f"{milliseconds(module.spread[0])} to {milliseconds(module.spread[1])}"


def _remark(module: Module) -> str:
    if module.error:
        return f"  [{module.error}]"
    late = f"  [late: first used in {place(module)}]" if module.late else ""
    return late + (f"  [compiled: {module.compiled}]" if module.compiled else "")


def _shorten(text: str, width: int) -> str:
    return text if len(text) <= width else "..." + text[3 - width :]
