"""Bytecode that is not there, does not fit its source, or can't be written: modules that are compiled at each start."""

import _imp
import importlib.util
import math
import os
import struct
import sys
import time
from collections import Counter
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from typing import Any

from fastimport.diagnosis.doctor import compile_cost
from fastimport.diagnosis.doctor.findings import ERROR, NOTICE, WARNING, Finding
from fastimport.diagnosis.working_directory import here
from fastimport.snapshot.places import environment_snapshot

FRESH, MISSING, STALE, UNREADABLE, UNCHECKED = "fresh", "missing", "stale", "unreadable", "unchecked"
SHOWN = 3
PATIENCE = 30.0
"""Seconds for all entries together: each module takes three or four calls, which can take a millisecond each."""


@dataclass
class Entry:
    """What was seen below one path entry: how many sources, and those whose bytecode is not fresh, by state and writability."""

    path: str
    sources: int = 0
    found: dict[tuple[str, bool], list[str]] = field(default_factory=dict)
    left: int = 0
    """Directories, without those below them, that there was no time for."""


def find(progress: Callable[[str], object] = lambda message: None, patience: float = PATIENCE) -> Iterator[Finding]:
    """Look at every source file below ``sys.path`` that could be imported, as far as one comes in `patience` seconds."""
    seen: set[str] = set()
    until = time.monotonic() + patience
    for path in sys.path:
        directory = path or os.curdir
        if isinstance(path, str) and os.path.isdir(directory):
            progress(f"bytecode: {path}")
            entry = scan(directory, seen, path == "" or os.path.abspath(path) == here(), until)
            yield from _report(entry)
            if entry.left:
                yield _out_of_time(entry, patience)


def _out_of_time(entry: Entry, patience: float) -> Finding:
    seen = f"{patience:g} s were over after {entry.sources} modules, with {entry.left} directories left"
    text = f"was not looked at as a whole: {seen}"
    remedy = f"to look at all: {sys.executable} -m compileall -q {entry.path}, which also repairs"
    return Finding("not examined", NOTICE, entry.path, text, remedy, {"modules": entry.sources, "left": entry.left})


def scan(directory: str, seen: set[str], only_packages: bool = False, until: float = math.inf) -> Entry:
    """Look at the sources in and below `directory`. Directories in `seen` (real paths) are left out, and added.

    At `until`, a time of the monotonic clock, it stops. With `only_packages`, a directory without ``__init__.py`` is not entered:
    the current directory may hold anything.
    """
    entry = Entry(directory)
    pending = [directory]
    while pending and time.monotonic() < until:
        here = pending.pop()
        real = os.path.realpath(here)
        if real not in seen:
            seen.add(real)
            sources, below = _listed(here)
            _look_at(here, sources, entry)
            pending += [each for each in below if not only_packages or os.path.isfile(os.path.join(each, "__init__.py"))]
    entry.left = len(pending)
    return entry


def _listed(directory: str) -> tuple[list[str], list[str]]:
    """The source files of modules, and the directories that can be packages."""
    sources, below = [], []
    try:
        with os.scandir(directory) as items:
            for item in items:
                if item.name.endswith(".py") and item.is_file():
                    sources.append(item.name)
                elif item.name.isidentifier() and item.name != "__pycache__" and item.is_dir():
                    below.append(item.path)
    except OSError:
        pass
    return sorted(sources), sorted(below)


def _look_at(directory: str, sources: list[str], entry: Entry) -> None:
    for name in sources:
        path = os.path.join(directory, name)
        cached = importlib.util.cache_from_source(path)
        entry.sources += 1
        state = state_of(path, cached)
        if state != FRESH:
            entry.found.setdefault((state, _can_write(cached)), []).append(path)


def state_of(source: str, cached: str) -> str:
    """What importlib would make of the bytecode file `cached` of `source`: one of the constants above."""
    try:
        with open(cached, "rb") as file:
            header = file.read(16)
    except FileNotFoundError:
        return MISSING
    except OSError:
        return UNREADABLE
    if len(header) < 16 or header[:4] != importlib.util.MAGIC_NUMBER:
        return STALE
    flags, first, second = struct.unpack("<III", header[4:])
    if flags & ~0b11:
        return STALE
    try:
        if flags & 0b1:
            return _state_of_hashed(source, header[8:], bool(flags & 0b10))
        about = os.stat(source)
    except OSError:
        return STALE
    return FRESH if (first, second) == (int(about.st_mtime) & 0xFFFFFFFF, about.st_size & 0xFFFFFFFF) else STALE


def _state_of_hashed(source: str, expected: bytes, is_checked: bool) -> str:
    with open(source, "rb") as file:
        if importlib.util.source_hash(file.read()) == expected:
            return FRESH
    mode = _imp.check_hash_based_pycs
    will_be_checked = mode == "always" or (mode == "default" and is_checked)
    return STALE if will_be_checked else UNCHECKED


def _can_write(cached: str) -> bool:
    """Whether an import would write it; a directory that is not there is made, if the one above lets it."""
    if sys.dont_write_bytecode:
        return False
    directory = os.path.dirname(cached)
    while not os.path.exists(directory) and directory != os.path.dirname(directory):
        directory = os.path.dirname(directory)
    as_effective_user = os.access in os.supports_effective_ids
    return os.access(directory, os.W_OK | os.X_OK, effective_ids=as_effective_user)


WORTH_A_WARNING = 0.05
"""Seconds of compiling at each start."""

_TEXTS = {
    MISSING: "have no bytecode",
    STALE: "have bytecode that does not fit (another source, another Python, or damaged)",
    UNREADABLE: "have bytecode that this user can't read",
}
_TIMES_ONLY = "have bytecode made for sources of another time (unpacked or copied since)"
BUILD = f"{sys.executable} -m fastimport build --by-content"
"""The cure wherever bytecode can't be kept, or is not valid any more after the next unpacking."""


def _report(entry: Entry) -> Iterator[Finding]:
    for (state, can_write), paths in sorted(entry.found.items()):
        details = {"modules": len(paths), "of": entry.sources, "examples": paths[:10], "writable": can_write}
        count = f"{len(paths)} of {entry.sources} modules ({_examples(entry.path, paths)})"
        if state == UNCHECKED:
            text = f"{count} have unchecked hash-based bytecode of another source: importlib runs the old code"
            remedy = f"{sys.executable} -m compileall -f --invalidation-mode unchecked-hash {entry.path}"
            yield Finding("other code", ERROR, entry.path, text, remedy, details)
        elif can_write:
            text = f"{count} {_TEXTS[state]}: compiled when they are first imported, and kept"
            remedy = f"before time matters: {sys.executable} -m compileall -q {entry.path}"
            yield Finding(state, NOTICE, entry.path, text, remedy, details)
        else:
            yield _compiled_each_time(entry, state, paths, count, details)


def _compiled_each_time(entry: Entry, state: str, paths: list[str], count: str, details: dict[str, Any]) -> Finding:
    """What keeps costing: the cause, what it costs, and the one command that cures it, unless it is cured."""
    why = "none is written (-B or PYTHONDONTWRITEBYTECODE)" if sys.dont_write_bytecode else "this user can't write it"
    cause = _TIMES_ONLY if state == STALE and all(map(_is_only_late, paths)) else _TEXTS[state]
    from_snapshot, snapshot = compile_cost.served(paths)
    seconds = compile_cost.seconds_for(paths)
    details |= {"seconds": round(seconds, 3), "from_snapshot": from_snapshot}
    if from_snapshot == len(paths):
        text = f"{count} {cause}, and {why}; their code comes from {snapshot}, so that {seconds:.1f} s of compiling are saved"
        return Finding(f"{state}, unwritable", NOTICE, entry.path, text, "", details)
    text = f"{count} {cause}, and {why}: those that are imported are compiled at each start; all take {seconds:.1f} s"
    text += f"; {from_snapshot} come from {snapshot}" if from_snapshot else ""
    who = "" if _can_build() else "as a user who may write there: "
    severity = WARNING if seconds >= WORTH_A_WARNING else NOTICE
    return Finding(f"{state}, unwritable", severity, entry.path, text, f"{who}{BUILD}", details)


def _can_build() -> bool:
    """Whether this user can write the environment's snapshot."""
    directory = os.path.dirname(environment_snapshot())
    return os.access(directory if os.path.isdir(directory) else sys.prefix, os.W_OK | os.X_OK)


def _is_only_late(source: str) -> bool:
    """Whether the .pyc was made of a source of this size and another time."""
    try:
        with open(importlib.util.cache_from_source(source), "rb") as file:
            magic, flags, _, size = struct.unpack("<4sIII", file.read(16))
        return (magic, flags, size) == (importlib.util.MAGIC_NUMBER, 0, os.stat(source).st_size & 0xFFFFFFFF)
    except (OSError, struct.error):
        return False


def _examples(directory: str, paths: list[str]) -> str:
    """The top-level names that have most of them."""
    tops = Counter(os.path.relpath(path, directory).split(os.sep)[0].removesuffix(".py") for path in paths)
    names = [name for name, _ in tops.most_common(SHOWN)]
    return ", ".join(names) + (", ..." if len(tops) > SHOWN else "")
