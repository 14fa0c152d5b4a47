"""What each path entry is: finder, file system, latency, what it offers, what it repeats."""

import os
import sys
import sysconfig
from collections.abc import Sequence
from dataclasses import dataclass, field

from fastimport.diagnosis import file_systems, latency
from fastimport.diagnosis.explain.candidates import ask_entry
from fastimport.diagnosis.explain.suggestions import stem
from fastimport.diagnosis.working_directory import here

NO_ANSWER = "does not answer"


@dataclass
class PathEntry:
    """One item of the search path. ``latency`` is in seconds for one failed ``stat``; None where there is nothing to ask."""

    index: int
    entry: str
    finder: str | None = None
    note: str = ""
    file_system: file_systems.FileSystem | None = None
    latency: float | None = None
    duplicate_of: int | None = None
    names: list[str] = field(default_factory=list)
    """Top-level names of modules and packages, as far as a listing tells."""
    shadows: dict[str, int] = field(default_factory=dict)
    """Names here that another entry has too, and that this entry wins: how many entries are shadowed."""

    @property
    def is_missing(self) -> bool:
        """Whether it does not exist; the zip file of the standard library need not."""
        return self.note == "does not exist" and not self.is_standard_archive

    @property
    def is_standard_archive(self) -> bool:
        """Whether it is the zip file that every interpreter has on its path, whether it is there or not."""
        return os.path.basename(self.entry) == f"python{sys.version_info[0]}{sys.version_info[1]}.zip"

    @property
    def is_current_directory(self) -> bool:
        """Whether the interpreter puts it there by itself."""
        return self.entry in ("", ".") or (self.index == 0 and self.entry == here())

    @property
    def answers(self) -> bool:
        """Whether it said anything in time."""
        return not self.note.startswith(NO_ANSWER)

    @property
    def is_archive(self) -> bool:
        return self.finder == "zipimporter"

    @property
    def is_slow(self) -> bool:
        return self.latency is not None and self.latency >= latency.SLOW

    @property
    def is_standard_library(self) -> bool:
        """Whether it holds the standard library: not to be moved or removed."""
        paths = {sysconfig.get_path("stdlib"), sysconfig.get_path("platstdlib"), sysconfig.get_config_var("DESTSHARED")}
        return self.is_standard_archive or self.entry in paths or os.path.basename(self.entry) == "lib-dynload"


def survey(path: Sequence[object], patience: float = latency.PATIENCE) -> list[PathEntry]:
    """Describe every str on `path`. An entry that does not answer within `patience` seconds is said not to."""
    mounts = file_systems.read_mounts()
    entries = [_describe(index, entry, mounts, patience) for index, entry in enumerate(path) if isinstance(entry, str)]
    _mark_duplicates(entries)
    _mark_shadows(entries)
    return entries


def _describe(index: int, entry: str, mounts: list[file_systems.Mount], patience: float) -> PathEntry:
    def look() -> PathEntry:
        answer = ask_entry("fastimport_no_such_module", index, entry)
        described = PathEntry(index, entry, answer.finder, answer.note)
        described.names = sorted({name for each in answer.names if (name := stem(each)) and name != "__pycache__"})
        if answer.finder is not None:
            described.file_system = file_systems.identify(entry, mounts)
            described.latency = latency.stat_latency(os.path.dirname(entry) if described.is_archive else entry or os.curdir)
        return described

    try:
        return latency.call_with_patience(look, patience)
    except TimeoutError as error:
        return PathEntry(index, entry, None, f"{NO_ANSWER}: {error}", latency=patience)


def _mark_duplicates(entries: list[PathEntry]) -> None:
    known: dict[str, int] = {}
    for entry in entries:
        if entry.finder is None:
            continue
        real = os.path.realpath(entry.entry or os.curdir)
        first = known.setdefault(real, entry.index)
        if first != entry.index:
            entry.duplicate_of = first


def _mark_shadows(entries: list[PathEntry]) -> None:
    """Ask the entries that list a name together what they have; directories without ``__init__`` shadow nothing."""
    where: dict[str, list[PathEntry]] = {}
    for entry in entries:
        if entry.duplicate_of is None:
            for name in entry.names:
                where.setdefault(name, []).append(entry)
    for name, having in where.items():
        if len(having) > 1:
            answers = [ask_entry(name, entry.index, entry.entry) for entry in having]
            real = [answer.index for answer in answers if answer.candidates and not answer.candidates[0].is_portion]
            if len(real) > 1:
                next(entry for entry in having if entry.index == real[0]).shadows[name] = len(real) - 1
