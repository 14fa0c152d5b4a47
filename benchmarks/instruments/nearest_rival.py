"""PyCDS (code-data-share), which maps code objects: the nearest rival of a frozen snapshot, for CPython 3.8 to 3.12.

It is fetched from the package index into a directory of its own, so that its ``.pth`` line takes part in no other side.
"""

import os
import subprocess
import sys
from collections.abc import Sequence
from pathlib import Path

from fastimport.diagnosis.bench import launcher, measure

NAME = "PyCDS"
REQUIREMENT = "code-data-share==0.1.0"
LAST_VERSION = (3, 12)
PLACE = Path(__file__).resolve().parents[2] / "build" / "benchmarks" / f"pycds-{sys.implementation.cache_tag}"
FETCH_LIMIT_S = 120


class Unavailable(RuntimeError):
    """It can't run here; the message says why."""


def fetched(place: Path = PLACE) -> Path:
    """Return the directory that it is in, after fetching it if it is not there yet.

    Raises `Unavailable` with the reason.
    """
    if sys.version_info[:2] > LAST_VERSION:
        raise Unavailable(f"{REQUIREMENT} has no release for this Python, and its source does not compile")
    if (place / "cds").is_dir():
        return place
    command = [sys.executable, "-m", "pip", "install", "--quiet", "--disable-pip-version-check", "--only-binary", ":all:"]
    try:
        subprocess.run(
            [*command, "--no-deps", "--target", os.fspath(place), REQUIREMENT],
            check=True, capture_output=True, text=True, timeout=FETCH_LIMIT_S,
        )  # fmt: skip
    except subprocess.TimeoutExpired:
        raise Unavailable(f"{REQUIREMENT} could not be fetched within {FETCH_LIMIT_S} s") from None
    except subprocess.CalledProcessError as error:
        raise Unavailable(f"{REQUIREMENT} can't be fetched: {(error.stderr.strip().splitlines() or ['no reason'])[-1]}") from None
    return place


def using(place: Path, call: str) -> str:
    """Return the setup that makes *call* with its package."""
    return f"import sys; sys.path.append({os.fspath(place)!r}); import cds; sys.path.pop(); {call}; del cds"


def setup(place: Path, archive: Path) -> str:
    """Return the setup of a program that takes its code objects from *archive*."""
    return using(place, f"cds.share({os.fspath(archive)!r})")


def prepare(program: launcher.Program, directory: Path, place: Path) -> Path:
    """Trace *program* and make the archive of what it imports, in *directory*; return its path.

    Raises `Unavailable`, with the last line of what its own command says.
    """
    names = directory / "names.txt"
    tracing = launcher.Variant("tracing", using(place, f"cds.trace({os.fspath(names)!r})"), False)
    measure.run_once(launcher.command(program, tracing), launcher.environment(tracing))
    return dump([sys.executable], names, directory / "archive.img", place)


def dump(python: Sequence[str], names: Path, archive: Path, place: Path, path: str = "") -> Path:
    """Make the archive of the modules whose *names* were traced, *path* being where they are besides."""
    # Its last call is the `exit` that site makes, which is not there under -S.
    first = f"import builtins, sys; builtins.exit = sys.exit; sys.path[0:0] = {[path] if path else []!r}; "
    code = f"{first}{using(place, 'cds._cds._set_mode(-1)')}; sys.path.append({os.fspath(place)!r}); "
    code += f"from cds import dump; dump.run_dump({os.fspath(names)!r}, {os.fspath(archive)!r})"
    environment = launcher.environment(launcher.STOCK)
    done = subprocess.run([*python, "-c", code], env=environment, stdin=subprocess.DEVNULL, capture_output=True, text=True)
    if done.returncode or not archive.exists():
        said = done.stderr.strip().splitlines() or [f"exit status {done.returncode}"]
        raise Unavailable(f"{REQUIREMENT} could not make its archive: {said[-1]}")
    return archive
