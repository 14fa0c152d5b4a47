"""``fastimport clean``: remove snapshots, and what was left behind when one was written."""

import argparse
import errno
import os
import sys

from fastimport.cli.output import show, show_json
from fastimport.diagnosis.words import counted
from fastimport.settings import read_environment
from fastimport.snapshot import store
from fastimport.snapshot.layout import MAGIC
from fastimport.snapshot.places import ATTEMPT_ENDING, AUTOMATIC_ENDING, ENDING

SCHEMA = "fastimport.clean/1"


def add_parser(subparsers: "argparse._SubParsersAction[argparse.ArgumentParser]") -> None:
    """Add the command to the command line."""
    parser = subparsers.add_parser(
        "clean",
        help="remove snapshots",
        description="Removes the environment's own snapshot and this user's automatic ones, or only the files that are named, "
        "and temporary files of writers that were killed.",
        epilog="Exit status: 0, or 3 if something could not be removed.",
    )
    parser.add_argument("--auto", action="store_true", help="only automatic snapshots")
    parser.add_argument("--json", action="store_true", help=f"write JSON, schema {SCHEMA}")
    parser.add_argument("file", nargs="*", metavar="FILE", help="snapshots to remove")
    parser.set_defaults(func=run, parser=parser)


def run(arguments: argparse.Namespace) -> int:
    """Remove, and say what was removed."""
    if not arguments.file and read_environment().readonly:
        print("fastimport clean: FASTIMPORT_READONLY is set", file=sys.stderr)
        return 3
    removed, failures = [], 0
    for path in arguments.file or _default(arguments.auto):
        try:
            _check_is_snapshot(path)
            os.unlink(path)
            removed.append(path)
        except OSError as error:
            failures += 1
            print(f"fastimport clean: {path}: {error.strerror}", file=sys.stderr)
    for directory in dict.fromkeys(os.path.dirname(os.path.abspath(path)) for path in arguments.file) or _directories():
        removed += store.sweep(directory)
    show_json({"schema": SCHEMA, "removed": removed}) if arguments.json else show(_text(removed))
    return 3 if failures else 0


def _check_is_snapshot(path: str) -> None:
    """By its first bytes or its ending: one that is damaged may go, a file that was named by mistake may not."""
    if path.endswith((ENDING, ENDING + ATTEMPT_ENDING)) and not os.path.isdir(path):
        return
    with open(path, "rb") as file:
        if file.read(len(MAGIC)) != MAGIC:
            raise OSError(errno.EINVAL, "not a snapshot, so it is left alone")


def _directories() -> list[str]:
    cache = store.cache_directory(read_environment())
    return [directory for directory in (os.path.dirname(store.environment_snapshot()), cache) if directory]


def _default(only_automatic: bool) -> list[str]:
    found = []
    if not only_automatic and os.path.lexists(store.environment_snapshot()):
        found.append(store.environment_snapshot())
    cache = store.cache_directory(read_environment())
    ours = (AUTOMATIC_ENDING, AUTOMATIC_ENDING + ATTEMPT_ENDING)
    if cache and os.path.isdir(cache):
        found += [os.path.join(cache, name) for name in sorted(os.listdir(cache)) if name.endswith(ours)]
    return found


def _text(removed: list[str]) -> str:
    return "\n".join([*(f"removed {path}" for path in removed), f"{counted(len(removed), 'file')} removed"])
