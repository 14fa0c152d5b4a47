"""What the environment says: the only file that reads it.

Under ``-E`` and ``-I`` the interpreter ignores ``PYTHON*``; the variables here are ignored as well.
"""

import sys

FRESHNESS = ("checked", "trusted")
REGISTER = ("meta_path", "in_place")
VARIABLES = ("FASTIMPORT", "FASTIMPORT_FRESHNESS", "FASTIMPORT_STATS", "FASTIMPORT_STRICT")
_OFF = ("0", "off", "no", "false")


class Settings:
    """What was read: `enabled`, `freshness` (None: not set), `stats`, `strict`, and `problems`, a list of texts."""

    __slots__ = ("enabled", "freshness", "problems", "stats", "strict")

    def __init__(self, environment):
        self.problems = []
        self.enabled = environment.get("FASTIMPORT", "").lower() not in _OFF
        self.stats = _is_on(environment, "FASTIMPORT_STATS")
        self.strict = _is_on(environment, "FASTIMPORT_STRICT")
        self.freshness = environment.get("FASTIMPORT_FRESHNESS") or None
        if self.freshness is not None and self.freshness not in FRESHNESS:
            self.problems.append(f"FASTIMPORT_FRESHNESS={self.freshness!r}: must be one of {', '.join(FRESHNESS)}; ignored")
            self.freshness = None


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
