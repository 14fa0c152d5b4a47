from collections.abc import Callable, Iterable, Mapping, Sequence
from importlib.abc import PathEntryFinder
from importlib.machinery import ModuleSpec
from types import ModuleType
from typing import Any, final

from fastimport.finding._index import Indexes
from fastimport.finding._tables import Globals, Pin, Table
from fastimport.snapshot._reader import SnapshotReader

@final
class Listings:
    def __init__(self, *args: Any, **kwargs: Any) -> None: ...
    def entry_table(self, importers: dict[str, PathEntryFinder | None], entry: Any) -> Table | None: ...

@final
class Resolver:
    listings: Listings
    refusals: dict[str, int]
    hits: int
    absent: int
    not_ours: int
    snapshot_hits: int
    reason: str | None
    trusted: bool
    frozen: bool
    @property
    def scans(self) -> int: ...
    @property
    def stat_calls(self) -> int: ...
    def __init__(
        self,
        machinery: ModuleType,
        module_spec: type[ModuleSpec],
        namespace_path: type,
        pins: Mapping[type, Sequence[str]],
        functions: Globals,
        finder_fields: int,
        loaders: Iterable[tuple[str, type]],
        namespace: dict[str, Any] | None = None,
    ) -> None: ...
    def serve(
        self, owners: tuple[Pin, ...], hooks: tuple[tuple[Any, ...], Sequence[tuple[type, Sequence[str]]]] | None
    ) -> None: ...
    def use_snapshot(self, snapshot: SnapshotReader | None) -> None: ...
    def set_freshness(self, level: str, make_indexes: Callable[..., Indexes] | None = None) -> None: ...
    def invalidate(self) -> None: ...
    def search(
        self, cls: type, fullname: str, path: Iterable[Any] | None, index: int, portions: list[str] | None
    ) -> ModuleSpec | tuple[int, list[str]] | None: ...
    def refuse(self, reason: str) -> None: ...
