from os import PathLike
from typing import Any, Literal

from fastimport.finding.finder import PathFinder as PathFinder
from fastimport.finding.finder import StockPathFinder as StockPathFinder
from fastimport.finding.finder import resolver as resolver

class Active:
    register: str | None
    freshness: str
    forget: Any
    deferral: Any
    arenas: Any
    lazy: tuple[Any, ...] | None
    finders: tuple[Any, ...]
    replaced: list[tuple[type, str, Any, Any]]

def install(
    *,
    freshness: Literal["checked", "trusted", "frozen"] = "checked",
    snapshot: str | PathLike[str] | None = None,
    register: Literal["meta_path", "in_place"] = "meta_path",
    collector: Literal["stock", "deferred"] = "stock",
    arenas: Literal["stock", "huge"] = "stock",
    lazy: str | PathLike[str] | None = None,
) -> None: ...
def uninstall() -> None: ...
def installed() -> bool: ...
def obstacle() -> str | None: ...
def level() -> str | None: ...
def position_of(finder: object) -> int | None: ...
