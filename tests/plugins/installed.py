"""Refuses to test anything but an installed, completely compiled fastimport.

`make test` loads it with -p. Without it a run could pass on the source tree, or on importlib: a
fastimport that lacks a compiled module leaves every answer to importlib, which is always right.
"""

import ast
import importlib
import sysconfig
from importlib.machinery import EXTENSION_SUFFIXES
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]


def required_modules():
    """The names in MODULES of setup.py, read without running it."""
    for node in ast.parse((ROOT / "setup.py").read_text(encoding="utf-8")).body:
        if isinstance(node, ast.Assign) and node.targets[0].id == "MODULES":
            return ast.literal_eval(node.value)
    raise LookupError("setup.py has no MODULES")


def missing_modules(package):
    """The required compiled modules that the directory of the package does not hold: all of them without their library."""
    library, *modules = required_modules()
    if not any((package / f"{library}{end}").is_file() for end in EXTENSION_SUFFIXES):
        return [library, *modules]
    return [name for name in modules if not (package / f"{name.replace('.', '/')}.py").is_file()]


def complaint(package):
    """What is wrong with the package that this interpreter imports, or None."""
    places = {Path(sysconfig.get_path(key)).resolve() for key in ("purelib", "platlib")}
    if package.resolve().parent not in places:
        return f"fastimport is imported from {package}, not from an installed wheel: use 'make test'"
    if missing := missing_modules(package):
        return f"compiled modules are missing from {package}: {', '.join(missing)}"
    return None


def pytest_configure(config):
    package = Path(importlib.import_module("fastimport").__file__).parent
    if problem := complaint(package):
        raise pytest.UsageError(problem)
    for name in required_modules():
        importlib.import_module(f"fastimport.{name}")


def pytest_report_header(config):
    return f"fastimport: {Path(importlib.import_module('fastimport').__file__).parent}"
