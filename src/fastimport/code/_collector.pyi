from collections.abc import Callable
from typing import Literal, TypedDict, final

LIMITS: tuple[int, int]

class _Information(TypedDict):
    generation: int
    collected: int
    uncollectable: int

def exchange(former: Deferral | None, is_wanted: bool, refuse: Callable[[str], None]) -> Deferral | None: ...

@final
class Deferral:
    @property
    def answered(self) -> int: ...
    def begin(self) -> str | None: ...
    def end(self) -> None: ...
    def is_active(self) -> bool: ...
    def answer(self, phase: Literal["start", "stop"], info: _Information) -> None: ...
