"""``[tool.fastimport.COMMAND]`` in pyproject.toml: a project's own defaults for the options of commands that look and measure.

Commands that switch fastimport on, write to an environment or delete do only what is typed: whoever enters somebody's directory
has not read its pyproject.toml.
"""

import argparse
import difflib
import os
from pathlib import Path
from typing import Any

COMMANDS = ("bench", "build", "diff", "doctor", "explain", "paths", "profile", "report", "speedup", "verify")
_NEVER = ("apply", "help")
_FILE = "pyproject.toml"


def read_defaults(command: str, parser: argparse.ArgumentParser) -> None:
    """Take the project's defaults over into `parser`. What is wrong with them ends with the usage, status 2."""
    file = _nearest_file()
    if command not in COMMANDS or file is None:
        return
    try:
        data = file.read_bytes()
        if b"tool" not in data or b"fastimport" not in data:
            return
        import tomllib

        table = tomllib.loads(data.decode()).get("tool", {}).get("fastimport", {})
    except (OSError, ValueError) as error:
        parser.error(f"{file}: {error}")
    _check_commands(file, table, parser)
    for key, value in table.get(command, {}).items():
        action = _option(key, parser)
        where = f"{file}: [tool.fastimport.{command}]"
        if action is None:
            parser.error(f"{where}: no option is called {key!r}{_meant(key, _names(parser))}")
        action.default = _converted(action, value, f"{where}: {key}", parser)


def _nearest_file() -> Path | None:
    try:
        here = Path.cwd()
    except OSError:  # deleted
        return None
    return next((path for each in (here, *here.parents) if os.path.isfile(path := each / _FILE)), None)


def _check_commands(file: Path, table: Any, parser: argparse.ArgumentParser) -> None:
    if not isinstance(table, dict):
        parser.error(f"{file}: tool.fastimport must be a table")
    for key, value in table.items():
        if key not in COMMANDS:
            parser.error(f"{file}: [tool.fastimport] has {key!r}, which is none of {', '.join(COMMANDS)}{_meant(key, COMMANDS)}")
        if not isinstance(value, dict):
            parser.error(f"{file}: tool.fastimport.{key} must be a table: options are written under [tool.fastimport.{key}]")


def _names(parser: argparse.ArgumentParser) -> list[str]:
    words = [word[2:] for word in parser._option_string_actions if word.startswith("--")]
    return [word for word in words if word not in _NEVER]


def _option(key: str, parser: argparse.ArgumentParser) -> argparse.Action | None:
    return parser._option_string_actions[f"--{key}"] if key in _names(parser) else None


def _meant(word: str, known: Any) -> str:
    near = difflib.get_close_matches(word, list(known), 1, 0.7)
    return f": did you mean {near[0]}?" if near else ""


def _converted(action: argparse.Action, value: Any, where: str, parser: argparse.ArgumentParser) -> Any:
    if action.nargs == 0:
        return value if isinstance(value, bool) else parser.error(f"{where} is true or false, not {value!r}")
    if isinstance(value, bool) or not isinstance(value, str | int | float):
        parser.error(f"{where} is a word or a number, not {value!r}")
    convert: Any = action.type or str
    try:
        found = convert(str(value))
    except (argparse.ArgumentTypeError, ValueError) as error:
        parser.error(f"{where}: {error}")
    if action.choices is not None and found not in action.choices:
        parser.error(f"{where}: {value!r} is none of {', '.join(map(str, action.choices))}")
    return found
