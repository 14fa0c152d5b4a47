"""Whether fastimport and importlib give the same answers in this environment.

Every name that the directories and archives of a search path offer is asked of both finders, and beside each a name
that is not there. Nothing is imported or executed. The finders are given importer caches of their own: over a shared
one they would share listings, and a listing that is wrong would be wrong for both.

Then the loaders in some or all of the specs are asked what they do: those of ours with fastimport installed, importlib's without,
since what makes loaders quicker is in importlib's own classes.
"""

import importlib.machinery
import os
import pkgutil
import sys
from collections import Counter
from collections.abc import Callable, Iterable, Iterator, Sequence
from contextlib import contextmanager
from importlib.machinery import ModuleSpec
from time import perf_counter
from types import ModuleType
from typing import Any, NamedTuple

from fastimport import activation
from fastimport.diagnosis.verification import loaders
from fastimport.diagnosis.verification.specs import Outcome, is_equal, outcome_of
from fastimport.finding.finder import PathFinder, StockPathFinder
from fastimport.state import describe

_FIRST, _EACH = 20, 20  # of each kind of spec, the loaders of the first ones are asked, then of each twentieth
_SETTINGS = ("freshness", "register", "snapshot", "collector", "arenas")
_AT_ONCE = 400  # whose code is held at a time


class Difference(NamedTuple):
    """One thing that the finders see differently."""

    name: str
    field: str
    stock: object
    ours: object


class _Found(NamedTuple):
    """What both finders found under one name on one path."""

    name: str
    path: Sequence[str] | None
    specs: tuple[Any, Any]


class Result(NamedTuple):
    """What a verification found."""

    freshness: str | None
    found: int
    """Names that importlib finds."""
    absent: int
    """Names that importlib does not find."""
    errors: int
    """Names for which importlib raises."""
    seconds: float
    differences: list[Difference]
    loaders: int
    """Specs whose loaders were asked what they do."""


def verify(
    path: Sequence[str] | None = None,
    tops: Iterable[str] = (),
    freshness: Any = "checked",
    progress: Callable[[int], object] = lambda count: None,
    snapshot: str | None = None,
    deep: bool = False,
) -> Result:
    """Ask both finders for every name on `path` (default: ``sys.path``), or only for `tops` and the names below.

    `progress` is called with the number of names asked so far; `snapshot` is the path of one to use. The loaders of all specs are
    asked for code, source, data and resources if `deep`, otherwise those of a sample.
    Raises `RuntimeError` if fastimport can't be installed.
    """
    start = perf_counter()
    with _installed(freshness, snapshot) as actual:
        comparison = _Comparison(progress, deep)
        comparison.ask_below(sys.path if path is None else path, path, frozenset(tops))
    for first in range(0, len(comparison.sample), _AT_ONCE):
        _compare_loaders(comparison, comparison.sample[first : first + _AT_ONCE], freshness, snapshot)
    found, absent, errors = comparison.counts
    return Result(actual, found, absent, errors, perf_counter() - start, comparison.differences, len(comparison.sample))


def _compare_loaders(comparison: "_Comparison", sample: list[_Found], freshness: Any, snapshot: str | None) -> None:
    with _installed(freshness, snapshot):
        ours = [comparison.ask_loader(1, found) for found in sample]
    with _uninstalled():
        for found, answers in zip(sample, ours, strict=True):
            told = loaders.differences(comparison.ask_loader(0, found), answers)
            comparison.differences += [Difference(found.name, *each) for each in told]


@contextmanager
def _installed(freshness: Any, snapshot: str | None) -> Iterator[str]:
    """fastimport at a level, with importlib's own class as it was made; then whatever was before."""
    with _uninstalled():
        activation.install(freshness=freshness, snapshot=snapshot)
        state = describe()
        if not state["active"]:
            raise RuntimeError(state["obstacle"] or "switched off by FASTIMPORT=0")
        yield state["freshness"]


@contextmanager
def _uninstalled() -> Iterator[None]:
    """importlib alone; then whatever was before."""
    before = describe()
    cache = sys.path_importer_cache
    activation.uninstall()
    try:
        yield
    finally:
        sys.path_importer_cache = cache
        activation.uninstall()
        if before["active"]:
            activation.install(**{name: before[name] for name in _SETTINGS})


class _Comparison:
    """Asks both finders and notes what differs."""

    def __init__(self, progress: Callable[[int], object], deep: bool) -> None:
        self.progress = progress
        self.deep = deep
        self.asked = 0
        self.sample: list[_Found] = []
        self.kinds = Counter[tuple[type, bool]]()
        self.counts = [0, 0, 0]
        self.differences: list[Difference] = []
        self.caches: tuple[dict[str, object], dict[str, object]] = ({}, {})

    def ask_below(self, entries: Sequence[str], path: Sequence[str] | None, tops: frozenset[str] = frozenset()) -> None:
        """Ask for all names on `entries`, then below those that are packages; the finders are given `path`.

        Each real directory is gone through once: where links lead from one to the other, names without end do.
        """
        pending = [("", entries, path)]
        seen: set[str] = set()
        while pending:
            prefix, entries, path = pending.pop()
            for tail in sorted(_names_in(entries)):
                if not prefix and tops and tail not in tops:
                    continue
                locations = self._ask(prefix + tail, path)
                self._ask(f"{prefix}{tail}_x", path)
                if locations and tail.isidentifier():
                    real = set(map(os.path.realpath, locations))
                    if not real <= seen:
                        pending.append((f"{prefix}{tail}.", locations, locations))
                        seen |= real

    def _ask(self, name: str, path: Sequence[str] | None) -> list[str] | None:
        """Compare the answers to one question. The search locations, if it is a package."""
        stock, ours = self._find(0, name, path), self._find(1, name, path)
        answer = self._compare(name, stock, ours)
        if answer.get("error") in ("KeyError", "ModuleNotFoundError"):  # a namespace package wants its parent imported
            with _parent(name, path):
                stock, ours = self._find(0, name, path), self._find(1, name, path)
                answer = self._compare(name, stock, ours)
        self.counts[2 if "error" in answer else 0 if answer else 1] += 1
        self._take(_Found(name, path, (stock, ours)))
        self.asked += 1
        if self.asked % 1000 == 0:
            self.progress(self.asked)
        return answer.get("locations")  # type: ignore[return-value]

    def _find(self, which: int, name: str, path: Sequence[str] | None) -> Any:
        """A spec, None, or the exception."""
        sys.path_importer_cache = self.caches[which]  # type: ignore[assignment]
        try:
            return (StockPathFinder, PathFinder)[which].find_spec(name, path)
        except Exception as error:
            return error.with_traceback(None)

    def _take(self, found: _Found) -> None:
        """Put it into the sample: the first ones of each kind, and some of the others."""
        if all(isinstance(spec, ModuleSpec) and loaders.can_be_asked(spec) for spec in found.specs):
            kind = type(found.specs[0].loader), found.specs[0].submodule_search_locations is not None
            if self.deep or self.kinds[kind] < _FIRST or self.kinds[kind] % _EACH == 0:
                self.sample.append(found)
            self.kinds[kind] += 1

    def ask_loader(self, which: int, found: _Found) -> loaders.Answers:
        """What the loader of one of the specs does."""
        sys.path_importer_cache = self.caches[which]  # type: ignore[assignment]
        with _parent(found.name, found.path):
            return loaders.answers_of(found.specs[which])

    def _compare(self, name: str, *found: Any) -> Outcome:
        """Note what differs; what importlib's finder said."""
        stock, ours = map(outcome_of, found)
        for field in {**stock, **ours}:
            pair = stock.get(field, "(nothing)"), ours.get(field, "(nothing)")
            if not is_equal(*pair):
                self.differences.append(Difference(name, field, *pair))
        return stock


@contextmanager
def _parent(name: str, path: Sequence[str] | None) -> Iterator[None]:
    """A stand-in for the parent in sys.modules, which namespace packages read their path from."""
    parent = name.rpartition(".")[0]
    if not parent or parent in sys.modules:
        yield
        return
    module = sys.modules[parent] = ModuleType(parent)
    module.__path__ = list(path or ())
    try:
        yield
    finally:
        del sys.modules[parent]


def _names_in(entries: Iterable[str]) -> set[str]:
    """The last parts of the names that could be found on `entries`; more than importlib finds does no harm."""
    names: set[str] = set()
    for entry in entries:
        if not isinstance(entry, str):
            continue
        try:
            listing = os.listdir(entry or os.curdir)
        except OSError:
            names.update(module.name for module in pkgutil.iter_modules([entry]))
        else:
            names.update(filter(None, map(_stem, listing)))
    return names


def _stem(file_name: str) -> str | None:
    """``spam`` for a directory and for each file that may hold module ``spam``; None if a dot remains."""
    for suffix in _SUFFIXES:
        if file_name.endswith(suffix):
            file_name = file_name[: -len(suffix)]
            break
    return None if "." in file_name else file_name


_SUFFIXES = sorted(importlib.machinery.all_suffixes(), key=len, reverse=True)
