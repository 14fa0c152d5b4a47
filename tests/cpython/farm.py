"""A throw-away copy of a Python installation in which every interpreter activates fastimport, or none does.

CPython's import tests start hundreds of interpreters, most of them with -I or -E. Only a .pth file in the installation's own
site directory is read by all of those (-S excepted), and neither the installation nor a virtual environment will do: the first
is shared, and several tests behave otherwise in the second. The same copy serves both sides of a comparison: nothing but
the line in its .pth file differs between them.
"""

import json
import os
import shutil
import subprocess
from dataclasses import dataclass
from pathlib import Path
from typing import NamedTuple

OURS = [Path(__file__).with_name(name) for name in ("comparison_startup.py", "comparison_runner.py")]
LEFT_OUT = shutil.ignore_patterns("site-packages", "dist-packages", "*.opt-?.pyc", "*.a", "*.pyc.*", "EXTERNALLY-MANAGED")

LAYOUT_QUERY = """
import importlib.util, json, os, sys, sysconfig
found = importlib.util.find_spec("fastimport")
print(json.dumps({
    "executable": getattr(sys, "_base_executable", sys.executable),
    "prefix": sys.base_prefix,
    "library": os.path.dirname(os.__file__),
    "include": sysconfig.get_path("include", vars={"installed_base": sys.base_prefix}),
    "version": "%d.%d" % sys.version_info[:2],
    "fastimport": found and list(found.submodule_search_locations)[0],
}))
"""
PROBE = """
import json, sys
from importlib.machinery import PathFinder
import argparse, asyncio, decimal, email.message, http.client, logging, unittest  # enough for one that waits until it pays
fastimport = sys.modules.get("fastimport")
if fastimport is None or not fastimport.installed():
    print(json.dumps([None, False]))
else:
    stats = fastimport.stats()
    assert stats.hits > 0, "installed, but importlib did all the work"
    assert not SNAPSHOT or (stats.snapshot_codes > 0 and stats.unmarshalled is None), stats
    print(json.dumps([fastimport.describe()["register"], PathFinder is fastimport.PathFinder]))
"""


class Activation(NamedTuple):
    """How fastimport is switched on; `register` None is the stock side.

    `enabled` is what ``fastimport enable`` does; with `snapshot`, the standard library has one, so that its code is ready-made.
    """

    register: str | None = None
    freshness: str = "checked"
    replace: bool = False
    enabled: bool = False
    snapshot: bool = False

    @property
    def label(self):
        if self.register is None:
            return "stock"
        flags = ", ".join(name for name in self._fields[2:] if getattr(self, name))
        return f"{self.register}, {self.freshness}" + (f", {flags}" if flags else "")


@dataclass
class Farm:
    """The copied installation: its interpreter, its standard library, and the directory where its .pth file lives."""

    root: Path
    python: Path
    library: Path
    site: Path
    version: str

    def activate(self, activation):
        """Write the .pth line, then prove in children that it does what it says, under -I and -E as well."""
        line = self.site / "comparison.pth"
        line.unlink(missing_ok=True)
        self.fastimport("disable")
        if activation.snapshot:
            self.fastimport("build")
        if activation.enabled:
            self.fastimport("enable", "--register", activation.register, "--freshness", activation.freshness)
        else:
            call = f"comparison_startup.activate({activation.register!r}, {activation.freshness!r}, {activation.replace!r})"
            line.write_text(f"import comparison_startup; {call}\n")
        self.prove(activation)

    def prove(self, activation):
        for flags in ([], ["-I"], ["-E", "-s"]):
            found = json.loads(query(self.python, f"SNAPSHOT = {activation.snapshot}\n{PROBE}", *flags))
            if found != [activation.register, activation.replace]:
                raise SystemExit(f"{self.python} {' '.join(flags)}: {found}, not what {activation.label} asks for")

    def fastimport(self, *words):
        command = [str(self.python), "-m", "fastimport", *words]
        done = subprocess.run(command, capture_output=True, text=True, env=clean_environment(), timeout=600)
        if done.returncode != 0:
            raise SystemExit(f"{' '.join(command)}: exit status {done.returncode}\n{done.stdout}{done.stderr}")


def clean_environment():
    """The environment without PYTHON* and FASTIMPORT*: PYTHONDONTWRITEBYTECODE skips 85 tests of test_importlib."""
    return {k: v for k, v in os.environ.items() if not k.startswith(("PYTHON", "FASTIMPORT"))}


def query(python, code, *flags):
    command = [str(python), *flags, "-c", code]
    done = subprocess.run(command, capture_output=True, text=True, env=clean_environment(), timeout=180)
    if done.returncode != 0:
        raise SystemExit(f"{python} {' '.join(flags)}: exit status {done.returncode}\n{done.stderr}")
    return done.stdout


def make_farm(python, root):
    """Copy the installation behind `python`, and the fastimport that `python` imports, to `root`."""
    layout = json.loads(query(python, LAYOUT_QUERY))
    if layout["fastimport"] is None:
        raise SystemExit(f"{python} can't import fastimport: install it there first")
    prefix, library = Path(layout["prefix"]), Path(layout["library"])
    if not (library / "test" / "test_importlib").is_dir():
        raise NoTestPackage(f"{python}: no 'test' package in {library}")
    executable = root / "bin" / Path(layout["executable"]).name
    if not executable.exists():
        copy_installation(layout, prefix, library, executable, root)
    site = Path(json.loads(query(executable, "import json, site; print(json.dumps(site.getsitepackages()[0]))", "-S")))
    site.mkdir(parents=True, exist_ok=True)
    copy_fastimport(Path(layout["fastimport"]), site)
    return Farm(root, executable, root / library.relative_to(prefix), site, layout["version"])


class NoTestPackage(Exception):
    """The interpreter was installed without CPython's tests."""


def copy_installation(layout, prefix, library, executable, root):
    """Copies, not links: getpath resolves a linked executable to its old prefix, and tests write beside their own sources."""
    shutil.copytree(library, root / library.relative_to(prefix), ignore=LEFT_OUT, ignore_dangling_symlinks=True)
    include = Path(layout["include"])
    if include.is_dir() and include.is_relative_to(prefix):
        target = root / include.relative_to(prefix)
        target.parent.mkdir(parents=True, exist_ok=True)
        target.symlink_to(include)
    executable.parent.mkdir(parents=True)
    shutil.copy2(layout["executable"], executable)


def copy_fastimport(package, site):
    """A copy, so that a rebuild during a run of several minutes does not change what is tested."""
    target = site / "fastimport"
    shutil.rmtree(target, ignore_errors=True)
    shutil.copytree(package, target, ignore=shutil.ignore_patterns("__pycache__", "*.c", "*.pyx"))
    for module in OURS:
        shutil.copy2(module, site)
