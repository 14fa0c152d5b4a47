from fastimport.activation import install, installed, uninstall
from fastimport.diagnosis.inside import record
from fastimport.finding._names import import_module, resolve_name, split_name
from fastimport.finding.finder import PathFinder
from fastimport.finding.independent import Finder
from fastimport.hosting.embedding import get_include
from fastimport.hosting.phase import startup
from fastimport.snapshot.api import Snapshot
from fastimport.state import describe as describe
from fastimport.statistics import stats

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

__version__: str

def __dir__() -> list[str]: ...
