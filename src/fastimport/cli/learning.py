"""What runs in each interpreter that ``fastimport lazy`` starts: the program as ``run`` runs it, and a report of how it went.

Our own modules leave no trace: sys.modules, sys.path and sys.path_importer_cache are put back before the program begins.
"""

import _frozen_importlib as bootstrap
import atexit
import marshal
import os
import sys
from time import perf_counter_ns

from fastimport.cli import program
from fastimport.diagnosis.lazy.observer import Observer

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any


def main(job: "dict[str, Any]") -> None:
    """Do a `job` of diagnosis/lazy/runs.py: run ``kind``, ``target`` and ``arguments``, and write the file ``report``."""
    before = job["before"]
    for name in [name for name in sys.modules if name not in before["modules"]]:
        del sys.modules[name]
    for key in [key for key in sys.path_importer_cache if key not in before["importers"]]:
        del sys.path_importer_cache[key]
    sys.path[:] = before["path"]
    run = Run(job)
    atexit.register(run.write)
    leave = os._exit

    def _exit(status: int) -> None:
        run.write()
        leave(status)

    os._exit = _exit  # type: ignore[assignment]
    status = run.start()
    if status:
        raise SystemExit(status)


class Run:
    """One run of a program, and what is told of it."""

    def __init__(self, job: "dict[str, Any]") -> None:
        self.job = job
        self.process = os.getpid()
        self.observer = Observer() if job["observe"] else None
        self.report: dict[str, Any] = {"suspects": []}
        self.begun = 0

    def start(self) -> int:
        """Run the program to its end and return its status; what it raises comes out."""
        if self.observer is None:
            import fastimport

            fastimport.install(lazy=self.job["lazy"])
        if self.observer is not None:
            self.observer.start()
        if self.job["until"] is not None:
            self._listen()
        self.begun = perf_counter_ns()
        try:
            return program.run(self.job["kind"], self.job["target"], self.job["arguments"])
        except BaseException as error:
            self._look_at(error)
            raise
        finally:
            self.report["taken"] = perf_counter_ns() - self.begun

    def write(self) -> None:
        """Write the report, once, and only in the process that was started."""
        if os.getpid() != self.process or self.begun == 0:
            return
        self.report.setdefault("taken", perf_counter_ns() - self.begun)
        self.begun = 0
        self.report["loaded"] = len(sys.modules)
        if self.observer is not None:
            self.observer.stop()
            self.report.update(self.observer.found())
        with open(self.job["report"], "wb") as file:
            marshal.dump(self.report, file)

    def _listen(self) -> None:
        """End the process as soon as the module that is waited for has been executed."""
        load, until = bootstrap._load_unlocked, self.job["until"]  # type: ignore[attr-defined]

        def _load_unlocked(spec: "Any") -> "Any":
            module = load(spec)
            if spec.name == until:
                self.report["reached"] = True
                for stream in (sys.stdout, sys.stderr):
                    stream.flush()
                os._exit(0)
            return module

        bootstrap._load_unlocked = _load_unlocked  # type: ignore[attr-defined]

    def _look_at(self, error: "BaseException | None") -> None:
        """Note the modules that an exception passed through, the innermost first, and those that its text names."""
        suspects: dict[str, None] = {}
        while error is not None:
            text = str(error)
            if "lazy import of '" in text:
                suspects[text.partition("lazy import of '")[2].partition("'")[0]] = None
            entry = error.__traceback__
            names: list[str] = []
            while entry is not None:
                names.insert(0, str(entry.tb_frame.f_globals.get("__name__")))
                entry = entry.tb_next
            suspects.update(dict.fromkeys(names))
            error = error.__cause__ or error.__context__
        self.report["suspects"] = list(suspects)
