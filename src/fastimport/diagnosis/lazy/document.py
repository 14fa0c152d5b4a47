"""The file of lazy imports as ``fastimport lazy`` writes it: TOML that a person can read, and finding/lazy.py in no time."""

import json
import os
import tempfile
from typing import Any

HEADER = """\
# Which imports may be late, for Python {python} (PEP 810). Written by "fastimport lazy learn"; it may be edited.
# Used by "fastimport run --lazy FILE", "fastimport exec --lazy FILE -- CMD", FASTIMPORT_LAZY=FILE and install(lazy=FILE).
"""
_TITLES = {
    "packages": "what it was learnt with",
    "lazy": "may be late",
    "changes": "of these, what is executed as soon as one of the modules is loaded which it changes",
    "eager": "must not be late, and why",
    "names": "from MODULE import NAME stays eager: the module would stand where its NAME belongs",
    "saved": "in milliseconds, up to the program's end",
}


def text_of(data: dict[str, Any]) -> str:
    """`data`, as finding/lazy.py reads it, as TOML."""
    plain = {key: value for key, value in data.items() if not isinstance(value, dict)}
    lines = [HEADER.format(python=data["python"])]
    lines += [_entry(key, value) for key, value in plain.items()]
    for key, value in data.items():
        if isinstance(value, dict):
            lines += ["", f"# {_TITLES[key]}", f"[{key}]", *(_entry(name, each) for name, each in value.items())]
    return "\n".join(lines) + "\n"


def _entry(key: str, value: object) -> str:
    key = key if key.replace("_", "a").replace("-", "a").isalnum() and key.isascii() else _quoted(key)
    if isinstance(value, list):
        items = [f"    {_quoted(str(item))}," for item in value]
        return "\n".join([f"{key} = [", *items, "]"]) if items else f"{key} = []"
    return f"{key} = {_plain(value)}"


def _plain(value: object) -> str:
    if isinstance(value, bool):
        return str(value).lower()
    return str(value) if isinstance(value, int) else _quoted(str(value))


def _quoted(text: str) -> str:
    text = text.encode(errors="replace").decode()  # what no encoding has, as in odd arguments, no TOML can hold
    return "".join(
        letter if letter.isprintable() else json.dumps(letter)[1:-1] for letter in json.dumps(text, ensure_ascii=False)
    )


def write(path: str, data: dict[str, Any]) -> None:
    """Replace the file at `path` in one step. Raises `OSError`."""
    directory = os.path.dirname(os.path.abspath(path))
    number, name = tempfile.mkstemp(dir=directory, prefix=".fastimport-")
    try:
        with open(number, "w", encoding="utf-8") as file:
            file.write(text_of(data))
        os.chmod(name, 0o644)
        os.replace(name, path)
    except BaseException:
        os.unlink(name)
        raise
