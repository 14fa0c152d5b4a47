"""Directory tables, look-up and specs: what every import passes through.

The rules are those of ``PathFinder`` and ``FileFinder`` in importlib/_bootstrap_external.py. State lives where importlib keeps
it (a `Table` is the ``_path_cache`` of a stock ``FileFinder``) or in a `Resolver`; this module has none of its own.
"""

cimport cython
from libc.string cimport memcpy, strlen

from fastimport.finding._names cimport last_component
from fastimport.finding._platform cimport *
from fastimport.finding._tables cimport BELIEVED, PATH_ROOM, EpochMark, Globals, Kinds, Pin, Table, compose, current_directory
from fastimport.finding._tables cimport current_inside, hand_over, is_for, is_ours, kinds_of, loaders_of, read_table
from fastimport.finding._tables cimport recorded_table
from fastimport.finding._tables cimport stock_details

import sys

cdef enum:
    KEPT_LISTINGS = 64     # of packages whose submodules were not asked for yet
    INDEX_FROM = 8         # entries from which on a merged index pays


@cython.final
cdef class Resolver:
    """Answers for the path entries that belong to stock FileFinders with stock loaders; for the others it says "not ours"."""

    cdef readonly dict refusals
    cdef readonly unsigned long long hits, absent, not_ours, scans, stat_calls, snapshot_hits
    cdef public str reason              # why it declines every question, or None
    cdef readonly bint trusted, frozen
    cdef unsigned long long epoch, listings
    # Objects are set once: where threads run in parallel, a reader may hold one that is being replaced. What has to change is a
    # value of one of these dictionaries, which lock.
    cdef dict sys_dict, pins, tables, other_kinds, served
    cdef Kinds stock_kinds
    cdef Table nothing
    cdef object end, file_finder, module_spec, namespace_path, file_finder_pin, module_spec_pin, indexes
    cdef EpochMark mark
    cdef Globals functions
    cdef Py_ssize_t finder_fields

    def __init__(self, machinery, module_spec, namespace_path, pins, Globals functions not None, Py_ssize_t finder_fields,
                 loaders, dict namespace=None):
        """`pins`: class of importlib -> attributes that must stay. `functions`: the same of modules. `namespace`: has path, hooks
        and cache, instead of sys.
        """
        self.functions = functions
        self.sys_dict = sys.__dict__ if namespace is None else namespace
        self.file_finder, self.module_spec, self.namespace_path = machinery.FileFinder, module_spec, namespace_path
        self.pins = {cls: Pin(cls, *names) for cls, names in pins.items()}
        self.file_finder_pin, self.module_spec_pin = self.pins[self.file_finder], self.pins[self.module_spec]
        self.finder_fields = finder_fields
        self.stock_kinds = Kinds(loaders)
        self.tables, self.other_kinds, self.served, self.refusals = {}, {}, {}, {}
        self.nothing = Table("", self.stock_kinds)
        self.mark = EpochMark(namespace_path)
        self.end, self.epoch = object(), 1
        self.reason = None if FI_POSIX else "platform"

    def serve(self, owners, hooks):
        """Answer for the finder classes `owners`, a tuple of `Pin`; `hooks` is ``(path hooks, loader details)`` or None."""
        self.served["owners"], self.served["hooks"] = owners, hooks

    def use_snapshot(self, snapshot):
        """Take listings that `snapshot`, a `SnapshotReader`, has from it; None for no snapshot."""
        self.served["snapshot"] = snapshot
        self.invalidate()

    def set_freshness(self, str level not None, make_indexes=None):
        """Change the level; ``"trusted"`` is given the class of its indexes."""
        self.trusted, self.frozen = level == "trusted", level == "frozen"
        if self.indexes is None and make_indexes is not None:
            self.indexes = make_indexes(self.entry_table)
        self.invalidate()

    def invalidate(self):
        """Mark everything as to be checked again. No file-system work."""
        self.epoch += 1
        self.tables.clear()
        if self.indexes is not None:
            self.indexes.clear()

    def search(self, cls, fullname, path, Py_ssize_t index, list portions):
        """Search `path` (None: ``sys.path``) from `index` on.

        A spec; None for absent; or ``(index, portions)``: the entry at `index` is not ours and the portions are those found so
        far; ``(-1, portions)``: the search is over and they make up a namespace package; ``(-2, exception)``: to be raised;
        ``(-3, [])``: the whole search is importlib's.
        """
        if self.reason is not None or type(fullname) is not str or not self.is_unpatched(cls):
            self.refuse(self.reason or "patched class or unusual name")
            return (-3, []) if portions is None else (index, portions)
        if path is None:
            path = fi_get(self.sys_dict, "path", None)
        importers = fi_get(self.sys_dict, "path_importer_cache", None)
        if (type(path) is not list and type(path) is not tuple) or type(importers) is not dict:
            return index, portions or []
        if self.trusted and self.mark.has_moved():
            self.invalidate()
        tail = last_component(fullname)
        cdef unsigned long long listings = self.listings
        found = self.walk(importers, path, fullname, tail, index, portions)
        if found is None and self.trusted:
            changed = self.recheck(importers, path, tail)
            if changed is True:
                found = self.walk(importers, path, fullname, tail, 0, None)
            elif changed is False and self.listings != listings:    # perhaps by another thread, behind our back
                found = self.walk(importers, path, fullname, tail, index, portions)
            elif changed is not False:
                return -2, changed
        if found is None:
            self.absent += 1
        elif isinstance(found, BaseException):
            return -2, found
        elif type(found) is not tuple or (<tuple>found)[0] == -1:
            self.hits += 1
        else:
            self.not_ours += 1
        return found

    cdef bint is_unpatched(self, cls) except -1:
        for pin in fi_get(self.served, "owners", ()):
            if (<Pin>pin).cls is cls:
                return ((<Pin>pin).holds() and (<Pin>self.file_finder_pin).holds() and (<Pin>self.module_spec_pin).holds()
                        and self.functions.holds())
        return False

    cpdef int refuse(self, str reason) except -1:
        """Count a reason for not helping."""
        self.refusals[reason] = self.refusals.get(reason, 0) + 1
        return 0

    cdef object walk(self, dict importers, path, str fullname, str tail, Py_ssize_t index, list portions):
        cdef Py_ssize_t turn = 0
        candidates = None
        if self.trusted and self.indexes is not None and len(path) >= INDEX_FROM:
            candidates = self.indexes.candidates(path, importers, tail)
        elif self.frozen and len(path) > 2:
            snapshot = fi_get(self.served, "snapshot", None)
            ours = 0 if snapshot is None else self.hooks_are_ours()
            candidates = snapshot.candidates(path, importers, tail, self.stock_kinds, ours == 1) if ours else None
        while True:
            if candidates is not None:
                position = fi_item(candidates, turn, None)
                turn += 1
                if position is None:
                    break
                if <Py_ssize_t>position < index:
                    continue
                index = position
            entry = fi_item(path, index, self.end)
            if entry is self.end:
                break
            found = self.consult(importers, entry, fullname, tail)
            if found is NotImplemented:
                return index, portions or []
            if type(found) is str:
                portions = portions or []
                portions.append(found)
            elif found is not None:
                return found
            index += 1
        return (-1, portions) if portions else None

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

    cdef object consult(self, dict importers, entry, str fullname, str tail):
        """One path entry: a spec, a portion (a string), None for absent, NotImplemented for "not ours"."""
        cdef fi_stamp stamp
        if type(entry) is not str:
            return NotImplemented if isinstance(entry, str) else None
        if not entry:
            entry = current_directory()
            if entry is None:
                return NotImplemented
        finder = fi_get(importers, entry, self.end)
        if self.frozen and finder is not None:
            found = self.ask_snapshot(finder, entry, fullname, tail)
            if found is not NotImplemented:
                return found
        stamp.mtime_ns = -1
        if finder is self.end:
            finder = self.make_finder(entry, &stamp)
            if finder is None:
                return NotImplemented
            importers[entry] = finder
        elif finder is None:
            return None
        table = self.current_table(finder, &stamp)
        if type(table) is not Table:
            return NotImplemented if table is None else table
        found = self.look_up(<Table>table, fullname, tail)
        if found is not None:
            self.snapshot_hits += (<Table>table).is_recorded
        return found

    cdef object ask_snapshot(self, finder, str entry, str fullname, str tail):
        """`frozen`: what the snapshot says, as `consult`; NotImplemented if it does not cover the entry."""
        cdef int ours
        snapshot = fi_get(self.served, "snapshot", None)
        if finder is self.end:
            ours = self.hooks_are_ours()
        else:           # whoever is on sys.path_hooks by now is not asked about it again
            ours = 2 * (type(finder) is self.file_finder and is_for(finder, entry, self.stock_kinds))
        found = NotImplemented if snapshot is None or not ours else snapshot.answer(entry, tail, ours == 1)
        if type(found) is tuple:
            index, origin, locations = <tuple>found
            found = self.make_spec(fullname, self.stock_kinds.pairs[index][1], origin, locations)
        if found is not NotImplemented and found is not None:
            self.snapshot_hits += 1
        return found

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
        table = recorded_table(fi_get(self.served, "snapshot", None), path, kinds, stamp, True)
        if table is None:
            table = read_table(path, kinds, stamp, self.trusted, True)
        if type(table) is Table:
            self.listings += 1
            self.scans += not (<Table>table).is_recorded
            if self.indexes is not None:
                self.indexes.clear()
        return table

    cdef object look_up(self, Table table, str fullname, str tail):
        """importlib's precedence: package, then module by suffix, then portion (``FileFinder.find_spec``)."""
        cdef char path[PATH_ROOM]
        cdef Py_ssize_t size
        cdef int index, is_there
        cdef unsigned long believed = 0
        found = fi_get(table.names, tail, None)
        if found is None:
            return None
        cdef unsigned long listed = found
        if self.trusted or table.is_exact:
            believed = listed >> BELIEVED
        size = compose(path, PATH_ROOM, table, tail)
        if size < 0:
            return NotImplemented
        base = None
        if listed & 1:
            base = f"{table.directory}/{tail}"
            found = self.package(table, fullname, base, path, size, believed & self.trusted)
            if found is not None:
                return found
        for index in range(table.kinds.count):
            if not listed >> (index + 1) & 1:
                continue
            is_there = believed >> (index + 1) & 1
            if not is_there:
                memcpy(path + size, table.kinds.suffixes[index], strlen(table.kinds.suffixes[index]) + 1)
                with nogil:
                    is_there = fi_is_file(path)
                self.stat_calls += 1
            if is_there:
                suffix, loader = <tuple>table.kinds.pairs[index]
                return self.make_spec(fullname, loader, f"{table.directory}/{tail}{suffix}", None)
        if base is None or believed & 1:
            return base
        path[size] = 0
        with nogil:
            is_there = fi_is_dir(path)
        self.stat_calls += 1
        return base if is_there else None

    cdef object package(self, Table table, str fullname, str base, char *path, Py_ssize_t size, bint believed):
        cdef int index, is_there
        cdef unsigned long listed = 0
        if not self.trusted:
            listed = self.listed_inside(base, path, table.kinds)
        elif believed:
            found = self.inner_table(base, path, table.kinds)
            if type(found) is not Table:
                return NotImplemented if found is None else found
            believed = (<Table>found).is_listed
            listed = fi_get((<Table>found).names, "__init__", 0)
            if believed and not listed >> 1 & 0x7FFF:
                return None
        for index in range(table.kinds.count):
            is_there = believed and listed >> (index + 1 + BELIEVED) & 1
            if not is_there and (not listed or listed >> (index + 1) & 1):
                memcpy(path + size, table.kinds.init_files[index], strlen(table.kinds.init_files[index]) + 1)
                with nogil:
                    is_there = fi_is_file(path)
                self.stat_calls += 1
            if is_there:
                suffix, loader = <tuple>table.kinds.pairs[index]
                return self.make_spec(fullname, loader, base + "/__init__" + suffix, [base])
        path[size] = 0
        return None

    cdef unsigned long listed_inside(self, str base, const char *path, Kinds kinds) except? 0:
        """The ``__init__`` files that are listed in a package's directory at this moment; 0 to ask for each.

        The listing is kept for the FileFinder that its first submodule will need: one reading in the place of four questions.
        """
        importers = fi_get(self.sys_dict, "path_importer_cache", None)      # a hook may have replaced it
        finder = fi_get(importers, base, self.end) if type(importers) is dict else None
        known = fi_get(self.tables, base, None) if finder is self.end else self.listing_of(finder)
        if finder is not self.end and type(known) is not Table:
            return 0
        table = current_inside(known, fi_get(self.served, "snapshot", None), base, path, kinds, &self.stat_calls)
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
        if found is not None or fi_get(self.served, "snapshot", None) is not None:
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

    cdef object make_spec(self, str fullname, loader_class, str origin, list locations):
        """``spec_from_file_location`` without its constructors; attributes in the order that they have there."""
        if not (<Pin>self.pins[loader_class]).holds():
            return NotImplemented
        assert origin.startswith("/")
        loader = fi_new(loader_class, ())
        loader.name = fullname
        loader.path = origin
        spec = fi_new(self.module_spec, ())
        spec.name = fullname
        spec.loader = loader
        spec.origin = origin
        spec.loader_state = None
        spec.submodule_search_locations = locations
        spec._uninitialized_submodules = []
        spec._set_fileattr = True
        spec._cached = None
        return spec

    cdef object recheck(self, dict importers, path, str tail):
        """Before `trusted` calls a name absent: stat every directory again. Whether it may have come, or a hook's veto."""
        changed = False
        for entry in tuple(path):      # another thread may shorten it
            if type(entry) is not str:
                continue
            place = entry or current_directory()
            finder = fi_get(importers, place, None)
            before = self.listing_of(finder)
            if type(before) is Table:
                (<Table>before).epoch = 0
            found = self.consult(importers, entry, "", "")
            if isinstance(found, BaseException):
                return found
            after = self.listing_of(fi_get(importers, place, None))
            if type(before) is Table and found is NotImplemented:       # changed by hand: no longer ours
                PyObject_GenericGetDict(finder, NULL)["_path_cache"] = (<Table>before).listing()
                changed = True
                if self.indexes is not None:
                    self.indexes.clear()
            elif after is not before and type(after) is Table and tail in (<Table>after).names:
                changed = True
        return changed
