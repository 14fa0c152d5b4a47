from fastimport.finding._platform cimport *

cdef enum:
    MAX_SUFFIXES = 14      # kinds fit the lower half of a 32-bit mask; importlib has four to six suffixes
    MAX_SUFFIX_SIZE = 200  # bytes, with "/__init__": what path buffers keep free
    PATH_ROOM = 4200       # PATH_MAX and a margin; longer paths are importlib's
    BELIEVED = 16          # shift from "listed" to "listed, and of the type that its name demands"


cdef class Pin:
    cdef object cls
    cdef tuple names, values
    cdef unsigned int tag

    cdef list members(self)
    cdef object find(self, name, list members)
    cpdef bint holds(self) except -1


cdef class Watcher:
    cdef int number
    cdef dict watched

    cdef int watch(self, dict dictionary) except -1
    cdef int unwatch(self, dict dictionary) except -1


cdef class Globals:
    cdef list dicts, places
    cdef Watcher watcher
    cdef unsigned long long changes

    cdef unsigned long long count(self) noexcept
    cpdef bint holds(self) except -1


cdef class EpochMark:
    cdef object namespace_path
    cdef long long mark
    cdef unsigned int tag

    cdef bint has_moved(self) except -1


cdef class Watch:
    cdef dict importers
    cdef Watcher watcher
    cdef unsigned long long changes

    cdef bint is_unchanged(self, importers) noexcept


cdef class Kinds:
    cdef readonly tuple pairs
    cdef list encoded
    cdef int count
    cdef const char *suffixes[MAX_SUFFIXES]
    cdef const char *init_files[MAX_SUFFIXES]

    cdef bint describes(self, list loaders)
    cdef bint describes_details(self, details) noexcept


cdef class Table:
    cdef readonly str path
    cdef str directory      # `path` without slashes at its end
    cdef const char *name   # `path` for the system: the string's own bytes, or `encoded`
    cdef Py_ssize_t name_size
    cdef bytes encoded
    cdef readonly Kinds kinds
    cdef readonly dict names
    cdef set others         # what no module name can stand for; None until there is one
    cdef object as_set      # made when importlib's own code asks
    cdef fi_stamp stamp
    cdef bint racy
    cdef bint is_listed     # False: the directory is not there, or not for us to list
    cdef bint is_recorded   # from a snapshot
    cdef bint is_exact      # recorded, and the directory had this very stamp at the last look: its types hold, not only its names
    cdef readonly unsigned long long epoch

    cdef int add_name(self, str name) except -1
    cdef int add_other(self, name) except -1
    cdef int add_records(self, const fi_listing *listing) except -1
    cdef bint is_unchanged(self, const fi_stamp *now) noexcept


cdef object kinds_of(list loaders, Kinds stock, dict others, dict pins)
cdef object current_directory()
cdef object read_table(str path, Kinds kinds, fi_stamp *stamp, bint resolve, bint audit)
cdef object hand_over(Table table)
cdef object audit_listing(str path)
cdef bint is_absence(veto)
cdef list loaders_of(details)
cdef object stock_details(known_hooks, hooks, dict pins)
cdef int is_ours(known_hooks, hooks, dict pins, Kinds kinds) except -1
cdef bint is_for(finder, str entry, Kinds kinds)
cdef object recorded_table(snapshot, str path, Kinds kinds, const fi_stamp *stamp, bint audit)
cdef object current_inside(known, snapshot, str path, const char *name, Kinds kinds, unsigned long long *stat_calls)


cdef inline Py_ssize_t compose(char *buffer, size_t room, Table table, str tail) except -2:
    """Write the path of `tail` in the table's directory; its length, or -1 if that is too long for the buffer."""
    cdef Py_ssize_t size
    cdef const char *text = fi_ascii(tail, &size)
    if text != NULL:
        return fi_compose(buffer, room, table.name, table.name_size, text, size)
    encoded = <bytes>PyUnicode_EncodeFSDefault(tail)
    return fi_compose(buffer, room, table.name, table.name_size, encoded, len(encoded))
