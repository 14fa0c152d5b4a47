"""Directory tables: what a directory holds, read from it in one go and kept where FileFinder keeps its listing."""

cimport cython
from cpython.object cimport PyObject
from libc.errno cimport EACCES, ENOENT, ENOTDIR, EPERM, errno
from libc.stdlib cimport free
from libc.string cimport memset, strlen

from fastimport.finding._platform cimport *

cdef enum:
    FINDER_FIELDS = 5      # of a FileFinder (finder.py, _FINDER_FIELDS)
    TICK_NS = 10_000_000   # file systems stamp with the kernel's coarse clock: at most 4 ms (CONFIG_HZ=250), 10 ms at HZ=100
    COARSE_TICK_NS = 2_000_000_000     # file systems that keep whole seconds, or every other one (FAT)


include "_pins.pxi"


cdef object stock_details(known_hooks, hooks, dict pins):
    """The loaders of the path hook for directories, if `hooks` begin with those that the interpreter made; else None.

    What follows is not asked for directories: that hook comes first, and takes them all.
    """
    if known_hooks is None:
        return None
    expected, details = known_hooks
    if type(hooks) is not list or len(<list>hooks) < len(<tuple>expected):
        return None
    for index in range(len(<tuple>expected)):
        hook = (<tuple>expected)[index]
        if fi_item(hooks, index, None) is not hook or (hook in pins and not (<Pin>pins[hook]).holds()):
            return None
    return details


cdef int is_ours(known_hooks, hooks, dict pins, Kinds kinds) except -1:
    """Whether a path entry that nobody was asked about gets a FileFinder of `kinds`: 2, 1 if it is a directory, or 0."""
    if not kinds.describes_details(stock_details(known_hooks, hooks, pins)):
        return 0
    return 2 if len(<list>hooks) == len(<tuple>(<tuple>known_hooks)[0]) else 1


cdef bint is_for(finder, str entry, Kinds kinds):
    """Whether a FileFinder searches `entry` with the loaders of `kinds`, and has no attributes but importlib's."""
    state = PyObject_GenericGetDict(finder, NULL)
    loaders = fi_get(state, "_loaders", None)
    path = fi_get(state, "path", None)
    return (type(loaders) is list and kinds.describes(<list>loaders) and type(path) is str and <str>path == entry
            and len(<dict>state) == FINDER_FIELDS)


cdef list loaders_of(details):
    """``FileFinder._loaders`` for these loader details, whose lists of suffixes are read at this moment."""
    cdef list loaders = []
    for loader, suffixes in details:
        for suffix in suffixes:
            loaders.append((suffix, loader))
    return loaders


@cython.final
cdef class Kinds:
    """The suffixes of a finder and their loaders, in the finder's order (``FileFinder._loaders``)."""

    def __init__(self, loaders):
        self.pairs = tuple(map(tuple, loaders))
        self.count = len(self.pairs)
        if self.count > MAX_SUFFIXES:
            raise ValueError(f"{self.count} suffixes, at most {MAX_SUFFIXES} are supported")
        self.encoded = []
        for index, (suffix, _) in enumerate(self.pairs):
            if not suffix.startswith(".") or "\0" in suffix or "/" in suffix:
                raise ValueError(f"suffix {suffix!r} does not start with a dot")
            self.encoded += [PyUnicode_EncodeFSDefault(suffix), PyUnicode_EncodeFSDefault("/__init__" + suffix)]
            if len(<bytes>self.encoded[2 * index + 1]) > MAX_SUFFIX_SIZE:
                raise ValueError(f"suffix {suffix[:20]!r}... is longer than {MAX_SUFFIX_SIZE} bytes")
            self.suffixes[index] = <bytes>self.encoded[2 * index]
            self.init_files[index] = <bytes>self.encoded[2 * index + 1]

    cdef bint describes(self, list loaders):
        """By identity: the pairs of all stock finders come from one place, and a changed list must be noticed."""
        return fi_same_pairs(loaders, self.pairs)

    cdef bint describes_details(self, details) noexcept:
        """The same of loader details, which hold the lists of ``importlib.machinery``: programs change these in place."""
        return details is not None and fi_same_details(details, self.pairs)


cdef object kinds_of(list loaders, Kinds stock, dict others, dict pins):
    """The `Kinds` of a FileFinder with these ``_loaders``, kept in `others` if not the usual; None if any is not in `pins`."""
    if stock.describes(loaders):
        return stock
    pairs = tuple(loaders)
    for pair in pairs:
        if type(pair) is not tuple or len(<tuple>pair) != 2 or type(pair[0]) is not str or type(pair[1]) is not type:
            return None
        if pair[1] not in pins:
            return None
    kinds = fi_get(others, pairs, None)
    if kinds is None:
        try:
            kinds = others[pairs] = Kinds(pairs)
        except ValueError:
            return None
    return kinds if (<Kinds>kinds).describes(loaders) else None


@cython.final
cdef class Table:
    """What one directory holds. It takes the place of the set in ``FileFinder._path_cache`` and answers as that set would.

    Replaced, never edited: a reader on another thread sees the old listing or the new one. `names` maps what stands before the
    first dot to a mask of kinds (bit 0: as it is, bit n: with suffix n), the upper half to those known to be of the right type.
    """

    def __cinit__(self):
        fi_count(1)

    def __dealloc__(self):
        fi_count(-1)

    def __init__(self, str path not None, Kinds kinds not None, listing=()):
        self.path = path
        self.directory = path.rstrip("/") if path.endswith("/") else path
        self.name = fi_ascii(path, &self.name_size)
        if self.name == NULL:
            self.encoded = PyUnicode_EncodeFSDefault(path)
            self.name, self.name_size = self.encoded, len(self.encoded)
        self.kinds = kinds
        self.names = {}
        memset(&self.stamp, 0, sizeof(fi_stamp))
        self.racy = self.is_listed = True
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
                    break
        if kind == FI_OTHER:
            self.add_other(name)
        else:
            self.names[stem] = self.names.get(stem, 0) | (1 << kind)
        return 0

    cdef int add_other(self, name) except -1:
        """Most directories have none, and an empty set is as large as many of them."""
        if self.others is None:
            self.others = set()
        self.others.add(name)
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
                self.add_other(PyUnicode_DecodeFSDefaultAndSize(record + 2, length))
            else:
                stem = length - (strlen(self.kinds.suffixes[kind - 1]) if kind != FI_PLAIN else 0)
                name = PyUnicode_DecodeFSDefaultAndSize(record + 2, stem)
                mask = fi_get(self.names, name, 0) | (1 << kind) | (<int>record[1] << (kind + BELIEVED))
                self.names[name] = shared.setdefault(mask, mask)
            record += length + 3
        assert record == end
        return 0

    cdef bint is_unchanged(self, const fi_stamp *now) noexcept:
        return (not self.racy and now.mtime_ns == self.stamp.mtime_ns and now.ctime_ns == self.stamp.ctime_ns
                and now.inode == self.stamp.inode and now.device == self.stamp.device)

    def listing(self):
        """The set that FileFinder would have kept."""
        names = set(self.others or ())
        for stem, mask in self.names.items():
            if mask & 1:
                names.add(stem)
            for index in range(self.kinds.count):
                if mask >> (index + 1) & 1:
                    names.add(stem + self.kinds.pairs[index][0])
        return names

    def __contains__(self, name):
        with cython.critical_section(self):
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

    def __reduce__(self):
        """Copies and pickles of a FileFinder hold the set that importlib would have made."""
        return set, (list(self),)

    def __repr__(self):
        return f"Table({self.path!r}, {len(self)} names)"


cdef object read_table(str path, Kinds kinds, fi_stamp *stamp, bint resolve, bint audit):
    """List a directory as ``FileFinder._fill_cache`` does: a table, None where the error is importlib's to raise, or the
    exception of an audit hook, which travels as a value so that compiled frames don't show in its traceback.

    Opened before the audit event, so that an error that importlib will raise is audited once, by it. `stamp` was taken before; if
    its mtime_ns is -1, it is taken here, between opening and reading. Without `audit`, `hand_over` owes the event,
    and a large directory is None: it is not known yet whether the listing will be needed.
    """
    cdef fi_listing listing
    cdef int failure = 0
    cdef long long now = fi_now_ns()        # before reading: what changes afterwards must have another stamp
    cdef Table table = Table(path, kinds)
    cdef const char *name = table.name
    with nogil:
        directory = fi_open_dir(name)
        failure = errno
        if stamp.mtime_ns == -1 and (directory == NULL or fi_stat_open_dir(directory, stamp) != 0):
            memset(stamp, 0, sizeof(fi_stamp))
            stamp.mtime = -1
    if directory == NULL and failure not in (ENOENT, EACCES, EPERM, ENOTDIR):
        return None
    memset(&listing, 0, sizeof(listing))
    try:
        veto = audit_listing(path) if audit else None
        if is_absence(veto):
            pass
        elif veto is not None:
            return veto
        elif directory != NULL:
            with nogil:
                failure = fi_read_dir(directory, kinds.suffixes, kinds.count, resolve, audit, &listing)
            if failure:
                return None
            table.add_records(&listing)
    finally:
        free(listing.data)
        if directory != NULL:
            fi_close_dir(directory)
    table.is_listed = directory != NULL
    table.stamp = stamp[0]
    table.racy = is_racy(stamp, now)
    return table


cdef object hand_over(Table table):
    """A table that was read without its audit event, to whom importlib would have listed it now; or a hook's exception."""
    veto = audit_listing(table.path)
    if is_absence(veto):
        table = Table(table.path, table.kinds)
    return table if veto is None or is_absence(veto) else veto


cdef object recorded_table(snapshot, str path, Kinds kinds, const fi_stamp *stamp, bint audit):
    """The listing that `snapshot`, or None, has of a directory with this stamp, or None; or an audit hook's exception."""
    if snapshot is None or stamp.mtime_ns == -1:
        return None
    return snapshot.table(path, kinds, stamp.device, stamp.inode, stamp.mtime_ns, stamp.ctime_ns, stamp.links, audit)


cdef object current_inside(known, snapshot, str path, const char *name, Kinds kinds, unsigned long long *stat_calls):
    """What a package's directory holds at this moment, for `checked`, which asks importlib's question of each ``__init__`` file.

    `known`: the table of its FileFinder, or one read here before; it serves as long as nothing in its stamp changed. None where
    asking for the files is as good.
    """
    cdef fi_stamp stamp
    stamp.mtime_ns = -1
    if type(known) is Table:
        if (<Table>known).racy or (<Table>known).kinds is not kinds or (<Table>known).path != path:
            return None
        with nogil:
            fi_stat_dir(name, &stamp)
        stat_calls[0] += 1
        if (<Table>known).is_unchanged(&stamp):
            return known
    elif snapshot is not None:
        with nogil:
            fi_stat_dir(name, &stamp)
        stat_calls[0] += 1
        table = recorded_table(snapshot, path, kinds, &stamp, False)
        if table is not None:
            return table
    table = read_table(path, kinds, &stamp, False, False)
    return table if type(table) is Table and (<Table>table).is_listed else None


cdef bint is_absence(veto):
    """What ``FileFinder._fill_cache`` takes for an empty directory."""
    return isinstance(veto, (FileNotFoundError, PermissionError, NotADirectoryError))


cdef bint is_racy(const fi_stamp *stamp, long long now) noexcept:
    """Whether a directory may change without its stamp showing it: so soon after its last change, by the clock of its stamps."""
    cdef bint whole_seconds = stamp.mtime_ns % 1_000_000_000 == 0 and stamp.ctime_ns % 1_000_000_000 == 0
    cdef long long tick = COARSE_TICK_NS if whole_seconds else TICK_NS
    return now - max(stamp.mtime_ns, stamp.ctime_ns) < tick


cdef object current_directory():
    """``os.getcwd()``, or None where importlib must say what happens without one."""
    cdef char buffer[PATH_ROOM]
    cdef int done
    with nogil:
        done = fi_getcwd(buffer, PATH_ROOM)
    return PyUnicode_DecodeFSDefaultAndSize(buffer, strlen(buffer)) if done else None


cdef object audit_listing(str path):
    """Raise the audit event of ``os.listdir``; what a hook raised instead of None, without this function's frame."""
    try:
        PySys_Audit("os.listdir", "O", <PyObject *>path)
    except BaseException as veto:
        veto.__traceback__ = veto.__traceback__.tb_next
        return veto
    return None


def live_tables():
    """How many tables are alive, in a debug build; -1 in others."""
    return fi_counted()
