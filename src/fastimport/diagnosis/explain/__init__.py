"""Explaining how a name is found, or why it is not: every candidate, the winner, the reasons, the cost.

importlib is asked for the winner as well (`Explanation.oracle`); should the two ever differ, the explanation says so.
"""

import importlib
import importlib.util
import io
import sys
from collections.abc import Iterator, Sequence
from contextlib import contextmanager, redirect_stdout
from dataclasses import dataclass, field
from typing import Any

from fastimport.diagnosis.explain import candidates as offers
from fastimport.diagnosis.explain import causes, costs, reasons, suggestions
from fastimport.diagnosis.explain.candidates import Candidate, shown
from fastimport.diagnosis.explain.causes import Cause
from fastimport.diagnosis.explain.costs import Cost
from fastimport.diagnosis.explain.stages import Search, search
from fastimport.finding.finder import NamespacePath

SYS_MODULES = "sys.modules"
_NAMESPACE_PATH: Any = NamespacePath


@dataclass
class Explanation:
    """What `explain` found out about a name."""

    name: str
    parent: str
    search: Search
    """Without stages if the parent could not be had, so that there was nowhere to search."""
    causes: list[Cause] = field(default_factory=list)
    """Why it is not found."""
    notes: list[str] = field(default_factory=list)
    costs: list[Cost] = field(default_factory=list)
    oracle: Any = None
    """importlib's own answer: a spec, an exception, or None."""

    @property
    def winner(self) -> Candidate | None:
        """What an import would load."""
        return self.search.winner


@dataclass
class _Parent:
    """Where submodules are to be searched, or why nowhere."""

    path: Sequence[Any] | None = None
    cause: Cause | None = None


def check_name(name: str) -> None:
    """Raise `ValueError` if `name` is nothing that could be asked for: empty, relative, or with an empty part."""
    if not all(name.split(".")):
        raise ValueError(f"{name!r} is no absolute module name: write it as in an import statement, such as package.module")


def explain(name: str, *, import_parents: bool = True, measure: bool = True) -> Explanation:
    """Explain how an import of `name` goes in this process.

    import_parents
        Import the packages above `name`, as `importlib.util.find_spec` and every import do: their code may change where
        submodules are searched. With False nothing is executed, and the search locations of their specs are used.
    measure
        Time the look-up.

    Raises `ValueError` for what is no module name.
    """
    check_name(name)
    parent = name.rpartition(".")[0]
    above = _find_parent(parent, import_parents) if parent else _Parent()
    found = Search(name, []) if above.cause else search(name, above.path)
    if found.winner is None and found.error is None:
        found.winner = _put_into_modules(name, parent)
    answer = Explanation(name, parent, found, notes=reasons.notes(found))
    reasons.give_reasons(found)
    if found.winner is None:
        answer.causes = [above.cause] if above.cause else causes.find(found, above.path)
        answer.causes += [Cause(*each) for each in suggestions.file_name(name)]
    if blocked := causes.blocked(name):
        answer.causes.insert(0, blocked)
    if above.cause or (found.winner and found.winner.finder == SYS_MODULES):
        return answer
    _compare_with_importlib(answer)
    if measure:
        answer.costs = costs.measure(name, above.path)
    return answer


def _find_parent(parent: str, importing: bool) -> _Parent:
    if not importing and parent not in sys.modules:
        above = explain(parent, import_parents=False, measure=False)
        if above.winner is None:
            reasons_below = "; ".join(cause.text for cause in above.causes)
            return _Parent(cause=Cause("missing parent", f"its parent {parent} is not found: {reasons_below}"))
        if above.search.locations is None:
            return _Parent(cause=causes.parent_is_no_package(parent, above.winner.origin))
        return _Parent(above.search.locations)
    try:
        with redirect_stdout(sys.stderr or io.StringIO()):
            module = importlib.import_module(parent)
    except KeyboardInterrupt:
        raise
    except BaseException as error:  # some derive theirs from it, as pytest does for modules that are skipped
        return _Parent(cause=_why_parent_fails(parent, error))
    try:
        return _Parent(module.__path__)
    except AttributeError:
        return _Parent(cause=causes.parent_is_no_package(parent, getattr(module, "__file__", None)))


def _why_parent_fails(parent: str, error: BaseException) -> Cause:
    missing = getattr(error, "name", None) if isinstance(error, ModuleNotFoundError) else None
    if missing and (parent == missing or parent.startswith(f"{missing}.")):
        above = explain(missing, measure=False)
        text = "; ".join(cause.text for cause in above.causes) or "it is not found"
        remedy = next((cause.remedy for cause in above.causes if cause.remedy), "")
        return Cause("missing parent", f"its parent {missing} is not found: {text}", remedy)
    return Cause("parent fails", f"importing its parent {parent} raises {shown(error)}", f"run: python -c 'import {parent}'")


def _put_into_modules(name: str, parent: str) -> Candidate | None:
    """A module that its parent puts into ``sys.modules`` under this name, as os does with os.path: no search leads to it."""
    module = sys.modules.get(name) if parent else None
    if module is None:
        return None
    spec = getattr(module, "__spec__", None)
    candidate = offers.candidate_of(spec, SYS_MODULES) if spec else Candidate(offers.OTHER, None, None, SYS_MODULES)
    candidate.outcome, candidate.reason = offers.WINS, f"{parent} puts it into sys.modules under this name; no search leads to it"
    return candidate


def take_from_modules(answer: Explanation) -> None:
    """Say that an import of the name succeeds all the same: it is in ``sys.modules`` before a program starts."""
    reason = "it is in sys.modules before a program starts; no search leads to it"
    answer.search.winner = Candidate(offers.OTHER, None, None, SYS_MODULES, outcome=offers.WINS, reason=reason)
    answer.causes.clear()


def _compare_with_importlib(answer: Explanation) -> None:
    """Ask importlib too. A module that is loaded is taken out of ``sys.modules`` meanwhile, so that there is a search."""
    if answer.parent and answer.parent not in sys.modules:
        return  # importlib can't be asked: it would import the parent
    with _not_loaded(answer.name):
        try:
            answer.oracle = importlib.util.find_spec(answer.name)
        except Exception as error:
            answer.oracle = error
    if not agrees(answer.search, answer.oracle):
        answer.notes.append(f"importlib itself answers otherwise, {_described(answer.oracle)}: {_WHY_OTHERWISE}")


_WHY_OTHERWISE = (
    "the time stamp of a directory did not change with its contents, or a finder changes its answers; "
    "importlib.invalidate_caches() makes importlib read directories again"
)


@contextmanager
def _not_loaded(name: str) -> Iterator[None]:
    loaded = {name: sys.modules.pop(name)} if name in sys.modules else {}
    try:
        yield
    finally:
        sys.modules.update(loaded)


def agrees(found: Search, oracle: Any) -> bool:
    """Whether a search came out as importlib's own answer: a spec, an exception, or None."""
    winner = found.winner
    if isinstance(oracle, Exception):
        return winner is None and type(found.error) is type(oracle)
    if oracle is None or winner is None:
        return oracle is None and winner is None and found.error is None
    if type(oracle.submodule_search_locations) is _NAMESPACE_PATH:
        return winner.is_portion and list(oracle.submodule_search_locations) == found.locations
    theirs = offers.candidate_of(oracle, "")
    return (winner.origin, winner.loader, winner.locations) == (oracle.origin, theirs.loader, theirs.locations)


def _described(oracle: Any) -> str:
    if oracle is None or isinstance(oracle, Exception):
        return "not found" if oracle is None else shown(oracle)
    return str(oracle.origin or f"a namespace package of {list(oracle.submodule_search_locations or ())}")
