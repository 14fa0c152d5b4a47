"""What the environment says: the only file that reads it.

Under ``-E`` and ``-I`` the interpreter ignores ``PYTHON*``; the variables here are ignored as well.
"""

import sys

FRESHNESS = ("checked", "trusted", "frozen")
REGISTER = ("meta_path", "in_place")
VARIABLES = (
    "FASTIMPORT", "FASTIMPORT_CACHE_DIR", "FASTIMPORT_FRESHNESS", "FASTIMPORT_READONLY", "FASTIMPORT_SNAPSHOT",
    "FASTIMPORT_STATS", "FASTIMPORT_STRICT",
)  # fmt: skip
_OFF = ("0", "off", "no", "false")


class Settings:
    """What was read: `enabled`, `freshness`, `snapshot` and `cache_directory` (None: not set), `user_cache` (None: nowhere),
    `readonly`, `stats`, `strict`, and `problems`, a list of texts."""

    __slots__ = ("cache_directory", "enabled", "freshness", "problems", "readonly", "snapshot", "stats", "strict", "user_cache")

    def __init__(self, environment):
        self.problems = []
        self.enabled = environment.get("FASTIMPORT", "").lower() not in _OFF
        self.stats = _is_on(environment, "FASTIMPORT_STATS")
        self.strict = _is_on(environment, "FASTIMPORT_STRICT")
        self.snapshot = environment.get("FASTIMPORT_SNAPSHOT") or None
        self.cache_directory = environment.get("FASTIMPORT_CACHE_DIR") or None
        self.readonly = _is_on(environment, "FASTIMPORT_READONLY")
        self.user_cache = _user_cache(environment)
        self.freshness = environment.get("FASTIMPORT_FRESHNESS") or None
        if self.freshness is not None and self.freshness not in FRESHNESS:
            self.problems.append(f"FASTIMPORT_FRESHNESS={self.freshness!r}: must be one of {', '.join(FRESHNESS)}; ignored")
            self.freshness = None


def _user_cache(environment):
    """By the XDG base directory specification: relative paths do not count."""
    found = environment.get("XDG_CACHE_HOME", "")
    home = environment.get("HOME", "")
    return found if found.startswith("/") else f"{home.rstrip('/')}/.cache" if home.startswith("/") else None


def _is_on(environment, name):
    return environment.get(name, "0").lower() not in ("", *_OFF)


def is_ignored():
    """Whether the interpreter was told to ignore the environment."""
    return bool(sys.flags.ignore_environment)


def variables():
    """Those of our variables that are set, by name, whether they are ignored or not."""
    import os

    return {name: os.environ[name] for name in VARIABLES if name in os.environ}


def read_environment():
    """The `Settings` of this process."""
    if is_ignored():
        return Settings({})
    import os

    return Settings(os.environ)
