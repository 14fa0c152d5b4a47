"""Which Python an extension module was built for, read from its file name (PEP 3149, PEP 425, Windows, PyPy)."""

import importlib.machinery
import re
import sys
import sysconfig

_SUFFIX = re.compile(r"\.(?P<tag>[\w.+-]+?)?(?:(?<=\.)|\.)(?P<kind>so|pyd|dylib|dll)$")
_CPYTHON = re.compile(r"^(?:cpython-|cp)(?P<major>3)(?P<minor>\d+)(?P<flags>[a-z]*)(?:-(?P<platform>.+))?$")
_PYPY = re.compile(r"^pypy(?P<major>\d)(?P<minor>\d+)-(?P<abi>pp\d+)(?:-(?P<platform>.+))?$")


def made_for(file_name: str, tail: str) -> str | None:
    """What `file_name` was built for, in words, if it would be module `tail` in another Python; None if it would not."""
    if not file_name.startswith(f"{tail}."):
        return None
    rest = file_name[len(tail) :]
    if rest in importlib.machinery.EXTENSION_SUFFIXES:
        return None
    match = _SUFFIX.match(rest)
    return None if match is None else _describe(match["tag"] or "", match["kind"])


def this_python() -> str:
    """The running interpreter in the same words."""
    return _describe(str(sysconfig.get_config_var("SOABI") or sys.implementation.cache_tag), "so")


def _describe(tag: str, kind: str) -> str:
    if match := _CPYTHON.match(tag):
        return f"CPython {match['major']}.{match['minor']}{_flags(match['flags'])}{_platform(match['platform'])}"
    if match := _PYPY.match(tag):
        return f"PyPy {match['major']}.{match['minor']}{_platform(match['platform'])}"
    if tag.startswith(("abi3", "abi3t")):
        return f"the stable ABI ({tag})"
    system = {"pyd": "Windows", "dll": "Windows", "dylib": "macOS"}.get(kind)
    return f"{system or 'another Python'}{f' ({tag})' if tag else ''}"


def _flags(flags: str) -> str:
    return f" {', '.join(_FLAGS.get(flag, flag) for flag in flags)}" if flags else ""


_FLAGS = {"t": "free-threaded", "d": "debug", "m": "pymalloc", "u": "wide Unicode"}


def _platform(platform: str | None) -> str:
    return f" on {platform}" if platform else ""
