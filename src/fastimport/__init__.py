"""fastimport: the same imports, found faster. ``import fastimport`` changes nothing; `fastimport.install` does."""

import sys

__version__ = "0.1.0"

_HOMES = {
    "Finder": "finding.independent",
    "PathFinder": "finding.finder",
    "Snapshot": "snapshot.api",
    "describe": "state",
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
    if (standing := _standing()) is not None:
        standing.bring_in()
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


def _standing():
    """Where the class is from that may be on ``sys.meta_path``: `stand_in`, or a start-up file's copy of it, or None."""
    copy, name = sys.modules.get("fastimport_start"), f"{__name__}.stand_in"
    if hasattr(copy, "bring_in"):
        return copy
    return __import__(name, fromlist=["wait"]) if name in sys.modules else None  # imported: another thread may be loading it


def _stand_in():
    """`install`, for a start-up file that is none of ``fastimport enable``."""
    if "activation" in globals():
        __getattr__("install")()
    else:
        (_standing() or __import__(f"{__name__}.stand_in", fromlist=["wait"])).wait()


def _can_not_wait(variables):
    """Whether `install` has something to do now: something to say, or to change for the first import or in importlib's class."""
    names = ("FASTIMPORT_STRICT", "FASTIMPORT_STATS", "FASTIMPORT_REGISTER", "FASTIMPORT_LAZY")
    has_file = variables.get("FASTIMPORT_SNAPSHOT", "") not in ("", "none", "auto")
    return has_file or variables.get("FASTIMPORT_FRESHNESS") == "frozen" or any(name in variables for name in names)


def _take_over():
    """Load what a start-up file waited with; whether that went well. If not, it is counted, if there is somebody to count it.

    Raises only what a signal handler raised meanwhile: that is the program's.
    """
    try:
        _load()
        return True
    except Exception as error:
        resolver = getattr(sys.modules.get(f"{__name__}.finding.finder"), "resolver", None)
        if resolver is not None:
            resolver.refuse(f"start: {error}")
        if _is_of_a_handler(error.__traceback__):
            raise
        return False


def _is_of_a_handler(trace):
    signals = sys.modules.get("_signal")
    handlers = [getattr(signals.getsignal(number), "__code__", None) for number in range(1, signals.NSIG)] if signals else ()
    while trace is not None and trace.tb_frame.f_code not in handlers:
        trace = trace.tb_next
    return trace is not None


def _load():
    """What every installation needs, from the library if that is what its files hold."""
    try:
        from fastimport import _core

        _core.bring_in(sys.modules[__name__], _standing())
    except ImportError:  # `finding.finder` finds out why
        pass
    __import__(f"{__name__}.activation")
