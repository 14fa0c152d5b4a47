"""What the environment says: the only file that reads it.

Under ``-E`` and ``-I`` the interpreter ignores ``PYTHON*``; the variables here are ignored as well.
"""

import sys

FRESHNESS = ("checked", "trusted")
REGISTER = ("meta_path", "in_place")
VARIABLES = ("FASTIMPORT", "FASTIMPORT_FRESHNESS", "FASTIMPORT_REGISTER", "FASTIMPORT_STATS", "FASTIMPORT_STRICT")
_OFF = ("0", "off", "no", "false")
START_CONDITION = f"sys.flags.ignore_environment or os.environ.get('FASTIMPORT', '').lower() not in {_OFF!r}"
"""`Settings.enabled` as an expression over sys and os, for start-up files: they ask before they load anything of ours."""


class Settings:
    """What was read: `enabled`, `stats`, `strict`; `freshness`, `register` (None: not set); `problems`, a list of texts."""

    __slots__ = ("enabled", "freshness", "problems", "register", "stats", "strict")

    def __init__(self, environment):
        self.problems = []
        self.enabled = environment.get("FASTIMPORT", "").lower() not in _OFF
        self.stats = _is_on(environment, "FASTIMPORT_STATS")
        self.strict = _is_on(environment, "FASTIMPORT_STRICT")
        self.freshness = self._choice(environment, "FASTIMPORT_FRESHNESS", FRESHNESS)
        self.register = self._choice(environment, "FASTIMPORT_REGISTER", REGISTER)

    def _choice(self, environment, name, allowed):
        value = environment.get(name) or None
        if value is None or value in allowed:
            return value
        self.problems.append(f"{name}={value!r}: must be one of {', '.join(allowed)}; ignored")
        return None


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
