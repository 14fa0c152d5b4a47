from collections.abc import Mapping
from os import PathLike

FRESHNESS: tuple[str, ...]
REGISTER: tuple[str, ...]
DEFERRED: str
COLLECTOR: tuple[str, ...]
ARENAS: tuple[str, ...]
VARIABLES: tuple[str, ...]
SNAPSHOT_CONDITION: str

class Settings:
    __slots__ = (
        "arenas",
        "cache_directory",
        "collector",
        "enabled",
        "freshness",
        "lazy",
        "problems",
        "readonly",
        "register",
        "snapshot",
        "stats",
        "strict",
        "user_cache",
    )
    arenas: str | None
    cache_directory: str | None
    collector: str | None
    enabled: bool
    readonly: bool
    snapshot: str | None
    lazy: str | None
    user_cache: str | None
    freshness: str | None
    problems: list[str]
    register: str | None
    stats: bool
    strict: bool
    def __init__(self, environment: Mapping[str, str]) -> None: ...

def variables() -> dict[str, str]: ...
def is_ignored() -> bool: ...
def read_environment() -> Settings: ...
def check_choices(**arguments: object) -> None: ...
def check_path(name: str, value: str | PathLike[str] | None, word: str) -> str | None: ...
def needed_variables() -> dict[str, str]: ...
def search_path() -> str: ...
