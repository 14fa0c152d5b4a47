"""Part of _tables.pyx: what guards every use of a table. Each tells whether something of importlib is still what it was."""


@cython.final
cdef class Pin:
    """Tells whether attributes of a class are still the ones that were there: tools patch importlib's classes."""

    def __init__(self, cls, *names):
        self.cls = cls
        self.names = names
        cdef list values = []
        members = self.members()
        for name in names:
            values.append(self.find(name, members))
        self.values = tuple(values)
        self.tag = fi_type_tag(cls)

    cdef list members(self):
        """What the class and its bases have, each."""
        cdef list found = []
        for base in self.cls.__mro__:
            found.append(base.__dict__)
        return found

    cdef object find(self, name, list members):
        """All that the class and its bases have under this name: what we put on the class must not hide a base that changes."""
        cdef list found = []
        for each in members:
            if name in each:
                found.append(each[name])
        return tuple(found)

    cpdef bint holds(self) except -1:
        """The interpreter gives a class a new version tag whenever it or a base of it changes; 0 means "none yet"."""
        cdef unsigned int tag = fi_type_tag(self.cls)
        if tag == self.tag and tag != 0:
            return True
        getattr(self.cls, "__init__")       # any look-up makes the interpreter assign a tag
        tag = fi_type_tag(self.cls)         # taken before comparing: what is patched meanwhile has another one
        members = self.members()
        for name, value in zip(self.names, self.values):
            if not fi_same_items(self.find(name, members), value):
                return False
        self.tag = tag
        return True


@cython.final
cdef class Watcher:
    """One of the 8 watchers of dictionaries that the interpreter has for everybody. We need no more: it only counts."""

    def __cinit__(self):
        self.number, self.watched = -1, {}

    cdef int watch(self, dict dictionary) except -1:
        """Raises RuntimeError if others have all watchers, or have taken ours away."""
        key = <size_t><PyObject *>dictionary
        with cython.critical_section(self):     # the interpreter gives watchers out without a lock
            if self.number < 0:
                self.number = fi_add_watcher()
            try:
                fi_watch(self.number, dictionary)
            except ValueError as reason:
                self.watched.clear()
                self.number = -1
                raise RuntimeError(reason) from None
            self.watched[key] = self.watched.get(key, 0) + 1
        return 0

    cdef int unwatch(self, dict dictionary) except -1:
        """Once for each `watch`. The last one gives the watcher back."""
        key = <size_t><PyObject *>dictionary
        with cython.critical_section(self):
            users = self.watched.pop(key, 0)
            if users > 1:
                self.watched[key] = users - 1
            elif users:
                fi_unwatch(self.number, dictionary)
            if not self.watched and self.number >= 0:
                fi_clear_watcher(self.number)
                self.number = -1
        return 0


cdef Watcher OUR_WATCHER = Watcher()


@cython.final
@cython.no_gc_clear
cdef class Globals:
    """Tells whether names in modules still stand for what they did: importlib's functions call each other by name."""

    def __init__(self, modules):
        """`modules`: pairs of a module and the names in it; those that it lacks are left out."""
        cdef dict names
        self.dicts, self.places = [], []
        for module, wanted in modules:
            self.dicts.append(module.__dict__)
            for name in wanted:
                if name in module.__dict__:
                    self.places.append((module.__dict__, name, module.__dict__[name]))
        cdef list watched = []
        try:
            for names in self.dicts:
                OUR_WATCHER.watch(names)
                watched.append(names)
            self.watcher = OUR_WATCHER
        except RuntimeError:        # somebody has all watchers: each name is looked at each time
            for names in watched:
                OUR_WATCHER.unwatch(names)
        self.changes = self.count()

    def __dealloc__(self):
        cdef dict names
        if self.watcher is not None:
            for names in self.dicts:
                self.watcher.unwatch(names)

    cdef unsigned long long count(self) noexcept:
        return fi_dicts_changes(self.dicts)

    cpdef bint holds(self) except -1:
        cdef unsigned long long now = self.count()      # taken before comparing, as in Pin
        if self.watcher is not None and now == self.changes:
            return True
        for names, name, value in self.places:
            if fi_get(names, name, None) is not value:
                return False
        self.changes = now
        return True


@cython.final
cdef class EpochMark:
    """Notices ``importlib.machinery.PathFinder.invalidate_caches``, called past us: it leaves its mark on NamespacePath."""

    def __init__(self, namespace_path):
        self.namespace_path, self.mark = namespace_path, namespace_path._epoch

    cdef bint has_moved(self) except -1:
        """Since the last time. The class's version tag tells that nothing of it has changed."""
        cdef unsigned int tag = fi_type_tag(self.namespace_path)
        if tag == self.tag and tag != 0:
            return False
        cdef long long mark = self.namespace_path._epoch
        self.tag = fi_type_tag(self.namespace_path)
        cdef bint moved = mark != self.mark
        self.mark = mark
        return moved


@cython.final
@cython.no_gc_clear
cdef class Watch:
    """Notices that a value of ``sys.path_importer_cache`` was exchanged or removed."""

    def __cinit__(self, dict importers not None):
        self.importers = importers
        OUR_WATCHER.watch(importers)
        self.watcher = OUR_WATCHER
        self.changes = fi_dict_changes(importers)

    def __dealloc__(self):
        if self.watcher is not None:
            self.watcher.unwatch(self.importers)

    cdef bint is_unchanged(self, importers) noexcept:
        return self.importers is importers and fi_dict_changes(importers) == self.changes
