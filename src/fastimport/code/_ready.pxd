from cpython.object cimport PyObject
from libc.stdint cimport uint32_t, uint64_t

cdef extern from "builder.h":
    ctypedef struct ft_texts:
        pass
    ctypedef struct ft_strings:
        ft_texts texts
        PyObject **kept
        uint32_t count


cdef class CodeMaker:
    cdef ft_strings strings
    cdef object refuse
    cdef readonly object reason

    cdef int serve(self, ft_texts texts, uint32_t count) except -1
    cdef int prepare(self, unsigned long release, bint is_same, const unsigned char *probe, uint64_t size, uint64_t marshalled,
                     refuse) except -1
    cdef object probe(self, const unsigned char *probe, uint64_t size, uint64_t marshalled)
    cdef object make(self, const unsigned char *data, uint64_t size, uint64_t marshalled, bint templates)
    cdef object build(self, const unsigned char *data, uint64_t size)
    cdef object unmarshal(self, const unsigned char *data, uint64_t size, uint64_t marshalled, bint templates)
    cdef object marshalled_bytes(self, const unsigned char *data, uint64_t size, uint64_t marshalled, bint templates)
