"""File-system calls per source module: Django's admin with five path entries, under strace.

    python benchmarks/system_calls.py [--application NAME]

Counted are the calls between two markers, so that neither the interpreter's own start nor its end takes part, and
divided by the source modules that were imported between them.
"""

import argparse
import os
import re
import subprocess
import sys
import tempfile
from collections import Counter
from pathlib import Path
from typing import NamedTuple

from instruments import applications, results

import fastimport
from fastimport.diagnosis.bench import counting, launcher, recorded

PATH_ENTRIES = 5
"""What a script in a virtual environment has: its directory, the library's three, site-packages."""

SOURCE_TREE = os.path.dirname(os.path.dirname(fastimport.__file__))
"""What an editable installation of fastimport adds to them: loaded by then, and left out."""

MARKERS = ("/fastimport-marker-a", "/fastimport-marker-b")
PROGRAM = """
import os, sys
sys.path[0] = {empty!r} + "0"
if len(sys.path) > {entries} and {source!r} in sys.path: sys.path.remove({source!r})
while len(sys.path) < {entries}: sys.path.insert(1, {empty!r} + str(len(sys.path)))
def mark(path):
    try: os.stat(path)
    except OSError: pass
before = set(sys.modules)
mark({markers[0]!r})
exec({code!r}, {{"__name__": "application"}})
mark({markers[1]!r})
source = [name for name in set(sys.modules) - before
          if str(getattr(getattr(sys.modules[name], "__spec__", None), "origin", "")).endswith(".py")]
print(len(source), len(sys.path))
"""


class Count(NamedTuple):
    """Calls by name, the number of source modules they were made for, and of path entries."""

    calls: Counter[str]
    modules: int
    path_entries: int
    libraries: int
    """Of the calls, those that load extension modules and their libraries: on every side the same."""

    @property
    def per_module(self) -> float:
        return sum(self.calls.values()) / self.modules


def count(application: applications.Application, variant: launcher.Variant) -> Count:
    """Count *variant*'s file-system calls.

    Raises `counting.Unavailable` without a strace that may trace, and CalledProcessError if the program fails.
    """
    if counting.shutil.which("strace") is None:
        raise counting.Unavailable("strace is not installed")
    with tempfile.TemporaryDirectory() as directory:
        _fill_path_entries(Path(directory))
        empty = str(Path(directory, "entry"))
        code = PROGRAM.format(entries=PATH_ENTRIES, source=SOURCE_TREE, empty=empty, markers=MARKERS, code=application.code)
        program = launcher.Program("code", code)
        log = Path(directory, "log")
        with recorded.resolved([variant], program) as (variant,):
            command, environment = launcher.command(program, variant), launcher.environment(variant)
            # Once without strace: the first run may have to write bytecode.
            subprocess.run(command, env=environment, check=True, capture_output=True)
            traced = ["strace", "-f", "-qq", "-o", str(log), "--", *command]
            done = subprocess.run(traced, env=environment, check=True, capture_output=True, text=True)
        text = log.read_text(errors="replace")
        return Count(calls_between_markers(text), *map(int, done.stdout.split()), calls_of_libraries(text))


def _fill_path_entries(directory: Path) -> None:
    for number in range(PATH_ENTRIES):
        entry = directory / f"entry{number}"
        entry.mkdir()
        (entry / "unrelated.py").touch()


def calls_between_markers(log: str) -> Counter[str]:
    """Return the file-system calls in *log* from the first marker to the second."""
    start, end = (log.index(marker) for marker in MARKERS)
    names = re.findall(r"^\d+ +(\w+)\(", log[log.index("\n", start) : end], re.MULTILINE)
    calls = Counter(name for name in names if name in counting.FILE_CALLS)
    calls.subtract({"mmap": log[start:end].count("MAP_ANONYMOUS")})  # memory, no file
    # The line of the second marker itself.
    calls.subtract([re.findall(r"^\d+ +(\w+)\(", log[:end], re.MULTILINE)[-1]])
    return calls


def calls_of_libraries(log: str) -> int:
    """Return how many of the calls between the markers are the dynamic loader's: from the opening of a library to its closing."""
    start, end = (log.index(marker) for marker in MARKERS)
    count, descriptor = 0, None
    for name, arguments in re.findall(r"^\d+ +(\w+)\((.*)", log[log.index("\n", start) : end], re.MULTILINE):
        if name not in counting.FILE_CALLS or "MAP_ANONYMOUS" in arguments:
            continue
        if name == "openat" and re.search(r'\.so[^/"]*"|ld\.so\.cache"', arguments):
            opened = re.search(r"= (\d+)$", arguments)
            descriptor = opened[1] if opened else None
            count += 1
        elif descriptor is not None and re.search(rf"(?:^|, ){descriptor}(?:,|\))", arguments):
            count += 1
            descriptor = None if name == "close" else descriptor
    return count


def table(counts: dict[str, Count]) -> list[list[str]]:
    """Lay the counts out, a column for each side, per module."""
    names = sorted({name for each in counts.values() for name in each.calls}, key=lambda name: -_most(counts, name))
    rows = [["call", *counts]]
    rows += [[name, *(f"{each.calls[name] / each.modules:.2f}" for each in counts.values())] for name in names]
    rows.append(["all", *(f"{each.per_module:.2f}" for each in counts.values())])
    rows.append(["of which libraries", *(f"{each.libraries / each.modules:.2f}" for each in counts.values())])
    rows.append(["source modules", *(str(each.modules) for each in counts.values())])
    return rows


def _most(counts: dict[str, Count], name: str) -> float:
    return max(each.calls[name] for each in counts.values())


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--application", default=applications.DJANGO_ADMIN.name)
    parser.add_argument("--levels", default=",".join((*launcher.LEVELS, *launcher.SNAPSHOT_LEVELS)), metavar="LIST")
    parser.add_argument("--json", metavar="FILE", help="write the result for the suite")
    arguments = parser.parse_args()
    chosen = {each.name: each for each in applications.ALL}[arguments.application]
    if absent := applications.missing(chosen):
        print(f"{chosen.name}: not installed here: {', '.join(absent)}", file=sys.stderr)
        return 2
    variants = [launcher.STOCK, *map(launcher.variant_for_level, arguments.levels.split(","))]
    try:
        counts = {variant.name: count(chosen, variant) for variant in variants}
    except counting.Unavailable as reason:
        print(f"File-system calls can't be counted: {reason}", file=sys.stderr)
        return 2
    entries = counts[launcher.STOCK.name].path_entries
    shown = results.Table(table(counts), f"File-system calls per source module, {chosen.name}, {entries} path entries")
    figures = [results.count(f"calls per source module, {name}", each.per_module) for name, each in counts.items()]
    results.publish(results.Result([shown], figures, results.circumstances()), arguments.json)
    return 0


if __name__ == "__main__":
    sys.exit(main())
