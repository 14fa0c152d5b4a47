"""Building this project, and using what was built, the way a user's tools do."""

import os
import shutil
import subprocess
import sys
from pathlib import Path

ROOT = Path(__file__).parents[2]
NOT_COPIED = shutil.ignore_patterns(
    ".git", ".venv*", ".*_cache", ".hypothesis", ".benchmarks", "__pycache__", "build", "dist", "*.egg-info", "*.so", "*.pyd"
)


def copy_project(target):
    """The source tree without anything that was built in it."""
    return Path(shutil.copytree(ROOT, target, ignore=NOT_COPIED))


def run(*command, **options):
    """The finished process, its output as text; it may have failed."""
    return subprocess.run([*map(str, command)], capture_output=True, text=True, **options)


def build(project, *arguments, **environment):
    """Run the build front end without fetching anything: the build requirements are among the test requirements."""
    environment = {**os.environ, "FASTIMPORT_BUILD": "release", **environment}
    return run(sys.executable, "-m", "build", "--no-isolation", *arguments, project, env=environment, cwd=project)


def succeeded(process):
    """Its output; the test fails with everything that the process said if it did not end well."""
    assert process.returncode == 0, process.stdout + process.stderr
    return process.stdout


class Environment:
    """A new virtual environment that holds one wheel, and nothing else."""

    def __init__(self, directory, wheel):
        self.scripts = directory / ("Scripts" if os.name == "nt" else "bin")
        self.python = self.scripts / ("python.exe" if os.name == "nt" else "python")
        succeeded(run(sys.executable, "-m", "venv", "--without-pip", directory))
        pip = (sys.executable, "-m", "pip", "--python", self.python, "--disable-pip-version-check")
        succeeded(run(*pip, "install", "--quiet", "--no-index", "--no-deps", wheel, cwd=directory))
        self.directory = directory

    def says(self, code):
        """What the code prints, run far away from the source tree."""
        return succeeded(run(self.python, "-I", "-W", "error", "-c", code, cwd=self.directory)).strip()
