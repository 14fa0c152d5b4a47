"""One start of a program: how long until its last statement, and until the process has ended.

The program itself tells when its last statement is done, through a pipe, by the clock that its parent reads too.
"""

import os
import subprocess
import sys
import tempfile
import time
from typing import NamedTuple

from fastimport.diagnosis.bench import launcher, measure

_DESCRIPTOR = "FASTIMPORT_BENCHMARK_READY"
# `os` and `time` are loaded in every interpreter that has run `site`.
TOLD = "import os as _os, time as _time; _os.write(int(_os.environ[{name!r}]), repr(_time.monotonic()).encode())"


class Start(NamedTuple):
    """Seconds from the start of the process to the end of the process, and to the end of the program's last statement."""

    seconds: float
    until_ready: float


def followed(program: launcher.Program, last: str) -> launcher.Program:
    """Return the program, given as code, with *last* as its last statements, also if it ends by `SystemExit`."""
    # Not indented below the `try`: that would change the lines of a string.
    code = f"try: exec(compile({program.target!r}, '<string>', 'exec'))\nexcept SystemExit: pass\n{last}\n"
    return program._replace(target=code)


def telling(program: launcher.Program) -> launcher.Program:
    """Return the program with a last statement that tells when all before it is done."""
    return followed(program, TOLD.format(name=_DESCRIPTOR))


def run(program: launcher.Program, variant: launcher.Variant) -> Start:
    """Start a program that `telling` returned.

    Raises `measure.ProgramFailed`, with the end of its stderr, if it fails.
    """
    reading, writing = os.pipe()
    environment = {**launcher.environment(variant), _DESCRIPTOR: str(writing)}
    command = launcher.command(program, variant)
    with open(reading, "rb") as pipe, tempfile.TemporaryFile() as errors:
        quiet = {"stdin": subprocess.DEVNULL, "stdout": subprocess.DEVNULL, "stderr": errors}
        started = time.monotonic()
        try:
            process = subprocess.Popen(command, env=environment, pass_fds=(writing,), **quiet)
        finally:
            os.close(writing)
        status = process.wait()
        ended = time.monotonic()
        if status:
            errors.seek(0)
            last = errors.read().decode(errors="replace").splitlines()[-measure.STDERR_LINES :]
            raise measure.ProgramFailed("\n".join([f"{sys.executable} ended with exit status {status}", *last]))
        return Start(ended - started, float(pipe.read()) - started)
