"""Part of _collector.pyx: whether anything in the heap would notice if the collection at the interpreter's end was left out."""

cdef extern from "Python.h":
    bint PyFunction_Check(object function) noexcept

cdef extern from "_witnesses.h":
    ctypedef void (*Finalizer "destructor")(PyObject *) noexcept
    ctypedef struct PyTypeObject:
        Finalizer tp_finalize
    ctypedef struct Search "fc_search":
        PyObject *alive
        PyObject *inert
        PyObject *of_method
        int cell
        Finalizer python_del
        void *ordinary
        int count, with_finalizer
    bint fc_has_witness(Search *search, Generation *generations, object modules) noexcept


cdef bint has_witness(Generation *generations, dict modules) except -1:
    """Whether something is there that would notice: what can't be told, would."""
    cdef tuple alive = tuple(standard_streams(modules))
    cdef tuple inert = tuple([*inert_types(modules), *tidying_code(modules)])
    cdef object with_del = type("_", (), {"__del__": None})
    cdef Search search
    search.alive, search.inert = <PyObject *>alive, <PyObject *>inert
    search.python_del = (<PyTypeObject *>with_del).tp_finalize
    cdef object of_method = code_inside(names_of(modules, "weakref").get("WeakMethod"), "weakref", "__new__", ("_cb",))
    search.of_method, search.cell = NULL, 0
    if of_method is not None and "callback" in of_method.co_freevars:
        search.of_method, search.cell = <PyObject *>of_method, of_method.co_freevars.index("callback")
    search.ordinary = NULL
    search.count = search.with_finalizer = 0
    return fc_has_witness(&search, generations, modules)


cdef dict names_of(dict modules, str name):
    """What a module holds; nothing if it is not an ordinary one, which might do something when it is asked."""
    module = modules.get(name)
    return module.__dict__ if type(module) is type(sys) else {}


cdef list standard_streams(dict modules):
    """The streams of `sys` and what they are made of, as far as they are the interpreter's own kinds."""
    cdef dict io = names_of(modules, "_io")
    cdef list found = []
    for name in ("stdin", "stdout", "stderr", "__stdin__", "__stdout__", "__stderr__"):
        stream = sys.__dict__.get(name)
        if type(stream) is io.get("TextIOWrapper"):
            try:
                buffer = stream.buffer
                found += [stream, buffer]
                if type(buffer) in (io["BufferedReader"], io["BufferedWriter"]):
                    found.append(buffer.raw)
            except ValueError:      # taken apart
                pass
    return found


cdef list inert_types(dict modules):
    """Types whose finalizer only gives memory back, and `weakref.finalize`, which does nothing once exit functions ran."""
    cdef dict io = names_of(modules, "_io")
    found = [io.get("BytesIO"), io.get("StringIO")]
    finalize = names_of(modules, "weakref").get("finalize")
    if type(finalize) is type and finalize.__dict__.get("_shutdown") is True:
        found.append(finalize)
    return found


cdef list tidying_code(dict modules):
    """The code of those functions of the standard library that take an entry out of a table when its object is gone."""
    cdef list found = []
    for module, name in (("_weakrefset", "WeakSet"), ("weakref", "WeakKeyDictionary"), ("weakref", "WeakValueDictionary")):
        found.append(code_inside(names_of(modules, module).get(name), module, "__init__", ("remove", "_remove")))
    found.append(code_of(names_of(modules, "logging").get("_removeHandlerRef"), "logging"))
    return found


cdef object code_inside(cls, str module, str method, tuple names):
    """The code of a function that a method of a class makes, else None."""
    outer = code_of(cls.__dict__.get(method), module) if isinstance(cls, type) else None
    if outer is not None:
        for constant in outer.co_consts:
            if type(constant) is type(outer) and constant.co_name in names:
                return constant
    return None


cdef object code_of(function, str module):
    """The code of a function that is still the module's own, else None."""
    if type(function) is staticmethod:      # __new__
        function = function.__func__
    if PyFunction_Check(function) and function.__module__ == module:
        return function.__code__
    return None
