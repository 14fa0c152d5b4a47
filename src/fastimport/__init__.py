"""fastimport: the same imports, found faster. ``import fastimport`` changes nothing; `fastimport.install` does."""

import sys
from _frozen_importlib_external import PathFinder as _StockPathFinder

__version__ = "0.1.0"

_HOMES = {
    "Finder": "finding.independent",
    "PathFinder": "finding.finder",
    "Snapshot": "snapshot.api",
    "describe": "activation",
    "get_include": "hosting.embedding",
    "import_module": "finding._names",
    "install": "activation",
    "installed": "activation",
    "record": "diagnosis.inside",
    "resolve_name": "finding._names",
    "split_name": "finding._names",
    "startup": "hosting.phase",
    "stats": "statistics",
    "uninstall": "activation",
}
_MODULES = {"embedding": "hosting.embedding", "mpi": "mpi"}  # PyCapsule_Import takes the first for an attribute

__all__ = [
    "Finder",
    "PathFinder",
    "Snapshot",
    "get_include",
    "import_module",
    "install",
    "installed",
    "record",
    "resolve_name",
    "split_name",
    "startup",
    "stats",
    "uninstall",
]


def __getattr__(name):
    home = _HOMES.get(name) or _MODULES.get(name)
    if home is None:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    if _waiting is not None:
        _bring_in()
    try:
        if home == "activation":
            _load()
        module = __import__(f"{__name__}.{home}", fromlist=["__name__"])
    except ImportError:  # not built for this interpreter, or refused by a subinterpreter
        if home != "finding._names":
            raise
        module = __import__(f"{__name__}.finding.stock_names", fromlist=["__name__"])
    value = globals()[name] = module if name in _MODULES else getattr(module, name)
    return value


def __dir__():
    return sorted({*globals(), *__all__})


class _Equal(type):
    """Programs look for importlib's class on ``sys.meta_path`` with ``in``, ``index`` and ``remove``: ours is equal to it."""

    def __eq__(cls, other):
        return cls is other or (cls is _StandIn and other is _StockPathFinder)

    def __hash__(cls):
        return hash(_StockPathFinder) if cls is _StandIn else super().__hash__()


class _Alike(_Equal):  # not a direct subclass of `type`: pydoc lists those that are called like built-in ones
    __module__, __qualname__ = "builtins", "type"  # what prints the type of each finder prints what it did


_Alike.__name__ = "type"


class _StandIn(_StockPathFinder, metaclass=_Alike):
    """Meta path finder for sys.path and package ``__path__`` attributes: `importlib.machinery.PathFinder`, compiled.

    Usable as that class is, also without `fastimport.install`. Finds the same modules, gives equal specs, raises the same errors.
    """

    # Here, and not with the rest: most starts are short, and notice one more file. `finding.finder` completes it.
    __module__, __qualname__ = "fastimport.finding.finder", "PathFinder"


_StandIn.__name__ = "PathFinder"
_waiting = None  # what `install` will be called with


class _CountedLookUp:
    """``PathFinder.find_spec`` until the rest pays: importlib's, so that no frame of ours is in a traceback."""

    left = 32  # measured: docs/performance.md

    def __get__(self, instance, owner=None):
        self.left -= 1
        if self.left > 0:
            return super(_StandIn, owner).find_spec
        _bring_in()
        return owner.find_spec


def _stand_in(**settings):
    """`install` for start-up files, which have valid arguments: its bulk only once so many names were looked for that it pays.

    What can't wait is done now: what ``FASTIMPORT_STRICT=1`` or ``FASTIMPORT_STATS=1`` has to say, what changes the first import
    (lazy imports, ``frozen``), and ``register="in_place"``.
    """
    global _waiting
    found = [index for index, item in enumerate(sys.meta_path) if item is _StockPathFinder]
    if _waiting is not None:
        _waiting = settings
    elif not found or "activation" in globals() or _is_urgent(settings):
        __getattr__("install")(**settings)
    else:
        for index in found:
            sys.meta_path[index] = _StandIn
        _waiting = settings
        _StandIn.find_spec = _CountedLookUp()


def _is_urgent(settings):
    if "lazy" in settings or settings.get("register") == "in_place" or settings.get("freshness") == "frozen":
        return True
    if sys.flags.ignore_environment:
        return False
    from os import environ
    from os import name as system

    known = getattr(environ, "_data", None)  # to ask for one that is not set costs two exceptions
    if system == "posix" and type(known) is dict and b"FASTIMPORT" not in b" ".join(known):
        return False
    names = ("FASTIMPORT_STRICT", "FASTIMPORT_STATS", "FASTIMPORT_REGISTER", "FASTIMPORT_LAZY")
    return environ.get("FASTIMPORT_FRESHNESS") == "frozen" or any(name in environ for name in names)


def _bring_in():
    """Load the rest, which then takes over. What goes wrong leaves imports to importlib."""
    if type(_StandIn.__dict__.get("find_spec")) is not _CountedLookUp:
        return
    del _StandIn.find_spec  # importlib's is inherited from now on: our own imports need it, and other threads
    try:
        _load()
    except Exception:
        _end_wait()


def _load():
    """What every installation needs, from the library if that is what its files hold."""
    try:
        from fastimport import _core

        _core.bring_in(sys.modules[__name__], _StandIn)
    except ImportError:  # `finding.finder` finds out why
        pass
    __import__(f"{__name__}.activation")


def _end_wait():
    """What waited, or None: for `activation`, which goes on from there."""
    global _waiting
    waited, _waiting = _waiting, None
    return waited
