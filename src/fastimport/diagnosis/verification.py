"""Whether fastimport and importlib give the same answers in this environment.

Every name that the directories and archives of a search path offer is asked of both finders, and beside each a name
that is not there. Nothing is imported or executed. The finders are given importer caches of their own: over a shared
one they would share listings, and a listing that is wrong would be wrong for both.
"""

import importlib.machinery
import os
import pkgutil
import sys
from collections.abc import Callable, Iterable, Iterator, Sequence
from contextlib import contextmanager
from time import perf_counter
from types import ModuleType
from typing import Any, NamedTuple

from fastimport import activation
from fastimport.finding.finder import PathFinder, StockPathFinder

_IMPORTLIB = "_frozen_importlib_external"

Outcome = dict[str, object]


class Difference(NamedTuple):
    """One thing that the finders see differently."""

    name: str
    field: str
    stock: object
    ours: object


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


def verify(
    path: Sequence[str] | None = None,
    tops: Iterable[str] = (),
    freshness: Any = "checked",
    progress: Callable[[int], object] = lambda count: None,
    snapshot: str | None = None,
) -> Result:
    """Ask both finders for every name on `path` (default: ``sys.path``), or only for `tops` and the names below.

    `progress` is called with the number of names asked so far; `snapshot` is the path of one to use.
    Raises `RuntimeError` if fastimport can't be installed.
    """
    start = perf_counter()
    with _installed(freshness, snapshot) as actual:
        comparison = _Comparison(progress)
        comparison.ask_below(sys.path if path is None else path, path, frozenset(tops))
    found, absent, errors = comparison.counts
    return Result(actual, found, absent, errors, perf_counter() - start, comparison.differences)


@contextmanager
def _installed(freshness: Any, snapshot: str | None) -> Iterator[str]:
    """fastimport at a level, with importlib's own class as it was made; then whatever was before."""
    before = activation.describe()
    cache = sys.path_importer_cache
    activation.uninstall()
    try:
        activation.install(freshness=freshness, snapshot=snapshot)
        state = activation.describe()
        if not state["active"]:
            raise RuntimeError(state["obstacle"] or "switched off by FASTIMPORT=0")
        yield state["freshness"]
    finally:
        sys.path_importer_cache = cache
        activation.uninstall()
        if before["active"]:
            activation.install(**{name: before[name] for name in ("freshness", "register", "snapshot", "collector")})


class _Comparison:
    """Asks both finders and notes what differs."""

    def __init__(self, progress: Callable[[int], object]) -> None:
        self.progress = progress
        self.asked = 0
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
        stock = self._outcome(0, name, path)
        self._compare(name, stock, self._outcome(1, name, path))
        if stock.get("error") in ("KeyError", "ModuleNotFoundError"):  # a namespace package wants its parent imported
            with _parent(name, path):
                stock = self._outcome(0, name, path)
                self._compare(name, stock, self._outcome(1, name, path))
        self.counts[2 if "error" in stock else 0 if stock else 1] += 1
        self.asked += 1
        if self.asked % 1000 == 0:
            self.progress(self.asked)
        return stock.get("locations")  # type: ignore[return-value]

    def _outcome(self, which: int, name: str, path: Sequence[str] | None) -> Outcome:
        sys.path_importer_cache = self.caches[which]  # type: ignore[assignment]
        finder = (StockPathFinder, PathFinder)[which]
        try:
            spec = finder.find_spec(name, path)
            return {} if spec is None else _spec_fields(spec)
        except Exception as error:
            return {"error": type(error).__name__, "message": str(error)}

    def _compare(self, name: str, stock: Outcome, ours: Outcome) -> None:
        if stock == ours:
            return
        for field in {**stock, **ours}:
            pair = stock.get(field, "(nothing)"), ours.get(field, "(nothing)")
            if not _is_equal(*pair):
                self.differences.append(Difference(name, field, *pair))


def _spec_fields(spec: Any) -> Outcome:
    """Everything a spec says. Order matters: ``cached`` is computed, and kept, when it is read."""
    fields: Outcome = {f"vars.{key}": value for key, value in vars(spec).items()}
    fields["order"] = list(vars(spec))
    locations: Any
    loader, locations = fields.pop("vars.loader"), fields.pop("vars.submodule_search_locations")
    fields["type"] = type(spec)
    fields["cached"], fields["parent"], fields["has_location"] = spec.cached, spec.parent, spec.has_location
    fields["loader"] = type(loader).__name__
    fields["loader bases"] = list(dict.fromkeys(cls.__name__ for cls in type(loader).__mro__ if cls.__module__ == _IMPORTLIB))
    fields.update((f"loader.{key}", value) for key, value in getattr(loader, "__dict__", {}).items())
    fields["locations type"] = type(locations).__name__
    fields["locations"] = None if locations is None else list(locations)
    return fields


def _is_equal(left: object, right: object) -> bool:
    """Objects that know no equality but identity are equal if they are of one type."""
    return left == right or (type(left) is type(right) and type(left).__eq__ is object.__eq__)


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
