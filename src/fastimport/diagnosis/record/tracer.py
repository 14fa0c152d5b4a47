"""The recorder: listens to importlib from `Tracer.start` to `Tracer.stop`, and keeps what it heard.

Runs inside the program that is recorded, before its first import, so it imports nothing that a bare interpreter has not
loaded. No class and no module changes (see hooks.py), no lock is held, and the locks of imports are importlib's own.
"""

import gc
import sys
from _thread import _local, get_ident
from time import perf_counter_ns

from fastimport.diagnosis.record.hooks import Hooks
from fastimport.diagnosis.record.lanes import Lane, Node
from fastimport.diagnosis.record.loads import Loads
from fastimport.diagnosis.record.searches import Searches

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable
    from typing import Any

    bootstrap: Any
    external: Any
else:
    import _frozen_importlib as bootstrap
    import _frozen_importlib_external as external

_OWN_FILES = (bootstrap._find_spec.__code__.co_filename, external.FileFinder.find_spec.__code__.co_filename)
_MOST_WORDS = 500
_ROUNDS = 30
_CALLS_OF_AN_IMPORT = 12  # apart from finders and path entries


class Tracer:
    """What was heard: `finished`, the imports that are over, `lanes`, one per thread, and `searches`."""

    def __init__(self, on_change: "Callable[[int], None] | None" = None) -> None:
        """`on_change` is called with the time whenever an import has begun or ended."""
        self.hooks = Hooks()
        self.lanes: list[Lane] = []
        self.finished: list[Node] = []
        self._loads = Loads(self.lane, self.hooks)
        self._local = _local()
        self.searches = Searches(self._local, self.lane, self.hooks, self._loads.meet)
        self.preloaded: list[str] = []
        self.begun_at = self.ended_at = self.call_ns = self._collecting_since = 0
        self._on_change = on_change

    def start(self) -> None:
        """Begin to listen."""
        self.preloaded = list(sys.modules)
        lane = self.lane()  # the first, whatever other threads do
        self.hooks.listen(bootstrap._find_and_load, self._begin_import, self._end_import)
        self.hooks.listen(bootstrap._lock_unlock_module, self._begin_waiting, self._end)
        self.searches.listen()
        self._loads.listen()
        gc.callbacks.insert(0, self._collecting)
        self.begun_at = lane.start = lane.last = perf_counter_ns()

    def stop(self, at: int | None = None) -> None:
        """Put importlib's functions back. Done twice, the second has no effect. What came after `at` does not count."""
        if not self.ended_at:
            self.ended_at = self.lane().charge() if at is None else at
            self.call_ns = self._cost_of_a_call()
            self.hooks.restore()
            if self._collecting in gc.callbacks:
                gc.callbacks.remove(self._collecting)

    def is_importing(self) -> bool:
        """Whether some thread has an import under way."""
        return any(lane.node is not None for lane in list(self.lanes))

    def _collecting(self, phase: str, _: object) -> None:
        """A collection of garbage begins or ends on this thread (`gc.callbacks`)."""
        if phase == "start":
            self._collecting_since = perf_counter_ns()
        elif self._collecting_since:
            self.lane().collected += perf_counter_ns() - self._collecting_since

    def _cost_of_a_call(self) -> int:
        """What listening to one call costs here and now, in ns: the fastest of some rounds."""

        def plain() -> None:
            pass

        def heard() -> None:
            pass

        lane = Lane(perf_counter_ns, "")
        self.hooks.listen(heard, lambda: (lane, lane.begin("machinery")), lambda token, result, error: lane.end(token[1]))
        fastest = []
        for function in (plain, heard):
            times = []
            for _ in range(_ROUNDS):
                start = perf_counter_ns()
                for _ in range(_ROUNDS):
                    function()
                times.append(perf_counter_ns() - start)
            fastest.append(min(times))
        return max(1, (fastest[1] - fastest[0]) // _ROUNDS)

    def snapshot(self) -> "dict[str, Any]":
        """How things stand, apart from `finished`, in types that marshal can write."""
        now = self.ended_at or perf_counter_ns()
        return {
            "begun_at": self.begun_at,
            "now": now,
            "call_ns": self.call_ns,
            "calls": self._calls(),
            "lanes": [lane.plain() for lane in list(self.lanes)],
            "finders": dict(self.searches.finders),
            "preloaded": self.preloaded,
            "path": [entry for entry in sys.path or () if type(entry) is str],
            "writes_bytecode": not sys.dont_write_bytecode,
        }

    def _calls(self) -> int:
        """About how many calls were heard."""
        entries = [figures for lane in list(self.lanes) for figures in list(lane.entries.values())]
        probes = sum(figures[0] + figures[3] for figures in entries)
        searches = sum(figures[0] for figures in self.searches.finders.values())
        return probes + searches + sum(lane.count for lane in self.lanes) * _CALLS_OF_AN_IMPORT

    def lane(self) -> Lane:
        """The one of this thread."""
        try:
            lane: Lane = self._local.lane
        except AttributeError:
            lane = self._local.lane = Lane(perf_counter_ns, _thread_name())
            self.lanes.append(lane)
            lane.number = self.lanes.index(lane)
            if lane.number:  # before, there was nobody to wait for
                self.hooks.listen(bootstrap._ModuleLock.acquire, self._begin_waiting, self._end)
        return lane

    def _begin_waiting(self, *_: object) -> "tuple[Lane, int]":
        lane = self.lane()
        return lane, lane.begin("wait")

    @staticmethod
    def _end(token: "tuple[Lane, int]", result: object, error: BaseException | None) -> None:
        token[0].end(token[1])

    def _begin_import(self, name: str, *_: object, **__: object) -> Node:
        node = self.lane().begin_import(name)
        node.importer, node.late = _caller(name)
        if self._on_change is not None:
            self._on_change(node.start)
        return node

    def _end_import(self, node: Node, module: object, error: BaseException | None) -> None:
        lane = node.lane
        lane.end_import(node)
        if node.parent is not None:
            node.parent.children += 1
        if error is not None:
            node.error = _in_words(error)
        elif not node.found and not node.children:
            lane.disown(node)  # it was there, or another thread was at it
            return
        self.finished.append(node)
        if self._on_change is not None:
            self._on_change(node.end)


def _caller(module: str) -> "tuple[tuple[str, int] | None, bool]":
    """File and line of the statement or call that imports: the first frame that is neither ours nor importlib's.

    And whether it is neither, but the use of a name: a lazy import of `module` is made up.
    """
    frame = sys._getframe(2)
    while frame is not None:
        code = frame.f_code
        name = code.co_filename
        if name not in _OWN_FILES and not name.endswith("importlib/__init__.py"):
            is_late = module in _LAZY and code.co_code[frame.f_lasti] not in _IMPORTING
            return (name, frame.f_lineno or 0), is_late
        frame = frame.f_back  # type: ignore[assignment]
    return None, False


def _instructions(source: str) -> "set[int]":
    return set(compile(source, "", "exec").co_code[::2])


_LAZY: "set[str]" = getattr(sys, "lazy_modules", set())  # names of modules that lazy imports wait for (3.15)
_IMPORTING = _instructions("import x\nf()\nf(a=0)\nf(*a)") - _instructions("x = f.a, (), 0, None\nf")


def _in_words(error: BaseException) -> str:
    try:
        text = str(error)
    except Exception:
        text = "(its text can't be had)"
    return f"{type(error).__name__}: {text}"[:_MOST_WORDS]


def _thread_name() -> str:
    """Of this thread, as threading knows it; empty if threading does not know it."""
    thread = getattr(sys.modules.get("threading"), "_active", {}).get(get_ident())
    name = getattr(thread, "name", None)
    return name if type(name) is str else ""
