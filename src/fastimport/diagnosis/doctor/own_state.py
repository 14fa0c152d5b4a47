"""fastimport itself: built, able to work here, switched on or off, and what it declined to do."""

import importlib
import importlib.util
from collections.abc import Iterator

import fastimport
from fastimport import settings
from fastimport.diagnosis.doctor.findings import ERROR, NOTICE, WARNING, Finding
from fastimport.state import describe
from fastimport.statistics import stats

COMPILED = (
    "_core", "finding._resolver", "finding._tables", "finding._names", "finding._index", "code._bytecode", "code._collector",
    "code._arenas",
)  # fmt: skip
BUILD = "install a wheel for this Python: pip install --force-reinstall fastimport-finder"


def facts() -> dict[str, str]:
    """Version, and whether imports of programs go through fastimport."""
    state = describe()
    active = f"active ({state['register']}, {state['freshness']})" if state["active"] else "not active in a plain interpreter"
    version = getattr(fastimport, "__version__", "unknown version")  # another project may have overwritten the file
    return {"fastimport": f"{version}, {active}"}


def find() -> Iterator[Finding]:
    """Yield everything that keeps fastimport from doing its work."""
    broken = [finding for name in COMPILED if (finding := _load(name))]
    broken = broken[:1] if broken and broken[0].subject == f"fastimport.{COMPILED[0]}" else broken  # the others are in it
    yield from broken
    state = describe()
    if state["obstacle"] and not broken:
        text = f"leaves all imports to importlib: {state['obstacle']}"
        yield Finding("declines", WARNING, "fastimport", text, "fastimport status tells more; programs run as without fastimport")
    for reason, count in stats().refusals.items():
        if reason != state["obstacle"] and not broken:
            yield Finding("refusal", NOTICE, "fastimport", f"declined {count} times: {reason}", "")
    yield from _environment()


def _load(name: str) -> Finding | None:
    try:
        importlib.import_module(f"fastimport.{name}")
    except ImportError as error:
        is_there = importlib.util.find_spec(f"fastimport.{name}") is not None
        text = f"can't be loaded: {error}" if is_there else "is not built for this interpreter: importlib does the work instead"
        return Finding("not built", ERROR, f"fastimport.{name}", text, BUILD)
    return None


def _environment() -> Iterator[Finding]:
    environment = settings.read_environment()
    variables = settings.variables()
    for problem in environment.problems:
        yield Finding("wrong setting", WARNING, "environment", problem, "docs/command-line.md lists the values")
    if not environment.enabled:
        yield Finding("switched off", NOTICE, "FASTIMPORT", "fastimport is switched off", "unset FASTIMPORT")
    if settings.is_ignored() and variables:
        names = ", ".join(variables)
        yield Finding("ignored settings", NOTICE, names, f"{names} are set, and ignored: -E or -I", "leave -E and -I out")
