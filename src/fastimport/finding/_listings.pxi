"""Part of _resolver.pyx: what is known of directories. Not a module of its own: each compiled module costs every start."""

cdef enum:
    KEPT_LISTINGS = 64     # of packages whose submodules were not asked for yet


@cython.final
cdef class Listings:
    """The tables of directories, in the FileFinders whose caches they are or on the way there, as fresh as the level asks."""

    cdef unsigned long long scans, stat_calls
    cdef unsigned long long epoch, renewals
    cdef bint trusted
    # Objects are set once: where threads run in parallel, a reader may hold one that is being replaced. What has to change is a
    # value of one of these dictionaries, which lock.
    cdef dict sys_dict, pins, tables, other_kinds, served
    cdef Kinds stock_kinds
    cdef Table nothing
    cdef object end, file_finder, indexes
    cdef Py_ssize_t finder_fields

    def __init__(self, file_finder, dict pins not None, Kinds stock_kinds not None, Py_ssize_t finder_fields,
                 dict sys_dict not None):
        self.file_finder, self.pins, self.stock_kinds, self.finder_fields = file_finder, pins, stock_kinds, finder_fields
        self.sys_dict = sys_dict
        self.tables, self.other_kinds, self.served = {}, {}, {}
        self.nothing = Table("", stock_kinds)
        self.end, self.epoch = object(), 1

    cdef int set_freshness(self, bint trusted, make_indexes) except -1:
        self.trusted = trusted
        if self.indexes is None and make_indexes is not None:
            self.indexes = make_indexes(self.entry_table)
        return self.invalidate()

    cdef int invalidate(self) except -1:
        """Mark everything as to be checked again. No file-system work."""
        self.epoch += 1
        self.tables.clear()
        self.forget_indexes()
        return 0

    cdef int forget_indexes(self) except -1:
        if self.indexes is not None:
            self.indexes.clear()
        return 0

    cdef object snapshot(self):
        return fi_get(self.served, "snapshot", None)

    def entry_table(self, dict importers not None, entry):
        """The table of an entry, an empty one if nobody serves it, or None if it must always be asked."""
        cdef fi_stamp stamp
        if type(entry) is not str:
            return None if isinstance(entry, str) else self.nothing
        if not (<str>entry).startswith("/"):
            return None
        finder = fi_get(importers, entry, self.end)
        if finder is None:
            return self.nothing
        stamp.mtime_ns = -1
        table = None if finder is self.end else self.current_table(finder, &stamp)
        return table if type(table) is Table else None

    cdef int hooks_are_ours(self) except -1:
        return is_ours(fi_get(self.served, "hooks", None), fi_get(self.sys_dict, "path_hooks", None), self.pins, self.stock_kinds)

    cdef object make_finder(self, str entry, fi_stamp *stamp):
        """What ``sys.path_hooks`` would make of a directory, with one stat instead of three; None where they must be asked."""
        cdef Py_ssize_t size
        cdef const char *path = fi_ascii(entry, &size)
        if path == NULL or path[0] != c'/' or <Py_ssize_t>strlen(path) != size:
            return None
        details = stock_details(fi_get(self.served, "hooks", None), fi_get(self.sys_dict, "path_hooks", None), self.pins)
        if details is None:
            return None
        known = fi_get(self.tables, entry, None) if self.trusted else None
        if known is not None and (<Table>known).epoch == self.epoch and (<Table>known).stamp.mtime_ns:
            stamp[0] = (<Table>known).stamp
        else:
            with nogil:
                is_directory = fi_stat_dir(path, stamp)
            self.stat_calls += 1
            if is_directory != 1:
                return None
        finder = fi_new(self.file_finder, ())
        finder._loaders = loaders_of(details)
        finder.path = entry
        finder._path_mtime = -1
        finder._path_cache = set()
        finder._relaxed_path_cache = set()
        return finder

    cdef object current_table(self, finder, fi_stamp *stamp):
        """The table of a FileFinder as fresh as the level asks; None or an exception as `scan` gives them. `stamp` is the
        directory's, if it was taken just now; its mtime_ns is -1 if not. A listing is stored before its mtime, and read after it.
        """
        cdef Table table
        cdef double remembered
        cdef const char *name
        cdef bint has_changed
        cdef unsigned long long epoch = self.epoch      # an invalidation from now on is not answered by this look
        if type(finder) is not self.file_finder:
            return None
        state = PyObject_GenericGetDict(finder, NULL)
        if len(<dict>state) != self.finder_fields:
            return None
        mtime = fi_get(state, "_path_mtime", None)
        found = self.known_table(<dict>state, mtime)
        if self.trusted:
            mtime = fi_get(state, "_path_mtime", None)
        if found is None or (type(mtime) is not float and (type(mtime) is not int or mtime != -1)):
            return None
        remembered = mtime
        table = <Table>found
        if self.trusted and table.epoch == self.epoch and remembered > -1:      # what asks for another look: -1, nan
            return table
        if stamp.mtime_ns == -1:
            name = table.name
            with nogil:
                fi_stat_dir(name, stamp)
            self.stat_calls += 1
        has_changed = not table.is_unchanged(stamp) if self.trusted else stamp.mtime != remembered
        if has_changed:
            found = self.scan(table.path, table.kinds, stamp)
            if type(found) is not Table:
                return found
            table = <Table>found
            state["_path_cache"] = table
        table.is_exact = table.is_recorded and table.is_unchanged(stamp)
        if stamp.mtime != remembered:
            state["_path_mtime"] = -1 if stamp.mtime == -1 and stamp.mtime_ns == 0 else stamp.mtime
        if has_changed and fi_get(state, "_path_cache", None) is not table:     # another thread's, perhaps an older one
            state["_path_mtime"] = -1
        table.epoch = epoch
        return table

    cdef object listing_of(self, finder):
        return fi_get(PyObject_GenericGetDict(finder, NULL), "_path_cache", None) if type(finder) is self.file_finder else None

    cdef object known_table(self, dict state, mtime):
        """The listing that the FileFinder has now, in our form: made here, or by importlib before; None if it is not stock."""
        cdef Table table
        cdef bint is_current
        path = fi_get(state, "path", None)
        listing = fi_get(state, "_path_cache", None)
        loaders = fi_get(state, "_loaders", None)
        if type(loaders) is not list or type(path) is not str or fi_get(state, "_relaxed_path_cache", None) is None:
            return None
        if type(listing) is Table:
            table = <Table>listing
            if table.path is path and table.kinds.describes(loaders):
                return table
        elif type(listing) is not set:
            return None
        if not (<str>path).startswith("/") or "\0" in path:
            return None
        kinds = kinds_of(<list>loaders, self.stock_kinds, self.other_kinds, self.pins)
        if kinds is None:
            return None
        table = fi_get(self.tables, path, None) if self.trusted else None
        is_current = table is not None and table.epoch == self.epoch and table.kinds is kinds
        table = table if is_current else Table(path, kinds, listing)
        if is_current or type(mtime) is float:      # with -1 it is listed next: perhaps another thread has done so, and stored
            state["_path_cache"] = table
            if is_current or fi_get(state, "_path_mtime", None) is not mtime:   # not that of `listing`: another thread ..
                state["_path_mtime"] = table.stamp.mtime if is_current else -1  # .. has stored both since
        return table

    cdef object scan(self, str path, Kinds kinds, fi_stamp *stamp):
        """A new table of a directory; None where the error is importlib's to raise; or an audit hook's exception."""
        kept = None if self.trusted else self.tables.pop(path, None)
        if kept is not None and (<Table>kept).kinds is kinds and (<Table>kept).is_unchanged(stamp):
            return hand_over(<Table>kept)
        table = recorded_table(self.snapshot(), path, kinds, stamp, True)
        if table is None:
            table = read_table(path, kinds, stamp, self.trusted, True)
        if type(table) is Table:
            self.renewals += 1
            self.scans += not (<Table>table).is_recorded
            self.forget_indexes()
        return table

    cdef unsigned long inside(self, str base, const char *path, Kinds kinds) except? 0:
        """The ``__init__`` files that are listed in a package's directory at this moment; 0 to ask for each.

        The listing is kept for the FileFinder that its first submodule will need: one reading in the place of four questions.
        """
        importers = fi_get(self.sys_dict, "path_importer_cache", None)      # a hook may have replaced it
        finder = fi_get(importers, base, self.end) if type(importers) is dict else None
        known = fi_get(self.tables, base, None) if finder is self.end else self.listing_of(finder)
        if finder is not self.end and type(known) is not Table:
            return 0
        table = current_inside(known, self.snapshot(), base, path, kinds, &self.stat_calls)
        if table is None and known is not None:
            return 0
        if table is not known:
            self.scans += table is not None and not (<Table>table).is_recorded
            if len(self.tables) >= KEPT_LISTINGS:
                self.tables.clear()
            self.tables[base] = self.nothing if table is None else table    # nothing: not to be tried again
        if table is None:
            return 0
        return <unsigned long>fi_get((<Table>table).names, "__init__", 0) & 0xFFFE

    cdef object inner_table(self, str base, const char *path, Kinds kinds):
        """The table of a package's directory, before a FileFinder for it exists. Only `trusted` looks inside."""
        cdef Table table
        cdef fi_stamp stamp
        cdef unsigned long long epoch = self.epoch
        found = fi_get(self.tables, base, None)
        if found is not None:
            table = <Table>found
            if table.epoch == epoch and table.kinds is kinds and "__init__" in table.names:
                return table
        stamp.mtime_ns = -1
        if found is not None or self.snapshot() is not None:
            with nogil:
                fi_stat_dir(path, &stamp)
            self.stat_calls += 1
        if found is None or table.kinds is not kinds or not table.is_unchanged(&stamp):
            found = self.scan(base, kinds, &stamp)
            if type(found) is not Table:
                return found
        (<Table>found).epoch = epoch
        self.tables[base] = found
        return found
