"""The names of long search paths, merged, so that the cost of a look-up does not grow with the number of entries.

Loaded with the level `trusted` only: `checked` owes a stat of every entry in any case.
"""

cimport cython

from fastimport.finding._platform cimport *
from fastimport.finding._tables cimport Watch

cdef enum:
    MAX_PATHS = 16


@cython.final
cdef class Index:
    """Which entries of one search path may hold a name; the others need not be asked.

    `always` are the entries that are not ours, or whose meaning can change without a trace (relative ones).
    """

    cdef object source      # keeps the identity of the path from being used again
    cdef Watch watch        # what it was made under
    cdef tuple path, always
    cdef dict positions

    def __init__(self, source, Watch watch not None, tuple path not None, tables):
        """`tables` are those of the entries of `path`, taken from `source`, with None for "always ask"."""
        self.source = source
        self.watch = watch
        self.path = path
        self.always = tuple([position for position, table in enumerate(tables) if table is None])
        merged = {}
        for position, table in enumerate(tables):
            for name in (table.names if table is not None else ()):
                merged.setdefault(name, []).append(position)
        self.positions = {name: tuple(own) for name, own in merged.items()}

    cdef tuple holding(self, str name):
        """Merged for the name that is asked for only: few are, of all that the directories hold."""
        own = self.positions.get(name)
        if own is None or not self.always:
            return own or self.always
        return tuple(sorted([*own, *self.always]))


@cython.final
cdef class Indexes:
    """The indexes of one resolver: made at the second search of the same path, dropped with any change that could matter."""

    cdef object table_of
    cdef dict by_path       # edited, never replaced: see Listings
    cdef dict watches       # under None, the Watch of the importer cache

    def __init__(self, table_of):
        """`table_of(importers, entry)` gives the table of an entry, or None if the entry must always be asked."""
        self.table_of = table_of
        self.by_path, self.watches = {}, {}

    def clear(self):
        """Drop all: a directory was listed again, or the caches were invalidated."""
        with cython.critical_section(self):
            self.by_path.clear()

    def candidates(self, path, dict importers not None, str name not None):
        """Positions in `path`, in order, of the entries that may hold `name`; None to ask every one."""
        found = fi_get(self.by_path, id(path), None)
        watch = fi_get(self.watches, None, None)
        is_watched = watch is not None and (<Watch>watch).is_unchanged(importers)
        if type(found) is Index:
            if is_watched and (<Index>found).watch is watch and fi_same_items(path, (<Index>found).path):
                return (<Index>found).holding(name)
        elif found is not None and fi_same_items(path, found):
            return self.make(path, importers, name, found)
        if len(self.by_path) >= MAX_PATHS or (watch is not None and not is_watched):
            self.clear()
        self.by_path[id(path)] = tuple(path)
        return None

    cdef object make(self, path, dict importers, str name, tuple entries):
        """Watched first, then read: what changes meanwhile makes the index one that does not hold.

        `entries` marks the place in `by_path`: where it is gone, a directory was listed again, and the tables may be older.
        """
        with cython.critical_section(self):     # the interpreter gives watchers out without a lock
            watch = fi_get(self.watches, None, None)
            if watch is None or not (<Watch>watch).is_unchanged(importers):
                self.watches.clear()
                try:
                    watch = self.watches[None] = Watch(importers)
                except RuntimeError:        # other tools use all watchers: go on without indexes
                    return None
        cdef list tables = []
        for entry in entries:
            tables.append(self.table_of(importers, entry))
        index = Index(path, watch, entries, tables)
        with cython.critical_section(self):
            if fi_get(self.by_path, id(path), None) is entries:
                self.by_path[id(path)] = index
        return index.holding(name)
