/* Who would notice whether a collection takes place: objects with a finalizer, and weak references with a callback.
 *
 * All that the collector looks at is searched, the newest first: a finalizer that is found soon ends the search soon.
 */
#ifndef FASTIMPORT_WITNESSES_H
#define FASTIMPORT_WITNESSES_H

#include <string.h>

#include "_collector.h"

#if PY_VERSION_HEX < 0x030D0000
#define Py_IsFinalizing _Py_IsFinalizing
#endif

enum { FC_MOST_DOUBTFUL = 64 };

typedef struct {
    PyObject *alive;         /* a tuple of objects that are in use: the standard streams */
    PyObject *inert;         /* a tuple: types whose finalizer, and code of callbacks, that do nothing outside of the heap */
    PyObject *of_method;     /* code of the callback of a `weakref.WeakMethod`, and which cell has what that calls; or NULL */
    int cell;
    destructor python_del;   /* the finalizer of classes with a __del__ in Python */
    PyTypeObject *ordinary;  /* the last type that was found to have none, and not to be one of weak references */
    PyObject *doubtful[FC_MOST_DOUBTFUL]; /* borrowed: they are noticed if they are garbage */
    int count, with_finalizer;
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

static int fc_is_tidying(const fc_search *search, PyObject *callback)
{
    if (PyFunction_Check(callback)) {
        PyObject *code = PyFunction_GET_CODE(callback);
        if (code == search->of_method)
            return PyCell_GET(PyTuple_GET_ITEM(PyFunction_GET_CLOSURE(callback), search->cell)) == Py_None;
        return fc_holds(search->inert, code);
    }
    return fc_is_builtin_tidying(callback) || fc_holds(search->inert, Py_TYPE(callback));
}

static inline int fc_doubt(fc_search *search, PyObject *object)
{
    if (search->count == FC_MOST_DOUBTFUL)
        return 1;
    search->doubtful[search->count++] = object;
    return 0;
}

/* Whether an object would notice for sure; those that would if they were garbage are kept. Of objects with a finalizer that is
 * one at most: a collection may change in which order several are finalized later, even if it finds that they are in use. */
static int fc_would_notice(fc_search *search, PyObject *object)
{
    PyTypeObject *type = Py_TYPE(object);
    if (type == search->ordinary)
        return 0;
    if (type->tp_finalize != NULL || type->tp_del != NULL) {
        if (fc_holds(search->alive, object) || fc_holds(search->inert, type))
            return 0;
        return type->tp_finalize != search->python_del || type->tp_del != NULL || search->with_finalizer++ > 0
               || fc_doubt(search, object);
    }
    if (fc_is_weak_reference(type)) {
        PyWeakReference *reference = (PyWeakReference *)object;
        if (reference->wr_callback == NULL || reference->wr_object == Py_None || fc_is_tidying(search, reference->wr_callback))
            return 0;
        return fc_doubt(search, reference->wr_object);
    }
    search->ordinary = type;
    return 0;
}

/* Strike out the doubtful ones that a module holds: they are in use. */
static void fc_strike_out(fc_search *search, PyObject *namespace)
{
    PyObject *key, *value;
    for (Py_ssize_t position = 0; PyDict_Next(namespace, &position, &key, &value);)
        for (int i = search->count; --i >= 0;)
            if (search->doubtful[i] == value)
                search->doubtful[i] = search->doubtful[--search->count];
}

static int fc_has_witness(fc_search *search, fc_generation *generations, PyObject *modules)
{
    for (int i = 0; i < 3; i++) {
        fc_links *head = &generations[i].objects;
        for (fc_links *links = fc_at(head->previous); links != head; links = fc_at(links->previous))
            if (fc_would_notice(search, (PyObject *)(links + 1)))
                return 1;
    }
    PyObject *name, *module;
    for (Py_ssize_t position = 0; search->count > 0 && PyDict_Next(modules, &position, &name, &module);)
        if (PyModule_Check(module))
            fc_strike_out(search, PyModule_GetDict(module));
    return search->count > 0;
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
