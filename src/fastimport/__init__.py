"""fastimport: the same imports, found faster. ``import fastimport`` changes nothing; `fastimport.install` does."""

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
    try:
        module = __import__(f"{__name__}.{home}", fromlist=["__name__"])
    except ImportError:  # not built for this interpreter, or refused by a subinterpreter
        if home != "finding._names":
            raise
        module = __import__(f"{__name__}.finding.stock_names", fromlist=["__name__"])
    value = globals()[name] = module if name in _MODULES else getattr(module, name)
    return value


def __dir__():
    return sorted({*globals(), *__all__})
