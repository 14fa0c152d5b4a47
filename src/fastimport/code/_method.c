/* A method for one of importlib's classes that asks `first`, and has importlib's own do the work where that has no answer.

   In C, because it must not show: an exception that passes through a Python function, or one of Cython's, has an entry in its
   traceback for it; through this one it has importlib's alone, with importlib's lines. To whoever reads its attributes it is the
   function in whose place it stands, for patching and wrapping tools as well. */
#include "_method.h"
#include <stddef.h>
#include <structmember.h>

typedef struct {
    PyObject_HEAD
    PyObject *first; /* called with the same arguments: gives code; an exception, to be raised if importlib raises none; or None */
    PyObject *owner; /* the class that it is put on */
    PyObject *stock; /* the function that is found there without it */
    PyObject *name;
} Method;

static PyObject *method_new(PyTypeObject *type, PyObject *args, PyObject *kwargs) {
    PyObject *first, *owner, *stock;
    if (kwargs != NULL && PyDict_GET_SIZE(kwargs)) {
        PyErr_SetString(PyExc_TypeError, "Method() takes no keyword arguments");
        return NULL;
    }
    if (!PyArg_ParseTuple(args, "OO!O:Method", &first, &PyType_Type, &owner, &stock)) return NULL;
    PyObject *name = PyObject_GetAttrString(stock, "__name__");
    Method *self = name != NULL ? (Method *)type->tp_alloc(type, 0) : NULL;
    if (self == NULL) {
        Py_XDECREF(name);
        return NULL;
    }
    self->first = Py_NewRef(first);
    self->owner = Py_NewRef(owner);
    self->stock = Py_NewRef(stock);
    self->name = name;
    return (PyObject *)self;
}

static int method_traverse(PyObject *op, visitproc visit, void *arg) {
    Method *self = (Method *)op;
    Py_VISIT(Py_TYPE(op));
    Py_VISIT(self->first);
    Py_VISIT(self->owner);
    Py_VISIT(self->stock);
    return 0;
}

static int method_clear(PyObject *op) {
    Method *self = (Method *)op;
    Py_CLEAR(self->first);
    Py_CLEAR(self->owner);
    Py_CLEAR(self->stock);
    Py_CLEAR(self->name);
    return 0;
}

static void method_dealloc(PyObject *op) {
    PyTypeObject *type = Py_TYPE(op);
    PyObject_GC_UnTrack(op);
    method_clear(op);
    type->tp_free(op);
    Py_DECREF(type);
}

/* `first` may be exchanged, by whoever records what loaders do. */
static PyObject *take_first(Method *self) {
    PyObject *first;
#ifdef Py_GIL_DISABLED
    Py_BEGIN_CRITICAL_SECTION(self);
#endif
    first = Py_XNewRef(self->first);
#ifdef Py_GIL_DISABLED
    Py_END_CRITICAL_SECTION();
#endif
    return first;
}

/* What would be called if this were not there: the next in the order of the object's own class, whatever that is now. */
static PyObject *call_behind(Method *self, PyObject *args, PyObject *kwargs) {
    PyObject *object = PyTuple_GET_SIZE(args) ? PyTuple_GET_ITEM(args, 0) : NULL;
    if (object == NULL || !PyType_IsSubtype(Py_TYPE(object), (PyTypeObject *)self->owner))
        return PyObject_Call(self->stock, args, kwargs);
    PyObject *behind = PyObject_CallFunctionObjArgs((PyObject *)&PySuper_Type, self->owner, object, NULL);
    PyObject *method = behind != NULL ? PyObject_GetAttr(behind, self->name) : NULL;
    PyObject *others = method != NULL ? PyTuple_GetSlice(args, 1, PyTuple_GET_SIZE(args)) : NULL;
    PyObject *result = others != NULL ? PyObject_Call(method, others, kwargs) : NULL;
    Py_XDECREF(others);
    Py_XDECREF(method);
    Py_XDECREF(behind);
    return result;
}

/* Raise what an audit hook raised once, without the entry of our own in its traceback. */
static void raise_veto(PyObject *veto) {
    PyObject *traceback = PyException_GetTraceback(veto);
    PyObject *hooks = traceback != NULL ? PyObject_GetAttrString(traceback, "tb_next") : NULL;
    if (hooks == NULL) PyErr_Clear();
    PyException_SetTraceback(veto, hooks != NULL ? hooks : Py_None);
    Py_XDECREF(hooks);
    Py_XDECREF(traceback);
    PyErr_SetObject((PyObject *)Py_TYPE(veto), veto);
}

static PyObject *method_call(PyObject *op, PyObject *args, PyObject *kwargs) {
    Method *self = (Method *)op;
    PyObject *answer = NULL;
    if (PyTuple_GET_SIZE(args) == 2 && (kwargs == NULL || PyDict_GET_SIZE(kwargs) == 0)) {
        PyObject *first = take_first(self);
        answer = first != NULL ? PyObject_Call(first, args, NULL) : Py_NewRef(Py_None);
        Py_XDECREF(first);
        if (answer == NULL || PyCode_Check(answer)) return answer;
    }
    PyObject *result = call_behind(self, args, kwargs);
    if (result != NULL && answer != NULL && PyExceptionInstance_Check(answer)) {
        Py_CLEAR(result);
        raise_veto(answer);
    }
    Py_XDECREF(answer);
    return result;
}

static PyObject *method_get(PyObject *op, PyObject *object, PyObject *type) {
    (void)type;
    return object == NULL || object == Py_None ? Py_NewRef(op) : PyMethod_New(op, object);
}

static PyObject *method_repr(PyObject *op) { return PyObject_Repr(((Method *)op)->stock); }
static PyObject *method_getattr(PyObject *op, PyObject *name) { return PyObject_GetAttr(((Method *)op)->stock, name); }
static int method_setattr(PyObject *op, PyObject *name, PyObject *value) {
    return PyObject_SetAttr(((Method *)op)->stock, name, value);
}

static PyMemberDef members[] = {
    {"first", T_OBJECT, offsetof(Method, first), 0, "What is asked first; reached through the type, as in Method.first.__get__(method)."},
    {NULL, 0, 0, 0, NULL},
};

static PyType_Slot slots[] = {
    {Py_tp_doc, "Method(first, owner, stock)\n--\n\nAsk `first`, and then what `owner` has behind this, which is the function `stock` now."},
    {Py_tp_new, (void *)method_new},
    {Py_tp_traverse, (void *)method_traverse},
    {Py_tp_clear, (void *)method_clear},
    {Py_tp_dealloc, (void *)method_dealloc},
    {Py_tp_call, (void *)method_call},
    {Py_tp_descr_get, (void *)method_get},
    {Py_tp_repr, (void *)method_repr},
    {Py_tp_getattro, (void *)method_getattr},
    {Py_tp_setattro, (void *)method_setattr},
    {Py_tp_members, members},
    {0, NULL},
};

static PyType_Spec spec = {
    .name = "fastimport.code._bytecode.Method",
    .basicsize = sizeof(Method),
    .flags = Py_TPFLAGS_DEFAULT | Py_TPFLAGS_HAVE_GC | Py_TPFLAGS_IMMUTABLETYPE,
    .slots = slots,
};

#if defined(__GNUC__)
__attribute__((visibility("hidden")))
#endif
PyObject *fb_method_type(void) { return PyType_FromSpec(&spec); }
