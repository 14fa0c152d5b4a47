import importlib.machinery
from collections.abc import Callable
from importlib.machinery import ModuleSpec as ModuleSpec
from typing import Any

from fastimport.finding._resolver import Resolver

StockPathFinder = importlib.machinery.PathFinder
NamespacePath: type
SEARCH_METHODS: tuple[str, ...]

def methods_for(resolver: Resolver, owner: type | None = None, alias: type | None = None) -> dict[str, Callable[..., Any]]: ...
