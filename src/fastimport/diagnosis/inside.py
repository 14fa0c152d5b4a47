"""Recording a part of a program from inside: ``with fastimport.record() as recording: ...``.

For programs that can't be started by ``fastimport profile``. What recording needs is loaded before it begins, and what
reporting needs only when a report is asked for.
"""

import sys

from fastimport.diagnosis.record.tracer import Tracer

TYPE_CHECKING = False
if TYPE_CHECKING:
    from os import PathLike
    from types import TracebackType
    from typing import Any

    from fastimport.diagnosis.record.model import Recording


class Record:
    """A recording from inside: a context manager, which gives itself. Complete when the block has been left.

    `to_dict`, `to_json`, `to_text` and `to_html` report; `save` writes the JSON that ``fastimport report`` reads; `result`
    is the whole as a `fastimport.diagnosis.record.model.Recording`. All raise `RuntimeError` while the block has not been left.
    """

    _current: "Record | None" = None

    def __init__(self, title: str | None = None) -> None:
        """`title` says in reports what was recorded; default: the program's command line."""
        self._title = title
        self._tracer = Tracer()
        self._result: Recording | None = None

    def __enter__(self) -> "Record":
        """Begin; raises `RuntimeError` if a recording is under way in this interpreter, or this one has been used."""
        if Record._current is not None:
            raise RuntimeError("a recording is under way already: one at a time in an interpreter")
        if self._tracer.begun_at:
            raise RuntimeError("a recording can be made once: make a new one with fastimport.record()")
        Record._current = self
        self._tracer.start()
        return self

    def __exit__(self, kind: "type[BaseException] | None", value: BaseException | None, tb: "TracebackType | None") -> None:
        """End. What the block raised goes on."""
        self._tracer.stop()
        Record._current = None

    @property
    def result(self) -> "Recording":
        """What was recorded."""
        if self._result is None:
            if not self._tracer.ended_at:
                raise RuntimeError("the recording is not over: leave the with block first")
            from fastimport.diagnosis.record.assembly import assemble

            title = " ".join(map(str, sys.argv)) if self._title is None else self._title
            nodes = [node.plain() for node in self._tracer.finished]
            self._result = assemble(title, nodes, self._tracer.snapshot())
            self._result.level = _level()
        return self._result

    def to_dict(self) -> "dict[str, Any]":
        """Plain values in the schema of `fastimport.diagnosis.record.model`."""
        return self.result.to_dict()

    def to_json(self) -> str:
        """The same as JSON."""
        return self.result.to_json()

    def to_text(self) -> str:
        """Summary and tree, for people."""
        from fastimport.diagnosis.report.formats import render

        return render(self.result, "text")

    def to_html(self) -> str:
        """One self-contained page."""
        from fastimport.diagnosis.report.formats import render

        return render(self.result, "html")

    def save(self, path: "str | PathLike[str]") -> None:
        """Write the JSON to `path`."""
        with open(path, "w", encoding="utf-8") as file:
            file.write(self.to_json() + "\n")


def record(title: str | None = None) -> Record:
    """Record imports from the beginning of a ``with`` block to its end; see `Record`."""
    return Record(title)


def _level() -> str | None:
    """The freshness at which fastimport is active, or None."""
    activation = sys.modules.get("fastimport.activation")
    level: str | None = activation.level() if activation is not None else None
    return level
