"""Words as they are typed before a program: ``python``, ``--``, or a command on PATH that is written in Python."""

import os
import re
import shutil
import sys
from collections.abc import Sequence

from fastimport.diagnosis.bench.launcher import Program

_PYTHON = re.compile(r"(?:python|pypy)[0-9.]*t?(?:\.exe)?\Z")
_SHEBANG = 256  # bytes of a first line that Linux reads


class NotAProgram(ValueError):
    """What was typed can't be run by this interpreter; the text says why, and what to do."""


def program_from(words: Sequence[str]) -> Program:
    """The program that `words` name: a file, directory or archive; a command on PATH; or a whole line that begins with python.

    Raises `NotAProgram`.
    """
    words = list(words[1:] if words[:1] == ["--"] else words)
    if words and _is_python(words[0]):
        return _after_python(words)
    if not words:
        raise NotAProgram("give a program: -m MOD, -c CODE, a SCRIPT or a command")
    return Program("script", script_for(words[0]), tuple(words[1:]))


def _is_python(word: str) -> bool:
    """Whether a word is an interpreter's name rather than a file that happens to be called so."""
    named = _PYTHON.match(os.path.basename(word)) is not None
    return named and (os.path.isabs(word) or not os.path.isfile(word))


def _after_python(words: list[str]) -> Program:
    """A bare ``python`` means this one: the shell's may be a launcher, or another environment's."""
    python, *rest = words
    if os.path.isabs(python):
        _check_interpreter(python, python)
    elif not sys.version.startswith(python.removesuffix(".exe").rstrip("t").removeprefix("python")):
        own = sys.version.split()[0]
        raise NotAProgram(f"{python}: fastimport runs in Python {own}; start it with that one: {python} -m fastimport ...")
    if not rest:
        raise NotAProgram(f"{python} alone is a prompt; give it a program: {python} -m MOD, -c CODE or a SCRIPT")
    for option, kind in (("-m", "module"), ("-c", "code")):
        if rest[0] == option and rest[1:]:
            return Program(kind, rest[1], tuple(rest[2:]))  # type: ignore[arg-type]
    if rest[0].startswith("-"):
        raise NotAProgram(f"options of the interpreter go before fastimport: {python} {rest[0]} -m fastimport ...")
    return Program("script", script_for(rest[0]), tuple(rest[1:]))


def script_for(name: str) -> str:
    """The file that `name` means: itself if it is there, or the command of that name on PATH. Raises `NotAProgram`."""
    if os.path.exists(name) or name == "-":
        return name
    found = None if os.sep in name else _which(name)
    if found is None:
        raise NotAProgram(f"{name}: no such file, and no command of that name on PATH{_suggestion(name)}")
    interpreter = _interpreter_of(found)
    if interpreter is None:
        raise NotAProgram(f"{name}: {found} is no Python program; give a SCRIPT, or -m MOD")
    _check_interpreter(interpreter, name)
    return found


def _which(name: str) -> str | None:
    """The command of this environment, activated or not; then whatever PATH has."""
    return shutil.which(name, path=os.path.dirname(os.path.abspath(sys.executable))) or shutil.which(name)


def _suggestion(name: str) -> str:
    """A module of that name, which -m would run; found without importing anything."""
    from importlib.machinery import PathFinder

    top = name.removesuffix(".py").partition(".")[0]
    search_path = [os.curdir, *sys.path]
    try:
        is_module = top.isidentifier() and PathFinder.find_spec(top, search_path) is not None
    except (ImportError, OSError, ValueError):
        is_module = False
    return f". A module? Then: -m {name.removesuffix('.py')}" if is_module else ""


def _interpreter_of(path: str) -> str | None:
    """The Python of a console script's first line; also of the two-line form that installers write for long paths."""
    with open(path, "rb") as file:
        head = file.read(4 * _SHEBANG)
    if not head.startswith(b"#!"):
        return None
    lines = head.decode("utf-8", "surrogateescape").splitlines()
    words = lines[0][2:].split()
    second = re.match(r"'''exec' \"?([^\" ]+)", "".join(lines[1:2]))
    if words and os.path.basename(words[0]) == "sh" and second:
        words = [second[1]]
    if words and os.path.basename(words[0]) == "env":
        words = [shutil.which(word) or word for word in words[1:] if not word.startswith("-")]
    return words[0] if words and _PYTHON.match(os.path.basename(words[0])) else None


def _check_interpreter(interpreter: str, name: str) -> None:
    """A command of another environment would be measured with the wrong packages."""
    if _place(interpreter) != _place(sys.executable):
        raise NotAProgram(
            f"{name} runs with {interpreter}, which is another environment than {sys.executable}: "
            f"start fastimport there: {interpreter} -m fastimport ..."
        )


def _place(interpreter: str) -> tuple[str, str]:
    """The environment's directory, and the interpreter behind the links."""
    return os.path.realpath(os.path.dirname(os.path.abspath(interpreter))), os.path.realpath(interpreter)
