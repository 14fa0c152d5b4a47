"""Entries of the search path that cost time or do nothing: the survey of ``fastimport paths``, as findings."""

import sys
from collections.abc import Iterator

from fastimport.diagnosis.doctor.findings import ERROR, NOTICE, WARNING, Finding
from fastimport.diagnosis.paths.advice import advise
from fastimport.diagnosis.paths.entries import survey

_SEVERITIES = {"no answer": ERROR, "missing": NOTICE, "useless": NOTICE, "shadowing": NOTICE}


def find() -> Iterator[Finding]:
    """Yield the advice on ``sys.path`` that needs no program."""
    entries = survey(sys.path)
    described = {entry.index: entry for entry in entries}
    for kind, index, text in ((each.kind, each.entry, each.text) for each in advise(entries, None)):
        entry = described.get(index) if index is not None else None
        what, _, remedy = text.rpartition(": ")
        system = entry.file_system if entry else None
        details = {"entry": index, "file_system": system and system.kind, "latency": entry.latency if entry else None}
        subject = entry.entry if entry else "sys.path"
        yield Finding(kind, _SEVERITIES.get(kind, WARNING), subject, what.removeprefix(f"{subject!r} "), remedy, details)
