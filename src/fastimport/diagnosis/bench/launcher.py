"""What a measured child interpreter runs.

Both sides are started alike: ``python -c LAUNCHER ARGS…``, where the launcher either does or does not install
fastimport and then runs the program.  Comparing ``fastimport run PROGRAM`` with ``python PROGRAM`` instead would
charge fastimport with the command line's own parsing, which a program that calls ``fastimport.install()`` or an
environment that was enabled never pays.
"""

import os
import sys
from collections.abc import Mapping
from typing import Literal, NamedTuple

LEVELS = ("checked", "trusted")
"""The freshness levels that this version can activate by themselves."""

SNAPSHOT_LEVELS = {"snapshot": "checked", "snapshot-trusted": "trusted", "frozen": "frozen"}
"""Levels that need a snapshot (see `recorded`), and their freshness."""

SNAPSHOT_PLACE = "<the recorded snapshot>"
"""Stands for its path in the setup of a variant until it is made."""

CONTROL = "stock"
"""As a level: importlib against importlib, which must come out as no difference."""

FIRST_ENTRY_OF_A_MODULE = "try: sys.path[0] = os.getcwd()\nexcept OSError: del sys.path[0]"
"""What -m puts there in place of the "" of -c; nothing if the directory was deleted."""

# What decides where modules and their bytecode come from is part of the program, and what is written into its tree is as it
# wants it; every other PYTHON* variable would change what is measured on both sides.
KEPT_PYTHON_VARIABLES = frozenset(
    {"PYTHONDONTWRITEBYTECODE", "PYTHONHOME", "PYTHONNOUSERSITE", "PYTHONPATH", "PYTHONPLATLIBDIR", "PYTHONPYCACHEPREFIX"}
)

_RECORDER = os.path.join(os.path.dirname(os.path.abspath(__file__)), "recorder.py")


class Program(NamedTuple):
    """A command line after ``python``: ``kind`` says how ``target`` is to be run."""

    kind: Literal["module", "code", "script"]
    target: str
    arguments: tuple[str, ...] = ()

    def __str__(self) -> str:
        option = {"module": ["-m"], "code": ["-c"], "script": []}[self.kind]
        return " ".join(["python", *option, self.target, *self.arguments])


class Variant(NamedTuple):
    """One side of a comparison: ``setup`` is Python code that runs before the program."""

    name: str
    setup: str
    active: bool
    files: tuple[str, ...] = ()
    """What this side reads beside the program's files."""


STOCK = Variant("stock", "pass", False)


class UnsupportedLevel(ValueError):
    """The level is not one that this version can measure."""


def variant_for_level(level: str) -> Variant:
    """Return the side that runs the program at *level*.

    Raises `UnsupportedLevel`, naming the levels that can be had.
    """
    if level == CONTROL:
        return Variant("stock again", "pass", False)
    if level in LEVELS:
        return Variant(level, f"import fastimport; fastimport.install(freshness={level!r}); del fastimport", True)
    if level in SNAPSHOT_LEVELS:
        arguments = f"freshness={SNAPSHOT_LEVELS[level]!r}, snapshot={SNAPSHOT_PLACE!r}"
        return Variant(level, f"import fastimport; fastimport.install({arguments}); del fastimport", True)
    allowed = ", ".join((*LEVELS, *SNAPSHOT_LEVELS, CONTROL))
    raise UnsupportedLevel(f"level {level!r} is not known; choose from {allowed}")


def environment(variant: Variant, base: Mapping[str, str] | None = None) -> dict[str, str]:
    """Return *base* (default: `os.environ`) without what would change the measurement.

    On the stock side ``FASTIMPORT=0`` keeps an enabled environment from taking part.
    """
    source = os.environ if base is None else base
    kept = {name: value for name, value in source.items() if _is_kept(name)}
    if not variant.active:
        kept["FASTIMPORT"] = "0"
    return kept


def command(program: Program, variant: Variant, record_to: str | None = None) -> list[str]:
    """Return the command line of one run; *record_to* is a file for the account of what was imported."""
    return [sys.executable, "-c", source(program, variant, record_to), *program.arguments]


def source(program: Program, variant: Variant, record_to: str | None = None) -> str:
    """Return the launcher's code."""
    lines = ["import sys"]
    if record_to is not None:
        lines += [
            "recorder = {'__name__': 'recorder'}",
            f"exec(compile(open({_RECORDER!r}, encoding='utf-8').read(), {_RECORDER!r}, 'exec'), recorder)",
            f"recorder['record_at_exit']({record_to!r})",
        ]
    lines.append(variant.setup)
    if record_to is not None:
        lines += ["recorder['setup_is_done']()", "del recorder"]
    return "\n".join([*lines, *_RUNNERS[program.kind](program.target)])


def _is_kept(name: str) -> bool:
    if name.startswith("FASTIMPORT"):
        return name == "FASTIMPORT_SNAPSHOT"  # levels that name no snapshot of their own are measured with what it says
    return not name.startswith("PYTHON") or name in KEPT_PYTHON_VARIABLES


def _run_module(name: str) -> list[str]:
    # `_run_module_as_main` is what the interpreter calls for -m; run_module would make a second __main__.
    return ["import os, runpy", FIRST_ENTRY_OF_A_MODULE, f"runpy._run_module_as_main({name!r})"]


def _run_code(code: str) -> list[str]:
    return ["del sys", f"exec(compile({code!r}, '<string>', 'exec'))"]


def _run_script(path: str) -> list[str]:
    absolute = os.path.abspath(path)
    if os.path.isdir(absolute) or not absolute.endswith((".py", ".pyw")):
        return ["import runpy", f"sys.argv[0] = {path!r}", f"runpy.run_path({path!r}, run_name='__main__')"]
    return [
        f"sys.argv[0] = __file__ = {path!r}",
        f"sys.path[0] = {os.path.dirname(os.path.realpath(absolute))!r}",
        "del sys",
        f"exec(compile(open({absolute!r}, 'rb').read(), {absolute!r}, 'exec'))",
    ]


_RUNNERS = {"module": _run_module, "code": _run_code, "script": _run_script}
