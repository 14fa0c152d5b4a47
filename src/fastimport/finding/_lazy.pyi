from collections.abc import Callable, Iterable
from importlib.machinery import ModuleSpec
from typing import final

_Filter = Callable[[str, str, tuple[str, ...] | None], object]

@final
class LazyFilter:
    former: _Filter | None
    table: dict[str, frozenset[str] | None]
    changes: dict[str, tuple[str, ...]]
    followers: object
    postponed: int
    eager: int
    absent: int
    def __init__(
        self,
        table: dict[str, frozenset[str] | None],
        changes: dict[str, tuple[str, ...]],
        followers: object,
        find_spec: Callable[..., ModuleSpec | None],
        former: _Filter | None,
        inside: Iterable[str],
        lazy_type: type,
    ) -> None: ...
    def __call__(self, importer: str, name: str, fromlist: tuple[str, ...] | None) -> bool: ...
