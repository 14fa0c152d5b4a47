/* Who would notice whether a collection takes place: objects with a finalizer, and weak references with a callback.
 *
 * All that the collector looks at is searched, the newest first: one that is found soon ends the search soon. It makes no
 * difference that such an object is in use: what is done when the modules are removed may look at what is left.
 */
#ifndef FASTIMPORT_WITNESSES_H
#define FASTIMPORT_WITNESSES_H

#include <string.h>

#include "_collector.h"

#if PY_VERSION_HEX < 0x030D0000
#define Py_IsFinalizing _Py_IsFinalizing
#endif

enum { FC_TYPES_KEPT = 64 };

typedef struct {
    PyObject *inert;        /* a tuple: objects and types whose finalizer, and code of callbacks, that do nothing outside of the heap */
    PyObject *of_method;    /* code of the callback of a `weakref.WeakMethod`, and which cell has what that calls; or NULL */
    int cell;
    PyObject *by_key;       /* code of the callback of a `weakref.WeakValueDictionary`, and the attribute with its key; or NULL */
    PyObject *key;
    PyTypeObject *ordinary[FC_TYPES_KEPT]; /* types that were found to have no finalizer, and not to be of weak references */
} fc_search;

static inline int fc_holds(PyObject *tuple, void *item)
{
    for (Py_ssize_t i = PyTuple_GET_SIZE(tuple); --i >= 0;)
        if (PyTuple_GET_ITEM(tuple, i) == item)
            return 1;
    return 0;
}

static inline int fc_is_weak_reference(PyTypeObject *type)
{
    if (type->tp_flags & Py_TPFLAGS_HEAPTYPE)
        return PyType_IsSubtype(type, &_PyWeakref_RefType);
    return type == &_PyWeakref_RefType || type == &_PyWeakref_ProxyType || type == &_PyWeakref_CallableProxyType;
}

/* Those of the interpreter's own modules _abc and _thread take an entry out of a table. */
static int fc_is_builtin_tidying(PyObject *callback)
{
    if (!PyCFunction_CheckExact(callback))
        return 0;
    const char *name = ((PyCFunctionObject *)callback)->m_ml->ml_name;
    PyObject *self = PyCFunction_GET_SELF(callback);
    return self != NULL && (PyWeakref_CheckRefExact(self) || PyTuple_CheckExact(self))
           && (strcmp(name, "_destroy") == 0 || strcmp(name, "clear_locals") == 0 || strcmp(name, "_localdummy_destroyed") == 0);
}

/* Whether to look a key up runs nothing of the program. */
static int fc_has_plain_key(const fc_search *search, PyObject *reference)
{
    if (Py_TYPE(reference)->tp_getattro != PyObject_GenericGetAttr)
        return 0;
    PyObject *key = PyObject_GetAttr(reference, search->key);
    if (key == NULL) {
        PyErr_Clear();
        return 0;
    }
    PyTypeObject *type = Py_TYPE(key);
    Py_DECREF(key);
    return type == &PyUnicode_Type || type == &PyLong_Type
           || (type->tp_hash == PyBaseObject_Type.tp_hash && type->tp_richcompare == PyBaseObject_Type.tp_richcompare);
}

static int fc_is_tidying(const fc_search *search, PyObject *reference, PyObject *callback)
{
    if (PyFunction_Check(callback)) {
        PyObject *code = PyFunction_GET_CODE(callback);
        if (code == search->of_method)
            return PyCell_GET(PyTuple_GET_ITEM(PyFunction_GET_CLOSURE(callback), search->cell)) == Py_None;
        if (code == search->by_key)
            return fc_has_plain_key(search, reference);
        return fc_holds(search->inert, code);
    }
    return fc_is_builtin_tidying(callback) || fc_holds(search->inert, Py_TYPE(callback));
}

/* Whether an object has attributes of its own, or might: a finalizer of `_io` calls what it finds under ``close``. */
static int fc_has_attributes(PyObject *object)
{
    Py_ssize_t offset = Py_TYPE(object)->tp_dictoffset;
    if (offset <= 0)
        return 1;
    PyObject *own = *(PyObject **)((char *)object + offset);
    return own != NULL && PyDict_GET_SIZE(own) > 0;
}

static int fc_would_notice(fc_search *search, PyObject *object)
{
    PyTypeObject *type = Py_TYPE(object);
    PyTypeObject **kept = &search->ordinary[((uintptr_t)type >> 5) % FC_TYPES_KEPT];
    if (type == *kept)
        return 0;
    if (type->tp_finalize != NULL || type->tp_del != NULL)
        return !fc_holds(search->inert, object) && (!fc_holds(search->inert, type) || fc_has_attributes(object));
    if (fc_is_weak_reference(type)) {
        PyWeakReference *reference = (PyWeakReference *)object;
        return reference->wr_callback != NULL && reference->wr_object != Py_None
               && !fc_is_tidying(search, object, reference->wr_callback);
    }
    *kept = type;
    return 0;
}

static int fc_has_witness(fc_search *search, fc_generation *generations)
{
    for (int i = 0; i < 3; i++) {
        fc_links *head = &generations[i].objects;
        for (fc_links *links = fc_at(head->previous); links != head; links = fc_at(links->previous))
            if (fc_would_notice(search, (PyObject *)(links + 1)))
                return 1;
    }
    return 0;
}

/* An empty list of objects, or NULL. */
static fc_generation *fc_new_list(void)
{
    fc_generation *made = PyMem_RawCalloc(1, sizeof(fc_generation));
    if (made != NULL)
        made->objects.next = made->objects.previous = (uintptr_t)&made->objects;
    return made;
}

#endif
