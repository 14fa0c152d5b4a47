"""Part of _collector.pyx: whether anything in the heap would notice if the collection at the interpreter's end was left out."""

cdef extern from "Python.h":
    bint PyFunction_Check(object function) noexcept
    PyObject *PyFunction_GetCode(object function)   # borrowed; asked for by name, it would be told to audit hooks

cdef extern from "string.h":
    void *memset(void *memory, int value, size_t size) noexcept

cdef extern from "_witnesses.h":
    ctypedef struct Search "fc_search":
        PyObject *inert
        PyObject *of_method
        int cell
        PyObject *by_key
        PyObject *key
    bint fc_has_witness(Search *search, Generation *generations) noexcept


cdef bint has_witness(Generation *generations, dict modules) except -1:
    """Whether something is there that would notice: what can't be told, would."""
    cdef dict weak = names_of(modules, "weakref")
    cdef tuple inert = tuple([*standard_streams(modules), *inert_types(modules), *tidying_code(modules)])
    cdef object of_method = code_inside(weak, "WeakMethod", "__new__", "_cb")
    cdef object by_key = code_inside(weak, "WeakValueDictionary", "__init__", "remove")
    cdef object key = "key"
    cdef Search search
    memset(&search, 0, sizeof(search))
    search.inert, search.key = <PyObject *>inert, <PyObject *>key
    if of_method is not None and "callback" in of_method.co_freevars:
        search.of_method, search.cell = <PyObject *>of_method, of_method.co_freevars.index("callback")
    if by_key is not None:
        search.by_key = <PyObject *>by_key
    return fc_has_witness(&search, generations)


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
                raw = buffer.raw if type(buffer) in (io["BufferedReader"], io["BufferedWriter"]) else buffer
                if type(raw) is io["FileIO"]:
                    found += [stream, buffer, raw]
            except ValueError:      # taken apart
                pass
    return found


cdef list inert_types(dict modules):
    """Types whose finalizer only gives memory back, and `weakref.finalize`, which does nothing once exit functions ran.

    And an object: the one that stops a helper process, which multiprocessing holds until its module is removed.
    """
    cdef dict io = names_of(modules, "_io"), weak = names_of(modules, "weakref")
    cdef dict tracking = names_of(modules, "multiprocessing.resource_tracker")
    cdef list found = [io.get("BytesIO"), io.get("StringIO")]
    finalize = weak.get("finalize")
    if code_of(weak, finalize, "__call__") is not None and finalize.__dict__.get("_shutdown") is True:
        found.append(finalize)
    tracker = tracking.get("_resource_tracker")
    if code_of(tracking, type(tracker), "__del__") is not None:
        found.append(tracker)
    return found


cdef list tidying_code(dict modules):
    """The code of those functions of the standard library that take an entry out of a table when its object is gone."""
    cdef dict logging = names_of(modules, "logging")
    handlers = code_if_own(logging, logging.get("_removeHandlerRef"))
    return [
        code_inside(names_of(modules, "_weakrefset"), "WeakSet", "__init__", "_remove"),
        code_inside(names_of(modules, "weakref"), "WeakKeyDictionary", "__init__", "remove"),
        handlers if handlers is not None and handlers.co_name == "_removeHandlerRef" else None,
    ]


cdef object code_inside(dict names, str cls, str method, str function):
    """The code of a function that a method of a module's class makes, else None."""
    outer = code_of(names, names.get(cls), method)
    if outer is not None:
        for constant in outer.co_consts:
            if type(constant) is type(outer) and constant.co_name == function:
                return constant
    return None


cdef object code_of(dict names, cls, str method):
    """The code of a method of a module's class, if it is still the module's own, else None."""
    found = cls.__dict__.get(method) if isinstance(cls, type) else None
    if type(found) is staticmethod:     # __new__
        found = found.__func__
    code = code_if_own(names, found)
    return code if code is not None and code.co_name == method else None


cdef object code_if_own(dict names, function):
    """The code of a function, if it was compiled from the module's file: wrappers take on names, but not that."""
    if PyFunction_Check(function):
        code = <object>PyFunction_GetCode(function)
        if code.co_filename == names.get("__file__"):
            return code
    return None
