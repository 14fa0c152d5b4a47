"""An examination as text, and as plain data for JSON (docs/doctor.md describes the schema)."""

from typing import Any

from fastimport.diagnosis.doctor import Examination
from fastimport.diagnosis.doctor.findings import NOTICE, SEVERITIES

SCHEMA = "fastimport.doctor/1"
MOST_NOTICES = 20


def plain(examination: Examination) -> dict[str, Any]:
    """The examination as data that JSON can hold."""
    return {
        "schema": SCHEMA,
        "facts": examination.facts,
        "families": list(examination.families),
        "counts": {severity: examination.count(severity) for severity in SEVERITIES},
        "findings": [{"family": family, **finding._asdict()} for family, finding in examination.findings],
    }


def text(examination: Examination) -> str:
    """The examination for people; ends without a line feed."""
    lines = [f"{name:12}{fact}" for name, fact in examination.facts.items()]
    notices = 0
    for family, finding in examination.findings:
        notices += finding.severity == NOTICE
        if notices > MOST_NOTICES:
            continue
        lines += ["", f"{finding.severity:8}{family}: {finding.subject}", f"        {finding.text}"]
        if finding.remedy:
            lines.append(f"        -> {finding.remedy}")
    if notices > MOST_NOTICES:
        lines += ["", f"... and {notices - MOST_NOTICES} more notices; --json has all"]
    counts = ", ".join(f"{examination.count(severity)} {severity}s" for severity in SEVERITIES)
    return "\n".join([*lines, "", counts])
