/* fastimport for programs in C: a host that embeds CPython, or an extension module.
 *
 *     const fastimport_api *api = fastimport_import();          // NULL: an exception is set
 *     if (api->install(api, "trusted", NULL) < 0) ...
 *
 * All functions need an attached thread state (the GIL, where there is one) and an interpreter of their own: fetch the
 * table once per interpreter. From Cython: `cimport fastimport`. The directory of this file is fastimport.get_include().
 */
#ifndef FASTIMPORT_H
#define FASTIMPORT_H

#include <Python.h>

/* Grows when a member changes its meaning or goes away. Members are added at the end only; `size` tells which are there. */
#define FASTIMPORT_API_VERSION 1
#define FASTIMPORT_API_CAPSULE "fastimport.embedding.API"

/* Answers of find_file. */
#define FASTIMPORT_ABSENT 0     /* no path entry has it */
#define FASTIMPORT_FOUND 1      /* `buffer` holds the path of the file, `kind` says what it is */
#define FASTIMPORT_ASK 2        /* an entry that is not a plain directory comes first, or the like: ask importlib */

/* Kinds: one of the first three, for a package together with FASTIMPORT_PACKAGE; or FASTIMPORT_NAMESPACE alone. */
#define FASTIMPORT_SOURCE 1
#define FASTIMPORT_BYTECODE 2
#define FASTIMPORT_EXTENSION 4
#define FASTIMPORT_PACKAGE 8    /* the file is the package's __init__ */
#define FASTIMPORT_NAMESPACE 16 /* a namespace package: `buffer` holds the directory of its first portion */

typedef struct fastimport_api {
    int version;
    size_t size;                /* of this structure, in bytes */
    PyObject *context;          /* not for users */

    /* Where the module `fullname` (UTF-8) would be loaded from: the search of importlib's PathFinder, without a spec or a loader.
     * `path` is a list or tuple; NULL stands for sys.path, or for the __path__ of the package that must be imported already.
     * Built-in and frozen modules are not on a path. At most `room` bytes are written to `buffer`, in the file system's encoding,
     * with a final zero. -1: an exception is set, ValueError if the buffer is too small. */
    int (*find_file)(const struct fastimport_api *api, const char *fullname, PyObject *path, char *buffer, size_t room, int *kind);

    /* fastimport.install(freshness=..., register=...); NULL for the defaults. 0; or -1 with an exception set. */
    int (*install)(const struct fastimport_api *api, const char *freshness, const char *registration);

    /* fastimport.uninstall(). 0; or -1 with an exception set. */
    int (*uninstall)(const struct fastimport_api *api);

    /* fastimport.installed(). 0 or 1; or -1 with an exception set. */
    int (*installed)(const struct fastimport_api *api);
} fastimport_api;

/* The table of functions of the current interpreter, imported if need be; it stays valid until the interpreter ends. NULL with
 * ImportError set if fastimport is not there, can't work here, or has a version of this table that this header does not know. */
static inline const fastimport_api *fastimport_import(void) {
    const fastimport_api *api = (const fastimport_api *)PyCapsule_Import(FASTIMPORT_API_CAPSULE, 0);
    if (api != NULL && (api->version != FASTIMPORT_API_VERSION || api->size < sizeof(fastimport_api))) {
        PyErr_Format(PyExc_ImportError, "fastimport has version %d of its C API, this program was compiled for %d: compile it again",
                     api->version, FASTIMPORT_API_VERSION);
        return NULL;
    }
    return api;
}

#endif
