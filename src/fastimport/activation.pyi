from os import PathLike
from typing import Any, Literal

from fastimport.finding.finder import PathFinder as PathFinder
from fastimport.finding.finder import StockPathFinder as StockPathFinder
from fastimport.finding.finder import resolver as resolver

def install(
    *,
    freshness: Literal["checked", "trusted", "frozen"] = "checked",
    snapshot: str | PathLike[str] | None = None,
    register: Literal["meta_path", "in_place"] = "meta_path",
    collector: Literal["stock", "deferred"] = "stock",
    lazy: str | PathLike[str] | None = None,
) -> None: ...
def uninstall() -> None: ...
def installed() -> bool: ...
def describe() -> dict[str, Any]: ...
