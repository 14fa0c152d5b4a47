"""``fastimport status``: what fastimport does in an interpreter started like this one."""

import argparse
import contextlib
import os
import sys
from typing import Any

from fastimport import __version__, _core, activation, settings
from fastimport.cli.output import show, show_json
from fastimport.diagnosis.words import counted
from fastimport.environment import site_files
from fastimport.environment.variables import hidden_by
from fastimport.snapshot import attachment
from fastimport.snapshot.places import AUTO, automatic_snapshot, environment_snapshot
from fastimport.state import describe
from fastimport.statistics import stats

SCHEMA = "fastimport.status/1"
_DESCRIBED = (
    "active", "register", "freshness", "position", "obstacle", "collector", "collector_obstacle", "arenas", "arenas_obstacle",
)  # fmt: skip


def add_parser(subparsers: "argparse._SubParsersAction[argparse.ArgumentParser]") -> None:
    """Add the command to the command line."""
    parser = subparsers.add_parser(
        "status",
        help="say whether fastimport is active, with which files, and what it declined to do",
        description="Describes fastimport in an interpreter of this environment: whether imports go through it, its "
        "place on sys.meta_path, its compiled files, versions, environment variables, counts, and what it declined "
        "to do.",
        epilog="Exit status: 0.",
    )
    parser.add_argument("--json", action="store_true", help=f"write JSON, schema {SCHEMA}")
    parser.set_defaults(func=run, parser=parser)


def run(arguments: argparse.Namespace) -> int:
    """Print the status; active or not, it is no failure."""
    status = collect()
    show_json(status) if arguments.json else show(text(status))
    return 0


def collect() -> dict[str, Any]:
    """The status as plain data."""
    with contextlib.suppress(ImportError):
        __import__("fastimport.finding._names")  # loaded when used: its file is part of the answer
    described = describe()
    counts = stats()._asdict()
    return {
        "schema": SCHEMA,
        **{key: described[key] for key in _DESCRIBED},
        "start_files": site_files.enabled(),
        "hidden_by": hidden_by(),
        "levels": list(settings.FRESHNESS),
        "meta_path": [getattr(finder, "__name__", None) or type(finder).__name__ for finder in sys.meta_path],
        "modules": described["modules"],
        "versions": {"fastimport": __version__, "python": described["python"], "cython": _core.cython_version()},
        "snapshots": _snapshots(described["snapshot"]),
        "environment": _environment(),
        "refusals": counts.pop("refusals"),
        "snapshot_unused": counts.pop("snapshot_unused"),
        "unmarshalled": counts.pop("unmarshalled"),
        "counts": counts,
    }


def _snapshots(in_use: str | None) -> list[dict[str, Any]]:
    """Each snapshot that is used, or would be: what it holds, or why it is refused."""
    found = []
    environment = settings.read_environment()
    places = {"in use": in_use, "FASTIMPORT_SNAPSHOT": environment.snapshot, "environment": environment_snapshot()}
    if environment.snapshot in (AUTO, "none"):
        places["FASTIMPORT_SNAPSHOT"] = automatic_snapshot(environment) if environment.snapshot == AUTO else None
    for place, path in places.items():
        if path is None or (not os.path.lexists(path) and place == "environment"):
            continue
        found.append({"place": place, "file": path, **_facts(path)})
    return found


def _facts(path: str) -> dict[str, Any]:
    from fastimport.snapshot import decode, usefulness

    try:
        reader = attachment.open_snapshot(path)
        attachment.relocate(reader, path)
        use = usefulness.survey(reader, _level(), attachment.present_roots(reader, path))
        return {"refused": None, **decode.facts(reader), "use": use.as_json(), "summary": use.summary}
    except (attachment.Refused, ValueError) as error:
        return {"refused": str(error)}


def _level() -> str:
    """That of this interpreter, or the one that a start would have."""
    return activation.level() or settings.read_environment().freshness or "checked"


def _snapshot_lines(snapshots: list[dict[str, Any]]) -> list[tuple[str, str]]:
    lines = []
    for each in snapshots:
        told = f"refused: {each['refused']}"
        if each["refused"] is None:
            counts = [counted(each["directories"], "directory"), counted(each["codes"], "module")]
            told = ", ".join([*counts, f"{each['bytes'] / 1e6:.1f} MB"])
            told += ", by content" if each["by_content"] else ""
        lines.append(("snapshot", f"{each['file']} ({each['place']}): {told}"))
        if each["refused"] is None:
            lines += [("", each["summary"]), *(("", reason) for reason in each["use"]["reasons"])]
    return lines



def _environment() -> dict[str, Any]:
    return {
        "ignored": settings.is_ignored(),
        "variables": settings.variables(),
        "problems": settings.read_environment().problems,
    }


def text(status: dict[str, Any]) -> str:
    """The status for people, a fact on each line."""
    lines = [("fastimport", _activity(status))]
    lines += [("meta path", ", ".join(status["meta_path"]))]
    obstacle = f" ({status['collector_obstacle']})" if status["collector_obstacle"] else ""
    lines += [("collector", f"{status['collector']}{obstacle}")]
    obstacle = f" ({status['arenas_obstacle']})" if status["arenas_obstacle"] else ""
    lines += [("arenas", f"{status['arenas']}{obstacle}")]
    lines += [("enabled by", path) for path in status["start_files"]]
    lines += [("levels", ", ".join(status["levels"]))]
    lines += [(f"{name} version", version or "unknown") for name, version in status["versions"].items()]
    lines += [(name, path or "not loaded") for name, path in status["modules"].items()]
    lines += _snapshot_lines(status["snapshots"])
    lines += _environment_lines(status["environment"])
    lines += [(name.replace("_", " "), str(count)) for name, count in status["counts"].items()]
    lines += [("declined", f"{reason} ({count} times)") for reason, count in status["refusals"].items()]
    lines += [("unmarshalled", status["unmarshalled"])] if status["unmarshalled"] else []
    lines += [("not used", f"{reason} ({count} times)") for reason, count in status["snapshot_unused"].items()]
    return "\n".join(f"{name:20}{value}" for name, value in lines)


def _activity(status: dict[str, Any]) -> str:
    if status["active"]:
        return f"active: {status['register']}, {status['freshness']}, position {status['position']} on sys.meta_path"
    if status["obstacle"]:
        return f"not active: {status['obstacle']}"
    if status["hidden_by"]:
        return f"not active: another sitecustomize stands before that of fastimport exec: {status['hidden_by']}"
    return "not active in a plain interpreter; fastimport run PROGRAM, or fastimport.install(), activates it"


def _environment_lines(environment: dict[str, Any]) -> list[tuple[str, str]]:
    note = " (ignored: -E or -I)" if environment["ignored"] else ""
    variables = environment["variables"].items()
    lines = [("environment", f"{name}={value}{note}") for name, value in variables] or [("environment", "not set")]
    return lines + [("problem", problem) for problem in environment["problems"]]
