"""The filter of lazy imports (PEP 810): which of the imports that Python 3.15 can postpone are postponed.

Compiled, so that it costs one look-up for most questions and leaves no frame in tracebacks. It has no state but its own object's.
"""

cimport cython

import sys

cdef extern from "Python.h":
    ctypedef struct PyFrameObject
    PyFrameObject *PyEval_GetFrame()                        # borrowed; NULL without one
    object PyFrame_GetCode(PyFrameObject *frame)
    int PyFrame_GetLasti(PyFrameObject *frame)              # -1 before the first instruction

cdef enum:
    EXPLICIT = 1            # of IMPORT_NAME's argument: the statement says `lazy`


@cython.final
cdef class LazyFilter:
    """Answers ``sys.set_lazy_imports_filter`` for the modules that a file of ``fastimport lazy learn`` says may be late.

    An import is postponed only if its module may be late, isn't loaded yet, and can be found: what is absent fails where the
    import stands, with importlib's exception. One that changes others is postponed until one of those is loaded. What the program
    itself postpones is left to it, and to the filter before this one.
    """

    cdef readonly object former         # the filter that was there, asked last
    cdef readonly dict table            # name -> None, or the names that it must be asked for eagerly
    cdef readonly dict changes          # name -> the modules that it changes
    cdef readonly object followers      # executes it when one of those has been loaded
    cdef readonly unsigned long long postponed, eager, absent
    cdef object find_spec
    cdef dict found                     # name -> its search locations, or None for a module
    cdef frozenset inside               # modules that need no finder: built in, or frozen
    cdef type lazy_type

    def __init__(self, dict table not None, dict changes not None, followers, find_spec, former, inside, lazy_type):
        """`table`: module -> None, or a frozenset of names for which ``from module import name`` stays eager; `changes`: module
        -> names of modules, `followers` a `Followers`. `find_spec` is a PathFinder's; `former` a filter or None; `inside` the
        names that are found without a search path; `lazy_type` the type of what stands for a postponed module."""
        self.table, self.find_spec, self.former, self.inside = table, find_spec, former, frozenset(inside)
        self.changes, self.followers = changes, followers
        self.lazy_type = lazy_type
        self.found = {}

    def __call__(self, importer, name, fromlist):
        """Whether this import is to be postponed: see `sys.set_lazy_imports_filter`."""
        try:
            if self.changes:
                self.followers.watch()
            postpone = self.may_be_late(name, fromlist) or self.is_explicit(importer, name)
        except Exception:               # never a reason for an import to fail: importlib does it now, and says what is wrong
            postpone = False
        if not postpone:
            self.eager += 1
            return False
        if self.former is not None and not self.former(importer, name, fromlist):
            return False
        self.postponed += 1
        return True

    cdef bint may_be_late(self, str name, fromlist) except -1:
        """By the table, and by what is loaded and can be found."""
        if name not in self.table:
            return False
        module = sys.modules.get(name)
        if module is not None:
            return fromlist is not None and self.has_late_part(name, module, fromlist)
        kept = self.table[name]
        if kept is not None and fromlist is not None:
            for part in fromlist:
                if part in kept:
                    return False
        if not self.is_there(name):
            self.absent += 1
            return False
        return not self.changes or self.can_wait(name, fromlist)

    cdef bint can_wait(self, str name, fromlist) except -1:
        """Whether none of what this import would execute changes a module that is loaded. If so, it waits for one to be."""
        cdef list names = [part for part in prefixes(name) if part in self.changes and part not in sys.modules]
        if fromlist is not None:
            for part in fromlist:
                inner = f"{name}.{part}"
                if inner in self.changes and inner not in sys.modules:
                    names.append(inner)
        for each in names:
            for target in self.changes[each]:
                if target in sys.modules:
                    return False
        for each in names:
            self.followers.wait(each, self.changes[each])
        return True

    cdef bint has_late_part(self, str name, module, fromlist) except -1:
        """Whether ``from module import ...`` would load anything although `module` is loaded."""
        cdef bint is_late = False
        namespace = module.__dict__
        kept = self.table[name]
        for part in fromlist:
            if kept is not None and part in kept:
                return False
            value = namespace.get(part, self)
            if value is not self:
                is_late = is_late or type(value) is self.lazy_type
                continue
            inner = f"{name}.{part}"
            if inner not in self.table:
                if is_initializing(module):     # a circle, perhaps entered elsewhere than when everything was eager
                    is_late = True
                    continue
                return False
            if inner not in sys.modules:
                if not self.is_there(inner):
                    return False
                is_late = True
        return is_late and (not self.changes or self.can_wait(name, fromlist))

    cdef bint is_there(self, str name) except -1:
        """Whether importing `name` would find it. Asked once for each name."""
        if name in self.found or name in self.inside:
            return True
        parent, _, _ = name.rpartition(".")
        path = None
        if parent:
            module = sys.modules.get(parent)
            if module is not None:
                path = getattr(module, "__path__", None)
            elif parent in self.table and self.is_there(parent):
                path = self.found.get(parent)
            if path is None:
                return False
        spec = self.find_spec(name, path)
        if spec is None:
            return False
        self.found[name] = spec.submodule_search_locations
        return True

    cdef bint is_explicit(self, importer, str name) except -1:
        """Whether the program itself says that this import is lazy: by the statement, or by ``__lazy_modules__``."""
        cdef PyFrameObject *frame
        cdef int position
        if name in sys.modules:
            return False
        module = sys.modules.get(importer)
        if module is not None and name in getattr(module, "__lazy_modules__", ()):
            return True
        frame = PyEval_GetFrame()
        if frame == NULL:
            return False
        position = PyFrame_GetLasti(frame)
        code = PyFrame_GetCode(frame).co_code
        return 0 <= position < len(code) - 1 and (<bytes>code)[position + 1] & EXPLICIT


cdef list prefixes(str name):
    """``["a", "a.b"]`` for ``"a.b"``."""
    parts = name.split(".")
    return [".".join(parts[:end]) for end in range(1, len(parts) + 1)]


cdef bint is_initializing(module) except -1:
    spec = getattr(module, "__spec__", None)
    return spec is not None and getattr(spec, "_initializing", False) is True
