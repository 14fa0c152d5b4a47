"""Listening to searches: which finder found a module, on which path entry, and what each was asked and cost.

In the order of an import: ``_find_spec``; in it the ``find_spec`` of what is on sys.meta_path; in PathFinder
``_path_hooks`` for each new path entry, ``FileFinder.find_spec`` and ``_fill_cache`` of each, and zipimporter's.
"""

import sys
from time import perf_counter_ns

from fastimport.diagnosis.record.lanes import Lane

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable
    from typing import Any

    from fastimport.diagnosis.record.hooks import Hooks

    bootstrap: Any
    external: Any
else:
    import _frozen_importlib as bootstrap
    import _frozen_importlib_external as external

_MOST_FINDERS = 100  # a program that makes a new finder for each import shall not be slowed down by our looking at them
_TOO_QUICK = (bootstrap.BuiltinImporter, bootstrap.FrozenImporter)  # to be worth listening to: they cost less than we


class Searches:
    """`finders` has ``[searches, found, ns]`` by name; path entries are kept by the `Lane`."""

    def __init__(self, local: "Any", lane: "Callable[[], Lane]", hooks: "Hooks", meet_loader: "Callable[[type], None]") -> None:
        """`local.lane` is that of the thread, once `lane` has been called in it."""
        self.local, self.lane, self.hooks, self.meet_loader = local, lane, hooks, meet_loader
        self.finders: dict[str, list[int]] = {}
        self._seen: dict[int, object] = {}  # by id, and kept alive so that it stays theirs

    def listen(self) -> None:
        """Listen to importlib's own; the others' when they are there."""
        self.hooks.listen(bootstrap._find_spec, self._begin, self._end)
        self.hooks.time(external.FileFinder.find_spec, perf_counter_ns, self._quick_note_probe())
        self.hooks.time(external.PathFinder._path_hooks, perf_counter_ns, self._note_hooks)
        self.hooks.time(external.FileFinder._fill_cache, perf_counter_ns, self._note_listing)

    def _begin(self, name: str, *_: object, **__: object) -> "tuple[Lane, int, str]":
        lane = self.lane()
        depth = lane.begin("search")
        lane.entry = lane.finder = None
        for finder in sys.meta_path or ():
            if id(finder) not in self._seen and len(self._seen) < _MOST_FINDERS:
                self._meet(finder)
        return lane, depth, name

    def _end(self, token: "tuple[Lane, int, str]", spec: "Any", error: BaseException | None) -> None:
        lane, depth, name = token
        lane.end(depth)
        node = lane.node
        if spec is None or node is None or node.found or node.name != name:
            return
        node.found = True
        node.finder, node.entry = lane.finder, lane.entry
        try:
            loader = spec.loader
            node.locations = spec.submodule_search_locations is not None
            node.origin = spec.origin if type(spec.origin) is str else None
        except AttributeError:  # somebody's own idea of a spec
            return
        if loader is not None:
            cls = loader if isinstance(loader, type) else type(loader)
            node.loader = cls.__name__
            if cls in _TOO_QUICK:
                node.finder = cls.__name__
            self.meet_loader(cls)

    def _meet(self, finder: object) -> None:
        self._seen[id(finder)] = finder
        cls = finder if isinstance(finder, type) else type(finder)
        if cls in _TOO_QUICK:
            return
        stock = cls.__module__.startswith(("_frozen_importlib", "importlib."))
        begin, end = self._listeners(cls.__qualname__ if stock else f"{cls.__module__}.{cls.__qualname__}")
        self.hooks.listen(getattr(finder, "find_spec", None), begin, end)
        zipimporter = getattr(sys.modules.get("zipimport"), "zipimporter", None)
        if zipimporter is not None:
            self.hooks.time(zipimporter.find_spec, perf_counter_ns, self._note_probe)

    def _listeners(self, name: str) -> "tuple[Callable[..., Any], Callable[..., None]]":
        figures = self.finders.setdefault(name, [0, 0, 0])

        def begin(*_: object, **__: object) -> "tuple[Lane, int, int]":
            lane = self.lane()
            if lane.kind != "search":  # somebody asks a finder himself
                return lane, lane.begin("search"), perf_counter_ns()
            return lane, 0, perf_counter_ns()

        def end(token: "tuple[Lane, int, int]", spec: object, error: BaseException | None) -> None:
            lane, depth, start = token
            if depth:
                lane.end(depth)
            figures[0] += 1
            figures[2] += perf_counter_ns() - start
            if spec is not None:
                figures[1] += 1
                lane.finder = name

        return begin, end

    def _quick_note_probe(self) -> "Callable[[Any, object, int], None]":
        """`_note_probe` for what happens a hundred times for each import: an entry that was asked before has nothing."""
        local, slow = self.local, self._note_probe

        def note(finder: "Any", spec: object, ns: int) -> None:
            if spec is None:
                try:
                    figures = local.lane.entries[finder.path]
                except (AttributeError, KeyError, TypeError):  # first of the thread, of the entry; an odd path
                    pass
                else:
                    figures[0] += 1
                    figures[2] += ns
                    return
            slow(finder, spec, ns)

        return note

    def _note_probe(self, finder: object, spec: object, ns: int) -> None:
        lane, path = self.lane(), _path_of(finder)
        figures = lane.entries.get(path) or lane.entries.setdefault(path, [0, 0, 0, 0, 0])
        figures[0] += 1
        figures[2] += ns
        if spec is not None:
            figures[1] += 1
            lane.entry = path

    def _note_hooks(self, path: object, finder: object, ns: int) -> None:
        """Making the finder of a new path entry: each path hook in turn looks at the file system."""
        path = path if type(path) is str else ""
        lane = self.lane()
        figures = lane.entries.get(path) or lane.entries.setdefault(path, [0, 0, 0, 0, 0])
        figures[2] += ns

    def _note_listing(self, finder: object, result: object, ns: int) -> None:
        lane, path = self.lane(), _path_of(finder)
        figures = lane.entries.get(path) or lane.entries.setdefault(path, [0, 0, 0, 0, 0])
        figures[3] += 1
        figures[4] += ns


def _path_of(finder: "Any") -> str:
    path = getattr(finder, "path", None) or getattr(finder, "archive", None)
    return path if type(path) is str else ""
