"""What each module weighs: all its importers, not only the first, and what would go with it."""

from fastimport.diagnosis.advice.graph import dominators, exclusive, graph_of
from fastimport.diagnosis.advice.program import MAIN, Program
from fastimport.diagnosis.advice.statements import Statement
from fastimport.diagnosis.working_directory import relative


def weigh(program: Program) -> None:
    """Put ``importers`` and ``only_ns`` into the modules of the recording that are in the graph."""
    graph = graph_of(program)
    totals = exclusive(program, dominators(graph))
    importers: dict[str, list[str]] = {}
    for node, targets in graph.items():
        who = _named(node)
        for target in targets:
            if isinstance(target, str) and who not in (known := importers.setdefault(target, [])):
                known.append(who)
    for name, module in program.modules.items():
        if name in totals:
            module.only_ns = totals[name][0]
            module.importers = [who for who in importers.get(name, ()) if not who.startswith(f"{name}.")]


def _named(node: str | Statement) -> str:
    if isinstance(node, Statement):
        return f"{relative(node.file)}:{node.line}"
    return "the program" if node == MAIN else node
