"""The operating system in a bad mood, and other processes."""

import os
import resource
import subprocess
import sys
from contextlib import contextmanager

NOBODY = 65534


@contextmanager
def unprivileged():
    """File permissions count: root becomes nobody for a while."""
    if os.geteuid() != 0:
        yield
        return
    os.seteuid(NOBODY)
    try:
        yield
    finally:
        os.seteuid(0)


@contextmanager
def no_descriptors():
    """Every attempt to open a file fails with EMFILE."""
    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    lowest_free = os.open(os.devnull, os.O_RDONLY)
    os.close(lowest_free)
    resource.setrlimit(resource.RLIMIT_NOFILE, (lowest_free, hard))
    try:
        yield
    finally:
        resource.setrlimit(resource.RLIMIT_NOFILE, (soft, hard))


def python(*arguments, cwd=None, **variables):
    """Run this interpreter without the settings of the shell; give the completed process."""
    return run_python(sys.executable, *arguments, cwd=cwd, **variables)


def run_python(executable, *arguments, cwd=None, **variables):
    """The same with another interpreter."""
    kept = {k: v for k, v in os.environ.items() if not k.startswith(("PYTHON", "FASTIMPORT"))}
    return subprocess.run(
        [executable, *arguments],
        env=kept | variables,
        cwd=cwd,
        capture_output=True,
        text=True,
        timeout=300,
        check=False,
    )
