"""Where snapshots are, and how one is written: whole or not at all, whoever else writes and whatever happens."""

import os
import stat
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import BinaryIO

from fastimport.settings import read_environment
from fastimport.snapshot.encode import encode
from fastimport.snapshot.model import PRIVATE, Contents
from fastimport.snapshot.places import AUTOMATIC_ENDING, cache_directory, environment_snapshot
from fastimport.snapshot.trust import Refused, check_directory

__all__ = ["MAX_BYTES", "MAX_FILES", "cache_directory", "environment_snapshot", "save", "sweep", "trim"]

MAX_FILES = 64
MAX_BYTES = 512 * 1024 * 1024
"""What automatic snapshots of one user may take; the least recently used go first."""

_TEMPORARY = ".fastimport-temporary"
_PATIENCE_S = 5


class CannotWrite(OSError):
    """Nothing may or can be written there; the message says why and what to do."""


def save(contents: Contents, path: str) -> int:
    """Write a snapshot and return its size in bytes. A reader sees the old file or the new one, whole.

    Raises `CannotWrite`; then what was there is there still, and no temporary file is left.
    """
    return _save(path, lambda stream: encode(contents, stream), _mode(contents))


def save_bytes(data: bytes, path: str) -> int:
    """`save` of a snapshot that is bytes already."""
    return _save(path, lambda stream: stream.write(data), 0o400)


def _save(path: str, write: Callable[[BinaryIO], int], mode: int) -> int:
    if read_environment().readonly:
        raise CannotWrite(f"{path}: FASTIMPORT_READONLY is set")
    directory = os.path.dirname(os.path.abspath(path))
    try:
        check_directory(directory)
    except Refused as error:
        raise CannotWrite(f"a snapshot in {directory} would be refused: {error}")
    sweep(directory)
    try:
        with _replacing(path, mode) as stream:
            return write(stream)
    except OSError as error:
        raise CannotWrite(f"{path}: {error.strerror or error}") from error


def _mode(contents: Contents) -> int:
    """Nobody writes to it again, its owner included: a program that has it mapped relies on that. What only this user may
    read in the file system, only this user may read here."""
    flags = [*(each.flags for each in contents.directories.values()), *(each.flags for each in contents.sources.values())]
    is_private = any(flag & PRIVATE for flag in flags)
    return 0o400 if is_private else 0o444


@contextmanager
def _replacing(path: str, mode: int) -> Iterator[BinaryIO]:
    """A new file that takes the place of `path` if the block ends well, and is removed if it does not.

    It is locked as long as its writer lives, so that `sweep` knows a file that was left behind.
    """
    directory, name = os.path.split(os.path.abspath(path))
    temporary = os.path.join(directory, f".{name}.{os.getpid()}.{os.urandom(6).hex()}{_TEMPORARY}")
    descriptor = os.open(temporary, os.O_RDWR | os.O_CREAT | os.O_EXCL | os.O_CLOEXEC | getattr(os, "O_NOFOLLOW", 0), 0o600)
    with open(descriptor, "w+b") as stream:
        try:
            _lock(stream.fileno())
            yield stream
            stream.flush()
            os.fchmod(stream.fileno(), mode)
            os.fsync(stream.fileno())
            os.replace(temporary, path)
        except BaseException:
            os.unlink(temporary)
            raise
    _sync_directory(directory)


def _lock(descriptor: int) -> bool:
    """Whether the lock could be had at once; True where there are no locks."""
    try:
        import fcntl

        fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except ImportError:
        return True
    except OSError:
        return False
    return True


def _sync_directory(directory: str) -> None:
    try:
        descriptor = os.open(directory, os.O_RDONLY)
    except OSError:
        return
    try:
        os.fsync(descriptor)
    except OSError:  # some file systems can't: the rename is as durable as they make it
        pass
    finally:
        os.close(descriptor)


def sweep(directory: str) -> list[str]:
    """Remove temporary files whose writers are gone, and return their paths."""
    removed = []
    for name in _names(directory):
        path = os.path.join(directory, name)
        if name.endswith(_TEMPORARY) and _is_abandoned(path):
            try:
                os.unlink(path)
                removed.append(path)
            except OSError:
                pass
    return removed


def _names(directory: str) -> list[str]:
    try:
        return os.listdir(directory)
    except OSError:
        return []


def _is_abandoned(path: str) -> bool:
    try:
        descriptor = os.open(path, os.O_RDWR | os.O_NOFOLLOW | os.O_CLOEXEC | os.O_NONBLOCK)
    except OSError:
        return False
    try:
        found = os.fstat(descriptor)
        if not stat.S_ISREG(found.st_mode) or found.st_uid != os.geteuid():
            return False
        # Just made and not locked yet, unless it is old: then its writer was killed in between.
        age = time.time() - found.st_mtime
        return _lock(descriptor) and (age > _PATIENCE_S or found.st_size > 0)
    finally:
        os.close(descriptor)


def trim(directory: str, keep: str = "") -> list[str]:
    """Remove the least recently used automatic snapshots until the rest is within bounds; return what was removed."""
    found = []
    for name in _names(directory):
        path = os.path.join(directory, name)
        try:
            status = os.lstat(path)
        except OSError:
            continue
        if name.endswith(AUTOMATIC_ENDING) and stat.S_ISREG(status.st_mode) and status.st_uid == os.geteuid():
            found.append((path != keep, -max(status.st_atime, status.st_mtime), status.st_size, path))
    removed, total = [], 0
    for number, (_, _, size, path) in enumerate(sorted(found)):
        total += size
        if number >= MAX_FILES or total > MAX_BYTES:
            try:
                os.unlink(path)
                removed.append(path)
            except OSError:
                pass
    return removed
