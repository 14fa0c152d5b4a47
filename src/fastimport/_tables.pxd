from libc.string cimport strlen

from fastimport._platform cimport *

cdef enum:
    MAX_SUFFIXES = 15      # kinds fit the lower half of a 32-bit mask; importlib has four to six suffixes
    MAX_SUFFIX_SIZE = 200  # bytes, with "/__init__": what path buffers keep free
    BELIEVED = 16          # shift from "listed" to "listed, and of the type that its name demands"


cdef class Pin:
    cdef object cls
    cdef tuple names, values
    cdef unsigned int tag

    cdef object find(self, name)
    cpdef bint holds(self) except -1


cdef class Kinds:
    cdef readonly tuple pairs
    cdef list encoded
    cdef int count
    cdef const char *suffixes[MAX_SUFFIXES]
    cdef const char *init_files[MAX_SUFFIXES]

    cdef bint describes(self, list loaders)


cdef class Table:
    cdef readonly str path
    cdef str prefix
    cdef bytes encoded
    cdef readonly Kinds kinds
    cdef readonly dict names
    cdef set others
    cdef object as_set      # made when importlib's own code asks
    cdef fi_stamp stamp
    cdef bint racy
    cdef bint is_listed     # False: the directory is not there, or not for us to list
    cdef bint is_recorded   # from a snapshot
    cdef readonly unsigned long long epoch

    cdef int add_name(self, str name) except -1
    cdef int add_records(self, const fi_listing *listing) except -1
    cdef bint is_unchanged(self, const fi_stamp *now) noexcept


cdef object read_table(str path, bytes encoded, Kinds kinds, fi_stamp *stamp, bint resolve)
cdef object audit_listing(str path)


cdef inline str last_component(str fullname):
    cdef Py_ssize_t length = len(fullname)
    cdef Py_ssize_t dot = PyUnicode_FindChar(fullname, c'.', 0, length, -1)
    return fullname if dot < 0 else PyUnicode_Substring(fullname, dot + 1, length)


cdef inline object current_directory():
    """``os.getcwd()``, or None where importlib must say what happens without one."""
    cdef char buffer[4200]
    cdef int done
    with nogil:
        done = fi_getcwd(buffer, sizeof(buffer))
    return PyUnicode_DecodeFSDefaultAndSize(buffer, strlen(buffer)) if done else None


cdef inline Py_ssize_t compose(char *buffer, size_t room, Table table, str tail) except -2:
    """Write the path of `tail` in the table's directory; its length, or -1 if that is too long for the buffer."""
    cdef Py_ssize_t size
    cdef const char *text = fi_ascii(tail, &size)
    if text != NULL:
        return fi_compose(buffer, room, table.encoded, len(table.encoded), text, size)
    encoded = <bytes>PyUnicode_EncodeFSDefault(tail)
    return fi_compose(buffer, room, table.encoded, len(table.encoded), encoded, len(encoded))
