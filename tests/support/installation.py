"""fastimport as an installer leaves it in a virtual environment: package, metadata, RECORD."""

import base64
import hashlib
import os
import shutil
import subprocess
import sys
import sysconfig
from pathlib import Path

import fastimport

PACKAGE = Path(fastimport.__file__).parent
METADATA = f"Metadata-Version: 2.1\nName: fastimport-finder\nVersion: {fastimport.__version__}\n"
WHEEL = "Wheel-Version: 1.0\nGenerator: tests\nRoot-Is-Purelib: false\n"


def clean_environment(**variables):
    """The environment without settings of the shell that runs the tests."""
    return {k: v for k, v in os.environ.items() if not k.startswith(("PYTHON", "FASTIMPORT"))} | variables


class Installation:
    """A new virtual environment with the fastimport that is under test; `site` is its site-packages."""

    def __init__(self, directory, *, with_fastimport=True, with_record=True):
        venv = (sys.executable, "-m", "venv", "--without-pip", directory)
        subprocess.run(venv, check=True, capture_output=True, env=clean_environment())
        self.move(directory)
        self.bare = self.files()
        if with_fastimport:
            self.install(with_record)

    def move(self, directory):
        """From now on it is at `directory`: somebody has copied it."""
        self.directory = Path(directory)
        self.python = self.directory / ("Scripts/python.exe" if os.name == "nt" else "bin/python")
        layout = {"base": str(self.directory), "platbase": str(self.directory)}
        self.site = Path(sysconfig.get_path("purelib", "venv", layout))
        self.info = self.site / f"fastimport_finder-{fastimport.__version__}.dist-info"
        self.package = self.site / "fastimport"

    def install(self, with_record):
        shutil.copytree(PACKAGE, self.package, ignore=shutil.ignore_patterns("__pycache__", "*.pyx", "*.c"))
        self.info.mkdir()
        for name, text in {"METADATA": METADATA, "WHEEL": WHEEL, "INSTALLER": "pip\n"}.items():
            (self.info / name).write_text(text, encoding="utf-8")
        if with_record:
            lines = [self.record_line(path) for path in sorted(self.files() - self.bare)]
            self.record.write_text("\n".join([*lines, f"{self.info.name}/RECORD,,"]) + "\n", encoding="utf-8")

    @property
    def record(self):
        return self.info / "RECORD"

    def record_line(self, name):
        data = (self.site / name).read_bytes()
        digest = base64.urlsafe_b64encode(hashlib.sha256(data).digest()).rstrip(b"=").decode()
        return f"{name},sha256={digest},{len(data)}"

    def files(self):
        """Everything in site-packages but bytecode, as relative paths."""
        found = (path.relative_to(self.site) for path in self.site.rglob("*") if path.is_file())
        return {path.as_posix() for path in found if "__pycache__" not in path.parts}

    def run(self, *arguments, **variables):
        """Run the environment's interpreter; warnings are errors."""
        return subprocess.run(
            [self.python, "-W", "error", *arguments],
            env=clean_environment(**variables),
            cwd=self.directory,
            capture_output=True,
            text=True,
            timeout=180,
            check=False,
        )

    def says(self, *arguments, **variables):
        """What it prints; it must succeed without a word on stderr."""
        done = self.run(*arguments, **variables)
        assert (done.returncode, done.stderr) == (0, ""), done.stdout + done.stderr
        return done.stdout.strip()

    def fastimport(self, *words, **variables):
        return self.run("-m", "fastimport", *words, **variables)
