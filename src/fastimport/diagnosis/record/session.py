"""Recording a program from outside: fresh interpreters, one after the other, and the median run of them."""

import contextlib
import marshal
import signal
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from fastimport.diagnosis.bench.launcher import Program
from fastimport.diagnosis.record.assembly import assemble
from fastimport.diagnosis.record.model import Recording
from fastimport.diagnosis.record.spread import add_spread

_ROOT = str(Path(__file__).resolve().parents[3])
# A file, not -c: for that some versions load linecache. What comes with a file, its directory as sys.path[0] and an entry in
# the importer cache, is taken away again.
_BOOT = """\
import sys, time
trace = {{"entered": time.perf_counter_ns(), "modules": set(sys.modules)}}
trace |= {{"importers": set(sys.path_importer_cache) - {{__file__}}, "path": list(sys.path)}}
sys.path.insert(0, {root!r})
from {module} import main
main({{**{job!r}, "trace": trace}})
"""
_BORDERS = " \t|+-=_~*#" + "".join(map(chr, range(0x2500, 0x25A0)))  # with Unicode's box drawing
_TAIL = 2000  # characters of the program's standard error that are kept


class NothingRecorded(Exception):
    """The interpreter ended before anything could be recorded; the text says what it left behind."""


@dataclass(frozen=True)
class Plan:
    """How to record."""

    runs: int = 5
    level: str | None = None  # freshness at which fastimport is to be active; None: as the environment is
    until: str | None = None  # end as soon as this module has been imported
    idle: float | None = None  # end once nothing was imported for so many seconds

    @property
    def ends_early(self) -> bool:
        """Whether the program may not come to its own end."""
        return self.until is not None or self.idle is not None


def record_program(program: Program, module: str, plan: Plan, progress: Callable[[str], None]) -> Recording:
    """Record `program` as `plan` says: once first, for what happens once (compiling), and then ``plan.runs`` times.

    `module` is the name of the module whose ``main`` runs the program in each interpreter. Stops after a run that did not end
    well. Raises `NothingRecorded`.
    """
    first = record_once(program, module, plan)
    recordings = [first]
    while len(recordings) <= plan.runs and plan.runs > 1 and not first.outcome:
        progress(f"recording {len(recordings)} of {plan.runs}")
        recordings.append(record_once(program, module, plan))
        if recordings[-1].outcome:
            break
    timed = recordings[1:] or recordings
    middle = statistics.median_low(recording.total_ns for recording in timed)
    chosen = next(recording for recording in timed if recording.total_ns == middle)
    add_spread(chosen, timed)
    chosen.runs = [recording.total_ns for recording in timed]
    chosen.process_ns = int(statistics.median(recording.process_ns for recording in timed))
    if chosen is not first:
        compiled = {module.name for module in chosen.modules if module.compiled}
        chosen.first_run_compiled = [
            f"{each.name}: {each.compiled}" for each in first.modules if each.compiled and each.name not in compiled
        ]
    if timed[-1].outcome and not chosen.outcome:
        chosen.notes.append(f"the last run ended badly: {timed[-1].outcome}")
    return chosen


def record_once(program: Program, module: str, plan: Plan) -> Recording:
    """One run, in a new interpreter with the options of this one. Its output is thrown away."""
    return _record(program, module, plan, False)[0]


def record_usage(program: Program, module: str, plan: Plan) -> dict[str, Any]:
    """What ran in one more run, as `usage.Usage.plain` gives it; nothing if that run does not come to its end."""
    return _record(program, module, plan, True)[1].get("usage", {"files": {}})  # type: ignore[no-any-return]


def _record(program: Program, module: str, plan: Plan, usage: bool) -> tuple[Recording, dict[str, Any]]:
    with tempfile.TemporaryDirectory(prefix="fastimport-") as directory:
        log, errors = Path(directory, "log"), Path(directory, "stderr")
        log.touch()
        with errors.open("wb") as stderr:
            begun = time.perf_counter_ns()
            status = _run(_command(program, module, plan, usage, Path(directory)), stderr)
            taken = time.perf_counter_ns() - begun
        tail = errors.read_bytes().decode(errors="replace")[-_TAIL:].strip()
        nodes, state = read_log(log)
    outcome = _outcome(status, tail)
    if state is None:
        raise NothingRecorded(f"{program}: {outcome or 'the process left no record'}")
    recording = assemble(str(program), nodes, state)
    recording.level, recording.complete = state.get("level"), state["complete"]
    recording.install_ns = state["install_ns"]
    recording.process_ns = taken - state["setup_ns"] - state.get("idle_ns", 0)
    recording.before_ns = max(0, state["begun_at"] - state["spawned"] - recording.install_ns - state["setup_ns"])
    recording.total_ns += recording.before_ns + recording.install_ns
    recording.outcome = outcome if outcome or recording.complete else "the process ended without saying so"
    return recording, state


def read_log(path: Path) -> tuple[list[tuple[Any, ...]], dict[str, Any] | None]:
    """The imports and the last snapshot in a file of cli/recorded.py, which may break off at any place."""
    nodes: list[tuple[Any, ...]] = []
    state: dict[str, Any] | None = None
    with path.open("rb") as file, contextlib.suppress(EOFError, ValueError, TypeError):
        while True:
            part = marshal.load(file)
            if isinstance(part, dict):
                state = part if state is None or not state["complete"] else state  # a thread may be late with its own
            else:
                nodes += part
    if state is not None and nodes:
        state["now"] = max(state["now"], *(node[5] for node in nodes))
    return nodes, state


def _command(program: Program, module: str, plan: Plan, usage: bool, directory: Path) -> list[str]:
    """The command that records into the file ``log`` in `directory`, which is ours alone."""
    boot = directory / "boot.py"
    job = {
        "log": str(directory / "log"), "until": plan.until, "idle": plan.idle, "level": plan.level, "usage": usage,
        "kind": {"module": "-m", "code": "-c", "script": "file"}[program.kind], "target": program.target,
        "arguments": list(program.arguments), "spawned": time.perf_counter_ns(),
    }  # fmt: skip
    flags = subprocess._args_from_interpreter_flags()  # type: ignore[attr-defined]
    boot.write_text(_BOOT.format(root=_ROOT, module=module, job=job), encoding="utf-8")
    return [sys.executable, *flags, str(boot)]


def _run(command: list[str], stderr: Any) -> int:
    process = subprocess.Popen(command, stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL, stderr=stderr)
    try:
        return process.wait()
    except KeyboardInterrupt:  # the terminal has sent it to the program too, which may end well and tell what it heard
        with contextlib.suppress(subprocess.TimeoutExpired):
            return process.wait(timeout=5)
        process.kill()
        return process.wait()


def _last_words(tail: str) -> str:
    """The last line that says something: not the border of a table, which is what some programs end with."""
    lines = [line.strip(_BORDERS) for line in tail.splitlines()]
    return next((line for line in reversed(lines) if any(map(str.isalnum, line))), "")


def _outcome(status: int, tail: str) -> str:
    last = _last_words(tail)
    if status < 0:
        with contextlib.suppress(ValueError):
            return f"the program was killed by {signal.Signals(-status).name}"
        return f"the program was killed by signal {-status}"
    return f"the program ended with status {status}" + (f": {last}" if last else "") if status else ""
