"""Dotted names and the module cache: what is compiled of `fastimport.import_module` and its relatives.

Loaded when one of them is first used; the finder does not need it.
"""

import sys

_sys_dict = sys.__dict__

from fastimport.finding._platform cimport *


def split_name(str fullname not None):
    """Split a dotted name into its parent and its last component: ``"a.b.c"`` gives ``("a.b", "c")``.

    Mirrors ``fullname.rpartition(".")`` as importlib uses it: without a dot the parent is empty.
    Raises `TypeError` if `fullname` is not a string.
    """
    cdef Py_ssize_t length = len(fullname)
    cdef Py_ssize_t dot = PyUnicode_FindChar(fullname, c'.', 0, length, -1)
    if dot < 0:
        return "", fullname
    return PyUnicode_Substring(fullname, 0, dot), PyUnicode_Substring(fullname, dot + 1, length)


cdef str absolute_name(str name, str package):
    """The absolute form of a relative name (PEP 328), or None where importlib must say what is wrong with it."""
    cdef Py_ssize_t level = 0, length = len(name), end = len(package)
    while level < length and name[level] == c'.':
        level += 1
    for _ in range(level - 1):
        end = PyUnicode_FindChar(package, c'.', 0, end, -1)
        if end < 0:
            return None
    base = PyUnicode_Substring(package, 0, end)
    return base if level == length else f"{base}.{PyUnicode_Substring(name, level, length)}"


def resolve_name(name, package):
    """Resolve a relative module name to an absolute one. Mirrors `importlib.util.resolve_name`.

    `name` may have leading dots, which count from `package`; without any it is returned as it is.
    Raises `ImportError` if `package` is empty or the dots lead beyond the top-level package.
    """
    if type(name) is str and (not name or (<str>name)[0] != c'.'):
        return name
    if type(name) is str and type(package) is str and package:
        resolved = absolute_name(name, package)
        if resolved is not None:
            return resolved
    from importlib.util import resolve_name
    return resolve_name(name, package)


def import_module(name, package=None):
    """Import a module by name. Mirrors `importlib.import_module`, which does the work unless the module is there already.

    `name` may be relative (leading dots) to `package`. Raises what importlib raises: `ModuleNotFoundError`, `ImportError`,
    `TypeError` for a relative name without a package, `ValueError` for an empty name, and whatever the module itself raises.
    """
    absolute = name
    if type(name) is str and name:
        if (<str>name)[0] == c'.':
            absolute = absolute_name(name, package) if type(package) is str and package else None
        if absolute is not None:
            module = ready_module(absolute)
            if module is not None:
                return module
    from importlib import import_module
    return import_module(name, package)


cdef object ready_module(str name):
    """The module that ``sys.modules`` holds ready for use, or None where importlib must decide (``_find_and_load``).

    It decides when the name is missing, is blocked by None, or belongs to a module that is still being initialised, perhaps by
    another thread.
    """
    modules = fi_get(_sys_dict, "modules", None)
    if type(modules) is not dict:
        return None
    module = fi_get(modules, name, None)
    if module is None or getattr(getattr(module, "__spec__", None), "_initializing", False):
        return None
    return module
