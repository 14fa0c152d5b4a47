"""A recorded program as its sources tell it: every module that was imported, every statement that ran."""

import os
import tokenize
from collections.abc import Iterable, Mapping
from typing import Any

from fastimport.diagnosis.advice.statements import Source, Statement, read_source
from fastimport.diagnosis.record.model import Module, Recording

MAIN = "__main__"
_Files = Mapping[str, tuple[list[tuple[int, str]], list[str]]]


class Program:
    """`modules` by name, the statements that ran by the module that they stand in, and the names that ran code mentions."""

    def __init__(self, recording: Recording, usage: dict[str, Any], main: tuple[str, str, str] | None) -> None:
        """`main` is the file of ``__main__``, or ``<string>``, its text, and the package that it belongs to."""
        self.recording = recording
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
        self._imports: Mapping[str, list[int]] = usage.get("imports", {})
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
        self.mentioned[name] = source.mentioned | set(names)
        self.statements[name] = [each for each in source.statements if self._has_run(each, ran, self.mentioned[name])]

    def _has_run(self, statement: Statement, ran: set[tuple[int, str]], mentioned: set[str]) -> bool:
        """Whether it imported anything: seen where the file was watched, guessed where not. Late ones tell of no line."""
        if statement.function is not None and statement.function not in ran:
            return False
        if statement.is_lazy:
            return not mentioned.isdisjoint(statement.bound)
        lines = self._imports.get(statement.file)
        return lines is None or any(statement.line <= line <= statement.end_line for line in lines)

    def worth(self, names: Iterable[str]) -> int:
        """What it would save not to have these modules, in ns: their own costs."""
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
