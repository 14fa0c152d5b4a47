"""The regression guard: instructions and file-system calls of fixed cases, against the counts that were kept.

    python benchmarks/check.py                  # compare with counts.json; exit status 1 beyond 3 %
    python benchmarks/check.py --update         # keep today's counts
    python benchmarks/check.py --counts FILE    # another file: the counts of another commit, for example

Timings are never asserted; these counts repeat.  Each case is run twice, with a number of rounds and with twice as many,
and the difference is divided by the rounds, so that the interpreter's own start drops out.  Instructions depend on the
interpreter and the compiler, so counts are kept for each; where there are none, that is said and nothing is compared.

Two attributes that a case asks for may share an entry of the interpreter's type cache, depending on where things lie in
memory: then every round pays some 1,000 instructions more; and the interpreter may ask for one piece of memory more, whose
``mmap`` can't be told from that of a file.  A count that seems to have grown is therefore taken again in other layouts, and
the least one stands.
"""

import argparse
import json
import os
import platform
import subprocess
import sys
import sysconfig
import tempfile
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import NamedTuple

import generate
from instruments import search_paths

from fastimport.diagnosis.bench import counting, launcher, report

COUNTS = Path(__file__).with_name("counts.json")
TOLERANCE = 0.03
ROUNDS = 1000
MODULES = 100
LAYOUTS = 4
LAYOUT = "for _ in range(int('{layout:02}')): hasattr(type('Shift', (), {{}})(), 'absent')"
"""Classes that are looked at before anything else: each moves what comes after it in the cache of types."""


Count = Callable[[list[str], dict[str, str]], int]


class Case(NamedTuple):
    """``code`` runs with ``rounds`` set, after ``setup``."""

    name: str
    setup: str
    code: str
    rounds: int = ROUNDS


# Finders of other packages' .pth files (setuptools') are instances; they would add their own Python code to every import.
FIND = """
import sys, fastimport
sys.meta_path[:] = [each for each in sys.meta_path if isinstance(each, type)]
fastimport.install(freshness={level!r})
assert fastimport.installed()
sys.path[:] = {entries!r}
find = fastimport.PathFinder.find_spec
"""
CALL = "for _ in range(rounds): {call}"


def cases(root: Path) -> Iterator[Case]:
    """Yield the fixed cases; their files are made in *root*."""
    package = str(search_paths.make_package(root, "parent"))
    paths = {length: search_paths.build(root / str(length), length) for length in (4, 300)}
    for level in search_paths.LEVELS:
        setup = FIND.format(level=level, entries=[])
        for kind in ("module", "package"):
            call = CALL.format(call=f"find('parent.{kind}7', path)")
            yield Case(f"find {kind} in a package, {level}", f"{setup}path = [{package!r}]", call)
        for length, which in ((4, "first"), (4, "last"), (4, "absent"), (300, "last"), (300, "absent")):
            path = paths[length]
            setup = FIND.format(level=level, entries=path.entries)
            call = CALL.format(call=f"find({getattr(path, which)!r})")
            yield Case(f"find {which} of {length} entries, {level}", setup, call, ROUNDS * 4 // length)
        yield _imports(root, level)
        yield _portions(root, level)
    yield Case("import_module, loaded", "import json, fastimport", CALL.format(call="fastimport.import_module('json')"), 10000)
    yield Case("resolve_name", "import fastimport", CALL.format(call="fastimport.resolve_name('..d', 'a.b.c')"), 10000)
    yield Case("split_name", "import fastimport", CALL.format(call="fastimport.split_name('a.b.c')"), 10000)


def _imports(root: Path, level: str) -> Case:
    """Whole imports of generated modules: as many in each half of the list."""
    directory = root / f"imports-{level}"
    generate.application(directory, MODULES * 2, "flat")
    setup = FIND.format(level=level, entries=[str(directory)]) + "import application"
    call = "for number in range(rounds): __import__(f'application.module{number}')"
    return Case(f"import of generated modules, {level}", setup, call, MODULES)


def _portions(root: Path, level: str) -> Case:
    """Imports from a namespace package with so many portions that its path has an index."""
    directory = root / f"portions-{level}"
    generate.search_path(directory, 300, "namespace")
    setup = FIND.format(level=level, entries=[str(directory / f"entry{number}") for number in range(300)]) + "import namespace"
    call = "for number in range(rounds): __import__(f'namespace.part{number}')"
    return Case(f"import from a namespace of 300 portions, {level}", setup, call, generate.IMPORTS // 2)


def measured(root: Path, kept: dict[str, dict[str, float]]) -> dict[str, dict[str, float]]:
    """Return for each case the instructions and the file-system calls of one round.

    Each is counted in one layout of memory if that shows no growth over *kept*, else in `LAYOUTS`.  Raises
    `counting.Unavailable` without valgrind or strace.
    """
    fixed = list(cases(root))
    # What is counted does not depend on what else runs.
    with ThreadPoolExecutor(os.cpu_count()) as pool:
        found = pool.map(lambda case: _counts(case, kept.get(case.name, {})), fixed)
        return {case.name: counts for case, counts in zip(fixed, found, strict=True)}


def _counts(case: Case, kept: dict[str, float]) -> dict[str, float]:
    counts = {unit: min(_until_not_grown(case, unit, kept.get(unit, 0))) for unit in UNITS}
    print(f"{case.name}: counted", file=sys.stderr, flush=True)
    return counts


def _until_not_grown(case: Case, unit: str, kept: float) -> Iterator[float]:
    count, digits = UNITS[unit]
    for layout in range(LAYOUTS):
        yield (found := round(_per_round(case, count, layout), digits))
        if found <= kept * (1 + TOLERANCE):
            return


def _per_round(case: Case, count: Count, layout: int) -> float:
    environment = {**launcher.environment(launcher.variant_for_level("checked")), "PYTHONHASHSEED": "0"}
    # All command lines are of one length: it moves the stack, and with it what callgrind counts.
    commands = [
        [sys.executable, "-c", f"rounds = int('{rounds:07}')\n{LAYOUT.format(layout=layout)}\n{case.setup}\n{case.code}"]
        for rounds in (1, case.rounds, case.rounds * 2)
    ]
    subprocess.run(commands[0], env=environment, check=True)  # the first run may have to write bytecode
    few, many = (count(command, environment) for command in commands[1:])
    return (many - few) / case.rounds


def _file_system_calls(command: list[str], environment: dict[str, str]) -> int:
    return counting.file_system_calls(counting.count_system_calls(command, environment))


UNITS: dict[str, tuple[Count, int | None]] = {
    "instructions": (counting.count_instructions_exactly, None),
    "file-system calls": (_file_system_calls, 2),
}
"""How each is counted, and the digits that are kept."""


def compare(kept: dict[str, dict[str, float]], now: dict[str, dict[str, float]]) -> tuple[str, list[str]]:
    """Return a table of all cases, and the names of those that grew by more than `TOLERANCE`, or have vanished."""
    rows = [("case", "unit", "kept", "now", "change")]
    grown = [f"{name}: not measured any more" for name in kept.keys() - now.keys()]
    for name, units in now.items():
        for unit, value in units.items():
            before = kept.get(name, {}).get(unit)
            change = None if before is None else value - before
            rows.append((name, unit, "-" if before is None else f"{before:g}", f"{value:g}", _percent(before, change)))
            if before is not None and value > before * (1 + TOLERANCE):
                grown.append(f"{name}: {before:g} -> {value:g} {unit}")
    return report.table(rows), grown


def _percent(before: float | None, change: float | None) -> str:
    if before is None or change is None:
        return "new"
    return f"{change / before:+.1%}" if before else f"{change:+g}"


def interpreter() -> str:
    """Return what instruction counts depend on besides our code."""
    compiler = platform.python_compiler()
    return f"{platform.python_version()} {sysconfig.get_platform()} {sysconfig.get_config_var('ABIFLAGS') or ''}{compiler}"


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--update", action="store_true", help="keep today's counts instead of comparing")
    parser.add_argument("--counts", type=Path, default=COUNTS, metavar="FILE")
    arguments = parser.parse_args()
    everything = json.loads(arguments.counts.read_text()) if arguments.counts.exists() else {}
    key = interpreter()
    if not arguments.update and key not in everything:
        return _skip(f"{arguments.counts.name} has no counts for {key}; --update keeps some")
    try:
        with tempfile.TemporaryDirectory() as directory:
            now = measured(Path(directory), {} if arguments.update else everything.get(key, {}))
    except counting.Unavailable as reason:
        return _skip(str(reason))
    text, grown = compare(everything.get(key, {}), now)
    print(text)
    if arguments.update:
        arguments.counts.write_text(json.dumps({**everything, key: now}, indent=1, sort_keys=True) + "\n")
        return 0
    for line in grown:
        print(f"GROWN {line}")
    return 1 if grown else 0


def _skip(reason: str) -> int:
    print(f"bench-check SKIPPED, nothing was compared: {reason}", file=sys.stderr)
    return 0


if __name__ == "__main__":
    sys.exit(main())
