"""Reading valid bytecode: the one case of ``SourceLoader.get_code`` that is worth a short road.

Whatever is not a readable, timestamp-validated .pyc beside its source is left to importlib, from the start: nothing that was
learnt on the short road is used on the long one.
"""

cimport cython
from cpython.bytes cimport PyBytes_AS_STRING
from cpython.object cimport PyObject
from libc.stdlib cimport free
from libc.string cimport memcmp, memcpy, strlen

from fastimport.finding._platform cimport *
from fastimport.finding._tables cimport Globals

import builtins
import sys

cdef extern from "marshal.h":
    object PyMarshal_ReadObjectFromString(const char *data, Py_ssize_t size)

cdef extern from "Python.h":
    bint PyCode_Check(object candidate)

cdef extern from "_bytecode.h" nogil:
    enum: FB_OPEN_FLAGS
    int fb_open_code_is_hooked(unsigned long release) noexcept
    int fb_source_stamp(const char *path, unsigned int *mtime, unsigned int *size) noexcept
    int fb_open(const char *path) noexcept
    void fb_close(int file) noexcept
    ctypedef struct fb_buffer:
        char *data
    fb_buffer *fb_read_all(int file, fb_buffer **spare, Py_ssize_t *size) noexcept
    void fb_keep(fb_buffer **spare, fb_buffer *buffer) noexcept
    unsigned int fb_uint32(const char *data) noexcept
    unsigned int fb_seconds_of(long long time_ns) noexcept
    int fb_read_start(const char *path, char *start, size_t size) noexcept
    int fb_may_write(const char *path) noexcept

cdef extern from "_method.h":
    object fb_method_type()

cdef enum:
    PATH_ROOM = 4200
    HEADER_SIZE = 16       # PEP 552: magic, flags, modification time and size of the source


Method = fb_method_type()
"""A method that is tried before importlib's: see _method.c."""


@cython.final
cdef class BytecodePaths:
    """Where importlib looks for the bytecode of a source (``cache_from_source``), as long as that is the usual place."""

    cdef dict sys_dict, external_dict
    cdef dict endings               # edited, never replaced: see Listings
    cdef object cache_from_source
    cdef str optimization

    def __init__(self, external):
        self.sys_dict, self.external_dict, self.endings = sys.__dict__, external.__dict__, {}
        self.cache_from_source = external.cache_from_source
        level = sys.flags.optimize
        self.optimization = f".opt-{level}" if level else ""

    cdef bint are_stock(self) except -1:
        """Neither is there a ``pycache_prefix``, nor did anybody replace the function: typeguard, beartype and jaxtyping do."""
        return (fi_get(self.sys_dict, "pycache_prefix", None) is None
                and fi_get(self.external_dict, "cache_from_source", None) is self.cache_from_source)

    cdef Py_ssize_t compose(self, str path, char *buffer) except -2:
        """Write the path of the bytecode of the source `path`; its length, or -1 if importlib has to say which it is."""
        cdef Py_ssize_t size, slash, added = len(b"__pycache__/")
        cdef const char *text = fi_ascii(path, &size)
        if text == NULL:
            return -1
        ending = self.ending()
        if ending is None or not self.are_stock():
            return -1
        if size < 4 or text[0] != c'/' or memcmp(text + size - 3, b".py", 3) != 0 or <Py_ssize_t>strlen(text) != size:
            return -1
        slash = size - 4
        while text[slash] != c'/':
            slash -= 1
        if slash == 0 or text[slash - 1] == c'/' or slash == size - 4 or size + added + 80 > PATH_ROOM:
            return -1
        memcpy(buffer, text, slash + 1)
        memcpy(buffer + slash + 1, b"__pycache__/", added)
        memcpy(buffer + slash + 1 + added, text + slash + 1, size - 3 - slash)
        memcpy(buffer + size - 2 + added, <const char *><bytes>ending, len(<bytes>ending) + 1)
        return size - 2 + added + len(<bytes>ending)

    cdef object ending(self):
        """What follows the dot after the module's name, in bytes: the cache tag can be changed by the program."""
        tag = fi_get(self.sys_dict, "implementation", None).cache_tag
        if type(tag) is not str:
            return None
        ending = fi_get(self.endings, tag, None)
        if ending is None and (<str>tag).isascii() and len(<str>tag) <= 40 and "\0" not in tag:
            if len(self.endings) >= 8:
                self.endings.clear()
            ending = self.endings[tag] = f"{tag}{self.optimization}.pyc".encode("ascii")
        return ending


cdef bint is_valid(dict external_dict, const char *data, Py_ssize_t size, unsigned int mtime, unsigned int source_size) except -1:
    """Whether a .pyc that begins with `data` is valid for a source of this modification time and size."""
    magic = fi_get(external_dict, "MAGIC_NUMBER", None)
    if type(magic) is not bytes or len(<bytes>magic) != 4 or size < HEADER_SIZE:
        return False
    if memcmp(data, <const char *><bytes>magic, 4) != 0 or fb_uint32(data + 4) & ~<unsigned int>2:
        return False
    return fb_uint32(data + 8) == mtime and fb_uint32(data + 12) == source_size


@cython.final
cdef class BytecodeWriter:
    """Writes the .pyc of a module whose code came from a snapshot, where importlib would have compiled it and written one."""

    cdef dict external_dict
    cdef BytecodePaths paths

    def __init__(self, external, BytecodePaths paths not None):
        self.external_dict, self.paths = external.__dict__, paths

    cdef bint is_wanted(self) except -1:
        return not fi_get(self.paths.sys_dict, "dont_write_bytecode", False)

    cdef object keep(self, loader, str path, snapshot, tuple recorded):
        """The code of a snapshot, which has it as `recorded`, after its .pyc was written if importlib would have written one.

        As in ``SourceLoader.get_code``: it would have compiled this. None where importlib has to see to it; what a hook raises
        is given back.
        """
        cdef char room[PATH_ROOM]
        cdef const char *bytecode_path = room
        cdef unsigned int mtime, source_size
        code, number, mtime_ns, size = recorded
        mtime, source_size = fb_seconds_of(mtime_ns), <unsigned int><unsigned long long>size
        encoded = None
        if self.paths.compose(path, room) < 0:
            encoded = <bytes>PyUnicode_EncodeFSDefault(self.paths.cache_from_source(path))
            bytecode_path = PyBytes_AS_STRING(encoded)
        is_due = self.is_due(path, bytecode_path, mtime, source_size)
        if not is_due:
            return None if is_due is None else code
        name = PyUnicode_DecodeFSDefaultAndSize(bytecode_path, strlen(bytecode_path))
        header = <bytes>fi_get(self.external_dict, "MAGIC_NUMBER", None) + bytes(4)
        header += (<object>mtime).to_bytes(4, "little") + (<object>source_size).to_bytes(4, "little")
        try:
            loader._cache_bytecode(path, name, bytearray(header + self.marshalled(snapshot, number, code)))
        except NotImplementedError:
            pass
        except BaseException as error:
            return error
        return code

    cdef object is_due(self, str path, const char *bytecode_path, unsigned int mtime, unsigned int source_size):
        """Whether importlib would write bytecode, and could; None if it has to see to it itself."""
        cdef char header[HEADER_SIZE]
        cdef bint is_there, may_write
        with nogil:
            is_there = fb_read_start(bytecode_path, header, HEADER_SIZE) == 0
        if is_there and is_valid(self.external_dict, header, HEADER_SIZE, mtime, source_size):
            return False
        if is_there and self.is_hashed(header):
            return False if self.has_hash(header, path) else None
        with nogil:
            may_write = fb_may_write(bytecode_path)
        return may_write

    cdef bytes marshalled(self, snapshot, long long number, code):
        """What marshal made of the code when it was compiled: that is equal, byte for byte, to what importlib writes."""
        try:
            if number >= 0:
                return snapshot.code_bytes(number)
        except ValueError:          # damaged since
            pass
        return fi_get(self.external_dict, "marshal", None).dumps(code)

    cdef bint is_hashed(self, const char *header) except -1:
        """Whether a header is one of PEP 552's that are valid by a hash, as ``_classify_pyc`` sees it."""
        magic = <bytes>fi_get(self.external_dict, "MAGIC_NUMBER", None)
        return memcmp(header, <const char *>magic, 4) == 0 and fb_uint32(header + 4) & ~<unsigned int>2 == 1

    cdef bint has_hash(self, const char *header, str path) except -1:
        """Whether importlib, as it is told to, believes the bytecode with this header for the source at `path`."""
        imp = fi_get(self.external_dict, "_imp", None)
        policy = imp.check_hash_based_pycs
        if policy == "never" or not (header[4] & 2 or policy == "always"):
            return True
        try:
            with open(path, "rb") as file:
                source = file.read()
        except OSError:
            return False
        magic = int.from_bytes(fi_get(self.external_dict, "MAGIC_NUMBER", None), "little")
        return header[8:HEADER_SIZE] == imp.source_hash(magic, source)


@cython.final
cdef class OpeningImport:
    """The import of ``_io`` in ``io.open_code``, which looks for ``builtins.__import__``: who has replaced that sees it."""

    cdef dict builtins_dict, external_dict
    cdef object stock

    def __init__(self, external):
        self.builtins_dict, self.external_dict = builtins.__dict__, external.__dict__
        found = fi_get(self.builtins_dict, "__import__", None)
        self.stock = found if type(found) is type(len) else None

    cdef object call(self):
        """As ``PyImport_Import`` calls it; whatever is raised is given back."""
        hook = fi_get(self.builtins_dict, "__import__", None)
        if hook is self.stock or hook is None:
            return None
        try:
            hook("_io", self.external_dict, self.external_dict, [], 0)
        except BaseException as error:
            return error
        return None


@cython.final
cdef class BytecodeReader:
    """Reads .pyc files for source loaders of one class."""

    cdef dict external_dict
    cdef dict served                # edited, never replaced: see Listings
    cdef BytecodePaths paths
    cdef BytecodeWriter writer
    cdef OpeningImport opening
    cdef object fix_filename, module_spec
    cdef Globals functions
    cdef fb_buffer *spare           # exchanged atomically
    cdef unsigned long release
    cdef object open_code
    cdef readonly unsigned long long short_roads, long_roads, snapshot_codes

    def __init__(self, external, Globals functions not None, fix_filename, unsigned long release, open_code):
        """`functions` must stay as they are. `open_code`: ``io.open_code``, to read with where this `release` can't be asked
        whether that has a hook.
        """
        self.external_dict, self.paths = external.__dict__, BytecodePaths(external)
        self.writer, self.opening = BytecodeWriter(external, self.paths), OpeningImport(external)
        self.served, self.functions = {}, functions
        self.fix_filename, self.module_spec = fix_filename, external._bootstrap.ModuleSpec
        self.release, self.open_code = release, open_code

    def __dealloc__(self):
        free(self.spare)

    def serve(self, loader_class, pin):
        """Read for instances of `loader_class`, not of its subclasses, which may read otherwise, as long as `pin` holds.

        None for both: read for nobody.
        """
        self.served["loader"] = (loader_class, pin)

    def use_snapshot(self, snapshot):
        """Take code that `snapshot`, a `SnapshotReader`, has from it; None for no snapshot."""
        self.served["snapshot"] = snapshot
        self.served["recorded settings"] = (fi_get(self.external_dict, "MAGIC_NUMBER", None), self.paths.ending())

    cdef bint is_ordinary(self) except -1:
        """Whether bytecode is what it was when the snapshot was opened, and is looked for where importlib looks."""
        magic, ending = fi_get(self.served, "recorded settings", (None, None))
        return (ending is not None and ending == self.paths.ending() and self.paths.are_stock()
                and fi_get(self.external_dict, "MAGIC_NUMBER", None) is magic)

    def read(self, loader, fullname):
        """The code object of `loader`'s module; None, or the exception of an audit hook, where importlib has to get it."""
        code = self.try_read(loader, fullname)
        if code is None or not PyCode_Check(code):
            self.long_roads += 1
        else:
            self.short_roads += 1
        return code

    cdef object try_read(self, loader, fullname):
        cdef char bytecode_path[PATH_ROOM]
        loader_class, pin = fi_get(self.served, "loader", (None, None))
        cdef int hook = fb_open_code_is_hooked(self.release)
        if type(loader) is not loader_class or hook > 0 or not pin.holds() or not self.functions.holds():
            return None
        state = PyObject_GenericGetDict(loader, NULL)
        path = fi_get(state, "path", None)
        if len(<dict>state) != 2 or type(path) is not str or (fullname is not None and fi_get(state, "name", None) != fullname):
            return None
        snapshot = fi_get(self.served, "snapshot", None)
        if snapshot is not None and self.is_ordinary():
            code = snapshot.code(path, self.writer.is_wanted())
            if type(code) is tuple:
                code = self.writer.keep(loader, path, snapshot, code)
            if code is not None:
                self.snapshot_codes += PyCode_Check(code)
                failure = self.opening.call()
                return code if failure is None else failure
        if self.paths.compose(path, bytecode_path) < 0:
            return None
        return self.read_valid(<str>path, bytecode_path) if hook == 0 else self.read_opened(<str>path, bytecode_path)

    def prepare(self, loader, spec):
        """What is asked before ``create_module``: importlib reads ``spec.cached`` next, so have it ready. No answer, ever."""
        cdef char bytecode_path[PATH_ROOM]
        cdef Py_ssize_t size
        loader_class, _ = fi_get(self.served, "loader", (None, None))
        if type(spec) is not self.module_spec or type(loader) is not loader_class or not self.functions.holds():
            return
        state = PyObject_GenericGetDict(spec, NULL)
        path = fi_get(state, "origin", None)
        if type(path) is not str or path is not fi_get(PyObject_GenericGetDict(loader, NULL), "path", None):
            return
        if fi_get(state, "_cached", "") is None and fi_get(state, "_set_fileattr", False) is True:
            size = self.paths.compose(path, bytecode_path)
            if size >= 0:
                spec._cached = PyUnicode_DecodeFSDefaultAndSize(bytecode_path, size)

    cdef object read_valid(self, str path, const char *bytecode_path):
        """The code object in the file at `bytecode_path`, if it is valid for the source at `path`."""
        cdef unsigned int mtime = 0, source_size = 0
        cdef int file = -1
        cdef Py_ssize_t size = 0, path_size
        cdef const char *source_path = fi_ascii(path, &path_size)
        cdef fb_buffer *buffer = NULL
        with nogil:
            if fb_source_stamp(source_path, &mtime, &source_size) == 0:
                file = fb_open(bytecode_path)
            if file >= 0:
                buffer = fb_read_all(file, &self.spare, &size)
                fb_close(file)
        if buffer == NULL:
            return None
        try:
            if not is_valid(self.external_dict, buffer.data, size, mtime, source_size):
                return None
            return self.unmarshal(buffer.data, size, path, bytecode_path)
        finally:
            fb_keep(&self.spare, buffer)

    cdef object read_opened(self, str path, const char *bytecode_path):
        """The same through ``io.open_code``, which has audit event and hook."""
        cdef unsigned int mtime = 0, source_size = 0
        cdef Py_ssize_t path_size
        cdef const char *source_path = fi_ascii(path, &path_size)
        cdef const char *start
        cdef int failed
        with nogil:
            failed = fb_source_stamp(source_path, &mtime, &source_size)
        if failed:
            return None
        try:
            with self.open_code(PyUnicode_DecodeFSDefaultAndSize(bytecode_path, strlen(bytecode_path))) as file:
                data = file.read()
        except OSError:
            return None
        except BaseException as veto:
            return veto
        if type(data) is not bytes:
            return None
        start, size = <const char *><bytes>data, len(<bytes>data)
        return self.load(start, size, path) if is_valid(self.external_dict, start, size, mtime, source_size) else None

    cdef object unmarshal(self, const char *data, Py_ssize_t size, str path, const char *bytecode_path):
        """The audit event comes after the reading, so that a file that importlib has to look at is audited once, by it.

        What goes wrong here, a damaged file or a veto, goes wrong once more in importlib, which says what it means; what a hook
        raised is given back nevertheless, in case that it refuses only once.
        """
        name = PyUnicode_DecodeFSDefaultAndSize(bytecode_path, strlen(bytecode_path))
        failure = self.opening.call()
        if failure is not None:
            return None if isinstance(failure, OSError) else failure
        try:
            PySys_Audit("open", "Osi", <PyObject *>name, <const char *>b"r", <int>FB_OPEN_FLAGS)
        except OSError:
            return None
        except BaseException as veto:
            return veto
        return self.load(data, size, path)

    cdef object load(self, const char *data, Py_ssize_t size, str path):
        try:
            code = PyMarshal_ReadObjectFromString(data + HEADER_SIZE, size - HEADER_SIZE)
        except BaseException as error:
            is_hooks = error.__traceback__.tb_next is not None or not isinstance(error, (EOFError, ValueError, TypeError))
            return error if is_hooks else None
        if not PyCode_Check(code):
            return None
        self.fix_filename(code, path)
        return code
