"""Part of _reader.pyx: whole search paths, recorded as merged indexes: which entries of one may hold a name."""

cdef enum:
    MAX_PATHS = 16         # search paths remembered, and recorded ones that are compared


@cython.final
cdef class KnownPath:
    """A search path that was met: its entries, its record in the snapshot, where its entries are, and what it was met under."""

    cdef tuple entries, places, always
    cdef int64_t record
    cdef object source      # keeps the identity of the path from being used again
    cdef Watch watch
    cdef Py_ssize_t importers
    cdef bint others_follow

    cdef bint holds(self, path, dict importers) except -1:
        """What others put into the importer cache counts: exchanged and removed items, and new ones."""
        return self.watch.is_unchanged(importers) and len(importers) == self.importers and fi_same_items(path, self.entries)


@cython.final
cdef class SearchPaths:
    """The search paths that were met, and what the snapshot knows of each as a whole."""

    cdef dict paths, watches            # id of a path: KnownPath; None: the Watch
    cdef object file_finder

    def __init__(self):
        self.paths, self.watches = {}, {}

    cdef object candidates(self, SnapshotFile snapshot, path, dict importers, str tail, Kinds kinds, bint others_follow):
        """Positions on a path of entries that may hold a name, or are no FileFinders' of `kinds` by `importers`; None: all."""
        cdef fs_path record
        cdef fs_merged merged
        cdef int64_t found
        place = <KnownPath>fi_get(self.paths, id(path), None)
        if place is None or place.others_follow != others_follow or not place.holds(path, importers):
            place = self.meet(snapshot, path, importers, kinds, others_follow)
        if place is None or place.record < 0 or fs_get_path(&snapshot.file, place.record, &record) < 0:
            return None
        found = self.find_merged(snapshot, &record, tail, &merged)
        if found < 0:
            return place.always if found == FS_NONE else None
        return self.positions(snapshot, place, &merged)

    cdef int64_t find_merged(self, SnapshotFile snapshot, const fs_path *record, str tail, fs_merged *merged) except -3:
        cdef Py_ssize_t size
        stored = as_stored(tail)
        cdef const char *text = bytes_of(stored, &size)
        if text == NULL:
            return FS_NONE
        return fs_find_merged(&snapshot.file, record, text, size, merged)

    cdef object positions(self, SnapshotFile snapshot, KnownPath place, const fs_merged *merged):
        cdef const unsigned char *numbers = fs_records(&snapshot.file, FS_POSITIONS, merged.positions, merged.count)
        cdef uint64_t turn
        cdef uint32_t number
        if numbers == NULL:
            return None
        cdef list found = []
        for turn in range(merged.count):
            number = fs_u32(numbers + 4 * turn)
            if number >= <uint32_t>len(place.places):
                return None
            found.append(place.places[number])
        return sorted({*found, *place.always}) if place.always else found       # recorded in order

    cdef Watch watch_over(self, dict importers):
        """A `Watch` under which nothing has changed; None where other tools use all watchers."""
        with cython.critical_section(self):     # the interpreter gives watchers out without a lock
            watch = fi_get(self.watches, None, None)
            if watch is None or not (<Watch>watch).is_unchanged(importers):
                self.paths.clear()
                self.watches.clear()
                try:
                    watch = self.watches[None] = Watch(importers)
                except RuntimeError:
                    return None
            return watch

    cdef KnownPath meet(self, SnapshotFile snapshot, path, dict importers, Kinds kinds, bint others_follow):
        """A search path that is new: is it, but for entries not covered, a recorded one? Watched first; None if it can't be."""
        cdef KnownPath place = KnownPath.__new__(KnownPath)
        cdef list numbers = [], places = [], always = []
        cdef fs_dir directory
        place.watch, place.importers, place.others_follow = self.watch_over(importers), len(importers), others_follow
        if place.watch is None:
            return None
        entries = tuple(path)
        for position, entry in enumerate(entries):
            number = snapshot.directory(entry) if type(entry) is str else (FS_NONE if isinstance(entry, str) else None)
            if number is None:
                continue
            if number >= 0:
                places.append(position)
                numbers.append(number)
                owner = fi_get(importers, entry, None)
                is_stock = owner is None or type(owner) is self.file_finder and is_for(owner, entry, kinds)
                if is_stock and fs_get_dir(&snapshot.file, number, &directory) == 0 and (
                        not others_follow if directory.flags & FS_MISSING else snapshot.is_readable(&directory)):
                    continue
            always.append(position)
        place.source, place.entries, place.places, place.always = path, entries, tuple(places), tuple(always)
        place.record = self.find_path(snapshot, numbers)
        if len(self.paths) >= MAX_PATHS:
            self.paths.clear()
        self.paths[id(path)] = place
        return place

    cdef int64_t find_path(self, SnapshotFile snapshot, list numbers):
        cdef fs_path record
        cdef const unsigned char *recorded
        cdef Py_ssize_t turn, count = len(numbers)
        for index in range(min(snapshot.file.counts[FS_PATHS], MAX_PATHS)):
            if fs_get_path(&snapshot.file, index, &record) < 0 or <Py_ssize_t>record.dir_count != count:
                continue
            recorded = fs_records(&snapshot.file, FS_PATH_DIRS, record.dirs, count)
            if recorded == NULL:
                continue
            for turn in range(count):
                if fs_u32(recorded + 4 * turn) != <uint64_t>numbers[turn]:
                    break
            else:
                return index
        return FS_NONE
