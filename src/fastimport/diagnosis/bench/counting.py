"""What repeats almost exactly: system calls and instructions, from tools that the machine may or may not have."""

import os
import re
import shutil
import subprocess
import tempfile
from collections.abc import Mapping, Sequence

FILE_CALLS = frozenset(
    [
        "access",
        "chdir",
        "close",
        "faccessat",
        "faccessat2",
        "fcntl",
        "fstat",
        "fstatfs",
        "getcwd",
        "getdents",
        "getdents64",
        "ioctl",
        "lseek",
        "lstat",
        "mmap",
        "newfstatat",
        "open",
        "openat",
        "openat2",
        "pread64",
        "read",
        "readlink",
        "readlinkat",
        "stat",
        "statfs",
        "statx",
    ]
)
"""Calls that ask a file system something; on a slow one, each may cost its full latency."""


class Unavailable(RuntimeError):
    """The tool is not installed, or not allowed to do its work here."""


def count_system_calls(command: Sequence[str], environment: Mapping[str, str]) -> dict[str, int]:
    """Return how often each system call was made, child processes included.

    Raises `Unavailable` where strace is missing or may not trace.
    """
    with _scratch() as output:
        _run_tool("strace", ["-f", "-qq", "-c", "-o", output, "--", *command], environment)
        calls = parse_strace_summary(_read(output))
    if not calls:
        raise Unavailable("strace wrote no summary")
    return calls


def count_instructions(command: Sequence[str], environment: Mapping[str, str]) -> int:
    """Return the instructions executed in user mode, by the processor's own counter.

    Raises `Unavailable` where perf is missing or the counter can't be read, as in most virtual machines.
    """
    with _scratch() as output:
        _run_tool("perf", ["stat", "-x,", "-e", "instructions:u", "-o", output, "--", *command], environment)
        count = parse_perf_stat(_read(output))
    if count is None:
        raise Unavailable("perf can't read the instruction counter here")
    return count


def count_instructions_exactly(command: Sequence[str], environment: Mapping[str, str]) -> int:
    """Return the instructions that callgrind simulated: about 50 times slower than a run, and repeatable.

    Raises `Unavailable` where valgrind is missing.
    """
    with _scratch() as output:
        arguments = ["--tool=callgrind", f"--callgrind-out-file={os.devnull}", f"--log-file={output}", *command]
        _run_tool("valgrind", arguments, {**environment, "PYTHONHASHSEED": "0"})
        count = parse_callgrind_log(_read(output))
    if count is None:
        raise Unavailable("callgrind wrote no total")
    return count


def file_system_calls(calls: Mapping[str, int]) -> int:
    """Return how many of *calls* ask a file system something."""
    return sum(count for name, count in calls.items() if name in FILE_CALLS)


def parse_strace_summary(text: str) -> dict[str, int]:
    """Read the table of ``strace -c``; its errors column is empty more often than not."""
    row = re.compile(r"^\s*[\d.]+\s+[\d.]+\s+\d+\s+(\d+)\s+(?:\d+\s+)?(\w+)$", re.MULTILINE)
    return {name: int(count) for count, name in row.findall(text) if name != "total"}


def parse_perf_stat(text: str) -> int | None:
    """Read the count from ``perf stat -x,``; None for "<not supported>"."""
    found = re.search(r"^(\d+),[^,]*,instructions", text, re.MULTILINE)
    return int(found[1]) if found else None


def parse_callgrind_log(text: str) -> int | None:
    """Read the total from callgrind's log."""
    found = re.search(r"Collected\s*:\s*(\d+)", text)
    return int(found[1]) if found else None


def _run_tool(tool: str, arguments: Sequence[str], environment: Mapping[str, str]) -> None:
    path = shutil.which(tool)
    if path is None:
        raise Unavailable(f"{tool} is not installed")
    done = subprocess.run(
        [path, *arguments],
        env=dict(environment),
        stdin=subprocess.DEVNULL,
        stdout=subprocess.DEVNULL,
        stderr=subprocess.PIPE,
        text=True,
        errors="replace",
    )
    if done.returncode:
        last = done.stderr.strip().splitlines()[-1:] or ["no message"]
        raise Unavailable(f"{tool} failed ({done.returncode}): {last[0]}")


class _scratch(tempfile.TemporaryDirectory):  # type: ignore[type-arg]
    """The path of a file that does not exist yet, in a directory of its own."""

    def __enter__(self) -> str:
        return os.path.join(super().__enter__(), "output")


def _read(path: str) -> str:
    with open(path, encoding="utf-8", errors="replace") as file:
        return file.read()
