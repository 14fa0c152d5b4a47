"""What runs in each interpreter that ``fastimport profile`` starts: record, and run the program as ``fastimport run`` does.

What is heard is written to a file from time to time, so that a process that is killed leaves what it had; `read` in
diagnosis/record/session.py reads it. Nothing is imported but what a bare interpreter has loaded, and our own modules leave no
trace: sys.modules, sys.path and sys.path_importer_cache are put back before recording begins.
"""

import atexit
import marshal
import os
import sys
from _thread import allocate_lock, start_new_thread
from time import perf_counter_ns, sleep

from fastimport.cli import program
from fastimport.diagnosis.record.tracer import Tracer
from fastimport.diagnosis.record.usage import Usage

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any

_BETWEEN_WRITES, _BETWEEN_SNAPSHOTS = 5_000_000, 20_000_000  # ns
_PATIENCE = 1.0  # seconds
_FLAGS = os.O_WRONLY | os.O_APPEND | getattr(os, "O_BINARY", 0)


def main(job: "dict[str, Any]") -> None:
    """Do a `job` of diagnosis/record/session.py: record to the file ``log`` while ``kind``, ``target`` and ``arguments`` run."""
    before, entered = job["trace"], job["trace"]["entered"]
    for name in [name for name in sys.modules if name not in before["modules"]]:
        del sys.modules[name]
    install_ns = _install(job["level"])
    for key in [key for key in sys.path_importer_cache if key not in before["importers"]]:
        del sys.path_importer_cache[key]
    sys.path[:] = before["path"]
    about = {"spawned": job["spawned"], "install_ns": install_ns}
    writer = Writer(job["log"], job["until"], about, Usage() if job["usage"] else None)
    atexit.register(writer.end)
    leave = os._exit

    def _exit(status: int) -> None:
        writer.end()
        leave(status)

    os._exit = _exit  # type: ignore[assignment]
    if writer.usage is not None:
        writer.usage.start()
    writer.tracer.start()
    if job["idle"] is not None:
        start_new_thread(writer.wait_for_idleness, (job["idle"],))
    about["setup_ns"] = writer.tracer.begun_at - entered - install_ns
    status = program.run(job["kind"], job["target"], job["arguments"])
    if status:
        raise SystemExit(status)


def _install(level: "Any") -> int:
    """Install fastimport at `level`; how long import and installation took, in ns."""
    if level is None:
        return 0
    start = perf_counter_ns()
    import fastimport

    fastimport.install(freshness=level)
    return perf_counter_ns() - start


class Writer:
    """Writes what a `Tracer` hears to a file: batches of imports, and snapshots, one marshal after the other.

    Nothing that goes wrong here may be seen by the program: what can't be written is not recorded.
    """

    def __init__(self, path: str, until: str | None, about: "dict[str, Any]", usage: Usage | None = None) -> None:
        self.path = path
        self.file = os.open(path, _FLAGS)
        self.identity = os.fstat(self.file)[1:3]
        self.process = os.getpid()
        self.until, self.about, self.usage = until, about, usage
        self.tracer = Tracer(self.on_change)
        self.written = self.written_at = self.snapshot_at = 0
        self.changed_at = perf_counter_ns()
        self.lock = allocate_lock()  # of `written`; whoever finds it taken leaves the writing to the other
        self.over = False

    def on_change(self, now: int) -> None:
        """An import has begun or ended."""
        self.changed_at = now
        if self.until is not None and self.tracer.finished and self.tracer.finished[-1].name == self.until:
            self.stop_early()
        elif now - self.written_at > _BETWEEN_WRITES and not self.over and self.lock.acquire(False):
            try:
                self.write(now)
            finally:
                self.lock.release()

    def write(self, now: int) -> None:
        """Write the imports that have ended since, and now and then how things stand."""
        if self.over or os.getpid() != self.process:
            return
        self.written_at = now
        finished = self.tracer.finished
        new = finished[self.written : len(finished)]
        self.written += len(new)
        data = marshal.dumps([node.plain() for node in new])
        if now - self.snapshot_at > _BETWEEN_SNAPSHOTS:
            self.snapshot_at = now
            data += marshal.dumps({**self.tracer.snapshot(), **self.about, "complete": False})
        self.put(data)

    def put(self, data: bytes) -> None:
        """Append `data`. A program that closes all files, as daemons do, may have one of its own under our number since."""
        try:
            if self.is_ours():
                os.write(self.file, data)
            else:
                file = os.open(self.path, _FLAGS)
                try:
                    os.write(file, data)
                finally:
                    os.close(file)
        except OSError:
            self.over = True

    def is_ours(self) -> bool:
        """Whether our file is still open under its number."""
        try:
            return os.fstat(self.file)[1:3] == self.identity
        except OSError:
            return False

    def wait_for_idleness(self, seconds: float) -> None:
        """End the process once nothing was imported for so long, as `stop_early` does. On a thread of its own."""
        while True:
            sleep(seconds / 10)
            since, now = self.changed_at, perf_counter_ns()
            if now - since >= seconds * 1e9 and not self.tracer.is_importing():
                break
        self.about["idle_ns"] = now - since
        self.stop_early(since)

    def end(self, at: int | None = None) -> None:
        """Write all that is missing, once. What came after `at` does not count."""
        if self.over or os.getpid() != self.process:
            return
        self.tracer.stop(at)
        if self.usage is not None:
            self.usage.stop()
        has_lock = self.lock.acquire(True, _PATIENCE)  # the other may be ourselves, interrupted by a signal
        self.snapshot_at = self.tracer.ended_at
        self.write(self.tracer.ended_at)
        activation = sys.modules.get("fastimport.activation")
        level = activation.level() if activation is not None else None
        used = {} if self.usage is None else {"usage": self.usage.plain()}
        self.put(marshal.dumps({**self.tracer.snapshot(), **self.about, **used, "complete": True, "level": level}))
        self.over = True
        if has_lock:
            self.lock.release()

    def stop_early(self, at: int | None = None) -> None:
        """What was waited for is there: end the process without running anything more of the program."""
        self.about["stopped"] = True
        self.end(at)
        for stream in (sys.stdout, sys.stderr):
            try:
                stream.flush()
            except Exception:
                pass
        os._exit(0)
