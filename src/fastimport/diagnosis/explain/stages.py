"""The whole search for a name: every finder on ``sys.meta_path``, every path entry, and who wins."""

import importlib.machinery
import sys
from collections.abc import Iterable
from dataclasses import dataclass, field
from typing import Any

from fastimport.diagnosis.explain import candidates as offers
from fastimport.diagnosis.explain.candidates import Candidate, EntryAnswer, ask_entry, candidate_of, shown
from fastimport.finding.finder import StockPathFinder


@dataclass
class Stage:
    """What one finder of ``sys.meta_path`` says; ``entries`` is filled for PathFinder only."""

    index: int
    finder: str
    source: str | None
    candidates: list[Candidate] = field(default_factory=list)
    entries: list[EntryAnswer] | None = None
    note: str = ""
    error: Exception | None = None


@dataclass
class Search:
    """The stages in order, and the winner; ``error`` is what the import would end with before it finds anything."""

    name: str
    stages: list[Stage]
    winner: Candidate | None = None
    error: Exception | None = None

    @property
    def candidates(self) -> list[Candidate]:
        """All of them, in the order in which the import meets them."""
        return [candidate for stage in self.stages for candidate in stage.candidates]

    @property
    def entries(self) -> list[EntryAnswer]:
        """The answers of the path entries."""
        return [answer for stage in self.stages for answer in stage.entries or ()]

    @property
    def locations(self) -> list[str] | None:
        """Where the winner's submodules are searched for, as far as that is known without importing it."""
        if self.winner is None:
            return None
        if not self.winner.is_portion:
            return self.winner.locations
        parts = [c for c in self.candidates if c.stage == self.winner.stage and c.outcome != offers.SHADOWED]
        return [location for part in parts for location in part.locations or ()]


def search(name: str, path: Iterable[Any] | None) -> Search:
    """Ask every finder for `name`, as an import statement would, but all of them: also those behind the winner.

    `path` is the ``__path__`` of the parent, or None for a top-level name.
    """
    stages = [_ask_stage(name, path, index, finder) for index, finder in enumerate(list(sys.meta_path or ()))]
    found = Search(name, stages)
    for stage in stages:
        found.winner, found.error = _first(stage)
        if found.winner or found.error:
            break
    if found.winner is not None:
        found.winner.outcome = offers.WINS
        for candidate in found.candidates:
            if found.winner.is_portion and candidate.is_portion and candidate.stage == found.winner.stage:
                candidate.outcome = offers.WINS if candidate is found.winner else offers.TAKES_PART
    return found


def _first(stage: Stage) -> tuple[Candidate | None, Exception | None]:
    """The candidate that this stage answers with, or the exception. A portion is an answer if nothing else is."""
    if stage.entries is None:
        return (stage.candidates[0] if stage.candidates else None), stage.error
    portions = []
    for answer in stage.entries:
        if answer.error is not None:
            return None, answer.error
        if answer.candidates and not answer.candidates[0].is_portion:
            return answer.candidates[0], None
        portions += answer.candidates[:1]
    return (portions[0] if portions else None), None


def _ask_stage(name: str, path: Iterable[Any] | None, index: int, finder: Any) -> Stage:
    stage = Stage(index, _name_of(finder), _source_of(finder))
    if is_path_finder(finder):
        entries = list(sys.path if path is None else path)
        stage.entries = [ask_entry(name, number, entry) for number, entry in enumerate(entries)]
        stage.candidates = [candidate for answer in stage.entries for candidate in answer.candidates]
    elif not hasattr(finder, "find_spec"):
        stage.note = "has no find_spec: not asked"
    else:
        _ask_finder(name, path, finder, stage)
    for candidate in stage.candidates:
        candidate.stage = index
    return stage


def _ask_finder(name: str, path: Iterable[Any] | None, finder: Any, stage: Stage) -> None:
    try:
        spec = finder.find_spec(name, path, None)
    except Exception as error:
        stage.error, stage.note = error, f"raises {shown(error)}: the import ends there"
        return
    if spec is None:
        return
    candidate = candidate_of(spec, stage.finder)
    if finder is importlib.machinery.BuiltinImporter:
        candidate.kind = offers.BUILT_IN
    elif finder is importlib.machinery.FrozenImporter:
        candidate.kind = offers.FROZEN
    stage.candidates.append(candidate)


def is_path_finder(finder: Any) -> bool:
    """Whether it is importlib's PathFinder, or fastimport's in its place: both search as is explained here."""
    return isinstance(finder, type) and (
        finder is StockPathFinder or (issubclass(finder, StockPathFinder) and finder.__module__ == "fastimport.finding.finder")
    )


def _name_of(finder: Any) -> str:
    return finder.__name__ if isinstance(finder, type) else type(finder).__name__


def _source_of(finder: Any) -> str | None:
    """The file of a finder that is not the interpreter's, so that one knows whose it is."""
    cls = finder if isinstance(finder, type) else type(finder)
    if cls.__module__.startswith("_frozen_importlib"):
        return None
    file = getattr(sys.modules.get(cls.__module__), "__file__", None)
    return file if isinstance(file, str) else cls.__module__
