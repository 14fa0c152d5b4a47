"""A recording in the formats of other tools: speedscope, Chrome's trace viewer (and Perfetto), flame-graph scripts, tuna."""

import json
from collections.abc import Iterator
from typing import Any

from fastimport.diagnosis.record.model import Module, Recording
from fastimport.diagnosis.report.view import children_of, place

SPEEDSCOPE_SCHEMA = "https://www.speedscope.app/file-format-schema.json"
_IMPORT_TIME_HEADING = "import time: self [us] | cumulative | imported package"


def speedscope(recording: Recording) -> str:
    """JSON for https://www.speedscope.app: a profile for each thread."""
    frames: dict[tuple[str, str | None], int] = {}
    profiles = [_speedscope_profile(recording, thread.id, thread.name, frames) for thread in recording.threads]
    shared = [{"name": name} if file is None else {"name": name, "file": file} for name, file in frames]
    content = {
        "$schema": SPEEDSCOPE_SCHEMA, "exporter": "fastimport", "name": recording.program, "activeProfileIndex": 0,
        "shared": {"frames": shared}, "profiles": profiles,
    }  # fmt: skip
    return json.dumps(content) + "\n"


def _speedscope_profile(
    recording: Recording, thread: int, name: str, frames: dict[tuple[str, str | None], int]
) -> dict[str, Any]:
    events: list[dict[str, Any]] = []
    open_until: list[tuple[int, int]] = []  # frame, end
    last = 0
    for start, end, label, module in _intervals(recording, thread):
        while open_until and open_until[-1][1] <= start:
            frame, last = open_until.pop()
            events.append({"type": "C", "frame": frame, "at": last})
        end = min(end, open_until[-1][1]) if open_until else end
        frame = frames.setdefault((label, module.origin if label == module.name else None), len(frames))
        events.append({"type": "O", "frame": frame, "at": start})
        open_until.append((frame, end))
    while open_until:
        frame, last = open_until.pop()
        events.append({"type": "C", "frame": frame, "at": last})
    begin = events[0]["at"] if events else 0
    return {"type": "evented", "name": name, "unit": "nanoseconds", "startValue": begin, "endValue": last, "events": events}


def _intervals(recording: Recording, thread: int) -> list[tuple[int, int, str, Module]]:
    """Imports and their spans on a thread, sorted so that what contains comes before what is contained."""
    found = []
    for module in recording.modules:
        if module.thread == thread:
            found.append((module.start_ns, -module.end_ns, 0, module.name, module))
            found += [(start, -end, 1, f"[{kind}]", module) for kind, start, end in module.spans]
    found.sort(key=lambda item: item[:3])
    return [(start, -negative, label, module) for start, negative, _, label, module in found]


def chrome(recording: Recording) -> str:
    """JSON for chrome://tracing and https://ui.perfetto.dev."""
    events: list[dict[str, Any]] = [
        {"ph": "M", "name": "thread_name", "pid": 1, "tid": thread.id, "args": {"name": thread.name}}
        for thread in recording.threads
    ]
    for module in recording.modules:
        events.append(_chrome_event(module.name, "import", module, module.start_ns, module.end_ns, _chrome_arguments(module)))
        for kind, start, end in module.spans:
            events.append(_chrome_event(kind, kind, module, start, end, {"module": module.name}))
    about = {"program": recording.program, "python": recording.python}
    return json.dumps({"traceEvents": events, "displayTimeUnit": "ms", "otherData": about}) + "\n"


def _chrome_event(name: str, category: str, module: Module, start: int, end: int, arguments: dict[str, Any]) -> dict[str, Any]:
    return {
        "ph": "X", "name": name, "cat": category, "pid": 1, "tid": module.thread, "ts": start / 1000,
        "dur": (end - start) / 1000, "args": arguments,
    }  # fmt: skip


def _chrome_arguments(module: Module) -> dict[str, Any]:
    facts = {
        "origin": module.origin,
        "form": module.form,
        ("first used in" if module.late else "imported by"): place(module),
        "error": module.error,
    }
    own = {f"{kind} (µs)": ns / 1000 for kind, ns in module.ns.items()}
    return {name: value for name, value in {**facts, **own, "compiled": module.compiled}.items() if value}


def folded(recording: Recording) -> str:
    """Lines ``a;b;c;[kind] µs`` for flamegraph.pl, inferno and others, which have no room for negative times."""
    lines: dict[str, int] = {}
    stacks: dict[int, str] = {}
    several = len(recording.threads) > 1
    for module in recording.modules:  # parents come first
        root = _plain(recording.threads[module.thread].name) + ";" if several else ""
        above = root if module.parent is None else stacks[module.parent] + ";"
        stacks[module.id] = above + _plain(module.name)
        for kind, ns in module.ns.items():
            key = f"{stacks[module.id]};[{kind}]"
            lines[key] = lines.get(key, 0) + ns
    return "".join(f"{stack} {round(ns / 1000)}\n" for stack, ns in lines.items() if round(ns / 1000) > 0)


def _plain(name: str) -> str:
    return name.replace(";", ":").replace("\n", " ").replace("\r", " ")


def importtime(recording: Recording) -> str:
    """The log that ``python -X importtime`` writes, for tuna and others: self and cumulative µs, what is nested first."""
    lines = [_IMPORT_TIME_HEADING]
    for depth, module in _postorder(recording):
        own, all_of_it = round(sum(module.ns.values()) / 1000), round(module.cumulative_ns / 1000)
        name = " ".join(module.name.splitlines())
        lines.append(f"import time: {own:9} | {all_of_it:10} | {'  ' * depth}{name}")
    return "\n".join(lines) + "\n"


def _postorder(recording: Recording) -> Iterator[tuple[int, Module]]:
    children = children_of(recording)
    stack = [(0, module, False) for module in reversed(children.get(None, ()))]
    while stack:
        depth, module, is_done = stack.pop()
        if is_done:
            yield depth, module
        else:
            stack.append((depth, module, True))
            stack += [(depth + 1, each, False) for each in reversed(children.get(module.id, ()))]
