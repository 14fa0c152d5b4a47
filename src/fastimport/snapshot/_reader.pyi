from collections.abc import Callable, Iterable, Sequence
from importlib.abc import PathEntryFinder
from types import CodeType
from typing import Any, final

from typing_extensions import disjoint_base

from fastimport.code._ready import CodeMaker
from fastimport.finding._tables import Kinds

def checksum(data: bytes, seed: int = 0) -> int: ...

@final
class KnownPath: ...

@final
class SearchPaths:
    def __init__(self, *args: Any, **kwargs: Any) -> None: ...

@disjoint_base
class SnapshotFile:
    is_by_content: bool
    identity: bytes
    damaged: int
    maker: CodeMaker
    def __init__(self, descriptor: int = -1, size: int = 0, data: bytes | None = None) -> None: ...
    def text(self, offset: int, size: int) -> str: ...
    def records(self, section: int, first: int, count: int) -> bytes: ...
    def facts(self) -> tuple[int, int, int, int, str, list[int], int]: ...
    def code_bytes(self, index: int) -> bytes: ...
    def code_object(self, index: int) -> CodeType: ...
    def prepare(self, release: int, build: int, refuse: Callable[[str], object]) -> None: ...
    def roots(self) -> list[tuple[str, bool]]: ...
    def set_roots(self, paths: Sequence[str]) -> None: ...

@final
class SnapshotReader(SnapshotFile):
    suffixes: tuple[str, ...]
    frozen: bool
    tables_used: int
    tables_stale: int
    tables_unknown: int
    codes_used: int
    codes_stale: int
    codes_unknown: int
    stat_calls: int
    codes_by_content: int
    codes_restamped: int
    def serve(
        self, suffixes: Iterable[str], fix_filename: Callable[[CodeType, str], None], frozen: bool, file_finder: type
    ) -> None: ...
    def answer(self, entry: str, tail: str, others_follow: bool = False) -> Any: ...
    def candidates(
        self,
        path: Sequence[Any],
        importers: dict[str, PathEntryFinder | None],
        tail: str,
        kinds: Kinds,
        others_follow: bool = False,
    ) -> tuple[int, ...] | None: ...
    def table(
        self, path: str, kinds: Kinds, device: int, inode: int, mtime_ns: int, ctime_ns: int, links: int, audit: bool = True
    ) -> Any: ...
    def source_doubt(self, path: str, frozen: bool) -> int: ...
    def doubts(self) -> tuple[list[int], list[int]]: ...
    def code(self, path: str, may_write: bool = False) -> Any: ...
