"""One run of one side, in a fresh interpreter; and a cold page cache before it, without root."""

import os
import subprocess
import tempfile
from collections.abc import Iterable, Mapping, Sequence
from time import perf_counter
from typing import IO, NamedTuple

STDERR_LINES = 15


class Run(NamedTuple):
    """Seconds from the start of the process to its end, as its parent sees them, and seconds of processor time."""

    seconds: float
    cpu_seconds: float | None


class ProgramFailed(RuntimeError):
    """The program under measurement ended with an exit status other than 0."""


def run_once(command: Sequence[str], environment: Mapping[str, str], output: IO[bytes] | None = None) -> Run:
    """Run *command* with nothing on its stdin, and its stdout in *output* or thrown away.

    Raises `ProgramFailed`, with the end of its stderr, if it does not succeed: a program that stops early has no
    start-up time.
    """
    with tempfile.TemporaryFile() as errors:
        started = perf_counter()
        process = subprocess.Popen(
            command,
            env=dict(environment),
            stdin=subprocess.DEVNULL,
            stdout=subprocess.DEVNULL if output is None else output,
            stderr=errors,
        )
        status, cpu_seconds = _wait(process)
        seconds = perf_counter() - started
        if status:
            raise ProgramFailed(_failure(status, errors))
    return Run(seconds, cpu_seconds)


def _wait(process: "subprocess.Popen[bytes]") -> tuple[int, float | None]:
    if not hasattr(os, "wait4"):
        return process.wait(), None
    _, raw_status, usage = os.wait4(process.pid, 0)
    process.returncode = os.waitstatus_to_exitcode(raw_status)
    return process.returncode, usage.ru_utime + usage.ru_stime


def _failure(status: int, errors: IO[bytes]) -> str:
    errors.seek(0)
    tail = errors.read().decode(errors="replace").splitlines()[-STDERR_LINES:]
    return "\n".join([f"the program ended with exit status {status}; it must succeed to be measured", *tail])


def can_evict() -> bool:
    """Return whether this platform lets a process drop a file's pages from the cache."""
    return hasattr(os, "posix_fadvise")


def evict(files: Iterable[str]) -> None:
    """Ask the kernel to drop the cached pages of *files*.

    Pages that another process has mapped stay, and so do directory entries and inodes, which only root can drop:
    a run after this is colder than a warm one, and warmer than the first after a boot.
    """
    for path in files:
        try:
            descriptor = os.open(path, os.O_RDONLY)
        except OSError:
            continue
        try:
            os.posix_fadvise(descriptor, 0, 0, os.POSIX_FADV_DONTNEED)
        finally:
            os.close(descriptor)


def count_cached(files: Iterable[str]) -> int | None:
    """Return of how many *files* the first page is in the cache, or None where that can't be asked.

    The question itself may start a read-ahead, so evict again afterwards.
    """
    if not hasattr(os, "RWF_NOWAIT"):
        return None
    return sum(map(_is_cached, files))


def _is_cached(path: str) -> bool:
    try:
        descriptor = os.open(path, os.O_RDONLY)
    except OSError:
        return False
    try:
        return os.preadv(descriptor, [bytearray(1)], 0, os.RWF_NOWAIT) == 1
    except OSError:
        return False
    finally:
        os.close(descriptor)
