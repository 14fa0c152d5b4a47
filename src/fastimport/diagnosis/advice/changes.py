"""The ranked list: which statements to put off, which levers of the interpreter to pull, and what each saves."""

import sys
from collections.abc import Collection, Iterable
from dataclasses import dataclass, field

from fastimport.diagnosis.advice.graph import Graph, Node, dominators, exclusive, graph_of, reachable
from fastimport.diagnosis.advice.owners import is_in, is_own
from fastimport.diagnosis.advice.program import MAIN, Program
from fastimport.diagnosis.advice.risks import risk_of
from fastimport.diagnosis.advice.statements import Statement
from fastimport.diagnosis.advice.unused import Uses
from fastimport.diagnosis.record.model import Change, Recording
from fastimport.diagnosis.report.view import sums
from fastimport.diagnosis.working_directory import relative

LEAST_NS, LEAST_SHARE = 1_000_000, 0.01
"""What saves less, or a smaller part of the whole, is not worth a line."""

_FINDING = ("search", "read", "validate")
_MOST = 10
_MOST_STATEMENTS = 4


@dataclass
class Candidate:
    """Import statements that would have to go together, and the modules that would go with them."""

    target: str
    statements: list[tuple[str, Statement]]
    saving_ns: int
    gone: set[str] = field(default_factory=set)


def find_changes(program: Program, needed: Collection[Statement] = ()) -> tuple[list[Change], int, list[Candidate]]:
    """What to change; what the start could take then, in ns; the candidates behind the imports.

    The largest saving comes first, but what can only be changed in other people's packages comes last. Statements that were
    `needed` when the program was run without them are no advice.
    """
    graph = graph_of(program)
    chosen = _choose(program, graph, needed)
    together = _gone(program, graph, [statement for each in chosen for _, statement in each.statements])
    changes = [_change(program, each) for each in chosen]
    of_others = {each.target for each in chosen if not any(is_own(statement.file) for _, statement in each.statements)}
    saved = program.worth(together)
    shared = saved - sum(each.saving_ns for each in chosen)
    for lever in _levers(program, together):
        changes.append(lever)
        saved += lever.saving_ns
    changes.sort(key=lambda each: (each.kind == "import" and each.title in of_others, -each.saving_ns))
    if shared >= LEAST_NS:
        changes.append(Change("together", "what only these import between them", shared, why="once all are put off"))
    return changes, max(0, program.recording.total_ns - saved), chosen


def _choose(program: Program, graph: Graph, needed: Collection[Statement]) -> list[Candidate]:
    """The candidates worth a line; one that lies inside a larger one is left out."""
    least = max(LEAST_NS, int(program.recording.total_ns * LEAST_SHARE))
    found = [
        each
        for each in _candidates(program, graph)
        if each.saving_ns >= least and not any(statement in needed for _, statement in each.statements)
    ]
    found.sort(key=lambda each: (-each.saving_ns, not all(is_own(s.file) for _, s in each.statements), len(each.statements)))
    chosen: list[Candidate] = []
    for each in found:
        if len(chosen) < _MOST and not any(each.gone <= other.gone for other in chosen):
            each_without_others = each.gone.difference(*(other.gone for other in chosen))
            if program.worth(each_without_others) >= least:
                chosen.append(each)
    return chosen


def _candidates(program: Program, graph: Graph) -> Iterable[Candidate]:
    """Single unused statements, and sets of unused statements that are all that imports a module.

    None of the standard library's: nobody edits that.
    """
    uses = Uses(program)
    unused = {
        (owner, statement)
        for owner, statements in program.statements.items()
        for statement in statements
        if not _is_needed_by_its_package(program, owner, statement)
        and not is_in(statement.file, ("stdlib", "platstdlib"))
        and uses.is_unused(owner, statement)
    }
    totals = exclusive(program, dominators(graph))
    for owner, statement in unused:
        if statement in totals:
            gone = _gone(program, graph, [statement])
            yield Candidate(_named(program, statement), [(owner, statement)], program.worth(gone), gone)
    importers: dict[str, list[tuple[str, Statement]]] = {}
    for owner, statements in program.statements.items():
        for statement in statements:
            for target in program.targets(statement):
                importers.setdefault(target, []).append((owner, statement))
    for top, pairs in importers.items():
        outside = [pair for pair in pairs if not f"{pair[0]}.".startswith(f"{top}.")]
        if 1 < len(outside) <= _MOST_STATEMENTS and all(pair in unused for pair in outside):
            gone = _gone(program, graph, [statement for _, statement in outside])
            yield Candidate(top, outside, program.worth(gone), gone)


def _is_needed_by_its_package(program: Program, owner: str, statement: Statement) -> bool:
    """``from . import part`` in a package makes ``package.part`` an attribute that others rely on without importing it."""
    return any(target.rpartition(".")[0] == owner for target in program.targets(statement))


def _gone(program: Program, graph: Graph, statements: list[Statement]) -> set[str]:
    nodes: list[Node] = list(statements)
    return set(program.modules) - {node for node in reachable(graph, nodes) if isinstance(node, str)}


def _named(program: Program, statement: Statement) -> str:
    """The modules that it names: of ``from package import module`` the module."""
    parts = [f"{statement.module}.{name}" for name in statement.names]
    if parts and all(part in program.modules for part in parts):
        return ", ".join(parts)
    return statement.module or ", ".join(program.targets(statement))


def _change(program: Program, candidate: Candidate) -> Change:
    statements = [statement for _, statement in candidate.statements]
    statements.sort(key=lambda each: (not is_own(each.file), each.file, each.line))
    risks = [risk_of(program, candidate.gone)]
    if any(statement.is_guarded for statement in statements):
        risks.insert(0, "a try around it catches its failure, which would come later")
    return Change(
        kind="import",
        title=candidate.target,
        saving_ns=candidate.saving_ns,
        places=[f"{relative(statement.file)}:{statement.line}" for statement in statements],
        modules=len(candidate.gone),
        why="unused in this run" if is_own(statements[0].file) else "unused in this run, in another package",
        edit="; ".join(dict.fromkeys(_edit(program, owner, statement) for owner, statement in candidate.statements)),
        risk="; ".join(filter(None, risks)),
    )


def _edit(program: Program, owner: str, statement: Statement) -> str:
    """The line to write instead, for this version of Python."""
    if sys.version_info >= (3, 15):
        return f"lazy {statement.text}"
    source = program.sources.get(owner)
    wanted = set(statement.bound)
    users = [name for (_, name), names in (source.by_function if source else {}).items() if names & wanted]
    if not users:
        return f"remove `{statement.text}`, unless it is there for what it does: nothing in this file uses it"
    where = f"into {users[0]}()" if len(users) == 1 else f"into the {len(users)} functions that use it"
    return f"move `{statement.text}` {where}"


def _levers(program: Program, gone: set[str]) -> Iterable[Change]:
    """What is done without an edit: the collector, bytecode, the finder.

    What modules take that are gone is not counted again; collecting is in the cost of none.
    """
    recording = program.recording
    spent = sums(recording)
    kept = 1 - program.worth(gone) / max(1, sum(each.self_ns for each in recording.modules))
    costs = {kind: int(ns * kept) for kind, ns in spent.items() if kind != "collect"}
    least = max(LEAST_NS, int(recording.total_ns * LEAST_SHARE))
    compiling = costs.get("compile", 0) + costs.get("write", 0)
    count = sum(1 for module in recording.modules if module.compiled)
    levers = [
        Change("collector", "let the garbage collector wait", spent.get("collect", 0), why="it found little to free",
               edit="fastimport exec -- CMD, or fastimport.install(collector='deferred')"),
        Change("bytecode", "compile once, not at every start", compiling, modules=count, why=f"{count} modules were compiled",
               edit="fastimport build"),
        Change("fastimport", "find and read modules faster", _saved_by_us(recording, costs), why=_why_us(recording),
               edit="fastimport exec -- CMD, with a snapshot: fastimport build"),
    ]  # fmt: skip
    return [each for each in levers if each.saving_ns >= least and not (each.kind == "fastimport" and recording.level)]


def _saved_by_us(recording: Recording, costs: dict[str, int]) -> int:
    """Where it was measured that; else all that finding and reading cost."""
    saving = recording.saving
    if saving is None:
        return sum(costs.get(kind, 0) for kind in _FINDING)
    return int((saving.stock_s - saving.fastimport_s) * 1e9) if saving.high < 1 else 0


def _why_us(recording: Recording) -> str:
    return "at most" if recording.saving is None else f"measured, {recording.saving.pairs} pairs"


__all__ = ["LEAST_NS", "LEAST_SHARE", "MAIN", "Candidate", "find_changes"]
