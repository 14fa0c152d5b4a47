/* Who would notice whether a collection takes place: objects with a finalizer, and weak references with a callback.
 *
 * All that the collector looks at is searched, the newest first: one that is found soon ends the search soon. It makes no
 * difference that such an object is in use: what is done when the modules are removed may look at what is left.
 */
#ifndef FASTIMPORT_WITNESSES_H
#define FASTIMPORT_WITNESSES_H

#include "_collector.h"
#include "_harmless.h"

#if PY_VERSION_HEX < 0x030D0000
#define Py_IsFinalizing _Py_IsFinalizing
#endif

static inline int fc_is_weak_reference(PyTypeObject *type)
{
    if (type->tp_flags & Py_TPFLAGS_HEAPTYPE)
        return PyType_IsSubtype(type, &_PyWeakref_RefType);
    return type == &_PyWeakref_RefType || type == &_PyWeakref_ProxyType || type == &_PyWeakref_CallableProxyType;
}

static int fc_would_notice(fc_search *search, PyObject *object)
{
    PyTypeObject *type = Py_TYPE(object);
    PyTypeObject **kept = &search->ordinary[((uintptr_t)type >> 5) % FC_TYPES_KEPT];
    if (type == *kept)
        return 0;
    if (type == &PyGen_Type)
        return !fc_closes_silently(object);
    int has_finalizer = type->tp_finalize != NULL || type->tp_del != NULL;
    if ((has_finalizer && !fc_is_inert(search, object)) || fc_tells_of_release(type, search->release))
        return 1;
    if (fc_is_weak_reference(type)) {
        PyWeakReference *reference = (PyWeakReference *)object;
        return reference->wr_callback != NULL && reference->wr_object != Py_None
               && !fc_is_tidying(search, object, reference->wr_callback);
    }
    if (!has_finalizer)
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
