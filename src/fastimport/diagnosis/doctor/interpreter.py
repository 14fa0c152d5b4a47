"""Switches of the interpreter that make imports slow, and the state of the GIL."""

import _imp
import sys
import sysconfig
from collections.abc import Iterator

from fastimport.diagnosis.doctor import snapshot_state
from fastimport.diagnosis.doctor.findings import NOTICE, WARNING, Finding


def facts() -> dict[str, str]:
    """The interpreter, in a word or two each."""
    implementation = f"{sys.implementation.name} {sys.version.split()[0]}"
    return {"python": implementation, "executable": sys.executable, "GIL": gil_state()}


def gil_state() -> str:
    """``on``, ``off``, or ``on, in a free-threaded build``."""
    if not is_free_threaded():
        return "on"
    return "on, in a free-threaded build" if sys._is_gil_enabled() else "off"


def is_free_threaded() -> bool:
    """Whether the build could run without the GIL."""
    return bool(sysconfig.get_config_var("Py_GIL_DISABLED"))


def find() -> Iterator[Finding]:
    """Yield what is set, and costs time."""
    if is_free_threaded() and sys._is_gil_enabled():
        forced = getattr(sys.flags, "gil", None) == 1
        why = "-X gil=1 or PYTHON_GIL=1 asks for it" if forced else "an extension module that was loaded at start needs it"
        remedy = "leave the switch out" if forced else "python -W default -v shows which; -X gil=0 keeps it off"
        yield Finding("GIL", WARNING, sys.executable, f"the GIL is on in a free-threaded build: {why}", remedy)
    if sys.flags.dont_write_bytecode:
        yield _unwritten(snapshot_state.usable())
    if sys.pycache_prefix:
        text = f"bytecode is kept below {sys.pycache_prefix} (PYTHONPYCACHEPREFIX), and that beside the sources is not read"
        yield Finding("bytecode elsewhere", NOTICE, sys.pycache_prefix, text, "fill it once: python -m compileall with it set")
    if _imp.check_hash_based_pycs == "always":
        text = "every hash-based bytecode file is checked against its source (--check-hash-based-pycs always)"
        yield Finding("hashes are checked", NOTICE, sys.executable, text, "leave the option out where sources don't change")
    if sys.flags.verbose:
        text = "imports are traced (-v or PYTHONVERBOSE): slow, and fastimport leaves all of them to importlib"
        yield Finding("imports are traced", WARNING, sys.executable, text, "leave it out")


def _unwritten(snapshot: str | None) -> Finding:
    """Nothing to worry about where a snapshot has the code: what it lacks is a finding about bytecode."""
    text = "no bytecode is written (-B or PYTHONDONTWRITEBYTECODE): "
    if snapshot is not None:
        return Finding("bytecode is not written", NOTICE, sys.executable, f"{text}code comes from {snapshot} instead", "")
    remedy = f"leave it out, or build once: {sys.executable} -m fastimport build --by-content"
    return Finding("bytecode is not written", WARNING, sys.executable, f"{text}what has none is compiled at each start", remedy)
