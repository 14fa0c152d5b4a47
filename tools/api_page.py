"""Write docs/python-api.md from the docstrings of what `fastimport` exports: ``python tools/api_page.py``.

Run it with an interpreter that has fastimport installed; a test compares the page with what this makes.
"""

import inspect
import re
import sys
from pathlib import Path

import fastimport
import fastimport.mpi
from fastimport.diagnosis.inside import Record

PAGE = Path(__file__).parents[1] / "docs" / "python-api.md"
HEAD = """\
# The Python interface

What `import fastimport` offers; the import itself changes nothing. This page is made from the docstrings
(`python tools/api_page.py`). In C: [programs in C](embedding.md#programs-in-c).
"""


def signature(name, thing):
    """Name, parameters and defaults, without annotations, which versions of Python write differently."""
    parameters = [
        each.replace(annotation=inspect.Parameter.empty)
        for each in inspect.signature(thing).parameters.values()
        if each.name not in ("self", "cls")
    ]
    return name + str(inspect.Signature(parameters))


def markdown(text):
    """The text of a docstring: ``code`` and `name` are code, an indented paragraph under a word is that word's item."""
    text = re.sub(r"``(.+?)``", r"`\1`", text)
    text = re.sub(r"^(\w+)\n((?:    .*\n?)+)", lambda found: f"- `{found[1]}`: {' '.join(found[2].split())}\n", text, flags=re.M)
    return "\n".join(line.rstrip() for line in text.splitlines())


def without_signature(text):
    """Compiled functions begin their docstring with it."""
    return re.sub(r"\A\w+\(.*\)\n+", "", text)


def section(level, name, thing, called=None):
    """A function, or a class with its public methods."""
    lines = [f"{'#' * level} {called or name}", ""]
    if callable(thing) and name != "PathFinder":
        lines += ["```text", signature(name, thing), "```", ""]
    lines += [markdown(without_signature(inspect.getdoc(thing) or "")), ""]
    if inspect.isclass(thing):
        for method in [each for each in vars(thing) if not each.startswith("_")]:
            lines += section(level + 1, method, getattr(thing, method), f"{called or name}.{method}")
    return lines


def page():
    """The whole page."""
    lines = [HEAD]
    for name in fastimport.__all__:
        lines += section(2, name, getattr(fastimport, name))
        if name == "record":
            lines += section(3, "Record", Record)
    lines += ["## fastimport.mpi", "", *section(3, "install", fastimport.mpi.install, "mpi.install")]
    return "\n".join(lines).rstrip("\n") + "\n"


if __name__ == "__main__":
    PAGE.write_text(page(), encoding="utf-8")
    print(f"wrote {PAGE.name}", file=sys.stderr)
