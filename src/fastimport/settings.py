"""What the environment says: the only file that reads it.

Under ``-E`` and ``-I`` the interpreter ignores ``PYTHON*``; the variables here are ignored as well.
"""

import sys

FRESHNESS = ("checked", "trusted", "frozen")
REGISTER = ("meta_path", "in_place")
DEFERRED = "deferred"
"""What the commands that switch fastimport on choose: whoever types them wants a fast start."""

COLLECTOR = ("stock", DEFERRED)
ARENAS = ("stock", "huge")
VARIABLES = (
    "FASTIMPORT", "FASTIMPORT_ARENAS", "FASTIMPORT_CACHE_DIR", "FASTIMPORT_COLLECTOR", "FASTIMPORT_FRESHNESS", "FASTIMPORT_LAZY",
    "FASTIMPORT_READONLY", "FASTIMPORT_REGISTER", "FASTIMPORT_SNAPSHOT", "FASTIMPORT_STATS", "FASTIMPORT_STRICT",
)  # fmt: skip
_OFF = ("0", "off", "no", "false")
SNAPSHOT_CONDITION = "not sys.flags.ignore_environment and __import__('os').environ.get('FASTIMPORT_SNAPSHOT')"
"""Whether `Settings.snapshot` is set, as an expression over sys, for start-up files: what a person says for one process counts
more than what a file says for all."""

_LOADERS = (
    "LD_LIBRARY_PATH", "LD_PRELOAD", "DYLD_LIBRARY_PATH", "DYLD_FRAMEWORK_PATH", "DYLD_FALLBACK_LIBRARY_PATH",
    "DYLD_FALLBACK_FRAMEWORK_PATH", "LIBPATH",
)  # fmt: skip


class Settings:
    """What was read: `enabled`, `freshness`, `register`, `collector`, `arenas`, `snapshot`, `lazy` and `cache_directory` (None:
    not set), `user_cache` (None: nowhere), `readonly`, `stats`, `strict`, and `problems`, a list of texts."""

    __slots__ = (
        "arenas", "cache_directory", "collector", "enabled", "freshness", "lazy", "problems", "readonly", "register", "snapshot",
        "stats", "strict", "user_cache",
    )  # fmt: skip

    def __init__(self, environment):
        self.problems = []
        self.enabled = environment.get("FASTIMPORT", "").lower() not in _OFF
        self.stats = _is_on(environment, "FASTIMPORT_STATS")
        self.strict = _is_on(environment, "FASTIMPORT_STRICT")
        self.snapshot = environment.get("FASTIMPORT_SNAPSHOT") or None
        self.lazy = environment.get("FASTIMPORT_LAZY") or None
        self.cache_directory = environment.get("FASTIMPORT_CACHE_DIR") or None
        self.readonly = _is_on(environment, "FASTIMPORT_READONLY")
        self.user_cache = _user_cache(environment)
        self.freshness = self._choice(environment, "FASTIMPORT_FRESHNESS", FRESHNESS)
        self.register = self._choice(environment, "FASTIMPORT_REGISTER", REGISTER)
        self.collector = self._choice(environment, "FASTIMPORT_COLLECTOR", COLLECTOR)
        self.arenas = self._choice(environment, "FASTIMPORT_ARENAS", ARENAS)

    def _choice(self, environment, name, allowed):
        value = environment.get(name) or None
        if value is None or value in allowed:
            return value
        self.problems.append(f"{name}={value!r}: must be one of {', '.join(allowed)}; ignored")
        return None


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

    environment = os.environ
    names = getattr(environment, "_data", None)  # to ask for one that is not set costs two exceptions
    if os.name == "posix" and type(names) is dict and b"FASTIMPORT" not in b" ".join(names):
        environment = {name: environment[name] for name in ("HOME", "XDG_CACHE_HOME") if name in environment}
    return Settings(environment)


_CHOICES = {"freshness": FRESHNESS, "register": REGISTER, "collector": COLLECTOR, "arenas": ARENAS}


def check_choices(**arguments):
    """Raise `TypeError` or `ValueError` unless each of these arguments of `install` has one of its values."""
    for name, value in arguments.items():
        if not isinstance(value, str) or value not in _CHOICES[name]:
            choices = " or ".join(map(repr, _CHOICES[name]))
            if not isinstance(value, str):
                raise TypeError(f"{name} must be a str, {choices}, not {type(value).__name__}")
            raise ValueError(f"{name} must be {choices}, not {value!r}")


def check_path(name, value, word):
    """The argument `name`, a path or `word`, as a str; None stays None. Raises `TypeError` or `ValueError`."""
    if value is None:
        return None
    import os

    path = os.fspath(value)
    if not isinstance(path, str) or not path or "\0" in path:
        raise ValueError(f"{name} must be {word!r} or a path, not {path!r}")
    return path


def needed_variables():
    """Those that an interpreter may have needed to find its shared libraries and its standard library, by name."""
    import os

    names = _LOADERS if is_ignored() else (*_LOADERS, "PYTHONHOME", "PYTHONPLATLIBDIR")
    return {name: os.environ[name] for name in names if os.environ.get(name)}


def search_path():
    """``PYTHONPATH``, or "" where it is not set or ignored."""
    import os

    return "" if is_ignored() else os.environ.get("PYTHONPATH", "")
