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

enum { FC_TYPES_KEPT = 64, FC_TABLES = 3, FC_STATE = 3, FC_DEEPEST_KEY = 8 };

/* A weak table of the standard library: the code that its references call, their class, and its own. */
typedef struct {
    PyObject *code;
    PyTypeObject *reference, *own;
} fc_table;

typedef struct {
    PyObject *inert;            /* a tuple: objects and types whose finalizer, and code of callbacks, that do nothing outside of the heap */
    fc_table tables[FC_TABLES]; /* one without code is not there */
    PyObject *state[FC_STATE];  /* the attributes of a table that its callbacks look at */
    PyObject *plain;            /* the table that was last found to be as the library makes them */
    PyObject *key;              /* the attribute of a table's reference that has its key */
    PyTypeObject *method;       /* `weakref.WeakMethod`, the code of its callback, and which cells have what that calls and itself */
    PyObject *of_method;
    int called, itself;
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

/* Whether to ask for an attribute of an object runs nothing of the program. */
static int fc_is_plain_attribute(PyObject *object, PyObject *name)
{
    PyTypeObject *type = Py_TYPE(object);
    return type->tp_getattro == PyObject_GenericGetAttr && _PyType_Lookup(type, name) == NULL;
}

static int fc_is_container(PyObject *object)
{
    return PySet_CheckExact(object) || PyDict_CheckExact(object) || PyList_CheckExact(object);
}

/* Whether to look a key up runs nothing of the program. */
static int fc_is_plain_key(PyObject *key, int depth)
{
    PyTypeObject *type = Py_TYPE(key);
    if (type == &PyTuple_Type) {
        for (Py_ssize_t i = PyTuple_GET_SIZE(key); --i >= 0;)
            if (depth == FC_DEEPEST_KEY || !fc_is_plain_key(PyTuple_GET_ITEM(key, i), depth + 1))
                return 0;
        return 1;
    }
    return type == &PyUnicode_Type || type == &PyLong_Type || type == &PyBytes_Type || type == &PyBool_Type || key == Py_None
           || (type->tp_hash == PyBaseObject_Type.tp_hash && type->tp_richcompare == PyBaseObject_Type.tp_richcompare);
}

static int fc_has_plain_key(const fc_search *search, PyObject *reference)
{
    PyObject *key = PyObject_GetAttr(reference, search->key); /* a slot: the class is the library's own */
    if (key == NULL) {
        PyErr_Clear();
        return 0;
    }
    int is_plain = fc_is_plain_key(key, 0);
    Py_DECREF(key);
    return is_plain;
}

/* Whether what a table's callbacks look at is what the library puts there. From 3.14 on, that is its data alone. */
static int fc_is_plain_table(const fc_search *search, PyObject *table)
{
    for (int i = 0; i < FC_STATE; i++) {
        if (!fc_is_plain_attribute(table, search->state[i]))
            return 0;
        PyObject *part = PyObject_GetAttr(table, search->state[i]);
        if (part == NULL)
            PyErr_Clear();
        int is_plain = part == NULL ? i > 0 : fc_is_container(part);
        Py_XDECREF(part);
        if (!is_plain)
            return 0;
    }
    return 1;
}

/* What an exact weak reference is to: borrowed, NULL if it is gone or `reference` is something else. */
static PyObject *fc_referent(PyObject *reference, int *is_reference)
{
    *is_reference = PyWeakref_CheckRefExact(reference);
    PyObject *object = *is_reference ? ((PyWeakReference *)reference)->wr_object : Py_None;
    return object == Py_None ? NULL : object;
}

/* Whether a callback of one of the library's tables takes an entry out of it, and does nothing else. */
static int fc_is_tabled(fc_search *search, const fc_table *table, PyObject *reference, PyObject *callback)
{
    PyObject *defaults = PyFunction_GET_DEFAULTS(callback);
    int is_reference;
    if (defaults == NULL || PyTuple_GET_SIZE(defaults) == 0 || Py_TYPE(reference) != table->reference)
        return 0;
    PyObject *owner = fc_referent(PyTuple_GET_ITEM(defaults, 0), &is_reference);
    for (Py_ssize_t i = PyTuple_GET_SIZE(defaults); --i > 0;)
        if (!PyCFunction_CheckExact(PyTuple_GET_ITEM(defaults, i)))
            return 0;
    if (owner == NULL)
        return is_reference;
    if (owner != search->plain) {
        if (Py_TYPE(owner) != table->own || !fc_is_plain_table(search, owner))
            return 0;
        search->plain = owner;
    }
    if (table->reference == &_PyWeakref_RefType)
        return ((PyWeakReference *)reference)->hash != -1; /* else it can't be looked for, which is an error */
    return fc_has_plain_key(search, reference);
}

/* Whether the callback of a `weakref.WeakMethod` notes that it is dead, and calls nothing. */
static int fc_is_unheard(const fc_search *search, PyObject *callback)
{
    PyObject *closure = PyFunction_GET_CLOSURE(callback);
    int is_reference;
    PyObject *itself = PyCell_GET(PyTuple_GET_ITEM(closure, search->itself));
    PyObject *owner = itself == NULL ? NULL : fc_referent(itself, &is_reference);
    return itself != NULL && is_reference && PyCell_GET(PyTuple_GET_ITEM(closure, search->called)) == Py_None
           && (owner == NULL || Py_TYPE(owner) == search->method);
}

static int fc_is_tidying(fc_search *search, PyObject *reference, PyObject *callback)
{
    if (!PyFunction_Check(callback))
        return fc_is_builtin_tidying(callback) || fc_holds(search->inert, Py_TYPE(callback));
    PyObject *code = PyFunction_GET_CODE(callback);
    if (code == search->of_method)
        return fc_is_unheard(search, callback);
    for (int i = 0; i < FC_TABLES; i++)
        if (code == search->tables[i].code)
            return fc_is_tabled(search, &search->tables[i], reference, callback);
    return fc_holds(search->inert, code);
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
