"""Applications of any size, made on the spot, as Pynamic does for the dynamic loader.

    python benchmarks/generate.py DIRECTORY --modules 5000 --shape deep
    python benchmarks/generate.py DIRECTORY --entries 2000 --path namespace

Writes the files and prints the code that imports them all.  The same arguments give the same files.
"""

import argparse
import os
import sys
from collections.abc import Callable
from pathlib import Path

IMPORTS = 200
"""How many modules the code for a search path imports, whatever the path's length: cost per entry is what is asked."""

SHAPES = ("flat", "deep")
PATHS = ("empty", "packages", "modules", "namespace")
MODULES_PER_PACKAGE = 8
PACKAGES_PER_PACKAGE = 3
PACKAGES = 100
"""How many top-level packages `spread` makes: their names are what the search path is asked for."""

MODULE = '''"""Module {number}: what a module of an application is made of, in small."""

import sys

LIMIT = {number}


class Item{number}:
    """Something with a few methods."""

    size = LIMIT

    def grow(self, amount):
        self.size = min(self.size + amount, LIMIT * 2)
        return self

    def describe(self, *, prefix=""):
        return f"{{prefix}}{{type(self).__name__}} of {{self.size}}"


def make(count):
    return [Item{number}().grow(index) for index in range(count)]


REGISTRY = {{"name": __name__, "make": make, "platform": sys.platform}}
'''


def application(root: Path, modules: int, shape: str) -> str:
    """Write a package of so many modules into *root* and return code that imports each.

    ``flat`` has them all in one package; ``deep`` has eight in each package of a tree that grows with the number.
    """
    place = {"flat": lambda number: "application", "deep": _nested}[shape]
    names = [f"{place(number)}.module{number}" for number in range(modules)]
    for number, name in enumerate(names):
        _write_module(root, name, number)
    return _importing(root, [root], names)


def _nested(number: int) -> str:
    package = number // MODULES_PER_PACKAGE
    parts = []
    while package:
        package, branch = divmod(package - 1, PACKAGES_PER_PACKAGE)
        parts.append(f"branch{branch}")
    return ".".join(["application", *reversed(parts)])


def search_path(root: Path, entries: int, kind: str) -> str:
    """Make so many path entries in *root* and return code that imports `IMPORTS` modules from them.

    ``empty``: all modules are in one entry after the empty ones; ``packages``: each entry has a package or more;
    ``modules``: each has a single-file module or more; ``namespace``: each has a portion of one namespace package.
    """
    directories = [root / f"entry{number}" for number in range(entries)]
    for directory in directories:
        directory.mkdir(parents=True)
    homes = _homes(directories, kind)
    for number, directory in enumerate(homes):
        _write(directory / _NAMES[kind](number)[1], MODULE.format(number=number))
    return _importing(root, directories, [_NAMES[kind](number)[0] for number in range(IMPORTS)])


def spread(root: Path, modules: int, entries: int) -> str:
    """Write so many modules, in `PACKAGES` packages spread evenly over so many entries; return code that imports each."""
    directories = [root / f"entry{number}" for number in range(entries)]
    for directory in directories:
        directory.mkdir(parents=True)
    names = [f"package{number % PACKAGES}.module{number}" for number in range(modules)]
    for number, name in enumerate(names):
        home = directories[number % PACKAGES * entries // PACKAGES]
        _write_module(home, name, number)
    return _importing(root, directories, names)


def _homes(directories: list[Path], kind: str) -> list[Path]:
    """The directory of each module: first of those that are imported, spread evenly, then one for every other entry."""
    if kind == "empty":
        return [directories[-1]] * IMPORTS
    step = len(directories) / IMPORTS
    used = [directories[int(number * step)] for number in range(IMPORTS)]
    return used + sorted(set(directories) - set(used))


_NAMES: dict[str, Callable[[int], tuple[str, str]]] = {
    "empty": lambda number: (f"module{number}", f"module{number}.py"),
    "packages": lambda number: (f"package{number}", f"package{number}/__init__.py"),
    "modules": lambda number: (f"module{number}", f"module{number}.py"),
    "namespace": lambda number: (f"namespace.part{number}", f"namespace/part{number}.py"),
}


def _write_module(root: Path, name: str, number: int) -> None:
    *packages, tail = name.split(".")
    directory = root
    for package in packages:
        directory /= package
        if not (directory / "__init__.py").exists():
            _write(directory / "__init__.py", "")
    _write(directory / f"{tail}.py", MODULE.format(number=number))


def _write(path: Path, text: str) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(text, encoding="utf-8")


def _importing(root: Path, entries: list[Path], names: list[str]) -> str:
    tails = [os.fspath(entry.relative_to(root)) for entry in entries]
    lines = ["import os, sys", f"sys.path[:0] = [os.path.join({os.fspath(root)!r}, tail) for tail in {tails!r}]"]
    return "\n".join([*lines, *(f"import {name}" for name in names)]) + "\n"


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("directory", type=Path)
    size = parser.add_mutually_exclusive_group(required=True)
    size.add_argument("--modules", type=int, metavar="N")
    size.add_argument("--entries", type=int, metavar="N")
    parser.add_argument("--shape", choices=SHAPES, default="flat")
    parser.add_argument("--path", choices=PATHS, default="packages")
    arguments = parser.parse_args()
    root = arguments.directory.absolute()
    if arguments.modules:
        sys.stdout.write(application(root, arguments.modules, arguments.shape))
    else:
        sys.stdout.write(search_path(root, arguments.entries, arguments.path))
    return 0


if __name__ == "__main__":
    sys.exit(main())
