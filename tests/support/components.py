"""Real servers and tools: whether they are installed for this interpreter, started, and stopped whatever happens."""

import importlib.util
import os
import re
import signal
import subprocess
import sys
import time
from contextlib import contextmanager

import pytest

from support.installation import clean_environment


def needs(*modules):
    """Skip, saying why, where a component has no release for this interpreter (`make test` installs those that have)."""
    missing = [name for name in modules if importlib.util.find_spec(name) is None]
    reason = f"not installed for Python {sys.version_info[0]}.{sys.version_info[1]}: {', '.join(missing)}"
    return pytest.mark.skipif(bool(missing), reason=reason)


def under_fastimport(*words, options=()):
    """The command line of a Python program with fastimport in it and in its children."""
    return [sys.executable, "-m", "fastimport", "exec", *options, "--", sys.executable, *map(str, words)]


def run(command, *, cwd, timeout=300, **variables):
    """The finished process, its output as text."""
    environment = clean_environment(PYTHONDONTWRITEBYTECODE="1", **variables)
    return subprocess.run(command, cwd=cwd, env=environment, capture_output=True, text=True, timeout=timeout, check=False)


FILE_CALL = re.compile(
    r"^(?:\d+ +)?(open|openat|stat|lstat|newfstatat|statx|access|faccessat2?|readlink|readlinkat|getdents64)\("
)
"""A line of strace's that shows a call which looks something up in the file system."""


def traced(command, *, cwd, **variables):
    """What strace shows of a command that succeeds, without its children. Skips where strace may not trace."""
    path = os.path.join(cwd, "strace.txt")
    done = run(["strace", "-qq", "-s", "4096", "-o", path, *command], cwd=cwd, **variables)
    if "ptrace" in done.stderr:
        pytest.skip("strace may not trace here")
    assert done.returncode == 0, done.stderr
    with open(path, encoding="utf-8", errors="replace") as file:
        return file.read()


class Server:
    """A process with a log that can be waited for."""

    def __init__(self, command, cwd, **variables):
        self.log = os.path.join(cwd, "server.log")
        environment = clean_environment(PYTHONDONTWRITEBYTECODE="1", PYTHONUNBUFFERED="1", **variables)
        with open(self.log, "wb") as log:
            self.process = subprocess.Popen(
                command, cwd=cwd, env=environment, stdout=log, stderr=subprocess.STDOUT, start_new_session=True
            )

    def said(self):
        with open(self.log, encoding="utf-8", errors="replace") as log:
            return log.read()

    def wait_for(self, pattern, seconds=120, meanwhile=lambda: None):
        """The match of a regular expression in the log, as soon as it is there. `meanwhile` is called between looks."""
        end = time.monotonic() + seconds
        while time.monotonic() < end:
            match = re.search(pattern, self.said())
            if match:
                return match
            if self.process.poll() is not None:
                break
            meanwhile()
            time.sleep(0.05)
        raise AssertionError(f"{pattern!r} not in the log; exit status {self.process.poll()}\n{self.said()}")

    def stop(self, number=signal.SIGTERM, seconds=90):
        """Its exit status after a polite signal."""
        self.process.send_signal(number)
        return self.process.wait(seconds)


@contextmanager
def server(command, cwd, **variables):
    """A `Server`; killed with its whole session at the end, if it is still there."""
    started = Server(command, os.fspath(cwd), **variables)
    try:
        yield started
    finally:
        try:
            os.killpg(started.process.pid, signal.SIGKILL)
        except ProcessLookupError:
            pass
        started.process.wait()
