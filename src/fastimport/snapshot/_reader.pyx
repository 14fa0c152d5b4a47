"""A snapshot, opened: listings, answers and code from one file. Loaded only when a snapshot is used.

The bytes and all checks of them are in snapshot_format.h. What is damaged, missing or another interpreter's is "not known":
the caller then does what it would do without a snapshot.
"""

cimport cython
from cpython.bytes cimport PyBytes_AS_STRING
from libc.errno cimport errno
from libc.stdint cimport int64_t, uint32_t, uint64_t
from libc.stdlib cimport free, malloc
from libc.string cimport memcpy

from fastimport.code._ready cimport CodeMaker
from fastimport.finding._platform cimport *
from fastimport.finding._tables cimport Kinds, Table, Watch, audit_listing, is_absence, is_for
from fastimport.snapshot._format cimport *

cdef extern from "Python.h":
    bint PyCode_Check(object candidate)

include "_snapshot_file.pxi"
include "_search_paths.pxi"


def checksum(bytes data not None, uint64_t seed=0):
    """XXH64 of `data`, what the format uses for checksums and for its tables of slots."""
    return fs_hash(PyBytes_AS_STRING(data), len(data), seed)


@cython.final
@cython.no_gc_clear
cdef class SnapshotReader(SnapshotFile):
    """A snapshot that answers for this process: where modules are, what directories hold, code. Raises as `SnapshotFile`."""

    cdef SearchPaths search_paths
    cdef readonly tuple suffixes
    cdef readonly bint frozen
    cdef object fix_filename
    cdef readonly unsigned long long tables_used, tables_stale, tables_unknown, codes_used, codes_stale, codes_unknown
    cdef readonly unsigned long long stat_calls, codes_by_content, codes_restamped
    cdef unsigned long long table_doubts[FS_DOUBTS]
    cdef unsigned long long code_doubts[FS_DOUBTS]
    cdef fs_systems systems

    def __init__(self, int descriptor=-1, uint64_t size=0, bytes data=None):
        """Of the file open at `descriptor`, which may be closed afterwards, or of `data`."""
        SnapshotFile.__init__(self, descriptor, size, data)
        self.search_paths, self.suffixes = SearchPaths(), ()

    def serve(self, suffixes, fix_filename, bint frozen, file_finder):
        """Answer for finders of class `file_finder` with these suffixes, in their order; `frozen`: without a look at files."""
        self.suffixes, self.fix_filename, self.frozen = tuple(suffixes), fix_filename, frozen
        self.search_paths.file_finder = file_finder

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
        return self.search_paths.candidates(self, path, importers, tail, kinds, others_follow)

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
        cdef fs_now now
        cdef int64_t found = self.find(FS_CODES, path)
        if found < 0 or fs_get_code(&self.file, found, &code) < 0:
            return FS_OTHER
        if code.flags & FS_PRIVATE and not fs_is_own(&self.file):
            return FS_FORBIDDEN
        if frozen or code.size == 0:
            return 0
        encoded = <bytes>PyUnicode_EncodeFSDefault(path)
        match = fs_match_source(PyBytes_AS_STRING(encoded), &code, not self.is_by_content, &self.systems, &doubt, &now)
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

    def code(self, str path not None, bint may_write=False):
        """The code object of the source file at `path` if the file is the recorded one (`frozen`: in any case), or None.

        With `may_write`, where importlib might find no valid .pyc: a tuple of the code, what is needed to write one (the record's
        number, or -1 if it was compiled at another path), modification time in ns and size of the source.
        """
        cdef fs_code code
        cdef fs_now now
        cdef const char *name
        cdef int doubt, match = FS_CHANGED
        cdef int64_t found = self.find(FS_CODES, path)
        if found < 0 or fs_get_code(&self.file, found, &code) < 0 or (code.flags & FS_PRIVATE and not fs_is_own(&self.file)):
            fs_count(&self.codes_unknown, 1)
            return None
        if not self.frozen:
            encoded = <bytes>PyUnicode_EncodeFSDefault(path)
            name = PyBytes_AS_STRING(encoded)
            with nogil:
                match = fs_match_source(name, &code, not self.is_by_content, &self.systems, &doubt, &now)
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
        fs_count(&self.codes_used, 1)
        if may_write and (match == FS_SAME_CONTENT or (match != FS_CHANGED and code.flags & FS_COMPILED)):
            number = found if loaded.co_filename == path else -1
            self.fix_filename(loaded, path)
            return loaded, number, now.mtime_ns, code.source_size
        self.fix_filename(loaded, path)
        return loaded
