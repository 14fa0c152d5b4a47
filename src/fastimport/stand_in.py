"""The class that stands for importlib's PathFinder on ``sys.meta_path``, and what it is until the rest pays.

``fastimport enable`` writes a copy of this file, with the environment's settings at its end: it is all of ours that a short
program loads. Hence few functions, one metaclass, and no modules kept: at the interpreter's end, what a class holds goes last.
"""

import sys
from _frozen_importlib_external import PathFinder as StockPathFinder

look_ups = 32  # so many until the rest pays, measured: docs/performance.md; 0: now, because of what the settings are
waiting = None  # what `install` will be called with


class _Alike(type):
    """Programs look for importlib's class on ``sys.meta_path`` with ``in``, ``index`` and ``remove``: ours is equal to it."""

    __module__, __qualname__ = "builtins", "type"  # what prints the type of each finder prints what it did

    def __eq__(cls, other):
        return cls is other or (cls is PathFinder and other is StockPathFinder)

    def __hash__(cls):
        return hash(StockPathFinder) if cls is PathFinder else super().__hash__()


_Alike.__name__ = "type"


class PathFinder(StockPathFinder, metaclass=_Alike):
    """Meta path finder for sys.path and package ``__path__`` attributes: `importlib.machinery.PathFinder`, compiled.

    Usable as that class is, also without `fastimport.install`. Finds the same modules, gives equal specs, raises the same errors.
    """

    __module__ = "fastimport.finding.finder"  # which completes it


def wait(**settings):
    """`install` for start-up files, which have valid arguments: its bulk only once so many names were looked for that it pays."""
    global look_ups, waiting
    from os import access, environ, name

    known = getattr(environ, "_data", None)  # to ask for one that is not set costs two exceptions
    is_silent = name == "posix" and type(known) is dict and b"FASTIMPORT" not in b" ".join(known)
    if not (is_silent or sys.flags.ignore_environment):
        if environ.get("FASTIMPORT", "").lower() in ("0", "off", "no", "false"):
            return
        if _package()._can_not_wait(environ):
            look_ups = 0
    if access(f"{sys.prefix}/fastimport", 0):  # where the environment's snapshot is: if bytecode is missing, it pays at once
        look_ups = 0 if sys.dont_write_bytecode else min(look_ups, 4)
    if waiting is not None:
        waiting = settings
    elif look_ups > 0:
        for index, item in enumerate(sys.meta_path):
            if item is StockPathFinder:
                sys.meta_path[index] = PathFinder
                waiting = settings
                _Alike.find_spec = property(_find_spec, _replace, _replace)  # of the metaclass: no attribute of the class
    if waiting is None:
        _package().install(**settings)


def _package():
    """fastimport, unless a program has a module of that name: nobody asked to execute that one."""
    if "fastimport" not in sys.modules:
        from _frozen_importlib import _find_spec as find
        from os import path

        places = getattr(find("fastimport", None), "submodule_search_locations", None)
        if not places or not path.isfile(path.join(next(iter(places)), "stand_in.py")):
            raise ImportError("another module is called fastimport")
    return __import__("fastimport")


def _find_spec(cls):
    """``PathFinder.find_spec`` until the rest pays: importlib's, so that no frame of ours is in a traceback."""
    global look_ups
    look_ups -= 1
    if look_ups > 0 and cls is PathFinder:
        return super(PathFinder, cls).find_spec
    name = sys._getframe(1).f_locals.get("name")  # of importlib's function
    if type(name) is str and name.partition(".")[0] == "fastimport":  # else that module is executed twice: it comes with the rest
        return super(PathFinder, cls).find_spec
    bring_in(type(cls))
    return cls.find_spec


def _replace(cls, *value):
    """Somebody sets the attribute, or deletes it: on the class, as if there were no property."""
    bring_in(type(cls))
    setattr(cls, "find_spec", *value) if value else delattr(cls, "find_spec")


def bring_in(alike=None):
    """Load the rest, which then takes over. What goes wrong leaves imports to importlib.

    `alike`: the metaclass of the class that was asked. It may be derived from `_Alike`, or from an older one than this: somebody
    has reloaded the module.
    """
    global waiting
    for each in (alike or _Alike).__mro__:
        try:
            del each.find_spec  # importlib's is inherited from now on: our own imports need it, and other threads
            break
        except (AttributeError, TypeError):  # it is not this one's, or another thread was quicker
            continue
    else:
        return
    from _imp import acquire_lock, release_lock

    held = 0
    try:
        while True:  # finders are asked under importlib's lock: a thread may wait for it that is importing what we want to import
            release_lock()
            held += 1
    except RuntimeError:
        pass
    try:
        take_over = _package()._take_over
    except Exception:
        waiting = None
    else:
        if not take_over():  # where it is true, the settings may still be wanted: by an import of ours that is under way
            waiting = None
    finally:
        for _ in range(held):
            acquire_lock()
