/* Whether code from templates is what marshal makes. See builder.h. */
#define PY_SSIZE_T_CLEAN
#define Py_BUILD_CORE 1
#include "builder.h"

#include "code_layout.h"

#if FT_KNOWN_LAYOUT
#define FT_FIELD(name) {#name, offsetof(PyCodeObject, name)}
static const struct {
    const char *name;
    size_t offset;
} ft_pointers[] = {FT_FIELD(co_consts),          FT_FIELD(co_names),    FT_FIELD(co_exceptiontable), FT_FIELD(co_localsplusnames),
                   FT_FIELD(co_localspluskinds), FT_FIELD(co_filename), FT_FIELD(co_name),           FT_FIELD(co_qualname),
                   FT_FIELD(co_linetable)};

static int ft_differ(PyObject **where, const char *what) {
    *where = PyUnicode_FromString(what);
    return *where == NULL ? -2 : -1;
}

/* Say in which part of a container the difference that was found is. */
static int ft_within(PyObject **where, const char *name, Py_ssize_t index) {
    PyObject *longer =
        name != NULL ? PyUnicode_FromFormat("%s: %U", name, *where) : PyUnicode_FromFormat("[%zd]: %U", index, *where);
    Py_SETREF(*where, longer);
    return longer == NULL ? -2 : -1;
}

static int ft_compare_text(PyObject *expected, PyObject *built, PyObject **where) {
    PyASCIIObject *a = (PyASCIIObject *)expected, *b = (PyASCIIObject *)built;
    if (a->length != b->length || a->state.kind != b->state.kind || a->state.ascii != b->state.ascii ||
        a->state.compact != b->state.compact)
        return ft_differ(where, "another form of str");
    if (memcmp(PyUnicode_DATA(expected), PyUnicode_DATA(built), (size_t)(a->length * a->state.kind)) != 0)
        return ft_differ(where, "another str");
    if (a->state.interned != b->state.interned) return ft_differ(where, "a str that is interned otherwise");
    if (a->state.interned && expected != built) return ft_differ(where, "an interned str that is not the same");
#if PY_VERSION_HEX < 0x030C0000
    if (a->state.ready != b->state.ready || (a->wstr == NULL) != (b->wstr == NULL))
        return ft_differ(where, "another form of str");
    if (a->wstr != NULL && b->state.kind == 4 && (void *)b->wstr != PyUnicode_DATA(built))
        return ft_differ(where, "another form of str");
#endif
    return 0;
}

static int ft_compare_items(PyObject *expected, PyObject *built, PyObject *met, PyObject **where) {
#if PY_VERSION_HEX >= 0x030E0000
    if (((PyTupleObject *)expected)->ob_hash != ((PyTupleObject *)built)->ob_hash) return ft_differ(where, "another hash");
#endif
    for (Py_ssize_t i = 0; i < PyTuple_GET_SIZE(expected); i++) {
        int found = ft_compare(PyTuple_GET_ITEM(expected, i), PyTuple_GET_ITEM(built, i), met, where);
        if (found) return found == -1 ? ft_within(where, NULL, i) : found;
    }
    return 0;
}

static int ft_compare_slices(PyObject *expected, PyObject *built, PyObject *met, PyObject **where) {
    PySliceObject *a = (PySliceObject *)expected, *b = (PySliceObject *)built;
    int found = ft_compare(a->start, b->start, met, where);
    if (found == 0) found = ft_compare(a->stop, b->stop, met, where);
    if (found == 0) found = ft_compare(a->step, b->step, met, where);
    return found == -1 ? ft_within(where, "slice", 0) : found;
}

/* By the order of iteration, which depends on the order of making. */
static int ft_compare_sets(PyObject *expected, PyObject *built, PyObject *met, PyObject **where) {
    if (((PySetObject *)expected)->mask != ((PySetObject *)built)->mask ||
        ((PySetObject *)expected)->fill != ((PySetObject *)built)->fill)
        return ft_differ(where, "a frozenset of another size");
    PyObject *a = PySequence_Tuple(expected), *b = a != NULL ? PySequence_Tuple(built) : NULL;
    int found = b == NULL                                    ? -2
                : PyTuple_GET_SIZE(a) != PyTuple_GET_SIZE(b) ? ft_differ(where, "another frozenset")
                                                             : ft_compare_items(a, b, met, where);
    Py_XDECREF(a);
    Py_XDECREF(b);
    return found;
}

/* All of a code object but what it refers to and what is each one's own: its version, and bytes that nobody sets. Where the
   first difference is, -1 for none, -2 if memory is short. */
static Py_ssize_t ft_compare_fields(PyCodeObject *expected, PyCodeObject *built) {
    Py_ssize_t size = (Py_ssize_t)FT_CODE_HEAD + Py_SIZE(expected) * (Py_ssize_t)sizeof(_Py_CODEUNIT);
    unsigned char *a = (unsigned char *)PyMem_Malloc(2 * (size_t)size), *b = a + size;
    if (a == NULL) return -2;
    memcpy(a, expected, (size_t)size);
    memcpy(b, built, (size_t)size);
    for (int side = 0; side < 2; side++) {
        unsigned char *bytes = side ? b : a;
        memset(bytes, 0, sizeof(PyObject));
        for (size_t i = 0; i < sizeof ft_pointers / sizeof *ft_pointers; i++)
            memset(bytes + ft_pointers[i].offset, 0, sizeof(PyObject *));
        size_t padding = offsetof(PyCodeObject, _co_firsttraceable) + sizeof(int);
        memset(bytes + padding, 0, offsetof(PyCodeObject, co_extra) - padding);
#if PY_VERSION_HEX >= 0x030C0000
        memset(bytes + offsetof(PyCodeObject, co_version), 0, sizeof(uint32_t));
#endif
#if PY_VERSION_HEX >= 0x030E0000
        memset(bytes + offsetof(PyCodeObject, _co_unique_id), 0, sizeof(Py_ssize_t)); /* of free-threaded builds */
#endif
    }
    Py_ssize_t at = 0;
    while (at < size && a[at] == b[at]) at++;
    PyMem_Free(a);
    return at < size ? at : -1;
}

static int ft_compare_codes(PyObject *expected, PyObject *built, PyObject *met, PyObject **where) {
    int found;
    Py_ssize_t at = ft_compare_fields((PyCodeObject *)expected, (PyCodeObject *)built);
    if (at == -2) return PyErr_NoMemory(), -2;
    if (at >= 0) {
        *where = PyUnicode_FromFormat("another field of a code object, at byte %zd", at);
        return *where == NULL ? -2 : -1;
    }
#if PY_VERSION_HEX >= 0x030C0000
    uint32_t a = ((PyCodeObject *)expected)->co_version, b = ((PyCodeObject *)built)->co_version;
    if ((a == b && a != 0) || (a == 0 && b != 0)) return ft_differ(where, "a version that is not its own");
#endif
    for (size_t i = 0; i < sizeof ft_pointers / sizeof *ft_pointers; i++) {
        PyObject *theirs = *(PyObject **)((char *)expected + ft_pointers[i].offset),
                 *ours = *(PyObject **)((char *)built + ft_pointers[i].offset);
        found = ft_compare(theirs, ours, met, where);
        if (found) return found == -1 ? ft_within(where, ft_pointers[i].name, 0) : found;
    }
    return 0;
}

static int ft_compare_values(PyObject *expected, PyObject *built, PyObject *met, PyObject **where) {
    if (PyUnicode_CheckExact(expected)) return ft_compare_text(expected, built, where);
    if (expected == Py_None || expected == Py_Ellipsis || PyBool_Check(expected))
        return expected == built ? 0 : ft_differ(where, "another constant");
    if (PyCode_Check(expected)) {
        if (Py_SIZE(expected) != Py_SIZE(built)) return ft_differ(where, "another size");
        return ft_compare_codes(expected, built, met, where);
    }
    if (PyTuple_CheckExact(expected))
        return PyTuple_GET_SIZE(expected) != PyTuple_GET_SIZE(built) ? ft_differ(where, "another size")
                                                                     : ft_compare_items(expected, built, met, where);
    if (PySlice_Check(expected)) return ft_compare_slices(expected, built, met, where);
    if (PyFrozenSet_CheckExact(expected)) return ft_compare_sets(expected, built, met, where);
    if (PyBytes_CheckExact(expected)) {
        if (PyBytes_GET_SIZE(expected) != PyBytes_GET_SIZE(built)) return ft_differ(where, "another size");
        return memcmp(PyBytes_AS_STRING(expected), PyBytes_AS_STRING(built), (size_t)PyBytes_GET_SIZE(expected) + 1)
                   ? ft_differ(where, "other bytes")
                   : 0;
    }
    if (PyFloat_CheckExact(expected))
        return memcmp(&((PyFloatObject *)expected)->ob_fval, &((PyFloatObject *)built)->ob_fval, 8)
                   ? ft_differ(where, "another float")
                   : 0;
    if (PyComplex_CheckExact(expected))
        return memcmp(&((PyComplexObject *)expected)->cval, &((PyComplexObject *)built)->cval, 16)
                   ? ft_differ(where, "another complex")
                   : 0;
    if (!PyLong_CheckExact(expected)) return ft_differ(where, "a type that marshal does not make");
    int equal = PyObject_RichCompareBool(expected, built, Py_EQ);
    return equal == 1 ? 0 : equal < 0 ? -2 : ft_differ(where, "another int");
}

/* Types and sharing, what is inside, reference counts. What is met again has to be met again on the other side. */
int ft_compare(PyObject *expected, PyObject *built, PyObject *met, PyObject **where) {
    if (expected == NULL || built == NULL || Py_TYPE(expected) != Py_TYPE(built)) return ft_differ(where, "another type");
    PyObject *key = PyLong_FromVoidPtr(expected), *value = key != NULL ? PyLong_FromVoidPtr(built) : NULL;
    PyObject *known = value != NULL ? PyDict_SetDefault(met, key, value) : NULL;
    int found = known == NULL                              ? -2
                : PyLong_AsVoidPtr(known) != (void *)built ? ft_differ(where, "shared with something else")
                                                           : known != value;
    Py_XDECREF(key);
    Py_XDECREF(value);
    if (found) return found == 1 ? 0 : found;
    if (Py_EnterRecursiveCall(" while comparing code")) return -2;
    found = ft_compare_values(expected, built, met, where);
    Py_LeaveRecursiveCall();
    if (found || PyUnicode_CheckExact(expected) || PyCode_Check(expected) || expected == built) return found;
    return Py_REFCNT(expected) == Py_REFCNT(built) ? 0 : ft_differ(where, "another reference count");
}

#else

int ft_compare(PyObject *expected, PyObject *built, PyObject *met, PyObject **where) {
    (void)expected;
    (void)built;
    (void)met;
    *where = PyUnicode_FromString("not for this build of Python");
    return *where == NULL ? -2 : -1;
}

#endif
