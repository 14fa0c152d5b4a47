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

include "_listings.pxi"

cdef enum:
    INDEX_FROM = 8         # entries from which on a merged index pays


@cython.final
cdef class Resolver:
    """Answers for the path entries that belong to stock FileFinders with stock loaders; for the others it says "not ours"."""

    cdef readonly dict refusals
    cdef readonly unsigned long long hits, absent, not_ours, snapshot_hits
    cdef public str reason              # why it declines every question, or None
    cdef readonly bint trusted, frozen
    cdef readonly Listings listings
    cdef dict sys_dict, pins
    cdef Kinds stock_kinds
    cdef object end, file_finder, module_spec, file_finder_pin, module_spec_pin
    cdef EpochMark mark
    cdef Globals functions

    def __init__(self, machinery, module_spec, namespace_path, pins, Globals functions not None, Py_ssize_t finder_fields,
                 loaders, dict namespace=None):
        """`pins`: class of importlib -> attributes that must stay. `functions`: the same of modules. `namespace`: has path, hooks
        and cache, instead of sys.
        """
        self.functions = functions
        self.sys_dict = sys.__dict__ if namespace is None else namespace
        self.file_finder, self.module_spec = machinery.FileFinder, module_spec
        self.pins = {cls: Pin(cls, *names) for cls, names in pins.items()}
        self.file_finder_pin, self.module_spec_pin = self.pins[self.file_finder], self.pins[self.module_spec]
        self.stock_kinds = Kinds(loaders)
        self.listings = Listings(self.file_finder, self.pins, self.stock_kinds, finder_fields, self.sys_dict)
        self.mark = EpochMark(namespace_path)
        self.refusals, self.end = {}, self.listings.end
        self.reason = None if FI_POSIX else "platform"

    @property
    def scans(self):
        """Directories read."""
        return self.listings.scans

    @property
    def stat_calls(self):
        """Questions to the file system about one path."""
        return self.listings.stat_calls

    def serve(self, owners, hooks):
        """Answer for the finder classes `owners`, a tuple of `Pin`; `hooks` is ``(path hooks, loader details)`` or None."""
        self.listings.served["owners"], self.listings.served["hooks"] = owners, hooks

    def use_snapshot(self, snapshot):
        """Take listings that `snapshot`, a `SnapshotReader`, has from it; None for no snapshot."""
        self.listings.served["snapshot"] = snapshot
        self.invalidate()

    def set_freshness(self, str level not None, make_indexes=None):
        """Change the level; ``"trusted"`` is given the class of its indexes."""
        self.trusted, self.frozen = level == "trusted", level == "frozen"
        self.listings.set_freshness(self.trusted, make_indexes)

    def invalidate(self):
        """Mark everything as to be checked again. No file-system work."""
        self.listings.invalidate()

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
        cdef unsigned long long renewals = self.listings.renewals
        found = self.walk(importers, path, fullname, tail, index, portions)
        if found is None and self.trusted:
            changed = self.recheck(importers, path, tail)
            if changed is True:
                found = self.walk(importers, path, fullname, tail, 0, None)
            elif changed is False and self.listings.renewals != renewals:    # perhaps by another thread, behind our back
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
        for pin in fi_get(self.listings.served, "owners", ()):
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
        if self.trusted and self.listings.indexes is not None and len(path) >= INDEX_FROM:
            candidates = self.listings.indexes.candidates(path, importers, tail)
        elif self.frozen and len(path) > 2:
            snapshot = self.listings.snapshot()
            ours = 0 if snapshot is None else self.listings.hooks_are_ours()
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
            finder = self.listings.make_finder(entry, &stamp)
            if finder is None:
                return NotImplemented
            importers[entry] = finder
        elif finder is None:
            return None
        table = self.listings.current_table(finder, &stamp)
        if type(table) is not Table:
            return NotImplemented if table is None else table
        found = self.look_up(<Table>table, fullname, tail)
        if found is not None:
            self.snapshot_hits += (<Table>table).is_recorded
        return found

    cdef object ask_snapshot(self, finder, str entry, str fullname, str tail):
        """`frozen`: what the snapshot says, as `consult`; NotImplemented if it does not cover the entry."""
        cdef int ours
        snapshot = self.listings.snapshot()
        if finder is self.end:
            ours = self.listings.hooks_are_ours()
        else:           # whoever is on sys.path_hooks by now is not asked about it again
            ours = 2 * (type(finder) is self.file_finder and is_for(finder, entry, self.stock_kinds))
        found = NotImplemented if snapshot is None or not ours else snapshot.answer(entry, tail, ours == 1)
        if type(found) is tuple:
            index, origin, locations = <tuple>found
            found = self.make_spec(fullname, self.stock_kinds.pairs[index][1], origin, locations)
        if found is not NotImplemented and found is not None:
            self.snapshot_hits += 1
        return found

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
                self.listings.stat_calls += 1
            if is_there:
                suffix, loader = <tuple>table.kinds.pairs[index]
                return self.make_spec(fullname, loader, f"{table.directory}/{tail}{suffix}", None)
        if base is None or believed & 1:
            return base
        path[size] = 0
        with nogil:
            is_there = fi_is_dir(path)
        self.listings.stat_calls += 1
        return base if is_there else None

    cdef object package(self, Table table, str fullname, str base, char *path, Py_ssize_t size, bint believed):
        cdef int index, is_there
        cdef unsigned long listed = 0
        if not self.trusted:
            listed = self.listings.inside(base, path, table.kinds)
        elif believed:
            found = self.listings.inner_table(base, path, table.kinds)
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
                self.listings.stat_calls += 1
            if is_there:
                suffix, loader = <tuple>table.kinds.pairs[index]
                return self.make_spec(fullname, loader, base + "/__init__" + suffix, [base])
        path[size] = 0
        return None

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
            before = self.listings.listing_of(finder)
            if type(before) is Table:
                (<Table>before).epoch = 0
            found = self.consult(importers, entry, "", "")
            if isinstance(found, BaseException):
                return found
            after = self.listings.listing_of(fi_get(importers, place, None))
            if type(before) is Table and found is NotImplemented:       # changed by hand: no longer ours
                PyObject_GenericGetDict(finder, NULL)["_path_cache"] = (<Table>before).listing()
                changed = True
                self.listings.forget_indexes()
            elif after is not before and type(after) is Table and tail in (<Table>after).names:
                changed = True
        return changed
