"""The code of a source file as importlib would get it, as marshalled bytes. Nothing is executed and nothing written."""

import importlib.machinery
import importlib.util
import marshal
import os
import stat
import time
import warnings
from types import CodeType

from fastimport.snapshot._reader import checksum
from fastimport.snapshot.model import COMPILED, PRIVATE, RACY, UNTRIED, WARNS, Loaded, Source
from fastimport.snapshot.stamps import Judge, file_of, marked

_HEADER = 16
MAX_SIZE = 64 * 1024 * 1024
"""Bytes of code above which a module is left to importlib."""


def record_source(path: str, by_content: bool, judge: Judge, may_compile: bool = True) -> Source | None:
    """A source file as it is now; None if it can't be read. Its code is fetched when it is asked for.

    `by_content`, or where its stamp says nothing, as `judge` says: it is compiled even if it has a valid .pyc, to know whether
    that warns.
    """
    now = time.time_ns()
    try:
        found = os.stat(path)
        if not stat.S_ISREG(found.st_mode):
            return None
    except (OSError, ValueError):
        return None
    source = Source(path, lambda: Loaded(b""), marked(judge.doubt(path, found, now)), judge.stamp(path, found), found.st_size)
    source.flags |= 0 if found.st_mode & stat.S_IROTH else PRIVATE
    source.load = lambda: load(path, found, by_content, may_compile, by_content or bool(source.flags & RACY))
    judge.note(source, found)
    return source


def load(path: str, found: os.stat_result, by_content: bool, may_compile: bool, thorough: bool) -> Loaded:
    """The code of the source at `path`, whose stat result is `found`; none if it has none, or importlib has to say which.

    `by_content`: a .pyc is believed only if it has the hash of the source, not for a modification time.
    """
    source = _read(path)
    if source is None:
        return Loaded(b"")
    digest = checksum(source) if len(source) <= MAX_SIZE else 0
    code, flags = _read_pyc(path, source, found, by_content), 0
    if may_compile and (code is None or (thorough and code)):
        compiled, flags = _compile(path, source)
        if code is None:
            code, flags = compiled, flags if by_content else flags | COMPILED
    elif code:
        flags = UNTRIED
    # A file that was exchanged meanwhile has another stamp than the recorded one.
    is_good = code and len(code) <= MAX_SIZE and _is_code(code) and _is_same(path, found)
    return Loaded(code, digest, flags) if code and is_good else Loaded(b"")


def _read(path: str) -> bytes | None:
    try:
        with open(path, "rb") as file:
            return file.read()
    except OSError:
        return None


def _is_same(path: str, found: os.stat_result) -> bool:
    try:
        now = os.stat(path)
    except OSError:
        return False
    return (file_of(now), now.st_size) == (file_of(found), found.st_size)


def _read_pyc(path: str, source: bytes, found: os.stat_result, by_content: bool) -> bytes | None:
    try:
        data = _read(importlib.util.cache_from_source(path))
    except (NotImplementedError, ValueError):
        return None
    if data is None or data[:4] != importlib.util.MAGIC_NUMBER or len(data) < _HEADER:
        return None
    flags = int.from_bytes(data[4:8], "little")
    if flags & ~0b11:
        return None
    validation = data[8:_HEADER]
    if flags & 1:
        if validation != importlib.util.source_hash(source):  # which of them counts is for each interpreter to say
            return b""  # (--check-hash-based-pycs)
        return data[_HEADER:]
    seconds, size = int(found.st_mtime) & 0xFFFFFFFF, found.st_size & 0xFFFFFFFF
    is_valid = not by_content and validation == seconds.to_bytes(4, "little") + size.to_bytes(4, "little")
    return data[_HEADER:] if is_valid else None


def _compile(path: str, source: bytes) -> tuple[bytes | None, int]:
    """Marshalled code, and `WARNS` if compiling is not silent."""
    try:
        loader = importlib.machinery.SourceFileLoader("__recorded__", path)
        with warnings.catch_warnings(record=True) as given:
            warnings.simplefilter("always")
            compiled = loader.source_to_code(source, path)
            code = marshal.dumps(compiled)  # of what has a name, as in importlib: marshal's bytes show the number of references
    except (OSError, SyntaxError, ValueError, RecursionError, MemoryError, OverflowError):
        return None, WARNS
    return code, WARNS if given else 0


def _is_code(data: bytes) -> bool:
    try:
        return isinstance(marshal.loads(data), CodeType)
    except (EOFError, ValueError, TypeError, MemoryError):
        return False
