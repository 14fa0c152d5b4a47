"""fastimport: the same imports, found faster. ``import fastimport`` changes nothing; `fastimport.install` does."""

__version__ = "0.1.0"

_HOMES = {
    "Finder": "independent",
    "PathFinder": "finder",
    "Snapshot": "snapshot.api",
    "describe": "activation",
    "embedding": "embedding",  # PyCapsule_Import takes it for an attribute
    "get_include": "embedding",
    "import_module": "_names",
    "install": "activation",
    "installed": "activation",
    "mpi": "mpi",
    "resolve_name": "_names",
    "split_name": "_names",
    "startup": "startup",
    "stats": "statistics",
    "uninstall": "activation",
}

__all__ = [
    "Finder",
    "PathFinder",
    "Snapshot",
    "get_include",
    "import_module",
    "install",
    "installed",
    "resolve_name",
    "split_name",
    "startup",
    "stats",
    "uninstall",
]


def __getattr__(name):
    home = _HOMES.get(name)
    if home is None:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    try:
        module = __import__(f"{__name__}.{home}", fromlist=["__name__"])
    except ImportError:  # not built for this interpreter, or refused by a subinterpreter
        if home != "_names":
            raise
        module = __import__(f"{__name__}.stock_names", fromlist=["__name__"])
    value = globals()[name] = module if name == home else getattr(module, name)
    return value


def __dir__():
    return sorted({*globals(), *__all__})
