"""Search paths of a given length, and the sides that are asked to find things on them."""

import importlib.machinery
import os
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import NamedTuple

import fastimport

LEVELS = ("checked", "trusted")
SIDES = ("importlib", *LEVELS)
LONG_AGO = 1_600_000_000
MODULES_PER_ENTRY = 3
NAMES_IN_PACKAGE = 30


class SearchPath(NamedTuple):
    """A search path, and names on it."""

    entries: list[str]
    first: str
    last: str
    first_package: str
    absent: str


def build(root: Path, length: int) -> SearchPath:
    """Make *length* directories, each with a package and a few modules whose names occur nowhere else."""
    for number in range(length):
        entry = root / f"entry{number}"
        make_package(entry, f"package{number}", 0)
        for index in range(MODULES_PER_ENTRY):
            (entry / f"module{number}_{index}.py").touch()
        _settle(entry)
    entries = [os.fspath(root / f"entry{number}") for number in range(length)]
    return SearchPath(entries, "module0_1", f"module{length - 1}_1", "package0", "no_such_module")


def make_package(parent: Path, name: str, names: int = NAMES_IN_PACKAGE) -> Path:
    """Make a package with *names* modules ``module0`` … and as many packages ``package0`` …, and return its directory."""
    package = parent / name
    package.mkdir(parents=True)
    (package / "__init__.py").touch()
    for index in range(names):
        (package / f"module{index}.py").touch()
        (package / f"package{index}").mkdir()
        (package / f"package{index}" / "__init__.py").touch()
    _settle(package)
    return package


def _settle(directory: Path) -> None:
    # A directory that changed just now is read again at each look-up: its next change could have the same mtime.
    os.utime(directory, (LONG_AGO, LONG_AGO))


@contextmanager
def active(side: str, entries: list[str]) -> Iterator[type[importlib.machinery.PathFinder]]:
    """Put *side* in charge, with *entries* as ``sys.path`` and nothing remembered; put everything back afterwards."""
    saved = sys.path, sys.path_importer_cache
    sys.path, sys.path_importer_cache = list(entries), {}
    try:
        if side in LEVELS:
            fastimport.install(freshness=side)
            yield fastimport.PathFinder
        else:
            yield importlib.machinery.PathFinder
    finally:
        fastimport.uninstall()
        sys.path, sys.path_importer_cache = saved


def answer(finder: type[importlib.machinery.PathFinder], name: str, path: list[str] | None = None) -> object:
    """Ask *finder* and return its answer in a form that can be compared."""
    spec = finder.find_spec(name, path)
    if spec is None:
        return None
    locations = spec.submodule_search_locations
    listed = None if locations is None else list(locations)
    # The name of the loader's class: the quicker source loader is a subclass of importlib's, of the same name.
    loader = type(spec.loader).__qualname__, vars(spec.loader)
    return spec.name, spec.origin, spec.cached, spec.has_location, listed, *loader


def expected(entries: list[str], name: str, path: list[str] | None = None) -> object:
    """Return importlib's answer."""
    with active("importlib", entries) as finder:
        return answer(finder, name, path)
