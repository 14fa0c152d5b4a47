"""Installs fastimport in a process below ``fastimport exec``, then gives way to the sitecustomize that is the user's.

Nothing else may differ from a start without it. The directory is taken off ``sys.path``. Where ``import sitecustomize`` led here,
the next one is imported in the place of this one; if there is none, its ImportError is the one that is expected
(``site.execsitecustomize``). Where another one, a monitoring agent's perhaps, has looked for its successor and executes it, this
module turns into what comes after it on the path.

Any Python may be a child and read this, 2.7 too, so there are no annotations, and its bytecode does not stay.
"""

_others = frozenset(globals())  # of whoever has this executed in a module that is there already

import sys  # noqa: E402


def _is_imported():
    """Whether an import statement led here: importlib's frames tell, and in Python 2, which has none, that ``site`` is next."""
    frame = sys._getframe(2)
    while frame is not None and frame.f_code.co_filename.startswith("<frozen importlib"):
        if frame.f_code.co_name == "_find_and_load":
            return True
        frame = frame.f_back
    return frame is not None and frame.f_globals.get("__name__") == "site"


def _leave_the_path():
    """The path entries after this one's."""
    from os.path import dirname

    own = dirname(__file__)
    following = sys.path[sys.path.index(own) + 1 :] if own in sys.path else list(sys.path)
    sys.path[:] = [entry for entry in sys.path if entry != own]
    sys.path_importer_cache.pop(own, None)
    return [entry for entry in following if entry != own]


def _install():
    try:
        import os

        if os.environ.get("FASTIMPORT", "").lower() not in ("0", "off", "no", "false"):
            if not _is_there(os.path):
                raise ImportError("fastimport")
            from fastimport import _stand_in

            _stand_in()
    except Exception:  # an interpreter of another environment or version, or the unrelated package of that name
        _forget_bytecode()


def _is_there(paths):
    """Whether `fastimport` would be the package, and not a program's own module of that name, which nobody asked to execute.

    As `fastimport.stand_in` asks it, which can't be imported before this is known.
    """
    from _frozen_importlib import _find_spec as find  # Python 2 has none: an ImportError, as if fastimport were not there

    places = getattr(find("fastimport", None), "submodule_search_locations", None)
    return bool(places) and paths.isfile(paths.join(next(iter(places)), "stand_in.py"))


def _forget_bytecode():
    """Of an interpreter that is not the one that fastimport is installed for."""
    import os

    try:
        os.unlink(globals().get("__cached__") or (__file__ if __file__.endswith("c") else __file__ + "c"))
    except OSError:
        pass


def _turn_into_next(following):
    """Execute the next sitecustomize in the place of this one; nothing if there is none."""
    external = sys.modules.get("_frozen_importlib_external")
    if external is None:
        import imp

        try:
            found = imp.find_module(__name__, following)
        except ImportError:
            return
        imp.load_module(__name__, *found)
        return
    spec = external.PathFinder.find_spec(__name__, following)
    code = spec.loader.get_code(__name__) if spec is not None and spec.loader is not None else None
    if code is not None:
        namespace = globals()
        attributes = {"__file__": spec.origin, "__loader__": spec.loader, "__spec__": spec, "__doc__": None}
        attributes.update({"__name__": __name__, "__package__": "", "__cached__": spec.cached})
        for name in set(namespace) - _others - {"__doc__"}:
            del namespace[name]
        namespace.update(attributes)
        exec(code, namespace)


_following = _leave_the_path()
if _is_imported():
    _install()
    _this = sys.modules.pop(__name__, None)  # held: Python 2 empties a module that nobody holds
    import sitecustomize  # noqa: F401
else:
    _install()
    _turn_into_next(_following)
