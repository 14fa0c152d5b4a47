"""What may have been meant: near names, the module of a distribution, a file name, a module of another Python."""

import difflib
import importlib.machinery
import importlib.metadata
import os
import re
import sys
from collections.abc import Iterator

from fastimport.diagnosis.explain.stages import Search

MOST = 5
_REMOVED = {
    (3, 12): "asynchat asyncore distutils imp smtpd",
    (3, 13): "aifc audioop cgi cgitb chunk crypt imghdr lib2to3 mailcap msilib nis nntplib ossaudiodev pipes sndhdr spwd sunau "
    "telnetlib uu xdrlib",
}
_SUFFIXES = sorted(importlib.machinery.all_suffixes(), key=len, reverse=True)

Suggestion = tuple[str, str, str]


def find(search: Search) -> Iterator[Suggestion]:
    """Yield the fields of a `Cause` for everything that comes near the name."""
    yield from _standard_library(search.name)
    if "." not in search.name:
        yield from _distribution(search.name)
    yield from _near_names(search)


def stem(file_name: str) -> str | None:
    """The module name that a listed name offers: itself for a directory, without suffix for a module; None if neither."""
    for suffix in _SUFFIXES:
        if file_name.endswith(suffix):
            file_name = file_name[: -len(suffix)]
            break
    return None if "." in file_name or not file_name.isidentifier() else file_name


def _standard_library(name: str) -> Iterator[Suggestion]:
    top = name.partition(".")[0]
    for version, names in _REMOVED.items():
        if top in names.split() and sys.version_info >= version:
            text = f"{top} was removed from the standard library in Python {version[0]}.{version[1]}"
            yield "removed", text, "drop the import, or install a stand-in from PyPI (setuptools brings distutils)"
    if name in sys.stdlib_module_names:
        text = f"{name} belongs to the standard library, and this installation does not have it"
        yield (
            "standard library",
            text,
            "install the rest of Python (Debian: python3-full, python3-tk), or build it with what it needs",
        )


def file_name(name: str) -> Iterator[Suggestion]:
    """People give ``spam.py``, which importlib takes for a module of package spam."""
    if name.endswith((".py", ".pyc", ".so", ".pyd")):
        stem = name.rpartition(".")[0]
        parts = [part for part in stem.replace(os.sep, "/").split("/") if part not in ("", ".")]
        dotted = ".".join(parts[:-1] if parts[-1:] == ["__init__"] else parts)
        how = f"leave the suffix off: {stem}" if dotted == stem else f"leave the suffix off, and write dots: {dotted}"
        yield "file name", f"{name} reads like the name of a file: importlib takes {stem} for a package", how


def _distribution(name: str) -> Iterator[Suggestion]:
    """People ask for the name that they installed: PyYAML is yaml."""
    wanted = _normalized(name)
    modules = {
        module
        for module, distributions in importlib.metadata.packages_distributions().items()
        if module != name and wanted in map(_normalized, distributions) and stem(module)
    }
    if modules:
        public = sorted(module for module in modules if not module.startswith("_")) or sorted(modules)
        text = f"{name} is an installed distribution, not a module: its modules are {', '.join(public[:MOST])}"
        yield "distribution", text, f"import {public[0]}"


def _normalized(name: str) -> str:
    return re.sub(r"[-_.]+", "-", name).lower()


def _near_names(search: Search) -> Iterator[Suggestion]:
    parent, _, tail = search.name.rpartition(".")
    offered = {each for answer in search.entries for name in answer.names if (each := stem(name)) and each != "__pycache__"}
    if not parent:
        offered |= set(sys.builtin_module_names)
    offered = {name for name in offered if name.casefold() != tail.casefold()}
    near = difflib.get_close_matches(tail.replace("-", "_"), offered, MOST, 0.75)
    if near:
        names = [f"{parent}.{name}" if parent else name for name in near]
        yield "near names", f"names near it are there: {', '.join(names)}", ""
