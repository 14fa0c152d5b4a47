"""The snapshot that a start would use: there, whole, ours, and up to date."""

import os
import sys
from collections.abc import Iterator

from fastimport.diagnosis.doctor.findings import NOTICE, WARNING, Finding
from fastimport.diagnosis.words import counted
from fastimport.settings import read_environment
from fastimport.snapshot import attachment, decode, reasons, usefulness
from fastimport.snapshot.places import AUTO, automatic_snapshot, environment_snapshot

REMEDY = "put right what it says, or make the snapshot anew: fastimport build"


def facts() -> dict[str, str]:
    """Which snapshot is used."""
    path = path_in_use()
    if path is None:
        return {"snapshot": "none"}
    try:
        found = decode.facts(attachment.open_snapshot(path))
    except attachment.Refused as error:
        return {"snapshot": f"refused: {error}"}
    directories, codes = (int(str(found[what])) for what in ("directories", "codes"))
    return {"snapshot": f"{path}: {counted(directories, 'directory')}, {counted(codes, 'module')}"}


def find() -> Iterator[Finding]:
    """Yield what keeps a snapshot from being used."""
    path = path_in_use()
    if path is None:
        return
    try:
        reader = attachment.open_snapshot(path)
        attachment.relocate(reader, path)
        level = read_environment().freshness or "checked"
        use = usefulness.survey(reader, level, attachment.present_roots(reader, path))
    except (attachment.Refused, ValueError) as error:
        yield Finding("snapshot refused", WARNING, path, f"refused, so nothing is taken from it: {error}", REMEDY)
        return
    doubts = use.directory_doubts + use.module_doubts
    if doubts:
        is_much = 2 * doubts.total() > use.directories + use.modules
        remedy = reasons.TEXTS[doubts.most_common(1)[0][0]][1]
        text = "\n".join((use.summary, *use.lines()))
        yield Finding("snapshot of little use", WARNING if is_much else NOTICE, path, text, remedy, use.as_json())
    hook = usefulness.obstacle(sys.path_hooks) if level == "frozen" else None
    if hook is not None:
        yield Finding("path hook before importlib's", WARNING, "sys.path_hooks", hook, "remove it, or use trusted")


def usable() -> str | None:
    """The snapshot that a start would use, if it is not refused."""
    path = path_in_use()
    try:
        return None if path is None or attachment.open_snapshot(path) is None else path
    except (attachment.Refused, ValueError):
        return None


def path_in_use() -> str | None:
    """The snapshot that a start would use, refused or not; None if there is none."""
    environment = read_environment()
    path = environment.snapshot
    if path == "none":
        return None
    if path == AUTO:
        path = automatic_snapshot(environment)
    path = path or environment_snapshot()
    return path if os.path.lexists(path) or path == environment.snapshot else None
