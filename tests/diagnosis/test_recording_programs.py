"""Real programs: sums add up, and ``python -X importtime``, which watches the same process, agrees."""

import importlib.util
import os
import statistics

import pytest
from support.startups import importtime_lines, record

from fastimport.diagnosis.bench.launcher import Program
from fastimport.diagnosis.record import session
from fastimport.diagnosis.report.view import parts

DJANGO = """
import django
from django.conf import settings
settings.configure(INSTALLED_APPS=["django.contrib.admin", "django.contrib.auth", "django.contrib.contenttypes",
    "django.contrib.messages", "django.contrib.sessions"], SECRET_KEY="x", DEFAULT_AUTO_FIELD="django.db.models.AutoField",
    DATABASES={"default": {"ENGINE": "django.db.backends.sqlite3", "NAME": ":memory:"}}, SILENCED_SYSTEM_CHECKS=["admin.E403",
    "admin.E408", "admin.E409", "admin.E410"])
django.setup()
from django.core.management import call_command
call_command("check")
"""
PROGRAMS = {  # what has to be there; the program
    "django": ("django", Program("code", DJANGO)),
    "pandas": ("pandas", Program("code", "import pandas")),
    "fastapi": (
        "fastapi",
        Program("code", "import fastapi, importlib.util\nif importlib.util.find_spec('uvicorn'): import uvicorn"),
    ),
    "pytest": ("pytest", Program("module", "pytest", ("--version", "--version"))),
    "stdlib": ("json", Program("code", "import asyncio, email.mime.text, json, sqlite3, unittest, xml.dom.minidom")),
}


@pytest.fixture(params=PROGRAMS)
def program(request):
    needed, program = PROGRAMS[request.param]
    if importlib.util.find_spec(needed) is None:
        pytest.skip(f"{needed} is not installed")
    return program


def words(program):
    return [*{"module": ["-m"], "code": ["-c"], "script": []}[program.kind], program.target, *program.arguments]


@pytest.mark.parametrize("level", [None, "checked"])
def test_the_parts_are_the_total(program, level):
    recording = record(*words(program), options=("--runs", "1", *(["--level", level] if level else ["--no-saving"])))
    assert len(recording.modules) > 50
    assert sum(parts(recording).values()) == pytest.approx(recording.total_ns, rel=0.02)
    assert all(ns >= 0 for module in recording.modules for ns in module.ns.values())
    roots = [module for module in recording.modules if module.parent is None and module.thread == 0]
    inside = sum(module.cumulative_ns for module in roots)
    assert inside + recording.threads[0].outside_ns <= recording.total_ns
    if level:
        assert recording.level == level


def as_importtime_sees_it(recording, known):
    """Own costs in µs by name. What importlib.import_module imports, importtime charges to the module that calls it."""
    ours = {}
    for module in recording.modules:
        charged = module
        while charged.name not in known and charged.parent is not None:
            charged = recording.modules[charged.parent]
        ours[charged.name] = ours.get(charged.name, 0) + sum(module.ns.values()) / 1000
    return ours


def test_importtime_agrees_about_the_same_process(program, monkeypatch):
    """Both watch one process, so chance has no part in the difference: what is left is what each costs the other."""
    monkeypatch.setattr(session.subprocess, "_args_from_interpreter_flags", lambda: ["-X", "importtime"])
    kept = {}

    def read_bytes(path):
        kept["log"] = original(path)
        return kept["log"]

    original = session.Path.read_bytes
    monkeypatch.setattr(session.Path, "read_bytes", read_bytes)
    for name in [name for name in os.environ if name.startswith(("PYTHON", "FASTIMPORT"))]:
        monkeypatch.delenv(name)
    recording = session.record_once(program, "fastimport.cli.recorded", session.Plan())
    lines = list(importtime_lines(kept["log"].decode()))
    theirs = {}
    for own, cumulative, _, name in lines:
        theirs[name] = (theirs.get(name, (0, 0))[0] + own, theirs.get(name, (0, 0))[1] + cumulative)
    ours = as_importtime_sees_it(recording, theirs)
    common = [name for name in ours if name in theirs]
    assert len(common) >= 0.9 * len(recording.modules)
    differences = [abs(ours[name] - theirs[name][0]) for name in common]
    assert statistics.median(differences) <= 60  # µs: listening, and writing the log
    off = [name for name in common if abs(ours[name] - theirs[name][0]) > max(0.25 * theirs[name][0], 400)]
    # One that is interrupted between its stamp and theirs moves time from a neighbour: two names for one event.
    assert len(off) <= 0.05 * len(common), [(name, ours[name], theirs[name][0]) for name in off]
    total = sum(theirs[name][0] for name in common)
    assert sum(ours[name] for name in common) == pytest.approx(total, rel=0.10)
