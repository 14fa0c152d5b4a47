"""Part of _collector.pyx: whether anything in the heap would notice if the collection at the interpreter's end was left out."""

cdef extern from "Python.h":
    bint PyFunction_Check(object function) noexcept
    PyObject *PyFunction_GetCode(object function)   # borrowed; asked for by name, it would be told to audit hooks
    PyTypeObject PyMemberDescr_Type
    PyTypeObject PlainReference "_PyWeakref_RefType"

cdef extern from "string.h":
    void *memset(void *memory, int value, size_t size) noexcept

cdef extern from "_witnesses.h":
    enum:
        FC_STATE
    ctypedef struct Table "fc_table":
        PyObject *code
        PyTypeObject *reference
        PyTypeObject *own
    ctypedef struct Model "fc_model":
        PyObject *bytecode
    ctypedef struct Search "fc_search":
        Model flag
        Model letting_go
        PyObject *finalizer
        PyObject *release
        PyObject *inert
        Table[3] tables
        PyObject *state[3]
        PyObject *key
        PyTypeObject *method
        PyObject *of_method
        PyObject *alive
        int called
        int itself
    bint fc_has_witness(Search *search, Generation *generations) noexcept

cdef tuple TABLE_STATE = ("data", "_iterating", "_pending_removals")
cdef str KEY = "key", FINALIZER = "__del__", RELEASE = "__release_buffer__", ALIVE = "_alive"


cdef bint has_witness(Generation *generations, dict modules) except -1:
    """Whether something is there that would notice: what can't be told, would."""
    if is_watched() or has_odd_names(modules):
        return True
    cdef Search search
    cdef tuple tables = weak_tables(modules)    # the search holds no references
    cdef tuple inert = tuple([*standard_streams(modules), *inert_types(modules), handlers_code(modules)])
    cdef tuple models = bytecode_of(names_of(modules, "fastimport.code"), ("sets_a_flag", "lets_go"))
    memset(&search, 0, sizeof(search))
    search.inert, search.key, search.alive = <PyObject *>inert, <PyObject *>KEY, <PyObject *>ALIVE
    search.finalizer, search.release = <PyObject *>FINALIZER, <PyObject *>RELEASE
    if len(models) == 2:
        search.flag.bytecode, search.letting_go.bytecode = <PyObject *>models[0], <PyObject *>models[1]
    know_tables(&search, tables)
    method = know_methods(&search, names_of(modules, "weakref"))
    return fc_has_witness(&search, generations)


cdef bint is_watched() except -1:
    """Whether somebody is told what code runs: the standard library's callbacks are code, too."""
    monitoring = sys.__dict__.get("monitoring")     # from 3.12 on
    if ask_builtin(sys, "gettrace", ()) is not None or ask_builtin(sys, "getprofile", ()) is not None:
        return True
    if monitoring is None:
        return False
    for tool in range(6):
        if ask_builtin(monitoring, "get_tool", (tool,)) is not None:
            return True
    return "_all_events" in monitoring.__dict__ and ask_builtin(monitoring, "_all_events", ()) != {}    # of tools that were freed


cdef object ask_builtin(module, str name, tuple arguments):
    """What a function of the interpreter's own says; True if it is another one, which may say anything."""
    function = module.__dict__.get(name)
    is_own = type(function) is type(len) and function.__name__ == name and function.__self__ is module
    return function(*arguments) if is_own else True


cdef bint has_odd_names(dict modules) except -1:
    """Whether removing the modules asks the program for a hash."""
    for name in modules:
        if type(name) is not str:
            return True
    return False


cdef tuple bytecode_of(dict names, tuple functions):
    """The bytecode of functions of a module, of those that are its own."""
    cdef list found = []
    for name in functions:
        code = code_if_own(names, names.get(name))
        if code is not None:
            found.append(code.co_code)
    return tuple(found)


cdef know_tables(Search *search, tuple tables):
    cdef int index
    for index in range(FC_STATE):
        search.state[index] = <PyObject *>TABLE_STATE[index]
    for index, (code, reference, own) in enumerate(tables):
        if code is not None and reference is not None:
            search.tables[index].code = <PyObject *>code
            search.tables[index].reference = <PyTypeObject *>reference
            search.tables[index].own = <PyTypeObject *>own


cdef tuple weak_tables(dict modules):
    """(code of the callback, class of its references, class of the table) of each kind of weak table; no code: none of it."""
    cdef dict weak = names_of(modules, "weakref"), sets = names_of(modules, "_weakrefset")
    plain, keyed = <object>&PlainReference, weak.get("KeyedRef")
    if code_of(weak, keyed, "__new__") is None or type(keyed.__dict__.get(KEY)) is not <object>&PyMemberDescr_Type:
        keyed = None
    return (
        (code_inside(sets, "WeakSet", "__init__", "_remove"), plain, sets.get("WeakSet")),
        (code_inside(weak, "WeakKeyDictionary", "__init__", "remove"), plain, weak.get("WeakKeyDictionary")),
        (code_inside(weak, "WeakValueDictionary", "__init__", "remove"), keyed, weak.get("WeakValueDictionary")),
    )


cdef object know_methods(Search *search, dict weak):
    """Tell the search of `weakref.WeakMethod`, if it is the library's. Returns what must be kept meanwhile."""
    code = code_inside(weak, "WeakMethod", "__new__", "_cb")
    cls = weak.get("WeakMethod")
    if code is None or "__setattr__" in cls.__dict__ or "_alive" not in cls.__dict__.get("__slots__", ()):
        return None
    if "callback" in code.co_freevars and "self_wr" in code.co_freevars:
        search.of_method, search.method = <PyObject *>code, <PyTypeObject *>cls
        search.called, search.itself = code.co_freevars.index("callback"), code.co_freevars.index("self_wr")
    return cls, code


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
    is_over = code_of(weak, finalize, "__call__") is not None and finalize.__dict__.get("_shutdown") is True
    if is_over and type(finalize.__dict__.get("_registry")) is dict:
        found.append(finalize)
    tracker = tracking.get("_resource_tracker")
    if code_of(tracking, type(tracker), "__del__") is not None:
        found.append(tracker)
    return found


cdef object handlers_code(dict modules):
    """The code of the function of logging that forgets a handler when it is gone, if what it works with is the library's, too."""
    cdef dict logging = names_of(modules, "logging")
    for name in ("_acquireLock", "_releaseLock"):   # until 3.12
        if name in logging and code_if_own(logging, logging[name]) is None:
            return None
    handlers = code_if_own(logging, logging.get("_removeHandlerRef"))
    if handlers is None or handlers.co_name != "_removeHandlerRef":
        return None
    if type(logging.get("_lock")) is not names_of(modules, "_thread").get("RLock"):
        return None
    known = logging.get("_handlerList")
    if type(known) is not list:
        return None
    for reference in known:
        if type(reference) is not <object>&PlainReference:
            return None
    return handlers


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
