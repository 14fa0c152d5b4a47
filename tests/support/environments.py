"""Virtual environments made in a moment: no pip, and this fastimport on their path by a .pth file."""

import os
import sysconfig
import venv
from pathlib import Path

import fastimport
from support.process import run_python

HOME = os.path.dirname(os.path.dirname(os.path.abspath(fastimport.__file__)))


class Environment:
    """A new virtual environment below `directory`, whose site-packages can be planted with trees."""

    def __init__(self, directory):
        self.directory = Path(directory)
        venv.create(directory, symlinks=True)
        self.python = str(self.directory / "bin" / "python")
        self.site_packages = Path(sysconfig.get_path("purelib", "venv", {"base": str(self.directory)}))
        self.add("aaa_fastimport.pth", HOME)

    def add(self, name, text):
        """A file in site-packages."""
        path = self.site_packages / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text)
        return str(path)

    def run(self, *arguments, **variables):
        """Run its interpreter far away from the source tree."""
        return run_python(self.python, *arguments, cwd=self.directory, **variables)
