"""Did both sides import the same modules from the same files?  One untimed run of each says so."""

import json
import os
import tempfile
from typing import Any, NamedTuple

from fastimport.diagnosis.bench import launcher, measure


class Account(NamedTuple):
    """What one variant's run imported."""

    active: bool
    modules: dict[str, str | list[str]]
    setup: frozenset[str]
    files: tuple[str, ...]
    uncompiled: int
    path_entries: int
    peak_bytes: int | None


def record(program: launcher.Program, variant: launcher.Variant) -> Account:
    """Run *program* once and return what it imported.

    Raises `measure.ProgramFailed`, also when the program leaves without running its exit functions (``os._exit``).
    """
    with tempfile.TemporaryDirectory() as directory:
        path = os.path.join(directory, "account.json")
        measure.run_once(launcher.command(program, variant, path), launcher.environment(variant))
        try:
            with open(path, encoding="utf-8") as file:
                return _account(json.load(file))
        except FileNotFoundError:
            raise measure.ProgramFailed("the program left without running its exit functions") from None


def differences(stock: Account, changed: Account) -> list[str]:
    """Return, in words, how *changed* differs from *stock*; an empty list is the promise kept.

    Modules that the setup itself brought (fastimport, and what it needs) do not count as the program's.
    """
    return [
        f"{name}: {_describe(stock, name)} without, {_describe(changed, name)} with"
        for name in sorted(stock.modules.keys() | changed.modules.keys())
        if stock.modules.get(name) != changed.modules.get(name) and not _comes_from_setup(name, stock, changed)
    ]


def _comes_from_setup(name: str, stock: Account, changed: Account) -> bool:
    return name not in stock.modules and name in changed.setup


def _describe(account: Account, name: str) -> str:
    return f"from {account.modules[name]}" if name in account.modules else "not imported"


def _account(raw: dict[str, Any]) -> Account:
    origins = [origin for origin in raw["modules"].values() if isinstance(origin, str)]
    sources = [origin for origin in origins if origin.endswith(".py") and os.path.isfile(origin)]
    bytecode = [path for path in raw["bytecode"] if os.path.isfile(path)]
    files = {*filter(os.path.isfile, origins), *bytecode, *filter(os.path.isfile, raw["libraries"])}
    return Account(
        active=raw["active"],
        modules=raw["modules"],
        setup=frozenset(raw["setup"]),
        files=tuple(sorted(files)),
        uncompiled=max(0, len(sources) - len(bytecode)),
        path_entries=len(raw["path"]),
        peak_bytes=raw["peak_bytes"],
    )
