"""Which functions of a program ran, and which names their code mentions: what says whether an import was of use.

Runs inside the program, in a run of its own that is not timed. From 3.12 on the interpreter tells of each code object once
(`sys.monitoring`, PEP 669); before, a profile function is called at every call, which makes a program about twice as slow.
"""

import sys

TYPE_CHECKING = False
if TYPE_CHECKING:
    from types import CodeType, FrameType
    from typing import Any

_NAME = "fastimport"


class Usage:
    """The code objects that ran between `start` and `stop`."""

    def __init__(self) -> None:
        self.ran: set[CodeType] = set()
        self._tool: int | None = None

    def start(self) -> None:
        """Begin to listen; without effect where every place for a tool is taken."""
        if sys.version_info >= (3, 12):
            self._start_monitoring()
        else:
            import threading

            threading.setprofile(self._called)
            sys.setprofile(self._called)

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
        if sys.version_info < (3, 12):
            sys.setprofile(None)
        elif self._tool is not None:
            sys.monitoring.set_events(self._tool, 0)
            sys.monitoring.free_tool_id(self._tool)
            self._tool = None

    def plain(self) -> "dict[str, Any]":
        """By file: the functions that ran, as ``(first line, name)``, and all names that their code mentions."""
        files: dict[str, tuple[list[tuple[int, str]], list[str]]] = {}
        names: dict[str, set[str]] = {}
        for code in list(self.ran):
            if code.co_name == "<module>":
                files.setdefault(code.co_filename, ([], []))
                continue
            functions, _ = files.setdefault(code.co_filename, ([], []))
            functions.append((code.co_firstlineno, code.co_name))
            names.setdefault(code.co_filename, set()).update(code.co_names)
        return {"files": {file: (functions, sorted(names.get(file, ()))) for file, (functions, _) in files.items()}}
