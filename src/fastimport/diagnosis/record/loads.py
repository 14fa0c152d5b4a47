"""Listening to what comes after the search: module object, code, execution.

In the order of an import: ``module_from_spec``; then the loader, whose time counts as executing unless known better;
``get_code``, in it ``_classify_pyc`` and ``_validate_hash_pyc``, ``_compile_bytecode`` (which unmarshals), or ``compile``,
``_cache_bytecode`` and ``_write_atomic``; and ``_call_with_frames_removed``, through which importlib calls exec, compile and
the dynamic loader.
"""

import _imp
import builtins

from fastimport.diagnosis.record.lanes import Lane, Node
from fastimport.diagnosis.record.reasons import why_invalid, why_stale

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

_CALLED = {
    builtins.exec: "execute",
    builtins.compile: "compile",
    _imp.create_dynamic: "dlopen",
    _imp.exec_dynamic: "dlopen",
    _imp.create_builtin: "dlopen",
    _imp.exec_builtin: "dlopen",
    _imp.get_frozen_object: "unmarshal",
}
_Builtin = type(len)
_MOST_LOADERS = 100


class Loads:
    """What loaders do, charged to the import under way on the lane of the thread."""

    def __init__(self, lane: "Callable[[], Lane]", hooks: "Hooks") -> None:
        self.lane, self._hooks = lane, hooks
        self._seen: dict[int, object] = {}  # methods by id, kept alive so that it stays theirs

    def listen(self) -> None:
        """Listen to importlib's functions."""
        listen, begin, end = self._hooks.listen, self._begins, self._end
        listen(bootstrap.module_from_spec, begin("machinery"), self._end_creation)
        listen(bootstrap._call_with_frames_removed, self._begin_call, self._end_call)
        listen(external._classify_pyc, self._begin_classifying, self._end_validating)
        listen(external._validate_hash_pyc, self._begin_validating_hash, self._end_validating)
        listen(external._compile_bytecode, self._begin_unmarshalling, self._end_unmarshalling)
        listen(external.SourceFileLoader._cache_bytecode, self._begin_writing, end)
        listen(external._write_atomic, begin("write"), self._end_writing)
        for loader in (external.SourceLoader, external.SourcelessFileLoader):
            listen(loader.get_code, self._begin_reading, self._end_reading)

    def meet(self, loader: type) -> None:
        """Listen to ``get_code`` of somebody's loader, or to what `fastimport.install` has put before importlib's."""
        method = getattr(loader, "get_code", None)
        if id(method) not in self._seen and len(self._seen) < _MOST_LOADERS:
            self._seen[id(method)] = method
            if not self._hooks.listen_first(method, self._begin_reading, self._end_reading):
                self._hooks.listen(method, self._begin_reading, self._end_reading)

    def _begins(self, kind: str) -> "Callable[..., tuple[Lane, int]]":
        own_lane = self.lane

        def begin(*_: object, **__: object) -> "tuple[Lane, int]":
            lane = own_lane()
            return lane, lane.begin(kind)

        return begin

    @staticmethod
    def _end(token: "tuple[Lane, int]", result: object, error: BaseException | None) -> None:
        token[0].end(token[1])

    @staticmethod
    def _end_creation(token: "tuple[Lane, int]", module: object, error: BaseException | None) -> None:
        lane, depth = token
        lane.end(depth)
        if lane.kind == "machinery" and error is None:
            lane.kind = "execute"  # what comes now is the loader

    def _begin_call(self, function: object, *arguments: object, **_: object) -> "tuple[Lane, int] | None":
        kind = _CALLED.get(function) if type(function) is _Builtin else None
        if kind is None:
            return None
        lane = self.lane()
        if kind == lane.kind:
            return None
        if kind == "compile" and lane.node is not None and len(arguments) > 1:
            self._compiling(lane.node, arguments[0], arguments[1])
        return lane, lane.begin(kind)

    @staticmethod
    def _compiling(node: Node, source: object, path: object) -> None:
        node.size = len(source) if isinstance(source, (bytes, str)) else None
        if node.compiled is None:
            node.compiled = "no bytecode" if node.bytecode is None else why_stale(node.bytecode, path)

    @staticmethod
    def _end_call(token: "tuple[Lane, int] | None", result: object, error: BaseException | None) -> None:
        if token is not None:
            token[0].end(token[1])

    def _begin_reading(self, *_: object, **__: object) -> "tuple[Lane, int, Node | None]":
        lane = self.lane()
        return lane, lane.begin("read"), lane.node

    @staticmethod
    def _end_reading(token: "tuple[Lane, int, Node | None]", code: object, error: BaseException | None) -> None:
        lane, depth, node = token
        lane.end(depth)
        if node is None or code is None or lane.kind == "read":
            return
        if node.compiled is None and "unmarshal" not in node.costs and "read" in node.costs:
            node.costs["load"] = node.costs.get("load", 0) + node.costs.pop("read")  # nothing was heard meanwhile

    def _begin_classifying(self, data: bytes, *_: object, **__: object) -> Lane:
        lane = self.lane()
        if lane.node is not None:
            lane.node.size, lane.node.bytecode = len(data), data
        if lane.kind == "read":
            lane.turn("validate")
        return lane

    def _begin_validating_hash(self, *_: object, **__: object) -> Lane:
        return self.lane()

    @staticmethod
    def _end_validating(lane: Lane, result: object, error: BaseException | None) -> None:
        if error is not None and lane.node is not None:
            lane.node.compiled = why_invalid(error)
        if error is not None and lane.kind == "validate":
            lane.turn("read")

    def _begin_unmarshalling(self, *_: object, **__: object) -> Lane:
        lane = self.lane()
        if lane.kind in ("read", "validate"):
            lane.turn("unmarshal")
        return lane

    @staticmethod
    def _end_unmarshalling(lane: Lane, code: object, error: BaseException | None) -> None:
        if lane.node is not None:
            lane.node.bytecode = None
        if lane.kind == "unmarshal":
            lane.turn("read")

    def _begin_writing(self, *_: object, **__: object) -> "tuple[Lane, int]":
        lane = self.lane()
        if lane.node is not None:
            lane.node.written = "could not be written"
        return lane, lane.begin("write")

    @staticmethod
    def _end_writing(token: "tuple[Lane, int]", result: object, error: BaseException | None) -> None:
        lane, depth = token
        lane.end(depth)
        if lane.node is not None:
            lane.node.written = "written" if error is None else f"could not be written: {error}"
