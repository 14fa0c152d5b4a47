"""The code of a source file as importlib would get it, as marshalled bytes. Nothing is executed and nothing written."""

import importlib.machinery
import importlib.util
import marshal
import os
import stat
import time
import warnings
from types import CodeType

from fastimport.snapshot.listing import is_racy, stamp_of
from fastimport.snapshot.model import PRIVATE, RACY, Source

_HEADER = 16
MAX_SIZE = 64 * 1024 * 1024
"""Bytes of code above which a module is left to importlib."""


def record_source(path: str, by_content: bool, may_compile: bool = True) -> Source | None:
    """A source file as it is now; None if it can't be read. Its code is fetched when it is asked for."""
    now = time.time_ns()
    try:
        found = os.stat(path)
        if not stat.S_ISREG(found.st_mode):
            return None
        flags = RACY if is_racy(found, now) else 0
    except (OSError, ValueError):
        return None
    if not found.st_mode & stat.S_IROTH:
        flags |= PRIVATE
    return Source(path, lambda: load(path, found, by_content, may_compile), flags, stamp_of(found), found.st_size)


def load(path: str, found: os.stat_result, by_content: bool, may_compile: bool) -> bytes:
    """Marshalled code of the source at `path`, whose stat result is `found`; b"" if there is none, or importlib has to say which.

    `by_content`: a .pyc is believed only if it has the hash of the source, not for a modification time.
    """
    data = _read_pyc(path, found, by_content)
    if data is None and may_compile:
        data = _compile(path)
    # A file that was exchanged meanwhile has another stamp than the recorded one.
    return data if data is not None and len(data) <= MAX_SIZE and _is_code(data) and _is_same(path, found) else b""


def _is_same(path: str, found: os.stat_result) -> bool:
    try:
        now = os.stat(path)
    except OSError:
        return False
    return (stamp_of(now), now.st_size) == (stamp_of(found), found.st_size)


def _read_pyc(path: str, found: os.stat_result, by_content: bool) -> bytes | None:
    try:
        with open(importlib.util.cache_from_source(path), "rb") as file:
            data = file.read()
    except (OSError, NotImplementedError, ValueError):
        return None
    flags = int.from_bytes(data[4:8], "little")
    if data[:4] != importlib.util.MAGIC_NUMBER or len(data) < _HEADER or flags & ~0b11:
        return None
    validation = data[8:_HEADER]
    if flags & 1:
        valid = validation == _source_hash(path)
        if not valid and not by_content:  # whether it counts is for each interpreter to say (--check-hash-based-pycs)
            return b""
    else:
        seconds, size = int(found.st_mtime) & 0xFFFFFFFF, found.st_size & 0xFFFFFFFF
        valid = not by_content and validation == seconds.to_bytes(4, "little") + size.to_bytes(4, "little")
    return data[_HEADER:] if valid else None


def _source_hash(path: str) -> bytes:
    try:
        with open(path, "rb") as file:
            return importlib.util.source_hash(file.read())
    except OSError:
        return b""


def _compile(path: str) -> bytes | None:
    try:
        loader = importlib.machinery.SourceFileLoader("__recorded__", path)
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            return marshal.dumps(loader.source_to_code(loader.get_data(path), path))
    except (OSError, SyntaxError, ValueError, RecursionError, MemoryError, OverflowError):
        return None


def _is_code(data: bytes) -> bool:
    try:
        return isinstance(marshal.loads(data), CodeType)
    except (EOFError, ValueError, TypeError, MemoryError):
        return False
