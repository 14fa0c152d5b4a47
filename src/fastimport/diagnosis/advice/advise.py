"""Advice for a program that was recorded: one more run tells what was used, a few more prove the largest predictions."""

import os
import tokenize
from collections.abc import Callable, Iterable, Mapping

from fastimport.diagnosis.advice.changes import Candidate, find_changes
from fastimport.diagnosis.advice.deferral import Proof, prove_saving
from fastimport.diagnosis.advice.program import Program
from fastimport.diagnosis.advice.statements import Statement
from fastimport.diagnosis.advice.weights import weigh
from fastimport.diagnosis.bench import launcher
from fastimport.diagnosis.record.model import Change, Recording
from fastimport.diagnosis.record.session import NothingRecorded, Plan, record_usage
from fastimport.diagnosis.working_directory import here

_PROVED, _MOST_PROOFS = 3, 6


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
    needed: set[Statement] = set()
    proofs: dict[frozenset[Statement], Proof] = {}
    candidates = _find(recording, known, needed)
    while prove and len(proofs) < _MOST_PROOFS and (pending := _unproved(recording, candidates, proofs)) is not None:
        statements = _statements(pending)
        proofs[statements] = proof = prove_saving(program, statements, progress)
        if proof.obstacle:
            needed |= statements
            recording.notes.append(f"needed, though no name of it is used: {pending.target}: {proof.obstacle}")
            candidates = _find(recording, known, needed)
    by_title = {each.target: proofs.get(_statements(each)) for each in candidates}
    for change in recording.changes:
        if (found := by_title.get(change.title)) is not None and change.kind == "import":
            _confirm(recording, change, found)


def _find(recording: Recording, known: Program, needed: set[Statement]) -> list[Candidate]:
    recording.changes, recording.could_be_ns, candidates = find_changes(known, needed)
    return candidates


def _statements(candidate: Candidate) -> frozenset[Statement]:
    return frozenset(statement for _, statement in candidate.statements)


def _unproved(
    recording: Recording, candidates: Iterable[Candidate], proofs: Mapping[frozenset[Statement], Proof]
) -> Candidate | None:
    """The next of the largest that was not tried yet."""
    largest = [each.title for each in recording.changes if each.kind == "import"][:_PROVED]
    return next((each for each in candidates if each.target in largest and _statements(each) not in proofs), None)


def _confirm(recording: Recording, change: Change, proof: Proof) -> None:
    """Say what was measured; what that does not confirm is not promised."""
    change.measured_ns, change.measured_low_ns, change.measured_high_ns = (
        max(0, each) for each in (proof.saving_ns, min(proof.differences), max(proof.differences))
    )
    if not change.measured_ns and recording.could_be_ns is not None:
        recording.could_be_ns = min(recording.total_ns, recording.could_be_ns + change.saving_ns)


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
