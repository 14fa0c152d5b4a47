"""Two projects, one directory: on PyPI, distribution ``fastimport`` is a parser that installs a package of our name."""

import importlib.metadata
import os
import sys
from collections.abc import Iterator

import fastimport
from fastimport.diagnosis.doctor.findings import ERROR, WARNING, Finding
from fastimport.diagnosis.explain.candidates import PACKAGE, ask_entry

OTHER = "fastimport"
"""The distribution; ours is fastimport-finder."""

OTHERS_MODULES = frozenset(
    f"{name}.py" for name in ["commands", "dates", "errors", "helpers", "parser", "processor", "reftracker"]
)
FEW = 3
"""Files of the other project from which they are no coincidence."""

REMEDY = (
    "pip uninstall -y fastimport fastimport-finder && pip install fastimport-finder; keep the other in an environment of its own"
)


def find() -> Iterator[Finding]:
    """Yield the other distribution, what it overwrote, its leftovers, and other packages of our name on the path."""
    directory = os.path.dirname(os.path.abspath(fastimport.__file__))
    distributions = list(importlib.metadata.distributions(name=OTHER))
    for distribution in distributions:
        yield _clash(distribution, directory)
    if not callable(getattr(fastimport, "install", None)):
        text = "is not fastimport's own: another project has overwritten it, so that programs can't call fastimport.install()"
        yield Finding("overwritten", ERROR, os.path.join(directory, "__init__.py"), text, REMEDY)
    leftovers = sorted(OTHERS_MODULES.intersection(os.listdir(directory)))
    if len(leftovers) >= FEW and not distributions:
        text = f"holds files of the other project of this name: {', '.join(leftovers)}"
        yield Finding("leftovers", ERROR, directory, text, REMEDY)
    yield from _other_packages(directory)


def _clash(distribution: importlib.metadata.Distribution, directory: str) -> Finding:
    theirs = os.path.abspath(str(distribution.locate_file(OTHER)))
    version = distribution.metadata["Version"]
    other = f"distribution fastimport {version}, an unrelated parser,"
    if os.path.realpath(theirs) == os.path.realpath(directory):
        text = f"{other} is installed into the same directory: each overwrites the other"
    else:
        text = f"{other} has a package of the same name: only one of them can be imported"
    return Finding("name clash", ERROR, theirs, text, REMEDY, {"version": version})


def _other_packages(directory: str) -> Iterator[Finding]:
    """The first on the path is what programs get."""
    before = True
    for index, entry in enumerate(sys.path):
        packages = [each for each in ask_entry(OTHER, index, entry).candidates if each.kind == PACKAGE]
        found = os.path.dirname(os.path.abspath(packages[0].origin or "")) if packages else None
        if found is None:
            continue
        if os.path.realpath(found) == os.path.realpath(directory):
            before = False
        elif before:
            text = f"hides the fastimport in {directory} from programs: entry {index} comes first"
            yield Finding("hidden", ERROR, found, text, "remove it, or put its entry behind")
        else:
            text = f"is one more package of the name, on entry {index}; it is hidden by the one in {directory}"
            yield Finding("second copy", WARNING, found, text, "uninstall one of them")
