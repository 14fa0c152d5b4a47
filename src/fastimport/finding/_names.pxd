from fastimport.finding._platform cimport *


cdef inline str last_component(str fullname):
    """What follows the last dot, as ``rpartition`` would say. Inlined where it is cimported: nothing is imported for it."""
    cdef Py_ssize_t length = len(fullname)
    cdef Py_ssize_t dot = PyUnicode_FindChar(fullname, c'.', 0, length, -1)
    return fullname if dot < 0 else PyUnicode_Substring(fullname, dot + 1, length)
