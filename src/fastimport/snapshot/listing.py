"""Recording one directory or one source file: what it holds now, and what says later that it is unchanged."""

import os
import stat
import time
from collections.abc import Iterable
from functools import cache

from fastimport.snapshot.model import (
    FIRST_INIT,
    MISSING,
    NO_INIT,
    NOT_LOOKED,
    PRIVATE,
    RACY,
    UNLISTED,
    Directory,
    Name,
    Stamp,
)

TICK_NS = 10_000_000
"""As in _tables.pyx: what changes within this time of a stamp may not show in it."""
COARSE_TICK_NS = 2_000_000_000
_READABLE = 0o555
MOUNTS = "/proc/self/mountinfo"
"""Described in proc(5)."""
_IMAGES = ("squashfs ", "fuse.squashfuse", "erofs ", "cramfs ", "romfs ", "iso9660 ", "udf ")


def stamp_of(found: os.stat_result) -> Stamp:
    """The stamp in a stat result."""
    return Stamp(found.st_dev, found.st_ino, found.st_mtime_ns, found.st_ctime_ns)


def is_racy(found: os.stat_result, now_ns: int) -> bool:
    """Whether the file can still change without its stamp showing it; `now_ns` is the time before it was looked at.

    Some file systems keep no times and give 0. An image (squashfs) has the times that its maker wanted; the next one, mounted in
    its place, may have the same.
    """
    if not (found.st_mtime_ns and found.st_ctime_ns) or found.st_dev in image_devices():
        return True
    is_coarse = found.st_mtime_ns % 1_000_000_000 == 0 and found.st_ctime_ns % 1_000_000_000 == 0
    return now_ns - max(found.st_mtime_ns, found.st_ctime_ns) < (COARSE_TICK_NS if is_coarse else TICK_NS)


@cache
def image_devices() -> frozenset[int]:
    """The devices of mounted images, as far as the system tells."""
    found = set()
    try:
        with open(MOUNTS, encoding="utf-8", errors="surrogateescape") as mounts:
            for line in mounts:
                before, _, after = line.partition(" - ")
                if after.startswith(_IMAGES):
                    major, minor = before.split()[2].split(":")
                    found.add(os.makedev(int(major), int(minor)))
    except OSError:
        pass
    return frozenset(found)


def record_directory(path: str, suffixes: Iterable[str]) -> Directory | None:
    """A directory as it is now; None for what is no directory, or below such a thing (an archive): the snapshot says nothing."""
    now = time.time_ns()
    try:
        before = os.stat(path)
    except NotADirectoryError:
        return None
    except FileNotFoundError:
        return Directory(path, MISSING) if not os.path.lexists(path) else None
    except OSError:
        return Directory(path, UNLISTED)
    if not stat.S_ISDIR(before.st_mode):
        return None
    directory = Directory(path, RACY if is_racy(before, now) else 0, stamp_of(before))
    if stat.S_IMODE(before.st_mode) & _READABLE != _READABLE:
        directory.flags |= PRIVATE
    try:
        with os.scandir(path) as entries:
            _add(directory, list(entries), tuple(suffixes))
        if stamp_of(os.stat(path)) != directory.stamp:
            directory.flags |= RACY
    except OSError:
        return Directory(path, UNLISTED)
    return directory


def _add(directory: Directory, entries: Iterable["os.DirEntry[str]"], suffixes: tuple[str, ...]) -> None:
    kinds = {suffix: kind for kind, suffix in enumerate(suffixes, 1)}
    found: dict[str, list[int]] = {}
    for entry in entries:
        stem, dot, rest = entry.name.partition(".")
        kind = kinds.get(dot + rest) if dot else 0
        if kind is None:
            directory.others.append(entry.name)
            continue
        masks = found.setdefault(stem, [0, 0])
        is_typed, is_resolved = _types(entry.path, kind)
        masks[0] |= 1 << kind | is_typed << kind + 16
        masks[1] |= is_resolved << kind
    for stem, (listed, resolved) in found.items():
        inside = inside_of(os.path.join(directory.path, stem), suffixes) if resolved & 1 else NOT_LOOKED
        directory.names[stem] = Name(listed, resolved, inside)


def _types(path: str, kind: int) -> tuple[bool, bool]:
    """Whether a file is what its name demands by itself, and with links followed.

    By stat, as importlib: the type in a directory's entry is a hint that some file systems get wrong.
    """
    is_wanted = stat.S_ISREG if kind else stat.S_ISDIR
    try:
        mode = os.lstat(path).st_mode
        return is_wanted(mode), is_wanted(os.stat(path).st_mode if stat.S_ISLNK(mode) else mode)
    except (OSError, ValueError):
        return False, False


def inside_of(path: str, suffixes: Iterable[str]) -> int:
    """Which ``__init__`` the directory at `path` has: what importlib asks, in its order."""
    for number, suffix in enumerate(suffixes):
        try:
            if stat.S_ISREG(os.stat(f"{path}/__init__{suffix}").st_mode):
                return FIRST_INIT + number
        except OSError as error:
            if not isinstance(error, FileNotFoundError | NotADirectoryError):
                return NOT_LOOKED
    return NO_INIT
