from types import CodeType

from typing_extensions import disjoint_base

def fold_sum(data: bytes, seed: int = 0) -> int: ...
def difference(expected: CodeType, built: CodeType) -> str | None: ...
def unusable(release: int) -> str | None: ...

@disjoint_base
class CodeMaker:
    reason: str | None
