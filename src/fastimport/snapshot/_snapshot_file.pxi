"""Part of _reader.pyx: the file. Its records, texts and code, by number and by path, and what is wrong with it."""

cdef enum:
    MAX_KNOWN = 20_000     # path entries remembered


@cython.no_gc_clear
cdef class SnapshotFile:
    """One file, mapped. Raises `ValueError` with the reason if it is refused, `OSError` if it can't be mapped."""

    cdef fs_file file
    cdef dict known                     # path entry: directory's number or FS_NONE
    cdef readonly bint is_by_content
    cdef readonly bytes identity
    cdef readonly CodeMaker maker
    cdef readonly unsigned long long damaged

    def __init__(self, int descriptor=-1, uint64_t size=0, bytes data=None):
        """Of the file open at `descriptor`, which may be closed afterwards, or of `data`."""
        if self.file.mapping != NULL:
            raise RuntimeError("a SnapshotReader is opened once")
        self.known = {}
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

    def __dealloc__(self):
        fs_close(&self.file)

    @cython.final
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

    @cython.final
    cdef object code_of(self, uint64_t index, bint marshalled):
        cdef fs_code code
        if fs_get_code(&self.file, index, &code) < 0:
            raise ValueError(f"damaged: code {index}")
        return self.take(&code, marshalled)

    @cython.final
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

    @cython.final
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

    @cython.final
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

    @cython.final
    cdef bint is_readable(self, const fs_dir *directory) noexcept:
        """Whether this user may list and search it, as the one who recorded it could."""
        return not directory.flags & FS_UNLISTED and (not directory.flags & FS_PRIVATE or fs_is_own(&self.file))
