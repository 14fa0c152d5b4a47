import os
from typing import Any, Literal

SHARED_MEMORY: str

class SnapshotError(RuntimeError): ...

def install(
    comm: Any = None,
    root: int = 0,
    *,
    snapshot: str | os.PathLike[str] | None = None,
    register: Literal["meta_path", "in_place"] = "meta_path",
) -> None: ...
def extension_modules() -> list[str]: ...
