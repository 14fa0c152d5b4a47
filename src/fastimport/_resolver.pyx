"""Directory tables, look-up and specs: what every import passes through.

The rules are those of ``PathFinder`` and ``FileFinder`` in importlib/_bootstrap_external.py. State lives where importlib keeps
it (a `Table` is the ``_path_cache`` of a stock ``FileFinder``) or in a `Resolver`; this module has none of its own.
"""

cimport cython
from cpython.object cimport PyObject
from libc.errno cimport EACCES, ENOENT, ENOTDIR, EPERM, errno
from libc.stdlib cimport free
from libc.string cimport memcpy, memset, strlen

import sys

cdef extern from "Python.h":
    int PySys_Audit(const char *event, const char *format, ...) except -1
    object PyObject_GenericGetDict(object instance, void *context)
    object PyUnicode_EncodeFSDefault(object text)
    object PyUnicode_DecodeFSDefaultAndSize(const char *data, Py_ssize_t size)
    Py_ssize_t PyUnicode_FindChar(object text, Py_UCS4 character, Py_ssize_t start, Py_ssize_t end, int direction) except -2
    object PyUnicode_Substring(object text, Py_ssize_t start, Py_ssize_t end)

cdef extern from "_platform.h":
    enum: FI_POSIX
    enum: FI_PLAIN
    enum: FI_OTHER
    object fi_get(object dictionary, object key, object fallback)
    object fi_item(object sequence, Py_ssize_t index, object fallback)
    object fi_new(object cls, object no_arguments)
    unsigned int fi_type_tag(object cls) noexcept
    const char *fi_ascii(object text, Py_ssize_t *length) noexcept
    Py_ssize_t fi_compose(char *buffer, size_t size, const char *directory, Py_ssize_t length,
                          const char *name, Py_ssize_t added) noexcept

cdef extern from "_platform.h" nogil:
    ctypedef struct fi_stamp:
        double mtime
        long long mtime_ns, ctime_ns
        unsigned long long device, inode
    ctypedef struct fi_listing:
        char *data
        size_t used, room
    int fi_stat_dir(const char *path, fi_stamp *stamp) noexcept
    int fi_is_file(const char *path) noexcept
    int fi_is_dir(const char *path) noexcept
    void *fi_open_dir(const char *path) noexcept
    void fi_close_dir(void *directory) noexcept
    int fi_getcwd(char *buffer, size_t size) noexcept
    int fi_read_dir(void *directory, const char **suffixes, int count, int resolve, fi_listing *names) noexcept
    long long fi_now_ns() noexcept

cdef enum:
    MAX_SUFFIXES = 15      # kinds fit the lower half of a 32-bit mask; importlib has four to six suffixes
    BELIEVED = 16          # shift from "listed" to "listed, and of the type that its name demands"
    INDEX_FROM = 8         # entries from which on a merged index pays
    PATH_ROOM = 4200       # PATH_MAX and a margin; longer paths are importlib's
    TICK_NS = 10_000_000   # file systems stamp with the kernel's coarse clock: at most 4 ms (CONFIG_HZ=250), 10 ms at HZ=100


cdef inline str last_component(str fullname):
    cdef Py_ssize_t length = len(fullname)
    cdef Py_ssize_t dot = PyUnicode_FindChar(fullname, c'.', 0, length, -1)
    return fullname if dot < 0 else PyUnicode_Substring(fullname, dot + 1, length)


# Guards ################################################################################################################

@cython.final
cdef class Pin:
    """Tells whether attributes of a class are still the ones that were there: tools patch importlib's classes."""

    cdef object cls
    cdef tuple names, values
    cdef unsigned int tag

    def __init__(self, cls, *names):
        self.cls = cls
        self.names = names
        self.values = tuple([self.find(name) for name in names])
        self.tag = fi_type_tag(cls)

    cdef object find(self, name):
        for base in self.cls.__mro__:
            if name in base.__dict__:
                return base.__dict__[name]
        return None

    cdef bint holds(self) except -1:
        """The interpreter gives a class a new version tag whenever it or a base of it changes; 0 means "none yet"."""
        cdef unsigned int tag = fi_type_tag(self.cls)
        if tag == self.tag and tag != 0:
            return True
        for name, value in zip(self.names, self.values):
            if self.find(name) is not value:
                return False
        getattr(self.cls, "__init__")       # any look-up makes the interpreter assign a tag
        self.tag = fi_type_tag(self.cls)
        return True


# Directory tables ######################################################################################################

@cython.final
cdef class Kinds:
    """The suffixes of a finder and their loaders, in the finder's order (``FileFinder._loaders``)."""

    cdef readonly tuple pairs
    cdef list encoded
    cdef int count
    cdef const char *suffixes[MAX_SUFFIXES]
    cdef const char *init_files[MAX_SUFFIXES]

    def __init__(self, loaders):
        self.pairs = tuple([(suffix, loader) for suffix, loader in loaders])
        self.count = len(self.pairs)
        if self.count > MAX_SUFFIXES:
            raise ValueError(f"{self.count} suffixes, at most {MAX_SUFFIXES} are supported")
        self.encoded = []
        for index, (suffix, _) in enumerate(self.pairs):
            if not suffix.startswith(".") or "\0" in suffix or "/" in suffix:
                raise ValueError(f"suffix {suffix!r} does not start with a dot")
            self.encoded += [PyUnicode_EncodeFSDefault(suffix), PyUnicode_EncodeFSDefault("/__init__" + suffix)]
            self.suffixes[index] = <bytes>self.encoded[2 * index]
            self.init_files[index] = <bytes>self.encoded[2 * index + 1]

    cdef bint describes(self, list loaders):
        """By identity: the pairs of all stock finders come from one place, and a changed list must be noticed."""
        if len(loaders) != self.count:
            return False
        for index in range(self.count):
            pair = fi_item(loaders, index, None)
            known = <tuple>self.pairs[index]
            if type(pair) is not tuple or len(<tuple>pair) != 2:
                return False
            if (<tuple>pair)[0] is not (<tuple>known)[0] or (<tuple>pair)[1] is not (<tuple>known)[1]:
                return False
        return True


@cython.final
cdef class Table:
    """What one directory holds. It takes the place of the set in ``FileFinder._path_cache`` and answers as that set would.

    Replaced, never edited: a reader on another thread sees the old listing or the new one. `names` maps what stands before the
    first dot to a mask of kinds (bit 0: as it is, bit n: with suffix n), the upper half to those known to be of the right type.
    """

    cdef readonly str path
    cdef str prefix
    cdef bytes encoded
    cdef readonly Kinds kinds
    cdef readonly dict names
    cdef set others
    cdef object as_set      # made when importlib's own code asks
    cdef fi_stamp stamp
    cdef bint racy
    cdef readonly unsigned long long epoch

    def __init__(self, str path not None, Kinds kinds not None, listing=()):
        self.path = path
        self.prefix = path.rstrip("/") + "/"
        self.encoded = PyUnicode_EncodeFSDefault(path)
        self.kinds = kinds
        self.names = {}
        self.others = set()
        memset(&self.stamp, 0, sizeof(fi_stamp))
        self.racy = True
        for name in listing:
            self.add_name(name)

    cdef int add_name(self, str name) except -1:
        stem, dot, rest = name.partition(".")
        kind = FI_PLAIN
        if dot:
            kind = FI_OTHER
            for index in range(self.kinds.count):
                if self.kinds.pairs[index][0] == dot + rest:
                    kind = index + 1
        if kind == FI_OTHER:
            self.others.add(name)
        else:
            self.names[stem] = self.names.get(stem, 0) | (1 << kind)
        return 0

    cdef int add_records(self, const fi_listing *listing) except -1:
        """Masks repeat, so they are shared: most directories know three."""
        cdef const char *record = listing.data
        cdef const char *end = listing.data + listing.used
        cdef Py_ssize_t length, stem
        cdef int kind
        cdef dict shared = {}
        while record < end:
            kind = <unsigned char>record[0]
            length = strlen(record + 2)
            if kind == FI_OTHER:
                self.others.add(PyUnicode_DecodeFSDefaultAndSize(record + 2, length))
            else:
                stem = length - (strlen(self.kinds.suffixes[kind - 1]) if kind != FI_PLAIN else 0)
                name = PyUnicode_DecodeFSDefaultAndSize(record + 2, stem)
                mask = fi_get(self.names, name, 0) | (1 << kind) | (<int>record[1] << (kind + BELIEVED))
                self.names[name] = shared.setdefault(mask, mask)
            record += length + 3
        return 0

    cdef bint is_unchanged(self, const fi_stamp *now) noexcept:
        return (not self.racy and now.mtime_ns == self.stamp.mtime_ns and now.ctime_ns == self.stamp.ctime_ns
                and now.inode == self.stamp.inode and now.device == self.stamp.device)

    def listing(self):
        """The set that FileFinder would have kept."""
        names = set(self.others)
        for stem, mask in self.names.items():
            if mask & 1:
                names.add(stem)
            for index in range(self.kinds.count):
                if mask >> (index + 1) & 1:
                    names.add(stem + self.kinds.pairs[index][0])
        return names

    def __contains__(self, name):
        if self.as_set is None:
            self.as_set = self.listing()
        return name in self.as_set

    def __iter__(self):
        return iter(self.listing())

    def __len__(self):
        return len(self.listing())

    def __eq__(self, other):
        return self.listing() == other

    __hash__ = None

    def __repr__(self):
        return f"Table({self.path!r}, {len(self)} names)"


cdef Py_ssize_t compose(char *buffer, Table table, str tail) except -2:
    """Write the path of `tail` in the table's directory; its length, or -1 if that is too long for the buffer."""
    cdef Py_ssize_t size
    cdef const char *text = fi_ascii(tail, &size)
    if text != NULL:
        return fi_compose(buffer, PATH_ROOM, table.encoded, len(table.encoded), text, size)
    encoded = <bytes>PyUnicode_EncodeFSDefault(tail)
    return fi_compose(buffer, PATH_ROOM, table.encoded, len(table.encoded), encoded, len(encoded))


# The resolver ##########################################################################################################

@cython.final
cdef class Resolver:
    """Answers for the path entries that belong to stock FileFinders with stock loaders; for the others it says "not ours"."""

    cdef readonly dict refusals
    cdef readonly unsigned long long hits, absent, not_ours, scans, stat_calls
    cdef public str reason              # why it declines every question, or None
    cdef readonly bint trusted
    cdef unsigned long long epoch
    cdef dict sys_dict, pins, tables
    cdef object indexes, namespace_mark
    cdef Table nothing
    cdef unsigned int namespace_tag
    cdef object end, file_finder, module_spec, namespace_path, file_finder_pin, module_spec_pin, hooks, last_kinds
    cdef tuple owners
    cdef Py_ssize_t finder_fields

    def __init__(self, machinery, module_spec, namespace_path, pins, Py_ssize_t finder_fields, loaders):
        """`pins` maps a class of importlib to the attributes that must be the ones that are there now."""
        self.sys_dict = sys.__dict__
        self.file_finder, self.module_spec, self.namespace_path = machinery.FileFinder, module_spec, namespace_path
        self.pins = {cls: Pin(cls, *names) for cls, names in pins.items()}
        self.file_finder_pin, self.module_spec_pin = self.pins[self.file_finder], self.pins[self.module_spec]
        self.finder_fields = finder_fields
        self.last_kinds = Kinds(loaders)
        self.owners, self.hooks, self.tables, self.refusals = (), None, {}, {}
        self.nothing = Table("", self.last_kinds)
        self.namespace_mark = namespace_path._epoch
        self.end = object()
        self.epoch = 1
        self.reason = None if FI_POSIX else "platform"

    def serve(self, owners, hooks):
        """Answer for the finder classes `owners`, a tuple of `Pin`; `hooks` is ``(path hooks, loader details)`` or None."""
        self.owners, self.hooks = owners, hooks

    def set_freshness(self, str level not None):
        """Change the level: ``"checked"`` or ``"trusted"``."""
        self.trusted = level == "trusted"
        if self.trusted:
            from fastimport._index import Indexes
            self.indexes = Indexes(self.entry_table)
        self.invalidate()

    def invalidate(self):
        """Mark everything as to be checked again. No file-system work."""
        self.epoch += 1
        self.tables = {}
        if self.indexes is not None:
            self.indexes.clear()

    cdef int follow_invalidation(self) except -1:
        """``importlib.machinery.PathFinder.invalidate_caches``, called past us, leaves its mark on NamespacePath."""
        cdef unsigned int tag = fi_type_tag(self.namespace_path)
        if tag == self.namespace_tag and tag != 0:
            return 0
        mark = self.namespace_path._epoch
        self.namespace_tag = fi_type_tag(self.namespace_path)
        if mark != self.namespace_mark:
            self.namespace_mark = mark
            self.invalidate()
        return 0

    def search(self, cls, fullname, path, Py_ssize_t index, list portions):
        """Search `path` (None: ``sys.path``) from `index` on.

        A spec; None for absent; or ``(index, portions)``: the entry at `index` is not ours and the portions are those found so
        far, with -1 as the index when the search is over and the portions make up a namespace package.
        """
        if self.reason is not None or type(fullname) is not str or not self.is_unpatched(cls):
            self.refuse(self.reason or "patched class or unusual name")
            return index, portions or []
        if path is None:
            path = fi_get(self.sys_dict, "path", None)
        importers = fi_get(self.sys_dict, "path_importer_cache", None)
        if (type(path) is not list and type(path) is not tuple) or type(importers) is not dict:
            return index, portions or []
        if self.trusted:
            self.follow_invalidation()
        tail = last_component(fullname)
        found = self.walk(importers, path, fullname, tail, index, portions)
        if found is None and self.trusted and self.recheck(importers, path):
            found = self.walk(importers, path, fullname, tail, index, portions)
        if found is None:
            self.absent += 1
        elif type(found) is not tuple or (<tuple>found)[0] == -1:
            self.hits += 1
        else:
            self.not_ours += 1
        return found

    cdef bint is_unpatched(self, cls) except -1:
        for pin in self.owners:
            if (<Pin>pin).cls is cls:
                return (<Pin>pin).holds() and (<Pin>self.file_finder_pin).holds() and (<Pin>self.module_spec_pin).holds()
        return False

    cpdef int refuse(self, str reason) except -1:
        """Count a reason for not helping."""
        self.refusals[reason] = self.refusals.get(reason, 0) + 1
        return 0

    cdef object walk(self, dict importers, path, str fullname, str tail, Py_ssize_t index, list portions):
        cdef Py_ssize_t turn = 0
        candidates = None
        if self.trusted and len(path) >= INDEX_FROM:
            candidates = self.indexes.candidates(path, importers, tail)
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
        return None if finder is self.end else self.current_table(finder, &stamp)

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
        stamp.mtime_ns = -1
        if finder is self.end:
            finder = self.make_finder(entry, &stamp)
            if finder is None:
                return NotImplemented
            importers[entry] = finder
        elif finder is None:
            return None
        table = self.current_table(finder, &stamp)
        return NotImplemented if table is None else self.look_up(<Table>table, fullname, tail)

    cdef object make_finder(self, str entry, fi_stamp *stamp):
        """What ``sys.path_hooks`` would make of a directory, with one stat instead of three; None where they must be asked."""
        cdef Py_ssize_t size
        cdef const char *path = fi_ascii(entry, &size)
        if self.hooks is None or path == NULL or path[0] != c'/' or <Py_ssize_t>strlen(path) != size:
            return None
        hooks = fi_get(self.sys_dict, "path_hooks", None)
        expected, details = self.hooks
        if type(hooks) is not list or len(<list>hooks) != len(<tuple>expected):
            return None
        for index in range(len(<tuple>expected)):
            hook = (<tuple>expected)[index]
            if fi_item(hooks, index, None) is not hook or (hook in self.pins and not (<Pin>self.pins[hook]).holds()):
                return None
        with nogil:
            is_directory = fi_stat_dir(path, stamp)
        self.stat_calls += 1
        if is_directory != 1:
            return None
        finder = fi_new(self.file_finder, ())
        finder._loaders = [(suffix, loader) for loader, suffixes in details for suffix in suffixes]
        finder.path = entry
        finder._path_mtime = -1
        finder._path_cache = set()
        finder._relaxed_path_cache = set()
        return finder

    cdef object current_table(self, finder, fi_stamp *stamp):
        """The table of a FileFinder as fresh as the level asks, or None. `stamp`: the directory's if just taken, else mtime_ns -1."""
        cdef Table table
        cdef double remembered
        cdef const char *name
        if type(finder) is not self.file_finder:
            return None
        state = PyObject_GenericGetDict(finder, NULL)
        if len(<dict>state) != self.finder_fields:
            return None
        mtime = fi_get(state, "_path_mtime", None)
        if type(mtime) is not float and type(mtime) is not int:
            return None
        remembered = mtime
        found = self.known_table(<dict>state)
        if found is None:
            return None
        table = <Table>found
        if self.trusted and table.epoch == self.epoch and remembered != -1:
            return table
        if stamp.mtime_ns == -1:
            name = table.encoded
            with nogil:
                fi_stat_dir(name, stamp)
            self.stat_calls += 1
        if (not table.is_unchanged(stamp)) if self.trusted else stamp.mtime != remembered:
            found = self.scan(table.path, table.encoded, table.kinds, stamp)
            if found is None:
                return None
            table = <Table>found
        if table is not fi_get(state, "_path_cache", None):
            state["_path_cache"] = table
        if stamp.mtime != remembered:
            state["_path_mtime"] = stamp.mtime if stamp.mtime != -1 else -1
        table.epoch = self.epoch
        return table

    cdef object known_table(self, dict state):
        """The listing that the FileFinder has now, in our form: made here, or by importlib before; None if it is not stock."""
        cdef Table table
        path = fi_get(state, "path", None)
        listing = fi_get(state, "_path_cache", None)
        loaders = fi_get(state, "_loaders", None)
        if type(loaders) is not list or type(path) is not str:
            return None
        if type(listing) is Table:
            table = <Table>listing
            if table.path is path and table.kinds.describes(loaders):
                return table
        elif type(listing) is not set:
            return None
        if not (<str>path).startswith("/") or "\0" in path:
            return None
        kinds = self.kinds_of(<list>loaders)
        if kinds is None:
            return None
        if self.trusted:
            table = fi_get(self.tables, path, None)
            if table is not None and table.epoch == self.epoch and table.kinds is kinds:
                return table
        return Table(path, kinds, listing)

    cdef object kinds_of(self, list loaders):
        if (<Kinds>self.last_kinds).describes(loaders):
            return self.last_kinds
        for pair in loaders:
            if type(pair) is not tuple or len(<tuple>pair) != 2 or type(pair[0]) is not str or pair[1] not in self.pins:
                return None
        try:
            self.last_kinds = Kinds(loaders)
        except ValueError:
            return None
        return self.last_kinds

    cdef object scan(self, str path, bytes encoded, Kinds kinds, const fi_stamp *stamp):
        """List a directory as ``FileFinder._fill_cache`` does; None where the error is importlib's to raise.

        Opened before the audit event, so that an error that importlib will raise is audited once, by it.
        """
        cdef fi_listing listing
        cdef const char *name = encoded
        cdef int failure = 0
        cdef Table table = Table(path, kinds)
        with nogil:
            directory = fi_open_dir(name)
            failure = errno
        if directory == NULL and failure not in (ENOENT, EACCES, EPERM, ENOTDIR):
            return None
        memset(&listing, 0, sizeof(listing))
        try:
            PySys_Audit("os.listdir", "O", <PyObject *>path)
            if directory != NULL:
                with nogil:
                    failure = fi_read_dir(directory, kinds.suffixes, kinds.count, self.trusted, &listing)
                if failure:
                    return None
                table.add_records(&listing)
        finally:
            free(listing.data)
            if directory != NULL:
                fi_close_dir(directory)
        self.scans += 1
        if self.indexes is not None:
            self.indexes.clear()
        table.stamp = stamp[0]
        table.racy = fi_now_ns() - max(stamp.mtime_ns, stamp.ctime_ns) < TICK_NS
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
        if self.trusted:
            believed = listed >> BELIEVED
        size = compose(path, table, tail)
        if size < 0:
            return NotImplemented
        base = None
        if listed & 1:
            base = table.prefix + tail
            found = self.package(table, fullname, base, path, size, believed & 1)
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
                return self.make_spec(fullname, loader, table.prefix + tail + suffix, None)
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
        cdef Table inside
        if believed:
            found = self.inner_table(base, path, table.kinds)
            if found is None:
                return NotImplemented
            inside = <Table>found
            listed = fi_get(inside.names, "__init__", 0)
            if not listed >> 1 & 0x7FFF:
                return None
        for index in range(table.kinds.count):
            is_there = listed >> (index + 1 + BELIEVED) & 1
            if not is_there and (not believed or listed >> (index + 1) & 1):
                memcpy(path + size, table.kinds.init_files[index], strlen(table.kinds.init_files[index]) + 1)
                with nogil:
                    is_there = fi_is_file(path)
                self.stat_calls += 1
            if is_there:
                suffix, loader = <tuple>table.kinds.pairs[index]
                return self.make_spec(fullname, loader, base + "/__init__" + suffix, [base])
        path[size] = 0
        return None

    cdef object inner_table(self, str base, const char *path, Kinds kinds):
        """The table of a package's directory, before a FileFinder for it exists. Only `trusted` looks inside."""
        cdef Table table
        cdef fi_stamp stamp
        found = fi_get(self.tables, base, None)
        if found is not None:
            table = <Table>found
            if table.epoch == self.epoch and table.kinds is kinds and "__init__" in table.names:
                return table
        with nogil:
            fi_stat_dir(path, &stamp)
        self.stat_calls += 1
        if found is None or not table.is_unchanged(&stamp):
            found = self.scan(base, PyUnicode_EncodeFSDefault(base), kinds, &stamp)
            if found is None:
                return None
        (<Table>found).epoch = self.epoch
        self.tables[base] = found
        return found

    cdef object make_spec(self, str fullname, loader_class, str origin, list locations):
        """``spec_from_file_location`` without its constructors; attributes in the order that they have there."""
        if not (<Pin>self.pins[loader_class]).holds():
            return NotImplemented
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

    cdef bint recheck(self, dict importers, path) except -1:
        """Before `trusted` calls a name absent: stat every directory again. True if a listing was replaced."""
        cdef unsigned long long scans = self.scans
        self.epoch += 1
        for entry in path:
            if type(entry) is str:
                self.consult(importers, entry, "", "")
        return self.scans != scans


cdef object current_directory():
    """``os.getcwd()``, or None where importlib must say what happens without one."""
    cdef char buffer[PATH_ROOM]
    cdef int done
    with nogil:
        done = fi_getcwd(buffer, PATH_ROOM)
    return PyUnicode_DecodeFSDefaultAndSize(buffer, strlen(buffer)) if done else None
