"""Where every nanosecond of a thread goes: to one import and one kind of cost at a time.

Runs inside the program that is recorded, so it imports nothing that a bare interpreter has not loaded, and does little.
"""

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable
    from typing import Any


class Node:
    """An import under way, or done. The fields are those of `model.Module`, before they are put into words."""

    __slots__ = (
        "bytecode", "children", "compiled", "costs", "depth", "end", "entry", "error", "finder", "found", "importer", "lane",
        "late", "loader", "locations", "name", "origin", "parent", "serial", "size", "spans", "start", "written",
    )  # fmt: skip

    def __init__(self, name: str, parent: "Node | None", lane: "Lane", start: int) -> None:
        lane.count += 1
        self.serial = lane.number, lane.count  # in order of start, thread by thread
        self.name, self.parent, self.lane, self.start = name, parent, lane, start
        self.end = self.depth = 0
        self.costs: dict[str, int] = {}
        self.spans: list[tuple[str, int, int]] = []
        self.children = 0
        self.found = self.locations = self.late = False
        self.importer: tuple[str, int] | None = None
        self.finder: str | None = None
        self.loader: str | None = None
        self.origin: str | None = None
        self.entry: str | None = None
        self.compiled: str | None = None
        self.written: str | None = None
        self.error: str | None = None
        self.size: int | None = None
        self.bytecode: bytes | None = None  # as it was read

    def plain(self) -> "tuple[Any, ...]":
        """What there is to tell, in types that marshal can write."""
        parent = None if self.parent is None else self.parent.serial
        return (
            self.serial, self.name, parent, self.lane.number, self.start, self.end, self.costs, self.spans, self.importer,
            self.finder, self.loader, self.origin, self.entry, self.found, self.locations, self.size, self.compiled,
            self.written, self.error, self.late,
        )  # fmt: skip


OUTSIDE = "outside"


class Lane:
    """One thread: which import is under way in it, and since when it pays which kind of cost.

    `begin` and `end` come in pairs. Between two of them all time is charged to the innermost.
    """

    __slots__ = (
        "clock", "collected", "costs", "count", "entries", "entry", "finder", "kind", "last", "name", "node", "number", "stack",
        "start",
    )  # fmt: skip

    def __init__(self, clock: "Callable[[], int]", name: str) -> None:
        self.number = self.count = 0
        self.collected = 0  # ns of garbage collection since the last change
        self.clock, self.name = clock, name
        self.node: Node | None = None
        self.kind = OUTSIDE
        self.start = self.last = clock()
        self.costs = {OUTSIDE: 0}  # of the time in which no import was under way
        self.stack: list[tuple[Node | None, str, int]] = []
        self.entries: dict[str, list[int]] = {}  # path entry: probes, found, ns, listings, ns of listings
        self.entry: str | None = None  # that answered last
        self.finder: str | None = None  # that found last

    def plain(self) -> "dict[str, Any]":
        """What there is to tell, in types that marshal can write."""
        node, under_way = self.node, []
        while node is not None:
            under_way.append(node.plain())
            node = node.parent
        return {
            "number": self.number, "name": self.name, "start": self.start, "last": self.last, "kind": self.kind,
            "costs": dict(self.costs), "entries": dict(self.entries), "under_way": under_way,
        }  # fmt: skip

    def charge(self) -> int:
        """Charge the time since the last change to what was under way; the time."""
        now = self.clock()
        costs = self.costs if self.node is None else self.node.costs
        costs[self.kind] = costs.get(self.kind, 0) + now - self.last
        if self.collected:
            self._take_out(costs, self.kind, now)
        self.last = now
        return now

    def _take_out(self, costs: "dict[str, int]", kind: str, now: int) -> None:
        """Collections come at any moment, in the middle of our own work too: they are noted, and taken out of what is charged."""
        spent = min(self.collected, now - self.last)
        self.collected -= spent
        costs[kind] -= spent
        costs["collect"] = costs.get("collect", 0) + spent

    def begin(self, kind: str) -> int:
        """From now on the import under way pays for `kind`. Gives the depth, for `end`."""
        now, node, was = self.clock(), self.node, self.kind
        costs = self.costs if node is None else node.costs
        costs[was] = costs.get(was, 0) + now - self.last
        if self.collected:
            self._take_out(costs, was, now)
        self.last = now
        self.stack.append((node, was, now))
        self.kind = kind
        return len(self.stack)

    def end(self, depth: int) -> None:
        """Back to what was paid for before the `begin` that gave `depth`.

        Where a program switches stacks under way (greenlets), what was begun since is given up: less is known, nothing fails.
        """
        if depth > len(self.stack):
            return
        now, node, kind = self.clock(), self.node, self.kind
        costs = self.costs if node is None else node.costs
        costs[kind] = costs.get(kind, 0) + now - self.last
        if self.collected:
            self._take_out(costs, kind, now)
        self.last = now
        self.node, self.kind, start = self.stack[depth - 1]
        del self.stack[depth - 1 :]
        if node is not None and kind != self.kind:
            node.spans.append((kind, start, now))

    def turn(self, kind: str) -> None:
        """From now on the import under way pays for `kind` instead of what it paid for."""
        self.charge()
        self.kind = kind

    def begin_import(self, name: str) -> Node:
        """A nested import begins."""
        now = self.charge()
        node = Node(name, self.node, self, now)
        self.stack.append((self.node, self.kind, now))
        node.depth = len(self.stack)
        self.node, self.kind = node, "machinery"
        return node

    def end_import(self, node: Node) -> None:
        """The nested import is over."""
        node.end = self.charge()
        if node.depth <= len(self.stack):
            self.node, self.kind, _ = self.stack[node.depth - 1]
            del self.stack[node.depth - 1 :]

    def disown(self, node: Node) -> None:
        """Charge the surroundings with what `node`, which has ended, cost: it was no import after all, but may have waited."""
        costs = self.costs if self.node is None else self.node.costs
        for kind, ns in node.costs.items():
            kind = kind if kind == "wait" else self.kind
            costs[kind] = costs.get(kind, 0) + ns
