"""What a program used to start, written down when it ends: for ``build --from`` and for automatic snapshots.

The snapshot itself is made by another process, which outlives the program: ending is not delayed by it.
"""

import _frozen_importlib_external as external
import os
import sys

from fastimport.snapshot.trust import Refused

FIELDS = ("directories", "sources", "path", "order")
_MIN_AGE_S = 60
"""A snapshot younger than this is not renewed, unless it is damaged: some directories change all the time."""


def used():
    """The directories that were searched, the source files of modules, ``sys.path``, and all files in order of import."""
    files = {}
    importers = getattr(sys, "path_importer_cache", None)
    importers = importers if type(importers) is dict else {}
    directories = dict.fromkeys(key for key, finder in list(importers.items()) if _is_covered(key, finder))
    for spec, origin, loader in map(_described, list(sys.modules.values())):
        if type(origin) is str and origin.startswith("/") and isinstance(loader, external.FileLoader):
            files[origin] = isinstance(loader, external.SourceFileLoader)
        directories.update(dict.fromkeys(_locations(spec)))
    sources = [path for path, is_source in files.items() if is_source]
    order = [*files, *_libraries(files)]
    return [*directories], sources, [entry for entry in _search_path() if type(entry) is str], order


def _described(module):
    """A module's spec, its origin and its loader. What stands in ``sys.modules`` may be anything, and raise anything.

    The module is not asked: a lazy one would load itself to answer.
    """
    try:
        spec = object.__getattribute__(module, "__dict__").get("__spec__")
        return spec, getattr(spec, "origin", None), getattr(spec, "loader", None)
    except Exception:
        return None, None, None


def _is_covered(key, finder):
    """Directories, and entries that are not there; not archives or what other hooks serve."""
    return type(key) is str and (type(finder) is external.FileFinder or finder is None)


def _search_path():
    path = getattr(sys, "path", None)
    return path if type(path) in (list, tuple) else ()


def _locations(spec):
    try:
        return [path for path in getattr(spec, "submodule_search_locations", None) or () if type(path) is str]
    except Exception:  # a namespace path asks for its parent, which the program may have removed
        return []


def _libraries(files):
    """Shared libraries that extension modules brought along, as far as the system tells."""
    try:
        with open("/proc/self/maps", encoding="utf-8", errors="surrogateescape") as maps:
            mapped = dict.fromkeys(line.split(None, 5)[5].rstrip("\n") for line in maps if line.count(" ") > 5 and "/" in line)
    except (OSError, IndexError):
        return []
    return [path for path in mapped if path.startswith("/") and ".so" in path and path not in files]


def encoded():
    """`used` as bytes: how many items each field has, and then all items, separated by NUL, which no path can hold."""
    fields = [[item for item in items if "\0" not in item] for items in used()]
    counts = " ".join(str(len(items)) for items in fields)
    return "\0".join([counts, *(item for items in fields for item in items)]).encode("utf-8", "surrogatepass")


def decoded(data):
    """The four lists that `encoded` wrote. ValueError for anything else."""
    counts, *items = data.decode("utf-8", "surrogatepass").split("\0")
    sizes = [int(count) for count in counts.split()]
    if len(sizes) != len(FIELDS) or sum(sizes) != len(items):
        raise ValueError("not a record of what a program used")
    remaining = iter(items)
    return [[next(remaining) for _ in range(size)] for size in sizes]


def record_to(path):
    """Write the record to the file at `path` when the program ends."""
    import atexit

    def write():
        with open(path, "wb") as file:
            file.write(encoded())

    atexit.register(write)


def keep_automatic(path, reader_of):
    """Have the automatic snapshot at `path` made or renewed when the program ends, if it needs to be.

    `reader_of()` gives the `SnapshotReader` in use then, or None. Forked children leave it to their parent.
    """
    import atexit

    process = os.getpid()

    def renew():
        if os.getpid() == process and not sys.dont_write_bytecode and is_stale(path, reader_of()):
            try:
                from fastimport.snapshot import builder

                builder.start(path, encoded(), is_old)
            except (ImportError, OSError, Refused):  # no room, no processes, no safe place: the next run may be luckier
                pass

    atexit.register(renew)
    return renew


def is_stale(path, reader):
    """Whether a snapshot answered too little, more than one question in fifty, and is not just made."""
    if reader is None:
        return is_old(path)
    if reader.damaged:
        return True
    # A warning, or an image, whose stamps are never believed, would be missed of a new record as well.
    from fastimport.snapshot.reasons import RENEWABLE

    missed = reader.tables_unknown + reader.codes_unknown + reader.codes_restamped
    missed += sum(counts[reason] for counts in reader.doubts() for reason in RENEWABLE)
    if missed <= 1 + (reader.tables_used + reader.codes_used) // 50:
        return False
    return is_old(path)


def is_old(path):
    """Or not there. One that is refused counts by its age as well, or each run would make it anew."""
    try:
        import time

        return time.time() - os.lstat(path).st_mtime > _MIN_AGE_S
    except OSError:
        return True
