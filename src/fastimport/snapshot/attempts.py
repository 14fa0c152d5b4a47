"""One builder of an automatic snapshot at a time, and an end to it if each of them fails.

Beside the snapshot is a file as long as one is being made, or could not be: who makes it has it locked, and it holds the number
of attempts that have begun since the last success.
"""

import os
import time

from fastimport.snapshot.places import ATTEMPT_ENDING

MOST = 3
PATIENCE_S = 24 * 3600
"""After so many attempts, how long none is made."""


def begin(path):
    """A locked descriptor for another attempt at the snapshot at `path`; None if one is under way, or there were too many."""
    descriptor = os.open(path + ATTEMPT_ENDING, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC | os.O_NOFOLLOW, 0o600)
    try:
        if not _lock(descriptor) or not _is_at(descriptor, path + ATTEMPT_ENDING):
            raise BlockingIOError
        count = _count(descriptor)
        if count >= MOST and time.time() - os.fstat(descriptor).st_mtime < PATIENCE_S:
            raise BlockingIOError
        os.pwrite(descriptor, b"%d\n" % (count % MOST + 1), 0)
    except BlockingIOError:
        os.close(descriptor)
        return None
    except BaseException:
        os.close(descriptor)
        raise
    return descriptor


def end(path):
    """The attempt was a success, or was not needed."""
    try:
        os.unlink(path + ATTEMPT_ENDING)
    except OSError:
        pass


def failure(path):
    """What to say if nothing is tried any more, or None. Asked when a program starts and there is no snapshot."""
    try:
        descriptor = os.open(path + ATTEMPT_ENDING, os.O_RDONLY | os.O_CLOEXEC | os.O_NOFOLLOW | os.O_NONBLOCK)
    except OSError:
        return None
    try:
        has_failed = _count(descriptor) >= MOST and _lock(descriptor)
    finally:
        os.close(descriptor)
    return (
        f"{path}: the process that makes it failed {MOST} times; fastimport clean --auto lets it try again"
        if has_failed
        else None
    )


def _lock(descriptor):
    """Whether the lock could be had at once; True where there are no locks."""
    try:
        import fcntl

        fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except ImportError:
        return True
    except OSError:
        return False
    return True


def _is_at(descriptor, path):
    """Whether it is the file at `path` still: another may have ended, and removed it, before it was locked."""
    try:
        return os.path.samestat(os.fstat(descriptor), os.lstat(path))
    except OSError:
        return False


def _count(descriptor):
    try:
        return int(os.pread(descriptor, 20, 0))
    except ValueError:
        return 0
