"""Recordings for tests: of a process of its own, of trees of modules, and one that is written by hand."""

import json
import sys

from fastimport.diagnosis.record.model import Entry, Finder, Module, Recording, Saving, Shadowed, Thread
from fastimport.diagnosis.record.reading import from_json
from support.process import python

MS = 1_000_000


def profile(*arguments, cwd=None, **variables):
    """The completed ``fastimport profile`` with these arguments."""
    return python("-m", "fastimport", "profile", *arguments, cwd=cwd, **variables)


def record(*program, cwd=None, options=("--runs", "1", "--no-saving"), **variables):
    """The recording of one run of a program that ends well."""
    done = profile(*options, "--no-advice", "--json", *program, cwd=cwd, **variables)
    assert (done.returncode, done.stderr) == (0, ""), done.stderr
    return from_json(done.stdout)


def by_name(recording):
    return {module.name: module for module in recording.modules}


def record_inside(code, cwd=None, **variables):
    """What `code`, a program that prints JSON of a recording, has recorded."""
    done = python("-c", code, cwd=cwd, **variables)
    assert (done.returncode, done.stderr) == (0, ""), done.stderr
    return from_json(done.stdout)


def written_by_hand():
    """Every kind of thing that a recording can hold, with round figures."""
    modules = [
        Module(0, "app", None, 0, 1 * MS, 90 * MS, {"search": 4 * MS, "read": 2 * MS, "unmarshal": 3 * MS, "execute": 21 * MS},
               [["search", 1 * MS, 5 * MS]], ["main.py", 3], "PathFinder", "SourceFileLoader", "/lib/app/__init__.py", "/lib",
               "bytecode", 2000),
        Module(1, "app.core", 0, 0, 10 * MS, 60 * MS, {"search": 1 * MS, "compile": 30 * MS, "write": 4 * MS, "execute": 15 * MS},
               [["compile", 11 * MS, 41 * MS]], ["/lib/app/__init__.py", 1], "PathFinder", "SourceFileLoader", "/lib/app/core.py",
               "/lib/app", "source", 500, "no bytecode", "written"),
        Module(2, "fast", 0, 0, 60 * MS, 63 * MS, {"search": 3 * MS}, [], ["/lib/app/__init__.py", 2], form="absent",
               error="ModuleNotFoundError: No module named 'fast'"),
        Module(3, "native", 0, 0, 70 * MS, 76 * MS, {"dlopen": 6 * MS}, [["dlopen", 70 * MS, 76 * MS]],
               ["/lib/app/__init__.py", 9], "PathFinder", "ExtensionFileLoader", "/lib/native.so", "/lib", "extension"),
        Module(4, "other", None, 1, 20 * MS, 40 * MS, {"execute": 20 * MS}, [], ["main.py", 8], "PathFinder", "SourceFileLoader",
               "/lib/other.py", "/lib", "bytecode", 10),
    ]  # fmt: skip
    for module in modules[:2]:
        module.spread = [module.self_ns - MS, module.self_ns + 2 * MS]
    modules[1].importers, modules[1].only_ns = ["app/__init__.py:1", "other.py:7"], 50 * MS
    return Recording(
        "python main.py", "CPython 3.13.0", "Linux x86_64", 120 * MS, before_ns=10 * MS, modules=modules, calls=100,
        threads=[Thread(0, "MainThread", 0, 110 * MS, 21 * MS), Thread(1, "worker", 15 * MS, 41 * MS, 6 * MS)],
        path=["/src", "/lib"], entries=[Entry("/src", 0, 4, 0, 3 * MS, 1, MS), Entry("/lib", 1, 4, 3, 4 * MS)],
        finders=[Finder("PathFinder", 5, 4, 8 * MS)], shadowed=[Shadowed("app", "/lib/app/__init__.py", ["/old/app.py"])],
        overhead_ns=MS, runs=[120 * MS, 118 * MS, 131 * MS], process_ns=150 * MS, first_run_compiled=["zoo: no bytecode"],
        saving=Saving("checked", 0.125, 0.115, 0.92, 0.9, 0.94, 6), notes=["a note"],
    )  # fmt: skip


def importtime_lines(text):
    """``(self, cumulative, depth, name)`` of each line of a log of -X importtime."""
    for line in text.splitlines():
        if line.startswith("import time:") and not line.endswith("imported package"):
            own, cumulative, name = line.removeprefix("import time:").split("|", 2)
            depth = (len(name) - 1 - len(name.lstrip())) // 2
            yield int(own), int(cumulative), depth, name.strip()


def dump(value):
    return json.dumps(value)


FREE_THREADED = not getattr(sys, "_is_gil_enabled", lambda: True)()
