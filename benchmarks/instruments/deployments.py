"""Trees as deployments leave them: bytecode that is stale, or was never made, and nobody who may write it.

Each is made at one place, gets a snapshot there with one `fastimport build`, and is then unpacked anew at another.
"""

import os
import shutil
import subprocess
import sys
import sysconfig
import zipfile
from collections.abc import Callable
from pathlib import Path
from typing import NamedTuple

VERSION = f"python{sys.version_info.major}.{sys.version_info.minor}"
_NOT_NEEDED = ("test", "idlelib", "turtledemo", "tkinter", "ensurepip", "site-packages", "dist-packages", "pip")
NOBODY = 65534


class Deployment(NamedTuple):
    """A tree to be measured: its interpreter, what its processes find in their environment, and what it stands for."""

    name: str
    python: Path
    variables: dict[str, str]
    meaning: str


def unpacked_bundle(work: Path) -> Deployment:
    """As AWS Lambda does it: packages in a zip, whose unpacking gives every file a new time. The interpreter is compiled."""
    python = _interpreter(work / "python", compiled=True)
    bundle, task = work / "bundle", work / "task"
    _packages(bundle)
    _compile(python, bundle)
    _build(python, "-o", bundle / "app.fastimport", "--root", f"{bundle}={task}", PYTHONPATH=str(bundle))
    with zipfile.ZipFile(work / "bundle.zip", "w") as archive:
        for file in sorted(path for path in bundle.rglob("*") if path.is_file()):
            archive.write(file, file.relative_to(bundle))
    with zipfile.ZipFile(work / "bundle.zip") as archive:
        archive.extractall(task)
    os.chmod(task / "app.fastimport", 0o444)
    variables = {"PYTHONPATH": str(task), "FASTIMPORT_SNAPSHOT": str(task / "app.fastimport")}
    return Deployment("zip, unpacked again", python, variables, "packages' .pyc stale, read-only")


def layer_without_bytecode(work: Path) -> Deployment:
    """An image on a slim base whose .pyc were deleted, packages installed without compiling; nobody may write."""
    python = _interpreter(work / "stage", compiled=False)
    _packages(_site(work / "stage"))
    _build(python)
    return Deployment("image layer without .pyc", _copied(work, python), {}, "nothing compiled, read-only")


def uncompiled_library(work: Path) -> Deployment:
    """An interpreter as uv installs it, and a virtual environment on it; another user runs it."""
    base = _interpreter(work / "base", compiled=False)
    library = {"LD_LIBRARY_PATH": str(work / "base/lib")}
    subprocess.run([base, "-B", "-m", "venv", "--without-pip", work / "stage"], check=True, env=_clean(library))
    python = work / "stage/bin/python"
    _packages(_site(work / "stage"))
    _build(python, **library)
    meaning = "uv's Python and a virtual environment, nothing compiled"
    return Deployment("standard library not compiled", _copied(work, python), library, meaning)


def bytecode_not_written(work: Path) -> Deployment:
    """PYTHONDONTWRITEBYTECODE=1 where packages were installed, and where they run. The interpreter is compiled."""
    python = _interpreter(work / "stage", compiled=True)
    _packages(_site(work / "stage"))
    _build(python, PYTHONDONTWRITEBYTECODE="1")
    variables = {"PYTHONDONTWRITEBYTECODE": "1"}
    return Deployment("PYTHONDONTWRITEBYTECODE=1", _copied(work, python, shutil.copy2), variables, "packages not compiled")


Maker = Callable[[Path], Deployment]
ALL: tuple[Maker, ...] = (
    unpacked_bundle,
    layer_without_bytecode,
    uncompiled_library,
    bytecode_not_written,
)


def _interpreter(target: Path, *, compiled: bool) -> Path:
    """A copy of this interpreter and its standard library; times are kept, so that its bytecode holds if it has some."""
    base = Path(sys.base_prefix)
    for directory in ("bin", "lib"):
        (target / directory).mkdir(parents=True)
    python = target / "bin" / VERSION
    shutil.copy2(os.path.realpath(sys.executable), python)
    for library in base.glob("lib/libpython*"):
        shutil.copy2(library, target / "lib")
    ignored = shutil.ignore_patterns(*_NOT_NEEDED, "config-*", *(() if compiled else ("__pycache__",)))
    shutil.copytree(sysconfig.get_path("stdlib"), target / "lib" / VERSION, ignore=ignored)
    _site(target).mkdir()
    if compiled:
        _compile(python, target / "lib" / VERSION)
    return python


def _site(prefix: Path) -> Path:
    return prefix / "lib" / VERSION / "site-packages"


def _packages(target: Path) -> None:
    """What is installed here, fastimport included, without bytecode."""
    ignored = shutil.ignore_patterns("__pycache__", "pip", "setuptools", "tests")
    for directory in dict.fromkeys(map(sysconfig.get_path, ("purelib", "platlib"))):
        shutil.copytree(directory, target, ignore=ignored, dirs_exist_ok=True)


def _compile(python: Path, directory: Path) -> None:
    words = [python, "-m", "compileall", "-q", "-j", "0", directory]
    subprocess.run(words, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL, check=False, env=_clean(_libraries(python)))


def _build(python: Path, *words: object, **variables: str) -> None:
    command = [python, "-B", "-m", "fastimport", "build", "--by-content", *map(str, words)]
    subprocess.run(command, check=True, env=_clean(_libraries(python) | variables), stdout=subprocess.DEVNULL)


def _libraries(python: Path) -> dict[str, str]:
    return {"LD_LIBRARY_PATH": str(python.parent.parent / "lib")}


def _copied(work: Path, python: Path, copy: Callable[..., object] = shutil.copy) -> Path:
    """The stage at another place, every file written anew; the stage itself is removed."""
    shutil.copytree(work / "stage", work / "deployed", copy_function=copy, symlinks=True)
    shutil.rmtree(work / "stage")
    return work / "deployed" / python.relative_to(work / "stage")


def _clean(variables: dict[str, str]) -> dict[str, str]:
    return {"PATH": os.defpath, "HOME": os.devnull} | variables


def environment(deployment: Deployment) -> dict[str, str]:
    """The environment of its processes."""
    return _clean(_libraries(deployment.python) | deployment.variables)


def protect(work: Path) -> dict[str, int]:
    """Make sure that nobody who runs it can write: how to start processes, as keywords of `subprocess.run`."""
    if os.geteuid() == 0:
        return {"user": NOBODY, "group": NOBODY}
    for path in [work, *work.rglob("*")]:
        if not path.is_symlink():
            path.chmod(path.stat().st_mode & ~0o222)
    return {}
