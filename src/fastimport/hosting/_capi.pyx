"""The functions behind fastimport.h: a search that makes no spec and no loader, and installation, for callers in C.

Loaded when a program asks for the C interface. Its state is the tuple that the table of functions carries with it.
"""

from cpython.mem cimport PyMem_Free, PyMem_Malloc
from cpython.object cimport PyObject
from cpython.pycapsule cimport PyCapsule_GetPointer, PyCapsule_New
from cpython.ref cimport Py_DECREF, Py_INCREF
from libc.string cimport memcpy, strlen

from fastimport cimport *
from fastimport.finding._platform cimport *
from fastimport.finding._tables cimport PATH_ROOM, Table, compose

import sys

cdef extern from "fastimport.h":
    const char *FASTIMPORT_API_CAPSULE

cdef extern from "Python.h":
    object PyImport_GetImporter(object path)


cdef int find_file(
    const fastimport_api *api, const char *fullname, PyObject *path, char *buffer, size_t room, int *kind
) except -1:
    resolver, _, pin = <tuple><object>api.context
    importers = sys.path_importer_cache
    name = fullname.decode()
    entries = search_path(name) if path == NULL else <object>path
    if resolver is None or resolver.reason is not None or not pin.holds() or type(importers) is not dict:
        return FASTIMPORT_ASK
    if type(entries) is not list and type(entries) is not tuple:
        return FASTIMPORT_ASK
    tail = name.rpartition(".")[2]
    portion = None
    for entry in tuple(entries):
        if type(entry) is str and entry and entry not in importers:
            PyImport_GetImporter(entry)         # asks sys.path_hooks and keeps the answer, as a search does
        table = resolver.listings.entry_table(importers, entry)
        if table is None:
            return FASTIMPORT_ASK
        kind[0] = look_up(<Table>table, tail, buffer, room)
        if kind[0] == FASTIMPORT_NAMESPACE:
            if portion is None:
                portion = <bytes>buffer
        elif kind[0]:
            return FASTIMPORT_FOUND
    if portion is None:
        return FASTIMPORT_ABSENT
    kind[0] = FASTIMPORT_NAMESPACE
    memcpy(buffer, <const char *>portion, len(<bytes>portion) + 1)
    return FASTIMPORT_FOUND


cdef object search_path(str name):
    """``sys.path``, or the ``__path__`` of the parent; None if that was not imported or has another kind of path."""
    parent = name.rpartition(".")[0]
    return sys.path if not parent else getattr(sys.modules.get(parent), "__path__", None)


cdef int look_up(Table table, str tail, char *buffer, size_t room) except -1:
    """importlib's precedence in one directory: package, then module by suffix, then portion. The kind, 0 if it is not there."""
    cdef char path[PATH_ROOM]
    cdef int index
    cdef unsigned long listed = fi_get(table.names, tail, 0)
    cdef Py_ssize_t size = compose(path, PATH_ROOM, table, tail) if listed else 0
    if size < 0:
        raise ValueError(f"path too long: {tail!r} in {table.path!r}")
    if listed & 1:
        for index in range(table.kinds.count):
            if is_file(path, size, table.kinds.init_files[index]):
                return FASTIMPORT_PACKAGE | answer(path, table.kinds.pairs[index][0], buffer, room)
    for index in range(table.kinds.count):
        if listed >> (index + 1) & 1 and is_file(path, size, table.kinds.suffixes[index]):
            return answer(path, table.kinds.pairs[index][0], buffer, room)
    path[size] = 0
    if listed & 1 and fi_is_dir(path):
        answer(path, "", buffer, room)
        return FASTIMPORT_NAMESPACE
    return 0


cdef bint is_file(char *path, Py_ssize_t size, const char *ending) noexcept:
    memcpy(path + size, ending, strlen(ending) + 1)
    return fi_is_file(path)


cdef int answer(const char *path, str suffix, char *buffer, size_t room) except -1:
    cdef size_t size = strlen(path) + 1
    if size > room:
        raise ValueError(f"the buffer has {room} bytes, the path needs {size}")
    memcpy(buffer, path, size)
    if suffix == ".py":
        return FASTIMPORT_SOURCE
    return FASTIMPORT_BYTECODE if suffix == ".pyc" else FASTIMPORT_EXTENSION


cdef int install(const fastimport_api *api, const char *freshness, const char *registration) except -1:
    settings = {}
    if freshness != NULL:
        settings["freshness"] = freshness.decode()
    if registration != NULL:
        settings["register"] = registration.decode()
    (<tuple><object>api.context)[1].install(**settings)
    return 0


cdef int uninstall(const fastimport_api *api) except -1:
    (<tuple><object>api.context)[1].uninstall()
    return 0


cdef int installed(const fastimport_api *api) except -1:
    return bool((<tuple><object>api.context)[1].installed())


cdef void release(object capsule) noexcept:
    cdef fastimport_api *api = <fastimport_api *>PyCapsule_GetPointer(capsule, FASTIMPORT_API_CAPSULE)
    Py_DECREF(<object>api.context)
    PyMem_Free(api)


def make_api(resolver, activation, pin):
    """A capsule with the table of functions of fastimport.h for one interpreter: its `Resolver`, the module that installs, and
    the `Pin` of FileFinder.
    """
    cdef fastimport_api *api = <fastimport_api *>PyMem_Malloc(sizeof(fastimport_api))
    if api == NULL:
        raise MemoryError
    context = (resolver, activation, pin)
    api.version, api.size = FASTIMPORT_API_VERSION, sizeof(fastimport_api)
    api.find_file, api.install, api.uninstall, api.installed = find_file, install, uninstall, installed
    api.context = <PyObject *>context
    Py_INCREF(context)
    return PyCapsule_New(api, FASTIMPORT_API_CAPSULE, release)
