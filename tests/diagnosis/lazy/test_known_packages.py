"""Packages whose imports are known to have effects: seen, and eager, or late until what they change is loaded.

Those that are not installed are skipped.
"""

import importlib.util

import pytest

from fastimport.diagnosis.bench.launcher import Program
from fastimport.diagnosis.lazy.knowledge import Knowledge
from fastimport.diagnosis.lazy.runs import Runner

DJANGO = """\
from django.conf import settings
settings.configure(INSTALLED_APPS=["django.contrib.auth", "django.contrib.contenttypes"])
import django
django.setup()
"""
# What is needed; the program; a module that must not just be late; what is said of it.
PACKAGES = {
    "readline": ("readline", "import rlcompleter", "readline", "takes over how input() reads a line"),
    "idna's codec": ("idna", "import idna.codec", "idna.codec", "registers a search function for codecs"),
    "celery's tasks": ("celery", "import celery.app.builtins", "celery.app.builtins", "celery._state._on_app_finalizers"),
    "SQLAlchemy's dialects": (
        "sqlalchemy",
        "import sqlalchemy\nsqlalchemy.dialects.registry.load('sqlite')",
        "sqlalchemy.sql.events",
        "sqlalchemy.event.",
    ),
    "Django's models": ("django", DJANGO, "django.contrib.auth.models", "django.apps.registry.apps"),
    "gevent's patches": ("gevent", "import patching", "patching", "replaces "),
}


@pytest.mark.parametrize("case", PACKAGES)
def test_known_effects_are_seen_and_keep_a_module_from_being_late_without_condition(case, tmp_path, monkeypatch):
    needed, code, module, said = PACKAGES[case]
    if importlib.util.find_spec(needed) is None:
        pytest.skip(f"{needed} is not installed")
    (tmp_path / "patching.py").write_text("from gevent import monkey\nmonkey.patch_all()\n", encoding="utf-8")
    monkeypatch.chdir(tmp_path)
    outcome = Runner(Program("code", code), "fastimport.cli.learning").run(observe=True)
    assert outcome.status == 0, outcome.stderr.decode()
    assert any(said in text for text in outcome.report["effects"][module])
    knowledge = Knowledge(outcome.report)
    assert module in {**knowledge.kept_for_effects(), **knowledge.changes()}


HARMLESS = {"six": "six", "urllib3": "urllib3.util.connection", "werkzeug": "werkzeug.urls", "sqlalchemy": "sqlalchemy.pool.base"}


@pytest.mark.parametrize("package", HARMLESS)
def test_known_effects_that_nobody_can_tell(package, tmp_path, monkeypatch):
    """six's importer, which finds what is below six; a socket that is closed again; a handler's own name; finalizers."""
    if importlib.util.find_spec(package) is None:
        pytest.skip(f"{package} is not installed")
    monkeypatch.chdir(tmp_path)
    module = HARMLESS[package]
    outcome = Runner(Program("code", f"import {module}"), "fastimport.cli.learning").run(observe=True)
    assert module in [name for name, _, _ in outcome.report["modules"]]
    assert module not in Knowledge(outcome.report).kept_for_effects()
