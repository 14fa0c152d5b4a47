from collections.abc import Callable
from importlib.machinery import SourceFileLoader
from types import CodeType, ModuleType
from typing import Any, BinaryIO, final

from fastimport.finding._tables import Globals, Pin
from fastimport.snapshot._reader import SnapshotReader

@final
class BytecodePaths:
    def __init__(self, external: ModuleType) -> None: ...

@final
class BytecodeWriter:
    def __init__(self, external: ModuleType, paths: BytecodePaths) -> None: ...

@final
class OpeningImport:
    def __init__(self, external: ModuleType) -> None: ...

@final
class BytecodeReader:
    short_roads: int
    long_roads: int
    snapshot_codes: int
    def __init__(
        self,
        external: ModuleType,
        functions: Globals,
        fix_filename: Callable[[CodeType, str], None],
        release: int,
        open_code: Callable[[str], BinaryIO],
    ) -> None: ...
    def serve(self, loader_class: type[SourceFileLoader] | None, pin: Pin | None) -> None: ...
    def use_snapshot(self, snapshot: SnapshotReader | None) -> None: ...
    def read(self, loader: SourceFileLoader, fullname: str | None) -> CodeType | BaseException | None: ...
    def prepare(self, loader: Any, spec: Any) -> None: ...

@final
class Method:
    first: Any
    def __new__(cls, first: Callable[..., Any], owner: type, stock: Callable[..., Any]) -> Method: ...
    def __call__(self, *args: Any, **kwargs: Any) -> Any: ...
    def __get__(self, instance: Any, owner: type | None = None, /) -> Any: ...
