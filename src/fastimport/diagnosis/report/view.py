"""What reports have in common: sums, the tree, and the choice of what is shown."""

from collections.abc import Iterator
from dataclasses import dataclass
from fnmatch import fnmatchcase

from fastimport.diagnosis.record.model import KINDS, Module, Recording

SORTS = ("self", "cumulative", "search", "read", "execute")
_READING = ("read", "validate", "load")


@dataclass(frozen=True)
class Selection:
    """What of a recording is shown. Times in ms."""

    sort: str | None = None  # of SORTS; None: in the order of time
    depth: int | None = None  # of the tree; 1: only what the program itself imports
    hide_under_ms: float = 0.0  # cumulative
    top: int | None = None
    match: str | None = None  # names: a pattern as of the shell, or a package, which means all below it too

    def shows(self, module: Module) -> bool:
        """Whether time and name of `module` are such that it is shown."""
        return module.cumulative_ns >= self.hide_under_ms * 1e6 and (self.match is None or matches(module.name, self.match))


EVERYTHING = Selection()


def matches(name: str, pattern: str) -> bool:
    """Whether `name` is `pattern`, or below it, or matches it with ``*``, ``?`` and ``[]``."""
    return name == pattern or name.startswith(pattern + ".") or fnmatchcase(name, pattern)


def children_of(recording: Recording) -> dict[int | None, list[Module]]:
    """The imports that happened during each import, by its id, and under None those at the top."""
    children: dict[int | None, list[Module]] = {}
    for module in recording.modules:
        children.setdefault(module.parent, []).append(module)
    return children


def walk(recording: Recording) -> Iterator[tuple[int, Module]]:
    """All imports with their depth, each before those that happened during it. Not recursive: chains can be long."""
    children = children_of(recording)
    stack = [(1, module) for module in reversed(children.get(None, ()))]
    while stack:
        depth, module = stack.pop()
        yield depth, module
        stack += [(depth + 1, each) for each in reversed(children.get(module.id, ()))]


def cost(module: Module, sort: str) -> int:
    """What `module` is sorted by, in ns: own costs, but for ``cumulative``."""
    if sort == "cumulative":
        return module.cumulative_ns
    if sort == "self":
        return module.self_ns
    kinds = _READING if sort == "read" else (sort,)
    return sum(module.ns.get(kind, 0) for kind in kinds)


def table(recording: Recording, selection: Selection) -> list[Module]:
    """The imports that `selection` shows, most expensive first."""
    sort = selection.sort or "self"
    shown = [module for module in recording.modules if selection.shows(module)]
    return sorted(shown, key=lambda module: -cost(module, sort))[: selection.top]


def sums(recording: Recording, thread: int = 0) -> dict[str, int]:
    """Nanoseconds by kind on one thread, in the order of `KINDS`; kinds without cost are left out."""
    total: dict[str, int] = {}
    of_thread = [each.ns for each in recording.threads if each.id == thread]
    for ns in (*of_thread, *(module.ns for module in recording.modules if module.thread == thread)):
        for kind, value in ns.items():
            total[kind] = total.get(kind, 0) + value
    return {kind: total[kind] for kind in sorted(total, key=lambda kind: list(KINDS).index(kind) if kind in KINDS else 99)}


def parts(recording: Recording) -> dict[str, int]:
    """`Recording.total_ns` taken apart: before recording, each kind on the first thread, and outside of imports."""
    outside = sum(thread.outside_ns for thread in recording.threads if thread.id == 0)
    before = {"interpreter and site": recording.before_ns, "fastimport itself": recording.install_ns}
    everything = {**before, **sums(recording), "outside imports": outside}
    return {name: ns for name, ns in everything.items() if ns}


def bounds(recording: Recording) -> tuple[int, int]:
    """The most that can be saved, in ns: by a finder that costs nothing; and if reading and validating cost nothing too.

    The second is all that fastimport works at; a snapshot comes nearest to it.
    """
    costs = sums(recording)
    search = costs.get("search", 0)
    return search, search + sum(costs.get(kind, 0) for kind in ("read", "validate"))


def failed(recording: Recording) -> list[Module]:
    """Imports that ended in an exception."""
    return [module for module in recording.modules if module.error]


def place(module: Module) -> str:
    """File and line that imported it."""
    return "" if module.importer is None else f"{module.importer[0]}:{module.importer[1]}"


def milliseconds(ns: float) -> str:
    """With two digits after the point up to 10 ms, then one."""
    value = ns / 1e6
    return f"{value:.1f}" if abs(value) >= 10 else f"{value:.2f}"


def percent(part: float, whole: float) -> str:
    """A share; empty if there is nothing to have a share of."""
    return f"{100 * part / whole:.1f} %" if whole else ""
