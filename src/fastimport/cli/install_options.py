"""The options that are arguments of `fastimport.install`, for commands that switch it on in other processes."""

import argparse

from fastimport.settings import FRESHNESS, REGISTER
from fastimport.snapshot.places import absolute

NAMES = ("freshness", "register", "snapshot")
USAGE = "[--freshness LEVEL] [--register WAY] [--snapshot FILE]"


def add(parser: argparse.ArgumentParser) -> None:
    """Let a command have them."""
    levels, ways = ", ".join(FRESHNESS), ", ".join(REGISTER)
    parser.add_argument("--freshness", choices=FRESHNESS, metavar="LEVEL", help=f"one of {levels} (default: checked)")
    parser.add_argument("--register", choices=REGISTER, metavar="WAY", help=f"one of {ways} (default: meta_path)")
    parser.add_argument(
        "--snapshot", type=_snapshot, metavar="FILE", help="a snapshot, auto or none (default: the environment's own)"
    )


def given(arguments: argparse.Namespace) -> dict[str, str]:
    """Those that were given; the path of a snapshot is absolute, since other processes start in other directories."""
    found = {name: getattr(arguments, name, None) for name in NAMES}
    return {name: value for name, value in found.items() if value is not None}


def _snapshot(text: str) -> str:
    if not text:
        raise argparse.ArgumentTypeError("a file, auto or none is wanted, not an empty word")
    return absolute(text)
