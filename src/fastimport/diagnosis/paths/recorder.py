"""Runs inside the child: writes down every search of importlib's PathFinder, entry by entry.

Executed from its file, not imported, so that it leaves no module of ours in the child. Each search is a line that is written at
once, with one system call outside the timed stretches: nothing is lost if the program is killed or calls ``os._exit``.

Two methods of PathFinder tell everything. ``_path_importer_cache`` is called when the search comes to an entry; the time until
the next call, or the end of ``_get_spec``, is that entry's, whoever its finder is. ``FileFinder._fill_cache`` reads a directory.
"""

import _thread
import os
import sys
from time import perf_counter_ns as clock

TYPE_CHECKING = False  # of typing, whose import would read the directories before the program does
if TYPE_CHECKING:
    from typing import Any

CALIBRATIONS = 200
external: "Any" = sys.modules["_frozen_importlib_external"]


class _Search:
    """A search that is under way: `entries` are lists of entry, nanoseconds, directory reads."""

    __slots__ = ("entries", "since")

    def __init__(self) -> None:
        self.entries: list[list[Any]] = []
        self.since = 0

    def close_entry(self, now: int) -> None:
        if self.entries:
            self.entries[-1][1] += now - self.since


class _Output:
    """The file of the recording. The program must never notice it, even if it closes every file, or the disk is full."""

    def __init__(self, path: str) -> None:
        self.file = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_APPEND, 0o600)
        self.process = os.getpid()
        self.identity = os.fstat(self.file)[1:3]  # inode and device: the program may close our file and open one of its own
        self.numbers: dict[str, int] = {}

    def write(self, *fields: object) -> None:
        try:
            if os.getpid() == self.process and os.fstat(self.file)[1:3] == self.identity:  # a fork is another program
                os.write(self.file, f"{fields!r}\n".encode())
        except OSError:
            pass

    def forget_all(self) -> None:
        os.ftruncate(self.file, 0)
        self.numbers.clear()

    def number_of(self, entry: object) -> int:
        text = str.__str__(entry) if isinstance(entry, str) else repr(entry)
        number = self.numbers.get(text)
        if number is None:
            number = self.numbers[text] = len(self.numbers)
            self.write("entry", number, text)
        return number

    def write_search(self, name: str, is_top: bool, search: _Search, spec: "Any") -> None:
        entries = [(self.number_of(entry), cost, reads) for entry, cost, reads in search.entries]
        if spec is None:
            outcome: object = "error"
        else:
            outcome = "found" if spec.loader is not None else [str(part) for part in spec.submodule_search_locations or ()]
        self.write("search", str.__str__(name), is_top, outcome, entries)


def _search_path() -> list[str]:
    return [str.__str__(entry) for entry in getattr(sys, "path", None) or () if isinstance(entry, str)]


def _patch(output: _Output) -> None:
    """Put timed methods into importlib's classes."""
    finder, directory_finder, underway = external.PathFinder, external.FileFinder, dict[int, list[_Search]]()
    importer_of, get_spec = finder.__dict__["_path_importer_cache"].__func__, finder.__dict__["_get_spec"].__func__
    fill = directory_finder._fill_cache

    def timed_importer_of(cls: "Any", entry: "Any") -> "Any":
        now = clock()
        searches = underway.get(_thread.get_ident())
        if searches:
            searches[-1].close_entry(now)
            searches[-1].entries.append([entry, 0, 0])
            searches[-1].since = clock()
        return importer_of(cls, entry)

    def timed_fill(self: "Any") -> None:
        searches = underway.get(_thread.get_ident())
        if searches and searches[-1].entries:
            searches[-1].entries[-1][2] += 1
        fill(self)

    def timed_get_spec(cls: "Any", fullname: str, path: "Any", target: "Any" = None) -> "Any":
        begin, spec, thread = clock(), None, _thread.get_ident()
        searches, search = underway.setdefault(thread, []), _Search()
        searches.append(search)
        try:
            spec = get_spec(cls, fullname, path, target)
            return spec
        finally:
            search.close_entry(clock())
            searches.pop()
            output.write_search(fullname, path is sys.path, search, spec)
            if searches:  # a finder imported something: that search has been charged
                searches[-1].since += clock() - begin
            else:
                underway.pop(thread, None)

    finder._path_importer_cache, finder._get_spec = classmethod(timed_importer_of), classmethod(timed_get_spec)
    directory_finder._fill_cache = timed_fill


def _nanoseconds_per_search(count: int) -> int:
    """What a search of `count` entries takes that are known to have no finder: the shortest, which nothing else disturbed."""
    entry = "fastimport calibration"
    sys.path_importer_cache[entry] = None
    times = []
    for _ in range(CALIBRATIONS):
        begin = clock()
        external.PathFinder._get_spec("fastimport_calibration", [entry] * count)
        times.append(clock() - begin)
    del sys.path_importer_cache[entry]
    return min(times)


def record(path: str) -> None:
    """Write all searches from now on to the file `path`, which must not exist."""
    output = _Output(path)
    bare = _nanoseconds_per_search(1), _nanoseconds_per_search(11)
    _patch(output)
    extra = _nanoseconds_per_search(1) - bare[0], _nanoseconds_per_search(11) - bare[1]
    output.forget_all()
    output.write("start", clock(), extra[0], (extra[1] - extra[0]) / 10, _search_path())
    was_loaded = "atexit" in sys.modules
    import atexit

    atexit.register(lambda: output.write("end", clock(), _search_path()))
    if not was_loaded:
        del sys.modules["atexit"]  # built in: the program's own import of it costs next to nothing, and finds the same functions
