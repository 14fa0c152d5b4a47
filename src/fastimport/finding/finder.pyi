import importlib.machinery
from collections.abc import Sequence
from importlib.machinery import ModuleSpec
from types import ModuleType
from typing import Any

from fastimport import _core as _core
from fastimport.code._bytecode import BytecodeReader
from fastimport.finding._resolver import Resolver
from fastimport.finding._tables import Globals, Pin
from fastimport.finding._tables import Table as Table
from fastimport.finding.search_methods import NamespacePath as NamespacePath
from fastimport.finding.search_methods import StockPathFinder as StockPathFinder
from fastimport.finding.search_methods import methods_for as methods_for

stand_in: ModuleType
unavailable: str | None
resolver: Resolver | None
functions: Globals | None
reader: BytecodeReader | None

def stop_waiting() -> dict[str, Any] | None: ...
def make_resolver(namespace: dict[str, Any] | None = None) -> Resolver | None: ...
def serve(resolver: Resolver, *classes: type) -> None: ...
def set_freshness(resolver: Resolver, level: str) -> None: ...
def return_listings() -> None: ...
def pin_file_finder() -> Pin: ...

class PathFinder(importlib.machinery.PathFinder):
    @classmethod
    def find_spec(
        cls, fullname: str, path: Sequence[str] | None = None, target: ModuleType | None = None
    ) -> ModuleSpec | None: ...
    @staticmethod
    def invalidate_caches() -> None: ...
