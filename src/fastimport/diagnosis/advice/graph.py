"""Who needs whom: a graph of modules and import statements, and what only one of them needs (dominators)."""

from collections.abc import Iterable, Mapping

from fastimport.diagnosis.advice.program import MAIN, Program
from fastimport.diagnosis.advice.statements import Statement

Node = str | Statement
Graph = dict[Node, list[Node]]


def graph_of(program: Program) -> Graph:
    """Arrows from each module to its statements, from them to what they import, and from a module to its package."""
    graph: Graph = {MAIN: []}
    by_line: dict[tuple[str, int], list[Statement]] = {}
    for owner, statements in program.statements.items():
        for statement in statements:
            graph.setdefault(owner, []).append(statement)
            graph[statement] = list(program.targets(statement))
            for line in range(statement.line, statement.end_line + 1):
                by_line.setdefault((statement.file, line), []).append(statement)
    for name in program.modules:
        arrows = graph.setdefault(name, [])
        parent = name.rpartition(".")[0]
        if parent in program.modules:
            arrows.append(parent)
    _add_what_was_seen(program, graph, by_line)
    return graph


def _add_what_was_seen(program: Program, graph: Graph, by_line: Mapping[tuple[str, int], list[Statement]]) -> None:
    """Imports that no source explains (``import_module``, extensions, other people's machinery): from whoever was importing."""
    modules = program.recording.modules
    for name, module in program.modules.items():
        statements = by_line.get((module.importer[0], module.importer[1]), []) if module.importer else []
        if statements:
            if not any(_asks_for(graph, statement, name) for statement in statements):
                graph[statements[0]].append(name)
            continue
        owner = program.owner.get(module.importer[0]) if module.importer else None
        if owner is None:
            owner = modules[module.parent].name if module.parent is not None else MAIN
        graph.setdefault(owner, []).append(name)


def _asks_for(graph: Graph, statement: Statement, name: str) -> bool:
    return any(each == name or str(each).startswith(f"{name}.") for each in graph[statement])


def reachable(graph: Graph, without: Iterable[Node] = ()) -> set[Node]:
    """All nodes that are needed if those in `without` were not there."""
    left_out = {*without}
    seen: set[Node] = set()
    pending: list[Node] = [MAIN]
    while pending:
        node = pending.pop()
        if node not in seen and node not in left_out:
            seen.add(node)
            pending += graph.get(node, ())
    return seen


def _postorder(graph: Graph) -> list[Node]:
    order: list[Node] = []
    seen: set[Node] = {MAIN}
    stack = [(MAIN, iter(graph[MAIN]))]
    while stack:
        node, children = stack[-1]
        child = next((each for each in children if each not in seen), None)
        if child is None:
            order.append(node)
            stack.pop()
        else:
            seen.add(child)
            stack.append((child, iter(graph.get(child, ()))))  # type: ignore[arg-type]
    return order


def dominators(graph: Graph) -> dict[Node, Node]:
    """The immediate dominator of each reachable node: the last that every way to it goes through.

    The algorithm is that of Cooper, Harvey and Kennedy, "A simple, fast dominance algorithm" (2001).
    """
    order = _postorder(graph)
    number = {node: index for index, node in enumerate(order)}
    before: dict[Node, list[Node]] = {node: [] for node in order}
    for node in order:
        for target in graph.get(node, ()):
            before[target].append(node)
    above: dict[Node, Node] = {MAIN: MAIN}
    is_changed = True
    while is_changed:
        is_changed = False
        for node in reversed(order[:-1]):
            known = [each for each in before[node] if each in above]
            new = known[0]
            for each in known[1:]:
                new = _meeting(new, each, above, number)
            if above.get(node) != new:
                above[node], is_changed = new, True
    return above


def _meeting(one: Node, other: Node, above: Mapping[Node, Node], number: Mapping[Node, int]) -> Node:
    while one != other:
        while number[one] < number[other]:
            one = above[one]
        while number[other] < number[one]:
            other = above[other]
    return one


def exclusive(program: Program, above: Mapping[Node, Node]) -> dict[Node, tuple[int, int]]:
    """For each node: the own cost, in ns, of the modules that only it needs, and how many they are."""
    totals: dict[Node, tuple[int, int]] = {}
    for name, module in program.modules.items():
        node: Node = name
        while node in above:
            spent, count = totals.get(node, (0, 0))
            totals[node] = spent + module.self_ns, count + 1
            if above[node] == node:
                break
            node = above[node]
    return totals
