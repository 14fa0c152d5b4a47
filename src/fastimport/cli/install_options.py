"""The options that are arguments of `fastimport.install`, for commands that switch it on in other processes."""

import argparse
import os
import sys

from fastimport.finding.lazy import OFF, check_file
from fastimport.settings import ARENAS, COLLECTOR, DEFERRED, FRESHNESS, REGISTER
from fastimport.snapshot.places import absolute

NAMES = ("freshness", "register", "snapshot", "collector", "arenas", "lazy")
USAGE = "[--freshness LEVEL] [--register WAY] [--snapshot FILE] [--collector HOW] [--arenas KIND] [--lazy FILE]"


def add(parser: argparse.ArgumentParser) -> None:
    """Let a command have them."""
    levels, ways = ", ".join(FRESHNESS), ", ".join(REGISTER)
    parser.add_argument("--freshness", "--level", choices=FRESHNESS, metavar="LEVEL", help=f"one of {levels} (default: checked)")
    parser.add_argument("--register", choices=REGISTER, metavar="WAY", help=f"one of {ways} (default: meta_path)")
    parser.add_argument(
        "--snapshot", type=_snapshot, metavar="FILE", help="a snapshot, auto or none (default: the environment's own)"
    )
    add_memory(parser)
    parser.add_argument(
        "--lazy", type=_lazy, metavar="FILE", help="a file of 'fastimport lazy learn': which imports may be late (Python 3.15)"
    )


def add_memory(parser: argparse.ArgumentParser) -> None:
    """Let a command have those of memory."""
    collectors, kinds = ", ".join(COLLECTOR), ", ".join(ARENAS)
    of_garbage = f"of garbage, one of {collectors}: while modules are imported (default: {DEFERRED})"
    of_objects = f"memory of small objects, one of {kinds}: from huge pages (default: stock)"
    parser.add_argument("--collector", choices=COLLECTOR, metavar="HOW", help=of_garbage)
    parser.add_argument("--arenas", choices=ARENAS, metavar="KIND", help=of_objects)


def given(arguments: argparse.Namespace) -> dict[str, str]:
    """Those that were given; paths are absolute, since other processes start in other directories."""
    found = {name: getattr(arguments, name, None) for name in NAMES}
    return {name: value for name, value in found.items() if value is not None}


def warn_of_lazy(command: str, settings: dict[str, str]) -> None:
    """A start says nothing of a file that it can't use; whoever switches it on should know."""
    reason = check_file(settings["lazy"]) if "lazy" in settings else None
    if reason is not None:
        print(f"fastimport {command}: warning: as it is now, no import will be late: {reason}", file=sys.stderr)


def _snapshot(text: str) -> str:
    if not text:
        raise argparse.ArgumentTypeError("a file, auto or none is wanted, not an empty word")
    return absolute(text)


def _lazy(text: str) -> str:
    if not text:
        raise argparse.ArgumentTypeError("a file or none is wanted, not an empty word")
    return text if text == OFF else os.path.abspath(text)
