"""``cimport fastimport``: the C interface, see fastimport.h. Compile with ``include_dirs=[fastimport.get_include()]``."""

cdef extern from "fastimport.h" nogil:
    enum:
        FASTIMPORT_API_VERSION
        FASTIMPORT_ABSENT
        FASTIMPORT_FOUND
        FASTIMPORT_ASK
        FASTIMPORT_SOURCE
        FASTIMPORT_BYTECODE
        FASTIMPORT_EXTENSION
        FASTIMPORT_PACKAGE
        FASTIMPORT_NAMESPACE

cdef extern from "fastimport.h":
    ctypedef struct PyObject

    ctypedef struct fastimport_api:
        int version
        size_t size
        PyObject *context
        int (*find_file)(
            const fastimport_api *api, const char *fullname, PyObject *path, char *buffer, size_t room, int *kind
        ) except -1
        int (*install)(const fastimport_api *api, const char *freshness, const char *registration) except -1
        int (*uninstall)(const fastimport_api *api) except -1
        int (*installed)(const fastimport_api *api) except -1

    const fastimport_api *fastimport_import() except NULL
