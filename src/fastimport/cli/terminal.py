"""What a terminal gets and a file does not: colours, and lines that fit.

Colours obey NO_COLOR and FORCE_COLOR (https://no-color.org, https://force-color.org); a dumb terminal has none. What is cut is
whole where the output goes elsewhere.
"""

import os
import re
import shutil
import sys

_BOLD, _RED, _GREEN, _YELLOW, _DIM = "1", "31", "32", "33", "2"
_RULES = (
    (re.compile(r"(?:error|DIFFERENT|refused)\b.*"), _RED),
    (re.compile(r"warning\b.*"), _YELLOW),
    (re.compile(r"(?:What to change|Where the time went|Packages|candidates|cost of a look-up|finders on)\b.*"), _BOLD),
    (re.compile(r" +-[\d.,]+ m?s\b"), _GREEN),
    (re.compile(r" +-> .*"), _DIM),
)
"""What the beginning of a line looks like, and its style (ECMA-48); the first that matches."""


def painted(text: str) -> str:
    """`text` with colours, if standard output shows them. JSON stays as it is."""
    if not _has_colours() or text.startswith("{"):
        return text
    return "\n".join(map(_paint, text.split("\n")))


def fitted(text: str) -> str:
    """`text` with lines no longer than the terminal is wide, if standard output is one."""
    if not _is_terminal():
        return text
    width = max(20, shutil.get_terminal_size().columns)
    return "\n".join(line if len(line) <= width else f"{line[: width - 1]}\u2026" for line in text.split("\n"))


def _paint(line: str) -> str:
    for pattern, style in _RULES:
        if found := pattern.match(line):
            return f"\x1b[{style}m{found[0]}\x1b[0m{line[found.end() :]}"
    return line


def _is_terminal() -> bool:
    return sys.stdout is not None and sys.stdout.isatty()


def _has_colours() -> bool:
    if os.environ.get("NO_COLOR"):
        return False
    if os.environ.get("FORCE_COLOR"):
        return True
    return _is_terminal() and os.environ.get("TERM") != "dumb"
