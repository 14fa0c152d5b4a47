"""Advice for a program that was recorded: one more run tells what was used, a few more prove the largest predictions."""

import os
import tokenize
from collections.abc import Callable, Iterable

from fastimport.diagnosis.advice.changes import Candidate, find_changes
from fastimport.diagnosis.advice.deferral import measured_saving
from fastimport.diagnosis.advice.program import Program
from fastimport.diagnosis.advice.weights import weigh
from fastimport.diagnosis.bench import launcher
from fastimport.diagnosis.record.model import Change, Recording
from fastimport.diagnosis.record.session import NothingRecorded, Plan, record_usage
from fastimport.diagnosis.working_directory import here

_PROVED = 3


def advise(
    recording: Recording, program: launcher.Program, recorder: str, how: Plan, prove: bool, progress: Callable[[str], None]
) -> None:
    """Put ``changes`` and ``could_be_ns`` into a recording; with `prove`, the largest are also measured."""
    progress("looking at what was used")
    try:
        usage = record_usage(program, recorder, how)
    except NothingRecorded:
        return
    if not usage["files"]:
        return
    known = Program(recording, usage, main_of(program, usage["files"]))
    weigh(known)
    recording.changes, recording.could_be_ns, candidates = find_changes(known)
    if prove:
        _prove(recording.changes, candidates, program, progress)


def _prove(
    changes: list[Change], candidates: list[Candidate], program: launcher.Program, progress: Callable[[str], None]
) -> None:
    by_title = {candidate.target: candidate for candidate in candidates}
    imports = [change for change in changes if change.kind == "import"]
    for change in imports[:_PROVED]:
        statements = [statement for _, statement in by_title[change.title].statements]
        change.measured_ns = measured_saving(program, statements, progress)
        if change.measured_ns is None:
            change.risk = "; ".join(filter(None, ["the program fails when it is put off", change.risk]))
            change.why = "seems unused"
        else:
            change.measured_ns = max(0, change.measured_ns)


def main_of(program: launcher.Program, files: Iterable[str]) -> tuple[str, str, str] | None:
    """File, text and package of what runs as ``__main__``, if it is source; `files` are those whose code ran."""
    if program.kind == "code":
        return "<string>", program.target, ""
    if program.kind == "script":
        path = os.path.join(here(), program.target)
        return _read(os.path.join(path, "__main__.py") if os.path.isdir(path) else path, "")
    relative = program.target.replace(".", os.sep)
    for ending, package in ((f"{os.sep}__main__.py", program.target), (".py", program.target.rpartition(".")[0])):
        for file in files:
            if file.endswith(f"{os.sep}{relative}{ending}"):
                return _read(file, package)
    return None


def _read(path: str, package: str) -> tuple[str, str, str] | None:
    try:
        with tokenize.open(path) as file:
            return path, file.read(), package
    except (OSError, SyntaxError, UnicodeDecodeError):
        return None
