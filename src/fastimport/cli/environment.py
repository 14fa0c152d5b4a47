"""``fastimport enable`` and ``disable``: fastimport in every interpreter of an environment."""

import argparse
import json
import os
import subprocess
import sys

from fastimport.cli import install_options
from fastimport.environment import site_files
from fastimport.settings import DEFERRED, read_environment
from fastimport.snapshot.places import WORDS, environment_snapshot

SCHEMA = "fastimport.enable/1"
USAGE, UNCHANGEABLE = 2, 3

DESCRIPTION = {
    "enable": "Switches fastimport on in every interpreter of this environment that is started from now on, by one line in a "
    ".pth file beside the installed package. FASTIMPORT=0 switches it off for one process; pip uninstall removes the line.",
    "disable": "Removes what 'fastimport enable' wrote.",
}
EPILOG = "Exit status: 0 done, or nothing to do; 2 wrong usage; 3 the environment can't be changed, with the reason."


def add_parser(subparsers: "argparse._SubParsersAction[argparse.ArgumentParser]") -> None:
    """Add both commands to the command line."""
    helps = {"enable": "switch fastimport on in a whole environment", "disable": "switch it off again"}
    for command, text in helps.items():
        parser = subparsers.add_parser(command, help=text, description=DESCRIPTION[command], epilog=EPILOG)
        parser.add_argument("--prefix", metavar="DIR", help="the environment in DIR, instead of the one this command is in")
        parser.add_argument("--dry-run", action="store_true", help="say what would be done, and do nothing")
        parser.add_argument("--json", action="store_true", help=f"write JSON, schema {SCHEMA}")
        if command == "enable":
            _add_settings(parser)
        parser.set_defaults(func=run, parser=parser, command=command)


def _add_settings(parser: argparse.ArgumentParser) -> None:
    install_options.add(parser)
    parser.add_argument(
        "--start-file",
        action="store_true",
        default=None,
        help="a .start file (PEP 829) instead of the line, as Python 3.18 will need it; slower in 3.15",
    )


def run(arguments: argparse.Namespace) -> int:
    """Carry a command out and return its exit status."""
    try:
        if arguments.prefix is not None and not _is_this(arguments.prefix):
            return _run_there(arguments)
        if arguments.command == "enable":
            settings = install_options.given(arguments)
            if _warn_of(settings) and read_environment().strict:
                return USAGE
            install_options.warn_of_lazy("enable", settings)
            change = site_files.enable({"collector": DEFERRED, **settings}, arguments.start_file, arguments.dry_run)
        else:
            change = site_files.disable(arguments.dry_run)
    except site_files.Unchangeable as reason:
        print(f"fastimport {arguments.command}: {reason}", file=sys.stderr)
        return UNCHANGEABLE
    print(json.dumps(_as_json(change, arguments), indent=1) if arguments.json else _as_text(change, arguments))
    return 0


def _warn_of(settings: dict[str, str]) -> bool:
    """A start says nothing of a snapshot that it can't use; whoever switches it on should know. Whether there was a warning."""
    snapshot = settings.get("snapshot")
    is_frozen = settings.get("freshness") == "frozen"
    if snapshot in WORDS or (snapshot is None and not is_frozen):
        told = f"frozen can't be had with the snapshot {snapshot}" if is_frozen else None
    else:
        told = _refusal(snapshot or environment_snapshot())
    if told is not None:
        print(f"fastimport enable: warning: as it is now, {told}", file=sys.stderr)
    return told is not None


def _refusal(snapshot: str) -> str | None:
    from fastimport.snapshot import attachment

    try:
        attachment.open_snapshot(snapshot)
    except attachment.Refused as reason:
        return f"the snapshot will be refused: {reason}; fastimport build makes one"
    return None


def _is_this(prefix: str) -> bool:
    return os.path.realpath(prefix) == os.path.realpath(sys.prefix)


def _run_there(arguments: argparse.Namespace) -> int:
    """Let the fastimport of the other environment do it: it knows its version of Python and its directories."""
    python = _interpreter_of(arguments.prefix)
    question = [python, "-I", "-c", "import fastimport.environment.site_files"]
    if subprocess.run(question, capture_output=True, check=False).returncode:
        raise site_files.Unchangeable(
            f"{arguments.prefix} has no fastimport that could be enabled: {python} -m pip install {site_files.DISTRIBUTION}"
        )
    words = [arguments.command]
    for name, value in install_options.given(arguments).items():
        words += [f"--{name}", value]
    for name in ("dry_run", "json", "start_file"):
        if getattr(arguments, name, None):
            words.append("--" + name.replace("_", "-"))
    return subprocess.run([python, "-I", "-m", "fastimport", *words], check=False).returncode


def _interpreter_of(prefix: str) -> str:
    for name in ("bin/python3", "bin/python", "Scripts/python.exe", "python.exe"):
        python = os.path.join(os.path.abspath(prefix), *name.split("/"))
        if os.path.isfile(python) and os.access(python, os.X_OK):
            return python
    raise site_files.Unchangeable(f"{prefix} is no environment: it has no interpreter, such as bin/python3")


def _as_json(change: site_files.Change, arguments: argparse.Namespace) -> dict[str, object]:
    return {
        "schema": SCHEMA,
        "command": arguments.command,
        "dry_run": arguments.dry_run,
        "directory": change.directory,
        "written": change.written,
        "removed": change.removed,
        "recorded": change.is_recorded,
    }


def _as_text(change: site_files.Change, arguments: argparse.Namespace) -> str:
    if not change.is_needed:
        return f"nothing to do: fastimport is {arguments.command}d in {change.directory}"
    would = "would be " if arguments.dry_run else ""
    lines = [f"{would}removed: {change.path(name)}" for name in change.removed]
    lines += [f"{would}written: {change.path(name)}" for name in change.written]
    if not lines:
        lines.append(f"{would}corrected: {change.record}")
    if change.wanted and not change.is_recorded:
        lines.append("no RECORD that could list it was found there: before you uninstall fastimport, say 'fastimport disable'")
    return "\n".join(lines)
