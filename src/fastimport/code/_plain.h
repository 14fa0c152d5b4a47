/* Whether to ask for a name, to compare a key or to set an attribute runs nothing of the program: told by exact types. */
#ifndef FASTIMPORT_PLAIN_H
#define FASTIMPORT_PLAIN_H

#include <Python.h>
#include <structmember.h>

enum { FC_DEEPEST_KEY = 8 };

/* Whether all names in a dictionary are text and nothing more: others may compare as they like. */
static int fc_has_plain_names(PyObject *names)
{
    Py_ssize_t position = 0;
    PyObject *name, *value;
    while (PyDict_Next(names, &position, &name, &value))
        if (!PyUnicode_CheckExact(name))
            return 0;
    return 1;
}

static int fc_has_plain_classes(PyTypeObject *type)
{
    for (Py_ssize_t i = PyTuple_GET_SIZE(type->tp_mro); --i >= 0;) {
        PyTypeObject *base = (PyTypeObject *)PyTuple_GET_ITEM(type->tp_mro, i);
        if (base->tp_flags & Py_TPFLAGS_HEAPTYPE && !fc_has_plain_names(base->tp_dict))
            return 0;
    }
    return 1;
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

/* Whether all items, or keys, are weak references and nothing more. */
static int fc_has_references_only(PyObject *container)
{
    PyObject *items = PyObject_GetIter(container), *item;
    int is_so = items != NULL;
    while (is_so && (item = PyIter_Next(items)) != NULL) {
        is_so = PyWeakref_CheckRefExact(item);
        Py_DECREF(item);
    }
    Py_XDECREF(items);
    if (PyErr_Occurred())
        PyErr_Clear();
    return is_so;
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

/* Whether a descriptor is a slot of the object's class, which can be set and deleted. */
static int fc_is_slot(PyTypeObject *type, PyObject *descriptor)
{
    if (Py_TYPE(descriptor) != &PyMemberDescr_Type || !PyType_IsSubtype(type, PyDescr_TYPE(descriptor)))
        return 0;
    PyMemberDef *member = ((PyMemberDescrObject *)descriptor)->d_member;
    return member->type == T_OBJECT_EX && member->flags == 0;
}

/* Whether an object has a dictionary of its own, which nobody else has, with plain names. */
static int fc_has_own_names(PyObject *object)
{
    PyObject *names = PyObject_GenericGetDict(object, NULL);
    if (names == NULL) {
        PyErr_Clear();
        return 0;
    }
    int is_so = PyDict_CheckExact(names) && Py_REFCNT(names) == 2 && fc_has_plain_names(names);
    Py_DECREF(names);
    return is_so;
}

/* Whether to set or delete an attribute of an object can be done, and runs nothing of the program. */
static int fc_is_settable(PyObject *object, PyObject *name)
{
    PyTypeObject *type = Py_TYPE(object);
    if (type->tp_setattro != PyObject_GenericSetAttr || !fc_has_plain_classes(type))
        return 0;
    PyObject *descriptor = _PyType_Lookup(type, name);
    if (descriptor != NULL && Py_TYPE(descriptor)->tp_descr_set != NULL)
        return fc_is_slot(type, descriptor);
    return type->tp_dictoffset != 0 && fc_has_own_names(object);
}

#endif
