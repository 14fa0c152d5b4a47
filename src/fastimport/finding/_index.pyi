from collections.abc import Callable, Sequence
from importlib.abc import PathEntryFinder
from typing import Any, final

from fastimport.finding._tables import Table, Watch

_Importers = dict[str, PathEntryFinder | None]

@final
class Index:
    def __init__(self, source: Sequence[Any], watch: Watch, path: tuple[Any, ...], tables: Sequence[Table | None]) -> None: ...

@final
class Indexes:
    def __init__(self, table_of: Callable[[_Importers, Any], Table | None]) -> None: ...
    def clear(self) -> None: ...
    def candidates(self, path: Sequence[Any], importers: _Importers, name: str) -> tuple[int, ...] | None: ...
