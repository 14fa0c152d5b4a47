"""Code objects made of templates, and marshal for where they can't be: the same objects from both. Loaded with a snapshot.

The format and its checks are in templates.h, the making in builder.c, what a version of CPython does of its own in code_layout.h.
"""

from cpython.bytes cimport PyBytes_AS_STRING, PyBytes_FromStringAndSize, PyBytes_GET_SIZE
from cpython.object cimport PyObject
from libc.stdint cimport uint32_t, uint64_t
from libc.stdlib cimport calloc, free

cdef extern from "marshal.h":
    object PyMarshal_ReadObjectFromString(const char *data, Py_ssize_t size)

cdef extern from "Python.h":
    void Py_XDECREF(PyObject *reference)
    PyObject *PyErr_Occurred()

cdef extern from "builder.h":
    PyObject *ft_build(const unsigned char *data, uint64_t size, ft_strings *strings) except? NULL
    int ft_audit(const unsigned char *data, uint64_t size, uint64_t marshalled, ft_texts *texts) except -1
    const char *ft_unusable(unsigned long release) noexcept
    const char *ft_hindrance() noexcept
    int ft_compare(object expected, object built, object met, PyObject **where) except -2
    int ft_to_marshal(const unsigned char *data, uint64_t length, ft_texts *texts, unsigned char *out, uint64_t size) noexcept
    uint64_t ft_sum(const void *data, uint64_t size, uint64_t seed) noexcept


def fold_sum(bytes data not None, uint64_t seed=0):
    """The checksum of code and of tables in a snapshot, by folded products (docs/snapshots.md)."""
    return ft_sum(PyBytes_AS_STRING(data), PyBytes_GET_SIZE(data), seed)


def difference(expected, built):
    """Where two code objects differ, down to their fields, what they share and which strings are interned; None if nowhere.

    Both must be new: a code object that has run has been changed by it.
    """
    cdef PyObject *where = NULL
    if ft_compare(expected, built, {}, &where) == 0:
        return None
    try:
        return <object>where
    finally:
        Py_XDECREF(where)


def unusable(unsigned long release):
    """Why an interpreter, which says that it is of `release`, unmarshals; None if code is made of templates."""
    cdef const char *reason = ft_unusable(release)
    return None if reason == NULL else reason.decode()


cdef class CodeMaker:
    """Makes code of the templates of one snapshot, whose owner keeps `texts` alive. `reason`: why it unmarshals, or None."""

    def __cinit__(self):
        self.reason = "not prepared"

    def __dealloc__(self):
        cdef uint32_t number
        for number in range(self.strings.count):
            Py_XDECREF(self.strings.kept[number])
        free(self.strings.kept)

    cdef int serve(self, ft_texts texts, uint32_t count) except -1:
        self.strings.texts = texts
        self.strings.kept = <PyObject **>calloc(<size_t>count + 1, sizeof(PyObject *))
        if self.strings.kept == NULL:
            raise MemoryError
        self.strings.count = count
        return 0

    cdef int prepare(self, unsigned long release, bint is_same, const unsigned char *probe, uint64_t size, uint64_t marshalled,
                     refuse) except -1:
        """Decide, by what the interpreter says of itself and by a probe that is made both ways."""
        cdef const char *reason = ft_unusable(release)
        self.refuse = refuse
        if reason != NULL:              # always so with this build: nothing was refused
            self.reason = reason.decode()
            return 0
        reason = ft_hindrance()
        if reason != NULL:
            self.reason = reason.decode()
        elif not is_same:
            self.reason = "made by another release or build of Python, or without templates"
        else:
            self.reason = "a damaged probe" if probe == NULL else self.probe(probe, size, marshalled)
        if self.reason is not None:
            refuse(f"ready-made code: {self.reason}")
        return 0

    cdef object probe(self, const unsigned char *probe, uint64_t size, uint64_t marshalled):
        try:
            found = difference(self.unmarshal(probe, size, marshalled, True), self.build(probe, size))
        except Exception as error:      # marshal's are of several types
            found = str(error)
        return None if found is None else f"a probe differs: {found}"

    cdef object make(self, const unsigned char *data, uint64_t size, uint64_t marshalled, bint templates):
        """The code object. Raises `ValueError` if it is damaged, and what an audit hook raises."""
        cdef const char *hindrance
        if not templates or self.reason is not None:
            return self.unmarshal(data, size, marshalled, templates)
        hindrance = ft_hindrance()
        if hindrance != NULL:
            self.refuse(f"ready-made code: {hindrance.decode()}")
            return self.unmarshal(data, size, marshalled, True)
        ft_audit(data, size, marshalled, &self.strings.texts)
        return self.build(data, size)

    cdef object build(self, const unsigned char *data, uint64_t size):
        cdef PyObject *made = ft_build(data, size, &self.strings)
        if made == NULL:
            raise ValueError("damaged: templates")
        try:
            return <object>made
        finally:
            Py_XDECREF(made)

    cdef object unmarshal(self, const unsigned char *data, uint64_t size, uint64_t marshalled, bint templates):
        kept = self.marshalled_bytes(data, size, marshalled, templates)
        return PyMarshal_ReadObjectFromString(PyBytes_AS_STRING(kept), PyBytes_GET_SIZE(kept))

    cdef object marshalled_bytes(self, const unsigned char *data, uint64_t size, uint64_t marshalled, bint templates):
        """What `marshal` reads. Raises `ValueError` if it is damaged."""
        if not templates:
            return (<const char *>data)[:size]
        kept = PyBytes_FromStringAndSize(NULL, <Py_ssize_t>marshalled)
        if ft_to_marshal(data, size, &self.strings.texts, <unsigned char *>PyBytes_AS_STRING(kept), marshalled) < 0:
            raise ValueError("damaged: templates")
        return kept
