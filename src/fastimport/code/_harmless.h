/* Callbacks of weak references, and finalizers, that do nothing that anybody could notice.
 *
 * That is told by what they are: code of the standard library's, working on what the library made; or a method that has the
 * instructions of one that sets a flag, or deletes an attribute. Nothing of the program runs while they are looked at.
 */
#ifndef FASTIMPORT_HARMLESS_H
#define FASTIMPORT_HARMLESS_H

#include <Python.h>
#include <opcode.h>
#include <string.h>

#include "_plain.h"

enum { FC_TYPES_KEPT = 64, FC_TABLES = 3, FC_STATE = 3 };

/* A weak table of the standard library: the code that its references call, their class, and its own. */
typedef struct {
    PyObject *code;
    PyTypeObject *reference, *own;
} fc_table;

/* What the code of a method may look like: its bytecode, or NULL, and the code that was last found to have it. */
typedef struct {
    PyObject *bytecode, *same;
} fc_model;

typedef struct {
    fc_model flag, letting_go;  /* of a callback that sets a flag, of a finalizer that deletes an attribute */
    PyObject *finalizer, *release; /* "__del__", "__release_buffer__" */
    PyObject *inert;            /* a tuple: objects and types whose finalizer, and code of callbacks, that do nothing */
    fc_table tables[FC_TABLES]; /* one without code is not there */
    PyObject *state[FC_STATE];  /* the attributes of a table that its callbacks look at */
    PyObject *plain;            /* the table that was last found to be as the library makes them */
    PyObject *key;              /* the attribute of a table's reference that has its key */
    PyTypeObject *method;       /* `weakref.WeakMethod`, the code of its callback, and its cells with what that calls and itself */
    PyObject *of_method, *alive; /* the attribute that it sets */
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

/* Whether what a table's callbacks look at is what the library puts there. From 3.14 on, that is its data alone. */
static int fc_is_plain_table(const fc_search *search, const fc_table *kind, PyObject *table)
{
    for (int i = 0; i < FC_STATE; i++) {
        if (!fc_is_plain_attribute(table, search->state[i]))
            return 0;
        PyObject *part = PyObject_GetAttr(table, search->state[i]);
        if (part == NULL)
            PyErr_Clear();
        int is_plain = part == NULL ? i > 0 : fc_is_container(part);
        if (i == 0 && is_plain && kind->reference == &_PyWeakref_RefType)
            is_plain = fc_has_references_only(part);
        Py_XDECREF(part);
        if (!is_plain)
            return 0;
    }
    return 1;
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
    if (Py_TYPE(owner) != table->own || (owner != search->plain && !fc_is_plain_table(search, table, owner)))
        return 0;
    search->plain = owner;
    if (table->reference == &_PyWeakref_RefType)
        return ((PyWeakReference *)reference)->hash != -1; /* else it can't be looked for, which is an error */
    return fc_has_plain_key(search, reference);
}

/* Whether code has the instructions of a model, and can be called with so many arguments. */
static int fc_is_like(fc_model *model, PyCodeObject *code, int arguments)
{
    if ((PyObject *)code == model->same)
        return 1;
    int takes = code->co_argcount == arguments || (code->co_argcount == arguments - 1 && code->co_flags & CO_VARARGS);
    if (!takes || code->co_argcount == 0 || code->co_kwonlyargcount != 0 || PyTuple_GET_SIZE(code->co_names) == 0)
        return 0;
    if (model->bytecode == NULL)
        return 0;
    PyObject *bytecode = PyCode_GetCode(code);
    int is_equal = bytecode == NULL ? -1 : PyObject_RichCompareBool(bytecode, model->bytecode, Py_EQ);
    Py_XDECREF(bytecode);
    if (is_equal < 0)
        PyErr_Clear();
    if (is_equal <= 0)
        return 0;
    model->same = (PyObject *)code;
    return 1;
}

/* Whether a callback is a method of the program's that sets an attribute of its object. */
static int fc_sets_a_flag(fc_search *search, PyObject *callback)
{
    if (Py_TYPE(callback) != &PyMethod_Type || !PyFunction_Check(PyMethod_GET_FUNCTION(callback)))
        return 0;
    PyCodeObject *code = (PyCodeObject *)PyFunction_GET_CODE(PyMethod_GET_FUNCTION(callback));
    return fc_is_like(&search->flag, code, 2) && fc_is_settable(PyMethod_GET_SELF(callback), PyTuple_GET_ITEM(code->co_names, 0));
}

/* Whether the finalizer of an object is the program's, and deletes an attribute that is there. */
static int fc_lets_go(fc_search *search, PyObject *object)
{
    PyTypeObject *type = Py_TYPE(object);
    if (type->tp_getattro != PyObject_GenericGetAttr || !fc_has_plain_classes(type))
        return 0;
    PyObject *finalizer = _PyType_Lookup(type, search->finalizer);
    if (finalizer == NULL || Py_TYPE(finalizer) != &PyFunction_Type)
        return 0;
    PyCodeObject *code = (PyCodeObject *)PyFunction_GET_CODE(finalizer);
    if (!fc_is_like(&search->letting_go, code, 1))
        return 0;
    PyObject *name = PyTuple_GET_ITEM(code->co_names, 0);
    return _PyType_Lookup(type, name) == NULL && fc_is_settable(object, name) && PyObject_HasAttr(object, name);
}

/* Whether the callback of a `weakref.WeakMethod` notes that it is dead, and calls nothing but what sets a flag. */
static int fc_is_unheard(fc_search *search, PyObject *callback)
{
    PyObject *closure = PyFunction_GET_CLOSURE(callback);
    int is_reference;
    PyObject *itself = PyCell_GET(PyTuple_GET_ITEM(closure, search->itself));
    PyObject *owner = itself == NULL ? NULL : fc_referent(itself, &is_reference);
    PyObject *called = PyCell_GET(PyTuple_GET_ITEM(closure, search->called));
    return owner != NULL && Py_TYPE(owner) == search->method && PyObject_HasAttr(owner, search->alive) && called != NULL
           && (called == Py_None || fc_sets_a_flag(search, called));
}

static int fc_is_tidying(fc_search *search, PyObject *reference, PyObject *callback)
{
    if (fc_sets_a_flag(search, callback))
        return 1;
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

/* Whether a finalizer does nothing that anybody could notice. */
static int fc_is_inert(fc_search *search, PyObject *object)
{
    PyTypeObject *type = Py_TYPE(object);
    if (fc_holds(search->inert, object))
        return 1;
    if (fc_holds(search->inert, type))
        return !fc_has_attributes(object);
    return type->tp_del == NULL && fc_lets_go(search, object);
}

#if PY_VERSION_HEX >= 0x030C0000

/* The next number in a table of exception handlers: six bits a byte. */
static int fc_next_number(const char **at)
{
    int number = **at & 0x3f;
    while (*(*at)++ & 0x40)
        number = number << 6 | (**at & 0x3f);
    return number;
}

/* Whether a table has one handler, which makes an error of `StopIteration`: each generator has that. */
static int fc_has_no_handler(PyObject *table, const unsigned char *instructions, Py_ssize_t size)
{
    enum { STOPITERATION_ERROR = 3 };
    const char *at = PyBytes_AS_STRING(table), *end = at + PyBytes_GET_SIZE(table);
    if (at == end)
        return 0;
    fc_next_number(&at); /* where it begins, how long it is */
    fc_next_number(&at);
    Py_ssize_t handler = 2 * (Py_ssize_t)fc_next_number(&at);
    fc_next_number(&at);
    return at == end && handler < size && instructions[handler] == CALL_INTRINSIC_1
           && instructions[handler + 1] == STOPITERATION_ERROR;
}

#else

static int fc_has_no_handler(PyObject *table, const unsigned char *Py_UNUSED(instructions), Py_ssize_t Py_UNUSED(size))
{
    return PyBytes_GET_SIZE(table) == 0;
}

#endif

/* Whether closing a generator runs nothing: it has no ``try`` and no ``with``, and hands nothing on to another iterator. */
static int fc_closes_silently(PyObject *generator)
{
#if PY_VERSION_HEX >= 0x030C0000
    PyCodeObject *code = PyGen_GetCode((PyGenObject *)generator);
    Py_DECREF(code); /* the generator has it */
#else
    PyCodeObject *code = ((PyGenObject *)generator)->gi_code;
#endif
    PyObject *bytecode = PyCode_GetCode(code);
    if (bytecode == NULL) {
        PyErr_Clear();
        return 0;
    }
    const unsigned char *instructions = (const unsigned char *)PyBytes_AS_STRING(bytecode);
    Py_ssize_t size = PyBytes_GET_SIZE(bytecode);
    int is_silent = fc_has_no_handler(code->co_exceptiontable, instructions, size);
    for (Py_ssize_t i = 0; is_silent && i < size; i += 2)
        is_silent = instructions[i] != SEND;
    Py_DECREF(bytecode);
    return is_silent;
}

/* Whether the release of a buffer of such objects calls the program (PEP 688), or its lack is told. */
static int fc_tells_of_release(PyTypeObject *type, PyObject *name)
{
    if (type->tp_as_buffer == NULL || type->tp_as_buffer->bf_releasebuffer == NULL)
        return 0;
    if (strcmp(type->tp_name, "_io._BytesIOBuffer") == 0)
        return 1; /* a view that is left is an error of the BytesIO's finalizer */
    PyObject *method = type->tp_flags & Py_TPFLAGS_HEAPTYPE ? _PyType_Lookup(type, name) : NULL;
    return method != NULL && Py_TYPE(method) != &PyWrapperDescr_Type;
}

#endif
