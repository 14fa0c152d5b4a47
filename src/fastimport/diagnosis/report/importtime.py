"""Reading the log of ``python -X importtime`` (also ``=2``, which lists imports that were there already)."""

import re

from fastimport.diagnosis.record.model import Module, NotARecording, Recording, Thread

_PREFIX = "import time:"
_LINE = re.compile(_PREFIX + r"\s+(-?\d+|cached)\s*\|\s*(-?\d+|cached)\s*\| (\s*)(\S.*?)\s*$")
_HEADING = re.compile(_PREFIX + r"\s+self \[us\]\s*\|\s*cumulative\s*\| imported package\s*$")

SHOWN = 100
"""Characters of a line that can't be read."""


def read_log(text: str, where: str) -> Recording:
    """The recording in a log, which may have other lines in between and may break off; raises `NotARecording`.

    A log has self and cumulative times and the nesting, in µs. Moments are made up from them: what an import cost itself is
    put before what was imported meanwhile. Python takes what other threads import meanwhile for nested, and subtracts it: self
    times can be negative, and are kept.
    """
    notes = []
    roots, cached, unread = _parse(text)
    if not roots and not cached:
        raise NotARecording(f"{where}: neither a recording of fastimport (JSON) nor a log of python -X importtime")
    pending = [root for root in roots if root.depth]
    if pending:
        notes.append(f"the log breaks off, or has been cut: {len(pending)} imports have lost what imported them")
    if cached:
        notes.append(f"{cached} imports of modules that were there already")
    if unread:
        notes.append(f"lines of the log that can't be read: {len(unread)}, the first: {unread[0][:SHOWN]}")
    modules: list[Module] = []
    end = 0
    for root in roots:
        end = _place(root, end, modules)
    recording = Recording(program=where, python="python", platform="-X importtime", total_ns=end, source="importtime")
    negative = sum(sum(module.ns.values()) < 0 for module in modules)
    if negative:
        notes.append(f"negative self times: {negative}, which Python gives where threads import at the same time")
    recording.modules, recording.notes = modules, notes
    recording.threads = [Thread(0, "MainThread", 0, end, 0)]
    return recording


class _Line:
    def __init__(self, own: int, cumulative: int, depth: int, name: str) -> None:
        self.own, self.cumulative, self.depth, self.name = own, cumulative, depth, name
        self.nested: list[_Line] = []
        self.length = max(cumulative, own, 0)


def _parse(text: str) -> tuple[list[_Line], int, list[str]]:
    """Lines with nothing above them, in order, the number of cached imports, and lines that are of the log and make no sense.

    What is nested comes before its parent.
    """
    waiting: list[_Line] = []
    unread: list[str] = []
    cached = 0
    for raw in text.splitlines():
        match = _LINE.search(raw)
        if match is None:
            if _PREFIX in raw and not _HEADING.search(raw):
                unread.append(raw.strip())
            continue
        if match[1] == "cached" or match[2] == "cached":
            cached += 1
            continue
        line = _Line(int(match[1]) * 1000, int(match[2]) * 1000, len(match[3]) // 2, match[4])
        while waiting and waiting[-1].depth > line.depth:
            line.nested.append(waiting.pop())
        line.nested.reverse()
        waiting.append(line)
    return waiting, cached, unread


def _place(root: _Line, start: int, modules: list[Module]) -> int:
    """Add `root` and what is nested in it to `modules`; the moment at which it ends."""
    stack: list[tuple[_Line, int, int | None]] = [(root, start, None)]
    while stack:
        line, begin, parent = stack.pop()
        number = len(modules)
        ns = {"unsplit": line.own} if line.own else {}
        end = begin + line.length
        modules.append(Module(number, line.name, parent, 0, begin, end, ns))
        begin += max(line.own, 0)
        placed = []
        for each in line.nested:
            placed.append((each, begin, number))
            begin += each.length
        stack += reversed(placed)
    return start + root.length
