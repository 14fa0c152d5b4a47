"""Whether a file may decide what code runs: nobody but this user and root can have written it or can put another in its place."""

import os
import stat

_MAX_LINKS = 40


class Refused(Exception):
    """Why a snapshot is not used, in words that name the file or directory and what to do."""


def open_trusted(path):
    """A read-only descriptor of the regular file at `path`, and its stat result.

    Raises `Refused`: not there, not a regular file, of another owner, writable by others, or below a directory that is. A
    directory with the sticky bit, such as a shared temporary one, is good enough further up: there nobody can rename or remove
    what is not his. Symbolic links are followed where the directory that holds them is safe.
    """
    real = _resolved(path)
    try:
        descriptor = os.open(real, os.O_RDONLY | os.O_CLOEXEC | os.O_NOFOLLOW | os.O_NONBLOCK)
    except OSError as error:
        raise Refused(f"{path}: {error.strerror}")
    try:
        found = os.fstat(descriptor)
        if not stat.S_ISREG(found.st_mode):
            raise Refused(f"{path}: not a regular file")
        _check(real, found)
    except BaseException:
        os.close(descriptor)
        raise
    return descriptor, found


def check_directory(path):
    """Raise `Refused` unless `path` is a directory in which only this user and root can create files."""
    real = _resolved(path, is_directory=True)
    found = _lstat(real, path)
    if not stat.S_ISDIR(found.st_mode):
        raise Refused(f"{path}: not a directory")
    _check(real, found, may_be_sticky=False)


def check_place(path):
    """Raise `Refused` unless what is to be made at `path` would be this user's or root's.

    Asked of the nearest directory that is there: in another user's nothing is made, root may do it or not.
    """
    there = os.path.abspath(path)
    while not os.path.lexists(there):
        there = os.path.dirname(there)
    real = _resolved(there, is_directory=True)
    _check(real, _lstat(real, there))
    return there


def make_directory(path, mode):
    """Make a directory and those above it that are missing, each with this `mode` whatever the umask, after `check_place`.

    Raises `Refused` also if somebody else could write to it.
    """
    there = check_place(path)
    missing = []
    at = os.path.abspath(path)
    while at != there:
        missing.append(at)
        at = os.path.dirname(at)
    for each in reversed(missing):
        try:
            os.mkdir(each, mode)
        except FileExistsError:  # by another process, since
            continue
        os.chmod(each, mode)
    check_directory(path)


def _resolved(path, is_directory=False):
    """The path without symbolic links, each directory on the way having been checked."""
    if "\0" in path:
        raise Refused(f"{path!r}: a NUL character in the path")
    todo = os.path.abspath(path).split("/")[:0:-1]  # what is still to be walked, last first
    at, links = "/", 0
    _check("/", _lstat("/", path))
    while todo:
        name = todo.pop()
        if name in ("", "."):
            continue
        if name == "..":
            at = os.path.dirname(at)
            continue
        here = os.path.join(at, name)
        found = _lstat(here, path)
        if stat.S_ISLNK(found.st_mode):
            links += 1
            if links > _MAX_LINKS:
                raise Refused(f"{path}: too many symbolic links")
            if found.st_uid not in (0, os.geteuid()):
                raise Refused(f"{here}: a symbolic link of user {found.st_uid}")
            target = os.readlink(here)
            todo += target.split("/")[::-1]
            at = "/" if target.startswith("/") else at
            continue
        left = [name for name in todo if name not in ("", ".")]
        if left:
            _check(here, found, may_be_sticky=is_directory or len(left) > 1)
        at = here
    return at


def _lstat(here, path):
    try:
        return os.lstat(here)
    except OSError as error:
        raise Refused(f"{path}: {error.strerror}")


def _check(path, found, may_be_sticky=True):
    if found.st_uid not in (0, os.geteuid()):
        raise Refused(f"{path}: belongs to user {found.st_uid}, neither to root nor to this user")
    is_sticky = stat.S_ISDIR(found.st_mode) and found.st_mode & stat.S_ISVTX and may_be_sticky
    if found.st_mode & 0o022 and not is_sticky:
        raise Refused(f"{path}: others may write to it (mode {stat.S_IMODE(found.st_mode):04o}); chmod go-w makes it safe")
