"""A snapshot, opened: listings, answers and code from one file. Loaded only when a snapshot is used.

The bytes and all checks of them are in snapshot_format.h. What is damaged, missing or another interpreter's is "not known":
the caller then does what it would do without a snapshot.
"""

cimport cython
from cpython.bytes cimport PyBytes_AS_STRING
from libc.errno cimport errno
from libc.stdint cimport int64_t, uint32_t, uint64_t
from libc.stdlib cimport free, malloc
from libc.string cimport memcpy, memset

from fastimport.code._ready cimport CodeMaker
from fastimport.finding._platform cimport *
from fastimport.finding._tables cimport Kinds, Table, Watch, audit_listing, is_absence, is_for
from fastimport.snapshot._format cimport *

cdef extern from "Python.h":
    bint PyCode_Check(object candidate)

cdef enum:
    MAX_KNOWN = 20_000     # path entries remembered, and
    MAX_PATHS = 16         # search paths


def checksum(bytes data not None, uint64_t seed=0):
    """XXH64 of `data`, what the format uses for checksums and for its tables of slots."""
    return fs_hash(PyBytes_AS_STRING(data), len(data), seed)


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
@cython.no_gc_clear
cdef class SnapshotReader:
    """One file, mapped. Raises `ValueError` with the reason if it is refused, `OSError` if it can't be mapped."""

    cdef fs_file file
    cdef dict known, paths, watches     # path entry: directory's number or FS_NONE; id of a path: KnownPath; None: the Watch
    cdef readonly tuple suffixes
    cdef readonly bint frozen, is_by_content
    cdef readonly bytes identity
    cdef object fix_filename, file_finder
    cdef readonly CodeMaker maker
    cdef readonly unsigned long long tables_used, tables_stale, tables_unknown, codes_used, codes_stale, codes_unknown
    cdef readonly unsigned long long stat_calls, damaged, codes_by_content, codes_restamped
    cdef unsigned long long table_doubts[FS_DOUBTS]
    cdef unsigned long long code_doubts[FS_DOUBTS]
    cdef fs_systems systems

    def __cinit__(self):
        memset(&self.file, 0, sizeof(fs_file))
        memset(&self.systems, 0, sizeof(fs_systems))

    def __dealloc__(self):
        fs_close(&self.file)

    def __init__(self, int descriptor=-1, uint64_t size=0, bytes data=None):
        """Of the file open at `descriptor`, which may be closed afterwards, or of `data`."""
        if self.file.mapping != NULL:
            raise RuntimeError("a SnapshotReader is opened once")
        self.known, self.paths, self.watches, self.suffixes = {}, {}, {}, ()
        if data is not None:
            self.copy(data)
        elif size == 0 or fs_map(&self.file, descriptor, size) < 0:
            raise ValueError("damaged: empty") if size == 0 else OSError(errno, "a snapshot can't be mapped")
        cdef const char *reason = fs_open(&self.file)
        if reason != NULL:
            raise ValueError(reason.decode())
        start = self.file.arena + self.file.identity_offset
        self.identity = (<const char *>start)[:self.file.identity_size]
        self.is_by_content = self.file.flags & FS_CONTENT
        self.maker = CodeMaker()
        self.maker.serve(fs_texts(&self.file), self.file.counts[FS_TEXTS])
        self.set_roots([root for root, _ in self.roots()])

    cdef int copy(self, bytes data) except -1:
        self.file.mapping = <const unsigned char *>malloc(len(data) or 1)
        if self.file.mapping == NULL:
            raise MemoryError
        memcpy(<void *>self.file.mapping, PyBytes_AS_STRING(data), len(data))
        self.file.size = len(data)
        return 0

    def text(self, uint32_t offset, uint32_t size):
        """A string of the file. Raises `ValueError` if it is out of bounds or damaged."""
        cdef const char *found = fs_text(&self.file, offset, size)
        if found == NULL:
            raise ValueError("damaged: a string")
        return PyUnicode_DecodeFSDefaultAndSize(found, size)

    def records(self, int section, uint64_t first, uint64_t count):
        """Bytes of some records of a section, for those who look at everything."""
        cdef const unsigned char *found = NULL
        if 0 <= section < FS_SECTIONS:
            found = fs_records(&self.file, section, first, count)
        if found == NULL:
            raise ValueError(f"damaged: section {section}")
        return (<const char *>found)[:count * fs_record_sizes[section]]

    def facts(self):
        """Size, flags, time of making (ns), user, directory it was made for, records in each section, bytes of code."""
        home = self.text(self.file.home_offset, self.file.home_size)
        cdef list counts = []
        for section in range(FS_SECTIONS):
            counts.append(self.file.counts[section])
        return (self.file.size, self.file.flags, self.file.created_ns, self.file.uid, home, counts,
                self.file.code_end - self.file.code_start)

    def code_bytes(self, uint64_t index):
        """The marshalled code of one record. Raises `ValueError` if it is damaged."""
        return self.code_of(index, True)

    def code_object(self, uint64_t index):
        """The code object of one record, by what was recorded alone. Raises `ValueError` if it is damaged."""
        return self.code_of(index, False)

    cdef object code_of(self, uint64_t index, bint marshalled):
        cdef fs_code code
        if fs_get_code(&self.file, index, &code) < 0:
            raise ValueError(f"damaged: code {index}")
        return self.take(&code, marshalled)

    cdef object take(self, const fs_code *code, bint marshalled):
        cdef unsigned char *data = fs_read_code(&self.file, code)
        if data == NULL:
            raise ValueError("damaged: code")
        try:
            if marshalled:
                return self.maker.marshalled_bytes(data, code.size, code.marshalled, code.flags & FS_TEMPLATES)
            return self.maker.make(data, code.size, code.marshalled, code.flags & FS_TEMPLATES)
        finally:
            free(data)

    # Roots and level ##################################################################################################

    def roots(self):
        """The roots as they were recorded: pairs of a path and whether it moves with the file."""
        cdef const unsigned char *record
        found = []
        for index in range(self.file.counts[FS_ROOTS]):
            record = fs_records(&self.file, FS_ROOTS, index, 1)
            if record == NULL:
                raise ValueError("damaged: roots")
            found.append((self.text(fs_u32(record), fs_u32(record + 4)), bool(fs_u32(record + 8) & 1)))
        return found

    def set_roots(self, paths):
        """Where the roots are now, before the first question."""
        cdef bytes encoded
        cdef char *copied
        if len(paths) != <Py_ssize_t>self.file.counts[FS_ROOTS]:
            raise ValueError(f"{self.file.counts[FS_ROOTS]} roots, not {len(paths)}")
        self.known.clear()
        for index, path in enumerate(paths):
            encoded = PyUnicode_EncodeFSDefault(path.rstrip("/"))
            copied = <char *>malloc(len(encoded) + 1)
            if copied == NULL:
                raise MemoryError
            memcpy(copied, PyBytes_AS_STRING(encoded), len(encoded) + 1)
            free(self.file.roots[<Py_ssize_t>index].path)
            self.file.roots[<Py_ssize_t>index].path = copied
            self.file.roots[<Py_ssize_t>index].length = <uint32_t>len(encoded)

    def prepare(self, unsigned long release, uint64_t build, refuse):
        """Make code of templates, if an interpreter of this release and build can; `refuse` is called with reasons not to."""
        cdef fs_code probe = fs_probe_code(&self.file)
        cdef unsigned char *data = fs_read_code(&self.file, &probe)
        try:
            is_same = self.file.release == release and self.file.build == build
            self.maker.prepare(release, is_same, data, probe.size, probe.marshalled, refuse)
        finally:
            free(data)

    def serve(self, suffixes, fix_filename, bint frozen, file_finder):
        """Answer for finders of class `file_finder` with these suffixes, in their order; `frozen`: without a look at files."""
        self.suffixes, self.fix_filename, self.frozen, self.file_finder = tuple(suffixes), fix_filename, frozen, file_finder

    cdef int64_t find(self, int section, str path) except -3:
        cdef Py_ssize_t size
        cdef int64_t found
        stored = as_stored(path)
        cdef const char *text = bytes_of(stored, &size)
        if text == NULL:
            return FS_NONE
        found = fs_find(&self.file, section, text, size)
        fs_count(&self.damaged, found == FS_DAMAGED)
        return found

    cdef int64_t directory(self, str entry) except -3:
        """The number of a path entry's directory; trailing slashes mean nothing (``_path_join``)."""
        known = fi_get(self.known, entry, None)
        if known is not None:
            return known
        cdef int64_t found = FS_NONE
        if entry.startswith("/") and "\0" not in entry:
            found = self.find(FS_DIRS, entry.rstrip("/") if entry.endswith("/") else entry)
        if len(self.known) >= MAX_KNOWN:
            self.known.clear()
        self.known[entry] = found
        return found

    cdef bint is_readable(self, const fs_dir *directory) noexcept:
        """Whether this user may list and search it, as the one who recorded it could."""
        return not directory.flags & FS_UNLISTED and (not directory.flags & FS_PRIVATE or fs_is_own(&self.file))

    # Frozen: answers without the file system ##########################################################################

    def answer(self, str entry not None, str tail not None, bint others_follow=False):
        """What a path entry holds under a name: ``(suffix number, origin, search locations)``, a namespace portion, None for
        absent, NotImplemented where the snapshot doesn't know. `others_follow`: they have a say where no directory is."""
        cdef fs_dir directory
        cdef fs_name name
        cdef int64_t found = self.directory(entry)
        if found < 0 or fs_get_dir(&self.file, found, &directory) < 0:
            return NotImplemented
        if directory.flags & FS_MISSING:
            return NotImplemented if others_follow else None
        if not self.is_readable(&directory):
            return NotImplemented
        found = self.find_name(&directory, tail, &name)
        if found < 0:
            return None if found == FS_NONE else NotImplemented
        return self.choose(entry, tail, &name)

    cdef int64_t find_name(self, const fs_dir *directory, str tail, fs_name *name) except -3:
        cdef Py_ssize_t size
        cdef int64_t found
        stored = as_stored(tail)
        cdef const char *text = bytes_of(stored, &size)
        if text == NULL:
            return FS_NONE
        found = fs_find_name(&self.file, directory, text, size, name)
        fs_count(&self.damaged, found == FS_DAMAGED)
        return found

    cdef object choose(self, str entry, str tail, const fs_name *name):
        """importlib's precedence: package, module by suffix, portion (``FileFinder.find_spec``)."""
        cdef Py_ssize_t index
        cdef str base = f"{entry.rstrip('/') if entry.endswith('/') else entry}/{tail}"
        if name.resolved & 1:
            if name.inside == 0 or name.inside - 2 >= <uint32_t>len(self.suffixes) and name.inside != 1:
                return NotImplemented
            if name.inside > 1:
                index = name.inside - 2
                return index, f"{base}/__init__{self.suffixes[index]}", [base]
        for index in range(len(self.suffixes)):
            if name.resolved >> (index + 1) & 1:
                return index, base + <str>self.suffixes[index], None
        return base if name.resolved & 1 else None

    def candidates(self, path, dict importers not None, str tail not None, Kinds kinds not None, bint others_follow=False):
        """Positions on a path of entries that may hold a name, or are no FileFinders' of `kinds` by `importers`; None: all."""
        cdef fs_path record
        cdef fs_merged merged
        cdef int64_t found
        place = <KnownPath>fi_get(self.paths, id(path), None)
        if place is None or place.others_follow != others_follow or not place.holds(path, importers):
            place = self.meet(path, importers, kinds, others_follow)
        if place is None or place.record < 0 or fs_get_path(&self.file, place.record, &record) < 0:
            return None
        found = self.find_merged(&record, tail, &merged)
        if found < 0:
            return place.always if found == FS_NONE else None
        return self.positions(place, &merged)

    cdef int64_t find_merged(self, const fs_path *record, str tail, fs_merged *merged) except -3:
        cdef Py_ssize_t size
        stored = as_stored(tail)
        cdef const char *text = bytes_of(stored, &size)
        if text == NULL:
            return FS_NONE
        return fs_find_merged(&self.file, record, text, size, merged)

    cdef object positions(self, KnownPath place, const fs_merged *merged):
        cdef const unsigned char *numbers = fs_records(&self.file, FS_POSITIONS, merged.positions, merged.count)
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

    cdef KnownPath meet(self, path, dict importers, Kinds kinds, bint others_follow):
        """A search path that is new: is it, but for entries not covered, a recorded one? Watched first; None if it can't be."""
        cdef KnownPath place = KnownPath.__new__(KnownPath)
        cdef list numbers = [], places = [], always = []
        cdef fs_dir directory
        place.watch, place.importers, place.others_follow = self.watch_over(importers), len(importers), others_follow
        if place.watch is None:
            return None
        entries = tuple(path)
        for position, entry in enumerate(entries):
            number = self.directory(entry) if type(entry) is str else (FS_NONE if isinstance(entry, str) else None)
            if number is None:
                continue
            if number >= 0:
                places.append(position)
                numbers.append(number)
                owner = fi_get(importers, entry, None)
                is_stock = owner is None or type(owner) is self.file_finder and is_for(owner, entry, kinds)
                if is_stock and fs_get_dir(&self.file, number, &directory) == 0 and (
                        not others_follow if directory.flags & FS_MISSING else self.is_readable(&directory)):
                    continue
            always.append(position)
        place.source, place.entries, place.places, place.always = path, entries, tuple(places), tuple(always)
        place.record = self.find_path(numbers)
        if len(self.paths) >= MAX_PATHS:
            self.paths.clear()
        self.paths[id(path)] = place
        return place

    cdef int64_t find_path(self, list numbers):
        cdef fs_path record
        cdef const unsigned char *recorded
        cdef Py_ssize_t turn, count = len(numbers)
        for index in range(min(self.file.counts[FS_PATHS], MAX_PATHS)):
            if fs_get_path(&self.file, index, &record) < 0 or <Py_ssize_t>record.dir_count != count:
                continue
            recorded = fs_records(&self.file, FS_PATH_DIRS, record.dirs, count)
            if recorded == NULL:
                continue
            for turn in range(count):
                if fs_u32(recorded + 4 * turn) != <uint64_t>numbers[turn]:
                    break
            else:
                return index
        return FS_NONE

    # Checked and trusted: listings ####################################################################################

    def table(self, str path not None, Kinds kinds not None, unsigned long long device, unsigned long long inode,
              long long mtime_ns, long long ctime_ns, unsigned long links, bint audit=True):
        """The table of a directory whose stamp is the recorded one, or None. An audit hook's veto comes as a value; without
        `audit`, `hand_over` owes the event."""
        cdef fs_dir directory
        cdef fs_now now
        cdef int doubt
        cdef Table table
        cdef int64_t found = FS_NONE
        if tuple([suffix for suffix, _ in kinds.pairs]) == self.suffixes:
            found = self.directory(path)
        if found < 0 or fs_get_dir(&self.file, found, &directory) < 0:
            fs_count(&self.tables_unknown, 1)
            return None
        now.device, now.inode, now.mtime_ns, now.ctime_ns = device, inode, mtime_ns, ctime_ns
        doubt = self.doubt(path, &directory, &now, links)
        if doubt:
            fs_count(&self.tables_stale, 1)
            fs_count(&self.table_doubts[doubt], 1)
            return None
        table = Table(path, kinds)
        if not self.fill(table, &directory):
            fs_count(&self.damaged, 1)
            return None
        veto = audit_listing(path) if audit else None
        if is_absence(veto):
            table = Table(path, kinds)
        elif veto is not None:
            return veto
        table.stamp.device, table.stamp.inode, table.stamp.links = device, inode, links
        table.stamp.mtime_ns, table.stamp.ctime_ns = mtime_ns, ctime_ns
        table.stamp.mtime = <double>(mtime_ns // 1_000_000_000) + 1e-9 * <double>(mtime_ns % 1_000_000_000)
        table.is_recorded, table.racy = True, False
        fs_count(&self.tables_used, 1)
        return table

    cdef int doubt(self, str path, const fs_dir *directory, const fs_now *now, unsigned long links) except -1:
        if self.is_by_content or directory.flags & FS_MISSING or directory.links != <uint32_t>links:
            return FS_BY_CONTENT if self.is_by_content else FS_OTHER
        if not self.is_readable(directory):
            return FS_FORBIDDEN
        encoded = <bytes>PyUnicode_EncodeFSDefault(path)
        return FS_STAMP_DOUBT(&self.systems, PyBytes_AS_STRING(encoded), directory, now)

    def doubts(self):
        """How many directories, and how many modules, were not taken for which reason: by its number in reasons.py."""
        cdef list directories = [], modules = []
        for number in range(FS_DOUBTS):
            directories.append(self.table_doubts[<int>number])
            modules.append(self.code_doubts[<int>number])
        return directories, modules

    def source_doubt(self, str path not None, bint frozen):
        """Why the code of a source would not be taken, by its number in reasons.py; 0 if it would, -1 if for its content."""
        cdef fs_code code
        cdef int doubt = FS_OTHER
        cdef int64_t found = self.find(FS_CODES, path)
        if found < 0 or fs_get_code(&self.file, found, &code) < 0:
            return FS_OTHER
        if code.flags & FS_PRIVATE and not fs_is_own(&self.file):
            return FS_FORBIDDEN
        if frozen or code.size == 0:
            return 0
        encoded = <bytes>PyUnicode_EncodeFSDefault(path)
        match = fs_match_source(PyBytes_AS_STRING(encoded), &code, not self.is_by_content, &self.systems, &doubt)
        return doubt if match == FS_CHANGED else -1 if match == FS_SAME_CONTENT else 0

    cdef bint fill(self, Table table, const fs_dir *directory):
        """Build first, then use: a table that turns out to be damaged half way is dropped."""
        cdef fs_name name
        cdef uint64_t index, total = <uint64_t>directory.name_count + directory.other_count
        cdef const char *text
        cdef dict shared = {}
        for index in range(total):
            if fs_get_name(&self.file, directory.names + index, &name) < 0:
                return False
            text = fs_text(&self.file, name.text, name.size)
            if text == NULL:
                return False
            decoded = PyUnicode_DecodeFSDefaultAndSize(text, name.size)
            if index < directory.name_count:
                table.names[decoded] = shared.setdefault(name.listed, name.listed)
            else:
                table.add_other(decoded)
        return True

    # Code #############################################################################################################

    def code(self, str path not None):
        """The code object of the source file at `path` if the file is the recorded one (`frozen`: in any case), or None."""
        cdef fs_code code
        cdef const char *name
        cdef int match, doubt
        cdef int64_t found = self.find(FS_CODES, path)
        if found < 0 or fs_get_code(&self.file, found, &code) < 0 or (code.flags & FS_PRIVATE and not fs_is_own(&self.file)):
            fs_count(&self.codes_unknown, 1)
            return None
        if not self.frozen:
            encoded = <bytes>PyUnicode_EncodeFSDefault(path)
            name = PyBytes_AS_STRING(encoded)
            with nogil:
                match = fs_match_source(name, &code, not self.is_by_content, &self.systems, &doubt)
            fs_count(&self.stat_calls, 1)
            fs_count(&self.codes_by_content, match == FS_SAME_CONTENT)
            fs_count(&self.codes_restamped, match == FS_SAME_CONTENT and doubt in (FS_RECENT, FS_ELSEWHERE, FS_OTHER))
            if match == FS_CHANGED:
                fs_count(&self.codes_stale, 1)
                fs_count(&self.code_doubts[doubt], 1)
                return None
        if code.size == 0:          # a source that could not be compiled when it was recorded
            fs_count(&self.codes_unknown, 1)
            return None
        try:
            loaded = self.take(&code, False)
        except Exception:
            loaded = None
        if loaded is None or not PyCode_Check(loaded):
            fs_count(&self.damaged, 1)
            return None
        self.fix_filename(loaded, path)
        fs_count(&self.codes_used, 1)
        return loaded
