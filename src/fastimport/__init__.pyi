from fastimport._names import import_module, resolve_name, split_name
from fastimport.activation import describe as describe
from fastimport.activation import install, installed, uninstall
from fastimport.finder import PathFinder
from fastimport.snapshot.api import Snapshot
from fastimport.statistics import stats

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

__version__: str

def __dir__() -> list[str]: ...
