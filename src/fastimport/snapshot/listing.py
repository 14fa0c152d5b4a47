"""Recording one directory or one source file: what it holds now, and what says later that it is unchanged."""

import os
import stat
import time
from collections.abc import Iterable

from fastimport.snapshot import reasons
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
)
from fastimport.snapshot.stamps import Judge, file_of, marked

_READABLE = 0o555


def record_directory(path: str, suffixes: Iterable[str], judge: Judge) -> Directory | None:
    """A directory as it is now; None for what is no directory, or below such a thing (an archive): the snapshot says nothing.

    `judge` says whether its stamp is believed.
    """
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
    directory = Directory(path, marked(judge.doubt(path, before, now)), judge.stamp(path, before))
    judge.note(directory, before)
    if stat.S_IMODE(before.st_mode) & _READABLE != _READABLE:
        directory.flags |= PRIVATE
    try:
        with os.scandir(path) as entries:
            _add(directory, list(entries), tuple(suffixes))
        if file_of(os.stat(path)) != file_of(before) and not directory.flags & RACY:
            directory.flags |= marked(reasons.RECENT)
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
