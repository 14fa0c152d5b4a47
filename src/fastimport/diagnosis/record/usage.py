"""Which functions and import statements of a program ran, and which names their code mentions: whether an import was of use.

Runs inside the program, in a run of its own that is not timed. ``builtins.__import__`` tells of each statement. From 3.12 on the
interpreter tells of each code object once (`sys.monitoring`, PEP 669); before, a profile function is called at every call, which
makes a program about twice as slow.
"""

import builtins
import sys

TYPE_CHECKING = False
if TYPE_CHECKING:
    from types import CodeType, FrameType
    from typing import Any

_NAME = "fastimport"


class Usage:
    """The code objects that ran between `start` and `stop`, and the places that imported anything, each time or once more."""

    def __init__(self) -> None:
        self.ran: set[CodeType] = set()
        self.places: set[tuple[str, int]] = set()
        self.is_replaced = False  # by the program, so that places are missing
        self._tool: int | None = None
        self._import = builtins.__import__

    def start(self) -> None:
        """Begin to listen; to no functions where every place for a tool is taken."""
        self._listen_to_imports()
        if sys.version_info >= (3, 12):
            self._start_monitoring()
        else:
            import threading

            threading.setprofile(self._called)
            sys.setprofile(self._called)

    def _listen_to_imports(self) -> None:
        frame_of, add, real = sys._getframe, self.places.add, self._import

        def __import__(*words: "Any", **named: "Any") -> "Any":
            frame = frame_of(1)
            add((frame.f_code.co_filename, frame.f_lineno))
            return real(*words, **named)

        self._listening = builtins.__import__ = __import__

    def _start_monitoring(self) -> None:
        if sys.version_info >= (3, 12):
            monitoring = sys.monitoring
            self._tool = next((tool for tool in (4, 3, 5) if monitoring.get_tool(tool) is None), None)
            if self._tool is None:
                return
            heard, disable = self.ran.add, monitoring.DISABLE

            def starts(code: "CodeType", _: int) -> object:
                heard(code)
                return disable

            monitoring.use_tool_id(self._tool, _NAME)
            monitoring.register_callback(self._tool, monitoring.events.PY_START, starts)
            monitoring.set_events(self._tool, monitoring.events.PY_START)

    def _called(self, frame: "FrameType", event: str, _: object) -> None:
        if event == "call":
            self.ran.add(frame.f_code)

    def stop(self) -> None:
        """Listen no more."""
        self.is_replaced = builtins.__import__ is not self._listening
        if not self.is_replaced:
            builtins.__import__ = self._import
        if sys.version_info < (3, 12):
            sys.setprofile(None)
        elif self._tool is not None:
            sys.monitoring.set_events(self._tool, 0)
            sys.monitoring.free_tool_id(self._tool)
            self._tool = None

    def plain(self) -> "dict[str, Any]":
        """By file: the functions that ran, as ``(first line, name)``, and all names that these mention; the lines that import."""
        files: dict[str, tuple[list[tuple[int, str]], list[str]]] = {}
        names: dict[str, set[str]] = {}
        for code in list(self.ran):
            if code.co_name == "<module>":
                files.setdefault(code.co_filename, ([], []))
                continue
            functions, _ = files.setdefault(code.co_filename, ([], []))
            functions.append((code.co_firstlineno, code.co_name))
            names.setdefault(code.co_filename, set()).update(code.co_names)
        lines: dict[str, list[int]] = {file: [] for file in files}
        for file, line in sorted(self.places):
            lines.setdefault(file, []).append(line)
        plain = {"files": {file: (functions, sorted(names.get(file, ()))) for file, (functions, _) in files.items()}}
        return plain if self.is_replaced else {**plain, "imports": lines}
