"""Runs in a child that was started with ``-S``: does what ``site`` does, and times every line that a file gives it to execute.

``site`` executes the import lines of ``.pth`` files with ``exec``; here it finds another ``exec`` in its module, which looks
at the clock. From 3.15 on it also calls the entry points of ``.start`` files, which it resolves with ``pkgutil.resolve_name``.
"""

import builtins
import os
import sys
from time import perf_counter_ns as clock

TYPE_CHECKING = False  # of typing, which lines would find loaded
if TYPE_CHECKING:
    from typing import Any

steps: "list[tuple[str, str, int, int, str | None]]" = []
"""File, line, nanoseconds, modules loaded, error."""


def run_timed(file: str, line: str, function: "Any") -> "Any":
    """Call `function` and note what it took."""
    loaded, begin, error = len(sys.modules), clock(), None
    try:
        return function()
    except BaseException as caught:
        error = f"{type(caught).__name__}: {caught}"
        raise
    finally:
        steps.append((file, line.strip(), clock() - begin, len(sys.modules) - loaded, error))


def timed_exec(line: str) -> None:
    """Stands in for exec in site. Lines of setuptools look for ``sitedir`` among the local names of their caller."""
    caller = sys._getframe(1)
    names = dict(caller.f_locals)
    loaded, begin, error = len(sys.modules), clock(), None
    sitedir = names.get("sitedir")  # noqa: F841
    try:
        builtins.exec(line, caller.f_globals, names)
    except BaseException as caught:
        error = f"{type(caught).__name__}: {caught}"
        raise
    finally:
        steps.append((str(names.get("fullname")), line.strip(), clock() - begin, len(sys.modules) - loaded, error))


def time_entry_points() -> None:
    """Wrap what resolves the lines of ``.start`` files (3.15): the import that it does, then the call."""
    import pkgutil

    resolve = pkgutil.resolve_name

    def timed_resolve(name: str, **options: "Any") -> "Any":
        file = sys._getframe(1).f_locals.get("filename")
        if file is None:
            return resolve(name, **options)
        function = run_timed(str(file), name, lambda: resolve(name, **options))
        return lambda: run_timed(str(file), name, function)

    pkgutil.resolve_name = timed_resolve


def main() -> None:
    """Write what was measured into the file named by the first argument."""
    answer = sys.argv[1]
    del sys.argv[1:]
    import site

    site.exec = timed_exec  # type: ignore[attr-defined]
    failure = None
    try:
        if hasattr(site, "StartupState"):
            time_entry_points()
        site.main()
    except BaseException as caught:
        failure = f"{type(caught).__name__}: {caught}"
    directories = [*site.getsitepackages(), *([site.getusersitepackages()] if site.ENABLE_USER_SITE else [])]
    existing = [each for each in directories if os.path.isdir(each)]
    with open(answer, "w", encoding="utf-8", errors="surrogateescape") as file:
        file.write(repr((steps, existing, failure)))


main()
