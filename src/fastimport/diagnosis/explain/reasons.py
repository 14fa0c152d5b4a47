"""Why the winner goes before each of the others: the rules of importlib, in the words of the Python reference."""

import sys
import sysconfig

from fastimport.diagnosis.explain import candidates as offers
from fastimport.diagnosis.explain.candidates import Candidate
from fastimport.diagnosis.explain.stages import Search


def give_reasons(search: Search) -> None:
    """Fill in ``reason`` of every candidate."""
    winner = search.winner
    for candidate in search.candidates:
        if winner is None:
            candidate.reason = "not reached: the import fails before it"
        elif candidate is winner:
            candidate.reason = _why_it_wins(search, candidate)
        elif candidate.outcome == offers.TAKES_PART:
            candidate.reason = "one more portion of the namespace package"
        else:
            candidate.reason = _why_shadowed(search, winner, candidate)


def _why_it_wins(search: Search, winner: Candidate) -> str:
    if winner.index is None:
        finder = search.stages[winner.stage].finder
        return f"{finder} is asked {'first' if winner.stage == 0 else f'as number {winner.stage} on sys.meta_path'}"
    if winner.is_portion:
        return "no entry has a module or a regular package of this name, so directories without __init__ form a namespace package"
    earlier = [c for c in search.candidates if c.stage == winner.stage and c.index is not None and c.index < winner.index]
    if earlier:
        return f"the first entry with more than a directory without __init__ ({len(earlier)} of those before it don't count)"
    return f"the first entry that has it{_before(winner.index)}"


def _before(count: int) -> str:
    return "" if count == 0 else f"; {count} asked before it {'has' if count == 1 else 'have'} not"


def _why_shadowed(search: Search, winner: Candidate, loser: Candidate) -> str:
    if loser.stage != winner.stage:
        finders = [search.stages[stage].finder for stage in (winner.stage, loser.stage)]
        return f"finder order: {finders[0]} comes before {finders[1]} on sys.meta_path"
    if loser.is_portion and not winner.is_portion:
        return "a directory without __init__ counts only if no entry has a module or a regular package"
    if loser.index == winner.index:
        return _why_within_entry(winner, loser)
    first = next(c for c in search.candidates if (c.stage, c.index) == (loser.stage, loser.index))
    within = "" if first is loser else f"; and behind {_last(first)} in its own entry"
    return f"entry order: entry {winner.index} comes before entry {loser.index}{within}"


def _why_within_entry(winner: Candidate, loser: Candidate) -> str:
    if winner.kind == offers.PACKAGE and loser.kind == offers.MODULE:
        return "a package goes before a module in the same directory"
    return f"suffix order: {winner.suffix.rpartition('__init__')[2]} comes before {loser.suffix.rpartition('__init__')[2]}"


def _last(candidate: Candidate) -> str:
    return (candidate.origin or "?").replace("\\", "/").rpartition("/")[2]


def notes(search: Search) -> list[str]:
    """What is worth a second look although the name is found."""
    found = []
    winner = search.winner
    top = search.name.partition(".")[0]
    if winner and winner.origin and search.name == top and top in sys.stdlib_module_names and _is_outside_library(winner):
        found.append(f"{winner.origin} hides the standard library's module {top}")
    if winner and winner.is_portion:
        found.append("a namespace package is searched for on every entry whenever the path changes; an __init__.py ends that")
    found += [f"{stage.finder} ({stage.source or 'interpreter'}) {stage.note}" for stage in search.stages if stage.note]
    return found


def _is_outside_library(winner: Candidate) -> bool:
    if winner.index is None or winner.origin is None:
        return False
    libraries = [sysconfig.get_path(key) for key in ("stdlib", "platstdlib")] + [sysconfig.get_config_var("DESTSHARED") or ""]
    third_party = ("site-packages", "dist-packages")
    inside = any(library and winner.origin.startswith(library) for library in libraries)
    return not inside or any(part in winner.origin for part in third_party)
