from collections.abc import Mapping

FRESHNESS: tuple[str, ...]
REGISTER: tuple[str, ...]
VARIABLES: tuple[str, ...]
START_CONDITION: str
SNAPSHOT_CONDITION: str

class Settings:
    __slots__ = (
        "cache_directory",
        "enabled",
        "freshness",
        "problems",
        "readonly",
        "register",
        "snapshot",
        "stats",
        "strict",
        "user_cache",
    )
    cache_directory: str | None
    enabled: bool
    readonly: bool
    snapshot: str | None
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
