"""From what the recorder heard to a `Recording`."""

import os
import platform
import sys
from collections.abc import Iterable
from importlib import machinery
from typing import Any

from fastimport.diagnosis.record.model import Entry, Finder, Module, Recording, Shadowed, Thread
from fastimport.diagnosis.record.settling import settle

_FORMS = {"BuiltinImporter": "builtin", "FrozenImporter": "frozen", "ExtensionFileLoader": "extension"}

# The order of the values that `lanes.Node.plain` gives.
_FIELDS = (
    "serial", "name", "parent", "lane", "start", "end", "costs", "spans", "importer", "finder", "loader", "origin", "entry",
    "found", "locations", "size", "compiled", "written", "error", "late",
)  # fmt: skip


def assemble(program: str, nodes: Iterable[tuple[Any, ...]], state: dict[str, Any]) -> Recording:
    """The recording of `program`, from imports that are over and a snapshot, both of the `Tracer`."""
    begun = state["begun_at"]
    raw = [dict(zip(_FIELDS, node, strict=True)) for node in nodes]
    ended = {node["serial"] for node in raw}  # some of them after the snapshot, in which they are under way
    under_way = [node for lane in state["lanes"] for node in lane["under_way"] if node[0] not in ended]
    raw += [_interrupted(dict(zip(_FIELDS, node, strict=True)), state) for node in under_way]
    _adopt(raw, ended | {node[0] for node in under_way}, under_way)
    raw.sort(key=lambda node: (node["start"], node["serial"]))
    numbers = {node["serial"]: number for number, node in enumerate(raw)}
    recording = Recording(
        program=program,
        python=_python(),
        platform=f"{platform.system()} {platform.machine()}",
        total_ns=state["now"] - begun,
        path=list(state["path"]),
        preloaded=list(state["preloaded"]),
        calls=state["calls"],
        overhead_ns=state["calls"] * state["call_ns"],
    )
    recording.modules = [_module(node, number, numbers, begun) for number, node in enumerate(raw)]
    recording.threads = _threads(state, recording.modules)
    settle(recording, state, {number for serial, number in numbers.items() if serial not in ended})
    recording.entries = _entries(state["lanes"], recording.path)
    recording.finders = [Finder(name, *figures) for name, figures in state["finders"].items() if figures[0]]
    _place(recording.modules, recording.path)
    _explain_unwritten(recording.modules, state["writes_bytecode"])
    recording.shadowed = find_shadowed(recording)
    return recording


def _python() -> str:
    free_threaded = " free-threaded" if not getattr(sys, "_is_gil_enabled", lambda: True)() else ""
    return f"{platform.python_implementation()} {platform.python_version()}{free_threaded}"


def _adopt(raw: list[dict[str, Any]], known: set[Any], under_way: list[tuple[Any, ...]]) -> None:
    """Give imports whose parent began after the last snapshot, and never ended, the innermost of which something is known."""
    innermost = {serial[0]: serial for serial, *_ in reversed(under_way)}
    for node in raw:
        if node["parent"] not in known:
            node["parent"] = None if node["parent"] is None else innermost.get(node["lane"])


def _interrupted(node: dict[str, Any], state: dict[str, Any]) -> dict[str, Any]:
    error = None if state.get("stopped") else "interrupted: the import was under way when the recording ended"
    return {**node, "end": state["now"], "error": error}


def _module(node: dict[str, Any], number: int, numbers: dict[Any, int], begun: int) -> Module:
    return Module(
        id=number,
        name=node["name"],
        parent=numbers.get(node["parent"]),
        thread=node["lane"],
        start_ns=max(node["start"] - begun, 0),  # other threads may have begun before the first did
        end_ns=max(node["end"] - begun, node["start"] - begun, 0),
        ns={kind: ns for kind, ns in node["costs"].items() if ns},
        spans=[[kind, max(start - begun, 0), max(end - begun, 0)] for kind, start, end in node["spans"]],
        importer=list(node["importer"]) if node["importer"] else None,
        finder=node["finder"],
        loader=node["loader"],
        origin=node["origin"],
        entry=node["entry"],
        form=_form(node),
        size=node["size"],
        compiled=node["compiled"],
        written=node["written"],
        error=node["error"],
        late=node["late"],
    )


def _form(node: dict[str, Any]) -> str:
    loader, origin = node["loader"], node["origin"] or ""
    if not node["found"]:
        return "absent" if node["error"] else "other"
    if loader is None or loader in ("NamespaceLoader", "_NamespaceLoader"):
        return "namespace" if node["locations"] else "other"
    if loader in _FORMS:
        return _FORMS[loader]
    if node["compiled"]:
        return "source"
    return "bytecode" if origin.endswith((".py", ".pyc")) else "other"


def _threads(state: dict[str, Any], modules: list[Module]) -> list[Thread]:
    """One for each lane, and for each that was too new for the snapshot."""
    lanes, begun = state["lanes"], state["begun_at"]
    threads = [_thread(lane, begun) for lane in lanes]
    newest = max([len(lanes) - 1, *(module.thread for module in modules)])
    for number in range(len(lanes), newest + 1):
        threads.append(Thread(number, f"thread {number}", state["now"] - begun, 0, 0))
    threads[0].end_ns = state["now"] - begun
    for module in modules:
        thread = threads[module.thread]
        thread.start_ns, thread.end_ns = min(thread.start_ns, module.start_ns), max(thread.end_ns, module.end_ns)
    return threads


def _thread(lane: dict[str, Any], begun: int) -> Thread:
    costs = dict(lane["costs"])
    outside = costs.pop("outside", 0)
    name = lane["name"] or ("MainThread" if lane["number"] == 0 else f"thread {lane['number']}")
    own = {kind: ns for kind, ns in costs.items() if ns}
    return Thread(lane["number"], name, max(lane["start"] - begun, 0), max(lane["last"] - begun, 0), outside, own)


def _entries(lanes: list[dict[str, Any]], path: list[str]) -> list[Entry]:
    sums: dict[str, list[int]] = {entry: [0] * 5 for entry in path}
    for lane in lanes:
        for entry, figures in lane["entries"].items():
            sums[entry] = [old + new for old, new in zip(sums.get(entry, [0] * 5), figures, strict=True)]
    places = {entry: index for index, entry in reversed(list(enumerate(path)))}
    for entry, index in list(places.items()):
        absolute = _absolute(entry)
        if absolute != entry and absolute in sums:
            places.setdefault(absolute, index)
            sums[absolute] = [old + new for old, new in zip(sums[absolute], sums.pop(entry), strict=True)]
    found = [Entry(entry, places.get(entry), *figures) for entry, figures in sums.items()]
    return sorted(found, key=lambda entry: (entry.index is None, entry.index or 0))


def _absolute(entry: str) -> str:
    """As importlib's finder of the entry calls its directory; versions differ. As it is, where the working directory is gone."""
    try:
        return entry if os.path.isabs(entry) else machinery.FileFinder(entry).path
    except OSError:
        return entry


def _place(modules: list[Module], path: list[str]) -> None:
    """Give modules that no finder of importlib found, on entries that it would have asked, their path entry."""
    on_path = set(path)
    for module in modules:
        if module.entry is None and module.origin and module.loader and module.form in ("bytecode", "source", "extension"):
            directory, file = os.path.split(module.origin)
            if file.startswith("__init__."):
                directory = os.path.dirname(directory)
            if "." in module.name or directory in on_path:
                module.entry = directory


def _explain_unwritten(modules: list[Module], writes: bool) -> None:
    for module in modules:
        if module.compiled and module.written is None and not writes:
            module.written = "not written: PYTHONDONTWRITEBYTECODE or -B"


def find_shadowed(recording: Recording) -> list[Shadowed]:
    """Top-level modules of the recording that are also there on later entries of its sys.path.

    Looks at the file system as it is now: one listing for each directory.
    """
    suffixes = tuple(sorted(machinery.all_suffixes(), key=len, reverse=True))
    directories = [_absolute(entry) for entry in recording.path]
    listings = [_listing(directory) for directory in directories]
    places = {directory: index for index, directory in reversed(list(enumerate(directories)))}
    real = [os.path.realpath(directory) if os.path.isabs(directory) else directory for directory in directories]
    shadowed = []
    for module in recording.modules:
        place = places.get(module.entry) if module.entry else None
        if "." in module.name or place is None or module.error or not module.origin:
            continue
        hidden = []
        for index in range(place + 1, len(listings)):
            if real[index] not in real[:index]:
                hidden += _candidates(directories[index], listings[index], module.name, suffixes)
        if hidden:
            shadowed.append(Shadowed(module.name, module.origin, hidden))
    return shadowed


def _listing(directory: str) -> frozenset[str]:
    try:
        return frozenset(os.listdir(directory))
    except OSError:
        return frozenset()


def _candidates(directory: str, listing: frozenset[str], name: str, suffixes: tuple[str, ...]) -> list[str]:
    """The file that importlib would take for `name` in `directory`, if there is one."""
    if name in listing:
        for suffix in suffixes:
            path = os.path.join(directory, name, "__init__" + suffix)
            if os.path.isfile(path):
                return [path]
    return [os.path.join(directory, name + suffix) for suffix in suffixes if name + suffix in listing][:1]
