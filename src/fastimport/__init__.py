"""fastimport: the same imports, found faster. ``import fastimport`` changes nothing; `fastimport.install` does."""

__version__ = "0.1.0"

_HOMES = {
    "PathFinder": "finder",
    "Snapshot": "snapshot.api",
    "describe": "activation",
    "import_module": "_names",
    "install": "activation",
    "installed": "activation",
    "resolve_name": "_names",
    "split_name": "_names",
    "stats": "statistics",
    "uninstall": "activation",
}

__all__ = [
    "PathFinder",
    "Snapshot",
    "import_module",
    "install",
    "installed",
    "resolve_name",
    "split_name",
    "stats",
    "uninstall",
]


def __getattr__(name):
    home = _HOMES.get(name)
    if home is None:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    module = __import__(f"{__name__}.{home}", fromlist=[name])
    value = globals()[name] = getattr(module, name)
    return value


def __dir__():
    return sorted({*globals(), *__all__})
