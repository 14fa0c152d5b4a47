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


def record(path: str) -> None:
    """Write all searches from now on to the file `path`, which must not exist."""
    file = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_APPEND, 0o600)
    process, numbers = os.getpid(), dict[str, int]()
    underway: dict[int, list[_Search]] = {}
    finder, directory_finder = external.PathFinder, external.FileFinder
    importer_of, get_spec, fill = finder._path_importer_cache, finder._get_spec, directory_finder._fill_cache
    plain_importer_of, plain_get_spec = finder.__dict__["_path_importer_cache"], finder.__dict__["_get_spec"]

    def write(*fields: object) -> None:
        if os.getpid() == process:  # what the program forks is another program
            os.write(file, f"{fields!r}\n".encode("utf-8", "surrogatepass"))

    def number_of(entry: object) -> int:
        text = entry if isinstance(entry, str) else repr(entry)
        number = numbers.get(text)
        if number is None:
            number = numbers[text] = len(numbers)
            write("entry", number, text)
        return number

    def timed_importer_of(cls: "Any", entry: "Any") -> "Any":
        now = clock()
        searches = underway.get(_thread.get_ident())
        if not searches:
            return importer_of.__func__(cls, entry)
        searches[-1].close_entry(now)
        searches[-1].entries.append([entry, 0, 0])
        searches[-1].since = clock()
        return importer_of.__func__(cls, entry)

    def timed_fill(self: "Any") -> None:
        searches = underway.get(_thread.get_ident())
        if searches and searches[-1].entries:
            searches[-1].entries[-1][2] += 1
        fill(self)

    def timed_get_spec(cls: "Any", fullname: str, path: "Any", target: "Any" = None) -> "Any":
        thread = _thread.get_ident()
        searches, search, begin = underway.setdefault(thread, []), _Search(), clock()
        searches.append(search)
        spec = None
        try:
            spec = get_spec.__func__(cls, fullname, path, target)
            return spec
        finally:
            end = clock()
            search.close_entry(end)
            searches.pop()
            if not searches:
                underway.pop(thread, None)
            report(fullname, path is sys.path, search, spec)
            if searches:  # a finder imported something: that search has been charged
                searches[-1].since += clock() - begin

    def report(name: str, is_top: bool, search: _Search, spec: "Any") -> None:
        entries = [(number_of(entry), cost, reads) for entry, cost, reads in search.entries]
        if spec is None:
            outcome: object = "error"
        else:
            outcome = "found" if spec.loader is not None else [str(part) for part in spec.submodule_search_locations or ()]
        write("search", name, is_top, outcome, entries)

    def install(patched: bool) -> None:
        finder._path_importer_cache = classmethod(timed_importer_of) if patched else plain_importer_of
        finder._get_spec = classmethod(timed_get_spec) if patched else plain_get_spec
        directory_finder._fill_cache = timed_fill if patched else fill

    def calibrate(count: int) -> int:
        """Nanoseconds for a search of `count` entries that are known to have no finder."""
        entry = "fastimport calibration"
        sys.path_importer_cache[entry] = None
        begin = clock()
        for _ in range(CALIBRATIONS):
            finder._get_spec("fastimport_calibration", [entry] * count)
        del sys.path_importer_cache[entry]
        return (clock() - begin) // CALIBRATIONS

    bare = calibrate(1), calibrate(11)
    install(True)
    extra = calibrate(1) - bare[0], calibrate(11) - bare[1]
    os.ftruncate(file, 0)
    numbers.clear()
    write("start", clock(), extra[0], (extra[1] - extra[0]) / 10, list(sys.path))

    def finish() -> None:
        write("end", clock(), list(sys.path))

    was_loaded = "atexit" in sys.modules
    import atexit

    atexit.register(finish)
    if not was_loaded:
        del sys.modules["atexit"]  # built in: the program's own import of it costs next to nothing, and finds the same functions
