import importlib.machinery
from typing import Any

look_ups: int
waiting: dict[str, Any] | None

class PathFinder(importlib.machinery.PathFinder): ...

def wait(**settings: str | None) -> None: ...
def bring_in(alike: type | None = None) -> None: ...
