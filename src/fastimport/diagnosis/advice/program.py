"""A recorded program as its sources tell it: every module that was imported, every statement that ran."""

import os
import tokenize
from collections.abc import Iterable, Mapping
from typing import Any

from fastimport.diagnosis.advice.statements import Source, Statement, read_source
from fastimport.diagnosis.record.model import Module, Recording
from fastimport.diagnosis.report.view import sums

MAIN = "__main__"
_Files = Mapping[str, tuple[list[tuple[int, str]], list[str]]]


class Program:
    """`modules` by name, the statements that ran by the module that they stand in, and the names that ran code mentions."""

    def __init__(self, recording: Recording, usage: dict[str, Any], main: tuple[str, str, str] | None) -> None:
        """`main` is the file of ``__main__``, or ``<string>``, its text, and the package that it belongs to."""
        self.recording = recording
        collecting = sums(recording).get("collect", 0)
        self._collecting = collecting / max(1, recording.total_ns - collecting)
        self.modules: dict[str, Module] = {}
        for module in recording.modules:
            if module.error is None:
                self.modules.setdefault(module.name, module)
        self.statements: dict[str, list[Statement]] = {}
        self.mentioned: dict[str, set[str]] = {}
        self.sources: dict[str, Source] = {}
        self.texts: dict[str, str] = {}
        self.owner: dict[str, str] = {}
        files: _Files = usage.get("files", {})
        for name, file, text in self._texts():
            self._read(name, file, text, name if _is_package(file) else name.rpartition(".")[0], files)
        if main is not None:
            self._read(MAIN, main[0], main[1], main[2], files)

    def _texts(self) -> Iterable[tuple[str, str, str]]:
        for name, module in self.modules.items():
            file = module.origin or ""
            if file.endswith(".py"):
                try:
                    with tokenize.open(file) as stream:
                        yield name, file, stream.read()
                except (OSError, SyntaxError, UnicodeDecodeError):
                    continue

    def _read(self, name: str, file: str, text: str, package: str, files: _Files) -> None:
        try:
            source = read_source(file, text, package)
        except (SyntaxError, ValueError, RecursionError):
            return
        functions, names = files.get(file, ([], []))
        ran = {(line, called) for line, called in functions}
        self.sources[name], self.texts[name], self.owner[file] = source, text, name
        self.statements[name] = [each for each in source.statements if each.function is None or each.function in ran]
        self.mentioned[name] = source.mentioned | set(names)

    def worth(self, names: Iterable[str]) -> int:
        """What it would save not to have these modules, in ns: their own costs, and their part of what collecting garbage costs.

        The collector is run by objects that are made, and visits what there is: both go with the time that modules take.
        """
        names = list(names)
        return self._own(names) + self.collecting(names)

    def collecting(self, names: Iterable[str]) -> int:
        """The part of these modules in what collecting garbage costs, in ns."""
        return int(self._own(names) * self._collecting)

    def _own(self, names: Iterable[str]) -> int:
        return sum(self.modules[name].self_ns for name in names)

    def package_of(self, name: str) -> str:
        """What relative imports in a module start at."""
        return name if _is_package(self.modules[name].origin or "") else name.rpartition(".")[0]

    def targets(self, statement: Statement) -> list[str]:
        """The modules of the recording that a statement asks for."""
        names = [statement.module, *(f"{statement.module}.{name}" for name in statement.names)]
        found = [name for name in names if name in self.modules]
        while not found and "." in names[0]:  # the rest is an attribute, or was there before the recording
            names = [names[0].rpartition(".")[0]]
            found = [name for name in names if name in self.modules]
        return found


def _is_package(file: str) -> bool:
    return os.path.basename(file).startswith("__init__.")
