"""Runs inside an untimed child: writes down what was imported, from where, and what it cost in memory.

Executed from its file, not imported, so that it leaves no trace in the child's ``sys.modules``.
"""

import atexit
import sys

_before_program: set[str] = set()


def record_at_exit(path: str) -> None:
    """Write the account to *path* when the interpreter ends.

    Registered before anything else, so it runs after every other exit function.
    """
    atexit.register(_write, path)


def setup_is_done() -> None:
    """Remember the modules that are there before the program's first import."""
    _before_program.update(sys.modules)


def _write(path: str) -> None:
    # First what the imports below would change.
    modules = dict(sys.modules)
    peak = _peak_bytes()
    fastimport = modules.get("fastimport")
    active = fastimport is not None and fastimport.installed()
    import json

    account = {
        "active": active,
        "peak_bytes": peak,
        "setup": sorted(_before_program),
        "modules": {name: _origin(module) for name, module in modules.items() if name != "__main__"},
        "bytecode": sorted(filter(None, (_cached(module) for module in modules.values()))),
        "libraries": _mapped_files(),
        "path": [entry for entry in sys.path if isinstance(entry, str)],
    }
    with open(path, "w", encoding="utf-8") as file:
        json.dump(account, file)


def _origin(module: object) -> str | list[str]:
    """Where a module came from, in a form that can be compared; asks nothing that could run module code."""
    namespace = _namespace(module)
    spec = namespace.get("__spec__")
    locations = getattr(spec, "submodule_search_locations", None)
    if getattr(spec, "origin", None) is None and locations is not None:
        return [str(entry) for entry in locations]
    return str(getattr(spec, "origin", None) or namespace.get("__file__"))


def _cached(module: object) -> str | None:
    spec = _namespace(module).get("__spec__")
    cached = getattr(spec, "cached", None)
    return cached if isinstance(cached, str) else None


def _namespace(module: object) -> dict[str, object]:
    try:
        namespace: dict[str, object] = object.__getattribute__(module, "__dict__")
    except AttributeError:
        return {}
    return namespace


def _peak_bytes() -> int | None:
    # Not ru_maxrss: it survives exec, so it starts with what the parent held.
    try:
        with open("/proc/self/status") as file:
            for line in file:
                if line.startswith("VmHWM:"):
                    return int(line.split()[1]) * 1024
    except OSError:
        pass
    return None


def _mapped_files() -> list[str]:
    try:
        with open("/proc/self/maps") as file:
            fields = (line.split(maxsplit=5) for line in file)
            return sorted({field[5].strip() for field in fields if len(field) == 6 and field[5].startswith("/")})
    except OSError:
        return []
