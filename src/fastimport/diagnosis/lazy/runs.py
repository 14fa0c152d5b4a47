"""Running a program to see whether it still does what it does: each run in an interpreter of its own."""

import contextlib
import marshal
import os
import shlex
import signal
import subprocess
import sys
import tempfile
import time
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from fastimport.diagnosis.bench.launcher import KEPT_PYTHON_VARIABLES, Program

_ROOT = str(Path(__file__).resolve().parents[3])
# A file, not -c: see diagnosis/record/session.py.
_BOOT = """\
import sys
before = {{"modules": set(sys.modules), "importers": set(sys.path_importer_cache) - {{__file__}}, "path": list(sys.path)}}
sys.path.insert(0, {root!r})
from {module} import main
main({{**{job!r}, "before": before}})
"""
PATIENCE = 10.0
"""Seconds that a run may take at least; otherwise ten times what it took when everything was eager."""


@dataclass(frozen=True)
class Outcome:
    """How a run ended: what others see of it, and what the process reported."""

    status: int
    stdout: bytes
    stderr: bytes
    seconds: float
    report: dict[str, Any] = field(default_factory=dict)

    @property
    def last_words(self) -> str:
        """The last line that the program wrote on stderr."""
        lines = self.stderr.decode(errors="replace").strip().splitlines()
        return lines[-1] if lines else ""


class Runner:
    """Starts the program; `module` is the name of the module whose ``main`` runs it in each interpreter."""

    def __init__(self, program: Program, module: str, until: str | None = None) -> None:
        self.program, self.module, self.until = program, module, until
        self.patience = PATIENCE
        self.environment = environment()

    def run(self, lazy: str = "none", observe: bool = False) -> Outcome:
        """One run, with the file `lazy` or without; `observe`: watched, which takes ten times as long."""
        with tempfile.TemporaryDirectory(prefix="fastimport-") as directory:
            report, boot = Path(directory, "report"), Path(directory, "boot.py")
            job = {
                "kind": {"module": "-m", "code": "-c", "script": "file"}[self.program.kind], "target": self.program.target,
                "arguments": list(self.program.arguments), "lazy": lazy, "observe": observe, "until": self.until,
                "report": str(report),
            }  # fmt: skip
            boot.write_text(_BOOT.format(root=_ROOT, module=self.module, job=job), encoding="utf-8")
            flags = subprocess._args_from_interpreter_flags()  # type: ignore[attr-defined]
            status, stdout, stderr, seconds = execute(
                [sys.executable, *flags, str(boot)], self.environment, self.patience * (60 if observe else 1)
            )
            return Outcome(status, stdout, stderr, seconds, _read(report))


def execute(command: list[str], environment: Mapping[str, str], patience: float) -> tuple[int, bytes, bytes, float]:
    """Run `command` without input: its status, what it wrote, and the seconds. Killed with its children after `patience`."""
    begun = time.perf_counter()
    process = subprocess.Popen(
        command, env=environment, stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=subprocess.PIPE, start_new_session=True
    )
    try:
        stdout, stderr = process.communicate(timeout=patience)
    except BaseException as error:
        with contextlib.suppress(OSError):
            os.killpg(process.pid, signal.SIGKILL)
        stdout, stderr = process.communicate()
        if not isinstance(error, subprocess.TimeoutExpired):
            raise
        stderr += f"\nended after {patience:.0f} s".encode()
    return process.returncode, stdout, stderr, time.perf_counter() - begun


def environment() -> dict[str, str]:
    """That of the runs: hashes, and so the order of sets, are the same in all; nothing of ours is switched on from outside."""
    kept = {name: value for name, value in os.environ.items() if _is_kept(name)}
    return {**kept, "PYTHONHASHSEED": "0"}


def _is_kept(name: str) -> bool:
    if name.startswith("FASTIMPORT"):
        return False
    return not name.startswith("PYTHON") or name in KEPT_PYTHON_VARIABLES or name == "PYTHONWARNINGS"


def check(command: str, environment: Mapping[str, str], patience: float) -> Outcome:
    """Run the command that says whether all is well, in the environment in which lazy imports are switched on, or not."""
    status, stdout, stderr, seconds = execute(["/bin/sh", "-c", command], environment, patience)
    return Outcome(status, stdout, stderr, seconds)


def described(program: Program) -> list[str]:
    """The words behind ``python`` that start the program."""
    return shlex.split(
        shlex.join({"module": ["-m"], "code": ["-c"], "script": []}[program.kind] + [program.target, *program.arguments])
    )


def _read(report: Path) -> dict[str, Any]:
    try:
        return dict(marshal.loads(report.read_bytes()))
    except (OSError, ValueError, EOFError, TypeError):
        return {}
