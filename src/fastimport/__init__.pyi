from fastimport._names import import_module, resolve_name, split_name
from fastimport.activation import describe as describe
from fastimport.activation import install, installed, uninstall
from fastimport.embedding import get_include
from fastimport.finder import PathFinder
from fastimport.independent import Finder
from fastimport.snapshot.api import Snapshot
from fastimport.startup import CallablePackage
from fastimport.statistics import stats

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

__version__: str
startup: CallablePackage

def __dir__() -> list[str]: ...
