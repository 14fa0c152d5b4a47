import os
from collections.abc import Callable, Iterable, Sequence
from importlib.machinery import ModuleSpec
from types import ModuleType
from typing import Any, Literal

from fastimport.statistics import Stats

LEVELS: tuple[str, ...]

class Finder:
    path: list[str]
    def __init__(
        self,
        path: Iterable[str | os.PathLike[str]],
        *,
        freshness: Literal["checked", "trusted"] = "checked",
        path_hooks: Iterable[Callable[[str], Any]] | None = None,
    ) -> None: ...
    def find_spec(
        self, fullname: str, path: Sequence[str] | None = None, target: ModuleType | None = None
    ) -> ModuleSpec | None: ...
    def invalidate_caches(self) -> None: ...
    def stats(self) -> Stats: ...
