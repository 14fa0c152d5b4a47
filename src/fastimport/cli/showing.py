"""Options and output that ``profile`` and ``report`` have in common."""

import argparse
import errno
import os
import sys
from collections.abc import Callable
from pathlib import Path

from fastimport.cli.output import write
from fastimport.cli.terminal import fitted, painted
from fastimport.diagnosis.record.model import Recording
from fastimport.diagnosis.report.formats import FORMATS, render
from fastimport.diagnosis.report.view import SORTS, Selection

_HIDE_UNDER = 1.0  # ms
VIEWS = ("short", "tree", "table", "summary")


def add_options(parser: argparse.ArgumentParser) -> None:
    """What is shown, in which format, and where to."""
    parser.add_argument(
        "--format", choices=FORMATS, metavar="FORMAT", help=f"one of {', '.join(FORMATS)} (default: by the ending of -o, or text)"
    )
    parser.add_argument("-o", "--output", metavar="FILE", help="write to FILE instead of standard output")
    parser.add_argument("--json", action="store_true", help="the same as --format json")
    what = f"of text: one of {', '.join(VIEWS)} (default: short; tree with --depth, --top or --match)"
    parser.add_argument("--view", choices=VIEWS, metavar="VIEW", help=what)
    parser.add_argument("--sort", choices=SORTS, metavar="COST", help=f"a table, sorted by one of {', '.join(SORTS)}")
    parser.add_argument("--depth", type=at_least(1), metavar="N", help="of the tree: no deeper than N")
    parser.add_argument(
        "--hide-under", type=_milliseconds, default=_HIDE_UNDER, metavar="MS",
        help="hide imports that took less, nested ones included (%(default)s)",
    )  # fmt: skip
    parser.add_argument("--top", type=at_least(1), metavar="N", help="show no more than N imports")
    parser.add_argument("--match", metavar="NAME", help="only modules of this name or below it, or like a pattern with * and ?")


def show(recording: Recording, arguments: argparse.Namespace) -> None:
    """Write the report that the options ask for. Raises `OSError` if FILE can't be written, `SystemExit` if stdout can't."""
    selection = Selection(
        sort=arguments.sort,
        depth=arguments.depth,
        hide_under_ms=arguments.hide_under,
        top=arguments.top,
        match=arguments.match,
    )
    view = arguments.view or _view_for(arguments)
    form = _format(arguments)
    text = render(recording, form, selection, view)
    if arguments.output and arguments.output != "-":
        Path(arguments.output).write_text(text, encoding="utf-8", errors="backslashreplace")
        print(f"fastimport {arguments.parser.prog.split()[-1]}: wrote {arguments.output}", file=sys.stderr)
    else:
        write(painted(fitted(text)) if form == "text" else text)


def _view_for(arguments: argparse.Namespace) -> str:
    """What the other options are about: a table, a tree, or neither."""
    if arguments.sort:
        return "table"
    asks = arguments.depth or arguments.top or arguments.match or arguments.hide_under != _HIDE_UNDER
    return "tree" if asks else "short"


def check_output(arguments: argparse.Namespace) -> None:
    """Raise the `OSError` of a FILE that can't be written: better now than after the program has run eleven times."""
    path = arguments.output
    if not path or path == "-":
        return
    directory = os.path.dirname(path) or os.curdir
    if os.path.isdir(path):
        number = errno.EISDIR
    elif not os.path.isdir(directory):
        number = errno.ENOENT
    elif not os.access(path if os.path.exists(path) else directory, os.W_OK):
        number = errno.EACCES
    else:
        return
    raise OSError(number, os.strerror(number), path)


def _format(arguments: argparse.Namespace) -> str:
    if arguments.json:
        return "json"
    name: str | None = arguments.format
    if name is None:
        ending = Path(arguments.output or "").suffix[1:]
        name = _ENDINGS.get(ending, "text")
    return name


_ENDINGS = {"json": "json", "html": "html", "htm": "html", "folded": "folded", "txt": "text", "": "text", "log": "importtime"}


def check_ending(arguments: argparse.Namespace) -> None:
    """End with the usage if the ending of FILE names no format, and no option does."""
    ending = Path(arguments.output or "").suffix[1:]
    if arguments.output and not (arguments.format or arguments.json) and ending not in _ENDINGS:
        known = ", ".join(f".{each}" for each in _ENDINGS if each)
        arguments.parser.error(f"-o {arguments.output}: no format has the ending .{ending}: use {known}, or say --format")


def at_least(smallest: int) -> Callable[[str], int]:
    """The type of an argument: a whole number, not smaller than `smallest`."""

    def whole(text: str) -> int:
        try:
            value = int(text)
        except ValueError:
            raise argparse.ArgumentTypeError(f"must be a whole number, not {text!r}") from None
        if value < smallest:
            raise argparse.ArgumentTypeError(f"must be at least {smallest}, not {text}")
        return value

    return whole


def number(text: str) -> float:
    """`text` as a number; what is none is not a number, which every limit refuses."""
    try:
        return float(text)
    except ValueError:
        return float("nan")


def _milliseconds(text: str) -> float:
    value = number(text)
    if not 0 <= value < float("inf"):
        raise argparse.ArgumentTypeError(f"must be a number of milliseconds, not {text!r}")
    return value
