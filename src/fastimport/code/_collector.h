/* The garbage collector's generations, as far as CPython's public interface leaves them out.
 *
 * Each generation is a doubly linked list of objects and, after the list's head, its threshold and its count; the three lie one
 * after the other in the interpreter's state (pycore_gc.h: PyGC_Head, struct gc_generation). That is so in 3.11 to 3.13, in 3.14
 * from 3.14.5 on, and in 3.15. 3.14.0 to 3.14.4 have an incremental collector, free-threaded builds have no lists.
 */
#ifndef FASTIMPORT_COLLECTOR_H
#define FASTIMPORT_COLLECTOR_H

#include <Python.h>
#include <stdint.h>

typedef struct {
    uintptr_t next, previous; /* of an object, the two lowest bits are flags */
} fc_links;

typedef struct {
    fc_links objects;
    int threshold, count;
} fc_generation;

static const char *fc_unknown_collector(void)
{
#ifdef Py_GIL_DISABLED
    return "free-threaded builds have no generations";
#else
    unsigned long version = Py_Version >> 16;
    if (version == 0x030E && Py_Version < 0x030E05F0)
        return "the collector of Python 3.14.0 to 3.14.4 is incremental";
    if (version < 0x030B || version > 0x030F || (version == 0x030F && Py_Version < 0x030F00B1))
        return "this version of Python is not known";
    return NULL;
#endif
}

static inline fc_links *fc_at(uintptr_t link)
{
    return (fc_links *)(link & ~(uintptr_t)3);
}

static inline fc_links *fc_links_of(PyObject *object)
{
    return (fc_links *)object - 1;
}

static inline int fc_is_list(fc_links *head)
{
    return head->next && head->previous && fc_at(fc_at(head->next)->previous) == head && fc_at(fc_at(head->previous)->next) == head;
}

/* The generations, found by the youngest object there is: its successor is the head of its list. NULL if what is there doesn't
 * say what gc.get_threshold() and gc.get_count() say. */
static fc_generation *fc_find_generations(PyObject *youngest, const int thresholds[3], const int counts[3])
{
    fc_links *own = fc_links_of(youngest);
    fc_generation *found = (fc_generation *)fc_at(own->next);
    if (fc_unknown_collector() != NULL || found == NULL || fc_at(found->objects.previous) != own)
        return NULL;
    for (int i = 0; i < 3; i++)
        if (found[i].threshold != thresholds[i] || !fc_is_list(&found[i].objects) || (i > 0 && found[i].count != counts[i]))
            return NULL;
    /* The youngest generation counts what was made since it was asked. */
    return found[0].count - counts[0] <= 8 && counts[0] - found[0].count <= 8 ? found : NULL;
}

/* Move what is in one generation to the end of another one, which is the older: the order by age stays. */
static void fc_move(fc_generation *from, fc_generation *to)
{
    fc_links *source = &from->objects, *target = &to->objects;
    if (source->next == (uintptr_t)source)
        return;
    fc_links *first = fc_at(source->next), *last = fc_at(source->previous), *before = fc_at(target->previous);
    before->next = (uintptr_t)first | (before->next & 3);
    first->previous = (uintptr_t)before | (first->previous & 3);
    last->next = (uintptr_t)target | (last->next & 3);
    target->previous = (uintptr_t)last;
    source->next = source->previous = (uintptr_t)source;
}

/* Whether a tuple can't be part of a cycle: all that it holds is there, and not looked at by the collector. */
static int fc_is_harmless(PyObject *tuple)
{
    for (Py_ssize_t i = PyTuple_GET_SIZE(tuple); --i >= 0;) {
        PyObject *item = PyTuple_GET_ITEM(tuple, i);
        if (item == NULL || (PyObject_IS_GC(item) && (!PyTuple_CheckExact(item) || PyObject_GC_IsTracked(item))))
            return 0;
    }
    return 1;
}

/* A callback of the collector, called as the interpreter calls it: an error is reported, and passes. */
static void fc_call(PyObject *callback, PyObject *phase, PyObject *info)
{
    PyObject *result = PyObject_CallFunctionObjArgs(callback, phase, info, NULL);
    if (result == NULL)
        PyErr_WriteUnraisable(callback);
    Py_XDECREF(result);
}

/* What a collection does with the tuples that it meets: those that can't be part of a cycle are not looked at again. */
static void fc_untrack_tuples(fc_generation *generation)
{
    fc_links *head = &generation->objects, *next;
    for (fc_links *links = fc_at(head->next); links != head; links = next) {
        PyObject *object = (PyObject *)(links + 1);
        next = fc_at(links->next);
        if (PyTuple_CheckExact(object) && fc_is_harmless(object))
            PyObject_GC_UnTrack(object);
    }
}

#endif
