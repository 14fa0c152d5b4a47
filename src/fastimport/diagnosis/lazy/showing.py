"""The file of lazy imports in other forms: as a filter that needs no fastimport, as lines to edit, as ``__lazy_modules__``."""

import ast
import os
import pkgutil
import sys
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from importlib import util
from typing import Any

from fastimport.diagnosis.lazy.judging import is_standard

_FILTER = '''\
"""Postpones the imports of {program} that may be late (PEP 810, Python 3.15). Import this before anything else."""

import sys

MAY_BE_LATE = {{
{modules}}}
EXPLICIT = 1  # bit of the argument of IMPORT_NAME: the statement says `lazy` itself


def postpones(importer, name, names):
    """Whether this import is to be late: a filter as sys.set_lazy_imports_filter takes it."""
    frame = sys._getframe(1)
    if frame.f_code.co_code[frame.f_lasti + 1] & EXPLICIT or name in frame.f_globals.get("__lazy_modules__", ()):
        return True
    if name not in MAY_BE_LATE:
        return False
    if name in sys.modules:
        inner = [f"{{name}}.{{each}}" for each in names or ()]
        return any(each in MAY_BE_LATE and each not in sys.modules for each in inner)
    return MAY_BE_LATE[name].isdisjoint(names or ())


sys.set_lazy_imports_filter(postpones)
sys.set_lazy_imports("all")
'''


@dataclass(frozen=True)
class Statement:
    """An import statement of a source file that may be late, and what it may be replaced by."""

    path: str
    line: int
    now: str
    then: str
    modules: tuple[str, ...]


def without_waiting(data: Mapping[str, Any]) -> dict[str, Any]:
    """`data`, all being eager that waits for what it changes: only fastimport makes that up in time."""
    return {**data, "eager": {**data.get("eager", {}), **data.get("changes", {})}}


def as_filter(data: Mapping[str, Any], table: Mapping[str, frozenset[str] | None]) -> str:
    """Python code of a filter that does what fastimport's does, but for looking whether a module is there."""
    lines = [f"    {name!r}: frozenset({sorted(kept) if kept else ''}),\n" for name, kept in sorted(table.items())]
    return _FILTER.format(program=" ".join(data.get("program", ["a program"])).replace('"', "'"), modules="".join(lines))


def as_lines(statements: list[Statement]) -> str:
    """The lines of source files to edit."""
    width = max((len(each.now) for each in statements), default=0)
    return "".join(f"{each.path}:{each.line}: {each.now:<{width}}  ->  {each.then}\n" for each in statements)


def as_modules(statements: list[Statement]) -> str:
    """``__lazy_modules__`` for the top of each source file; Python before 3.15 takes no notice of it."""
    found: dict[str, dict[str, None]] = {}
    for each in statements:
        found.setdefault(each.path, {}).update(dict.fromkeys(each.modules))
    return "".join(f"{path}:\n    __lazy_modules__ = {list(modules)!r}\n" for path, modules in found.items())


def statements_of(
    data: Mapping[str, Any], table: Mapping[str, frozenset[str] | None], everything: bool = False
) -> list[Statement]:
    """Statements that may be late in the program's own source files; `everything`: in those of installed packages, too."""
    found: list[Statement] = []
    for name, path in _sources(data, everything):
        with open(path, "rb") as file:
            source = file.read()
        try:
            tree = ast.parse(source, path)
        except (SyntaxError, ValueError):
            continue
        is_package = os.path.basename(path).startswith("__init__.")
        package = name if is_package else name.rpartition(".")[0]
        found += [each for node in _at_top(tree.body) for each in _statement(node, os.path.relpath(path), package, table)]
    return found


def _sources(data: Mapping[str, Any], everything: bool) -> Iterator[tuple[str, str]]:
    installed = {name for name, version in data.get("packages", {}).items() if not version.startswith("files ")}
    program = data.get("program", [])
    if program[:1] not in (["-m"], ["-c"]) and program[:1] and os.path.isfile(program[0]):
        yield "__main__", os.path.abspath(program[0])
    started = [program[1], f"{program[1]}.__main__"] if program[:1] == ["-m"] else []
    names = [*data["lazy"]["modules"], *data.get("eager", ()), *started]
    for name in sorted(set(names)):
        path = None if is_standard(name) else locate(name)
        if path is not None and path.endswith(".py") and (everything or not _is_installed(path, installed)):
            yield name, path


def _is_installed(path: str, installed: set[str]) -> bool:
    return bool(installed) and ("site-packages" in path.split(os.sep) or "dist-packages" in path.split(os.sep))


def locate(name: str) -> str | None:
    """The source or extension file of a module, found without importing its package; None if there is none."""
    path, origin, parts = sys.path, None, name.split(".")
    for end in range(1, len(parts) + 1):
        origin, path = _find(".".join(parts[:end]), path)
        if origin is None and not path:
            return None
    return origin


def _find(name: str, path: list[str]) -> tuple[str | None, list[str]]:
    """Its file, and the path of a package: not by PathFinder, which asks the parent of a namespace package for its path."""
    portions: list[str] = []
    for entry in path:
        finder = pkgutil.get_importer(entry)
        spec = finder.find_spec(name) if finder is not None else None
        if spec is not None:
            locations = list(spec.submodule_search_locations or ())
            if spec.loader is not None:
                return (spec.origin if spec.has_location else None), locations
            portions += locations
    return None, portions


def _at_top(body: list[ast.stmt]) -> Iterator[ast.stmt]:
    """Statements that are executed at the top of the module and not in a ``try``: those can be late."""
    for node in body:
        yield node
        if isinstance(node, ast.If):
            yield from _at_top([*node.body, *node.orelse])
        elif isinstance(node, ast.With):
            yield from _at_top(node.body)


def _statement(node: ast.stmt, path: str, package: str, table: Mapping[str, frozenset[str] | None]) -> Iterator[Statement]:
    """What may be late of a statement that isn't late already."""
    if not isinstance(node, ast.Import | ast.ImportFrom) or getattr(node, "is_lazy", False):
        return
    now = ast.unparse(node)
    if isinstance(node, ast.Import):
        late = [alias for alias in node.names if alias.name in table]
        others = [alias for alias in node.names if alias.name not in table]
        if late:
            eager = f"; {ast.unparse(ast.Import(others))}" if others else ""
            modules = tuple(alias.name for alias in late)
            yield Statement(path, node.lineno, now, f"lazy {ast.unparse(ast.Import(late))}{eager}", modules)
        return
    name = _resolved(node, package)
    kept = table.get(name, frozenset(["*"])) or frozenset()
    if name != "__future__" and kept.isdisjoint(alias.name for alias in node.names) and node.names[0].name != "*":
        yield Statement(path, node.lineno, now, f"lazy {now}", (name,))


def _resolved(node: ast.ImportFrom, package: str) -> str:
    try:
        return util.resolve_name("." * node.level + (node.module or ""), package) if node.level else node.module or ""
    except ImportError:
        return ""
