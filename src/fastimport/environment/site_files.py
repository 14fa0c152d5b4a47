"""Start-up files: what switches fastimport on in every interpreter of an environment, and off again.

A module, `fastimport.stand_in` with the environment's settings, and a ``.pth`` file whose one line imports it. Both lie beside
the installed distribution and are listed in its RECORD, so that ``pip uninstall`` removes them with the rest. Python 3.18 will
ignore such lines; from then on a ``.start`` file (PEP 829) names the module. They exist from 3.15 on, but the interpreter then
loads some thirty modules to call what they name: 6 ms instead of 0.15.
"""

import os
import py_compile
import site
import sys
import sysconfig
from importlib import metadata, util
from typing import Any

from fastimport import stand_in
from fastimport.environment import record
from fastimport.finding.lazy import OFF
from fastimport.settings import SNAPSHOT_CONDITION
from fastimport.snapshot.places import WORDS

DISTRIBUTION = "fastimport-finder"
PTH_FILE, START_FILE, START_MODULE = "fastimport-finder.pth", "fastimport-finder.start", "fastimport_start.py"
NAMES = (PTH_FILE, START_FILE, START_MODULE)
FIRST_WITH_START_FILES, FIRST_WITHOUT_LINES = (3, 15), (3, 18)

_INSTEAD = "for one command and its children use 'fastimport exec -- CMD'"
# What a line costs is its compiling, at every start, and twice in a virtual environment (up to 3.14): this is the shortest.
_LINE = "import fastimport_start\n"
_HEADING = '# Written by "fastimport enable", removed by "fastimport disable".\n'
_AT_ONCE = "\n\nlook_ups = 0\n"
_AT_IMPORT = """

try:
    wait({arguments})
except Exception:
    pass
"""
_AT_CALL = """

def start():
    try:
        wait({arguments})
    except Exception:
        pass
"""


class Unchangeable(Exception):
    """The environment can't be changed; the text says why, and what to do."""


def contents(settings: dict[str, str], with_start_file: bool = False) -> dict[str, str]:
    """The start-up files as ``{name: text}``; `settings` are arguments of `fastimport.install`, a snapshot's path being absolute.

    They never print and never stop a start, whatever is missing or broken of the package. Executed twice, they do it once.
    Raises `Unchangeable` where fastimport was installed without its sources, or they can't be read.
    """
    loader: Any = stand_in.__loader__
    try:
        source = loader.get_source(stand_in.__name__)
    except ImportError as error:
        raise Unchangeable(f"a start-up file is made from {stand_in.__file__}, which can't be read: {error.__cause__}") from None
    if source is None:
        raise Unchangeable(f"fastimport was installed without its sources, and a start-up file is made from one; {_INSTEAD}")
    text = _HEADING + source + (_AT_ONCE if _is_urgent(settings) else "")
    arguments = ", ".join(f"{name}={_expression(name, value)}" for name, value in sorted(settings.items()))
    if with_start_file:
        return {START_MODULE: text + _AT_CALL.format(arguments=arguments), START_FILE: "fastimport_start:start\n"}
    return {START_MODULE: text + _AT_IMPORT.format(arguments=arguments), PTH_FILE: _LINE}


def _is_urgent(settings: dict[str, str]) -> bool:
    """Whether the first import is another one with these."""
    if settings.get("snapshot", OFF) not in (*WORDS, OFF):
        return True
    return "lazy" in settings or settings.get("register") == "in_place" or settings.get("freshness") == "frozen"


def _expression(name: str, value: str) -> str:
    """An argument of `install` in code that has ``sys``. A file below the environment's prefix moves with it."""
    if name not in ("snapshot", "lazy"):
        return repr(value)
    place = repr(value)
    if value not in (*WORDS, OFF) and value.startswith(os.path.join(sys.prefix, "")):
        place = f"__import__('os').path.join(sys.prefix, {os.path.relpath(value, sys.prefix)!r})"
    return f"None if {SNAPSHOT_CONDITION} else {place}" if name == "snapshot" else place


def find_distribution() -> metadata.Distribution | None:
    """The installed distribution, or None where fastimport runs from a place that no installer knows."""
    try:
        return metadata.distribution(DISTRIBUTION)
    except metadata.PackageNotFoundError:
        return None


def site_directory(distribution: metadata.Distribution | None) -> str:
    """Where the start-up files go: beside the distribution if the interpreter looks there, else into the environment."""
    if distribution is not None:
        beside = record.root(distribution)
        for directory in _site_directories():
            if os.path.realpath(directory) == beside:
                return directory
    return sysconfig.get_path("purelib")


def _site_directories() -> list[str]:
    """Those of this environment; in a virtual environment not those of the interpreter below it."""
    directories = [path for path in site.getsitepackages() if _is_inside(path, sys.prefix)]
    return [*directories, site.getusersitepackages()] if site.ENABLE_USER_SITE else directories


def _is_inside(path: str, directory: str) -> bool:
    return os.path.realpath(path).startswith(os.path.join(os.path.realpath(directory), ""))


class Change:
    """What `enable` or `disable` did, or would do.

    `directory`; `written` and `removed`, lists of file names, empty if everything was as asked for; `is_recorded`, whether ``pip
    uninstall`` removes what was written; `is_needed`, whether there was anything to do.
    """

    def __init__(self, wanted: dict[str, str]) -> None:
        distribution = find_distribution()
        self.wanted = wanted
        self.directory = site_directory(distribution)
        self.written = [name for name in wanted if _read(self.path(name)) != wanted[name]]
        self.removed = [name for name in NAMES if name not in wanted and os.path.lexists(self.path(name))]
        self.record = record.find(distribution, self.directory)
        self.is_recorded = self.record is not None
        is_right = self.record is None or record.lists(self.record, wanted, NAMES)
        self.is_needed = bool(self.written or self.removed or not is_right)

    def path(self, name: str) -> str:
        """Where a start-up file lies, or would."""
        return os.path.join(self.directory, name)


def enable(settings: dict[str, str], with_start_file: bool | None = None, dry_run: bool = False) -> Change:
    """Write the start-up files of this interpreter's environment. Raises `Unchangeable`.

    `settings` are arguments of `fastimport.install`; `with_start_file` None: as this version of Python needs it.
    """
    if with_start_file and sys.version_info < FIRST_WITH_START_FILES:
        raise Unchangeable("Python {}.{} does not read .start files; 3.15 is the first that does".format(*sys.version_info))
    if with_start_file is None:
        with_start_file = sys.version_info >= FIRST_WITHOUT_LINES
    return _carry_out(Change(contents(settings, with_start_file)), dry_run)


def disable(dry_run: bool = False) -> Change:
    """Remove the start-up files of this interpreter's environment. Raises `Unchangeable`."""
    return _carry_out(Change({}), dry_run)


def _carry_out(change: Change, dry_run: bool) -> Change:
    """Files first, then RECORD: what an interruption leaves behind is harmless, and the next call completes it."""
    if not change.is_needed:
        return change
    check_changeable(change)
    if dry_run:
        return change
    try:
        for name in change.removed:
            _remove(change.path(name))
        for name in change.written:
            _write(change.path(name), change.wanted[name])
        if change.record is not None:
            record.amend(change.record, change.wanted, NAMES)
    except OSError as error:
        raise Unchangeable(f"{error.filename or change.directory}: {error.strerror or error}")
    return change


def check_changeable(change: Change) -> None:
    """Raise `Unchangeable` if the environment belongs to the system, or can't be written."""
    marker = os.path.join(sysconfig.get_path("stdlib"), "EXTERNALLY-MANAGED")
    if sys.prefix == sys.base_prefix and os.path.exists(marker) and change.directory != site.getusersitepackages():
        raise Unchangeable(f"this Python belongs to the operating system ({marker}): use a virtual environment, or {_INSTEAD}")
    paths = [change.directory, *map(change.path, NAMES), *filter(None, [change.record])]
    for path in paths:
        if os.path.lexists(path) and not os.access(path, os.W_OK, effective_ids=os.access in os.supports_effective_ids):
            raise Unchangeable(f"no permission to write {path}: repeat as the owner of the environment, or {_INSTEAD}")


def _write(path: str, text: str) -> None:
    """With bytecode, as installers do: those who start later may not be allowed to write it."""
    record.replace_text(path, text)
    if path.endswith(".py"):
        py_compile.compile(path, quiet=2)


def _remove(path: str) -> None:
    cached = [util.cache_from_source(path)] if path.endswith(".py") else []
    for victim in (path, *cached):
        try:
            os.unlink(victim)
        except FileNotFoundError:
            pass


def _read(path: str) -> str | None:
    try:
        with open(path, encoding="utf-8") as file:
            return file.read()
    except (OSError, UnicodeDecodeError):
        return None


def enabled() -> list[str]:
    """The start-up files that this interpreter's environment has, as paths."""
    directory = site_directory(find_distribution())
    return [path for path in (os.path.join(directory, name) for name in NAMES) if os.path.exists(path)]
