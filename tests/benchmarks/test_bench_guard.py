"""The scripts under benchmarks/ that decide something: what the regression guard calls grown, what the counters count."""

import importlib
import subprocess
import sys
from pathlib import Path

import pytest

BENCHMARKS = Path(__file__).parents[2] / "benchmarks"


@pytest.fixture
def script(monkeypatch):
    """Loads a script of benchmarks/ as a module."""
    monkeypatch.syspath_prepend(str(BENCHMARKS))

    def load(name):
        return importlib.import_module(name)

    return load


KEPT = {"find": {"instructions": 1000, "file-system calls": 2}}


@pytest.mark.parametrize(
    ("now", "grown"),
    [
        ({"instructions": 1030, "file-system calls": 2}, []),
        ({"instructions": 1031, "file-system calls": 2}, ["find: 1000 -> 1031 instructions"]),
        ({"instructions": 500, "file-system calls": 3}, ["find: 2 -> 3 file-system calls"]),
    ],
)
def test_growth_beyond_three_percent_is_named(script, now, grown):
    assert script("check").compare(KEPT, {"find": now})[1] == grown


def test_a_case_that_vanished_is_named_and_a_new_one_is_not(script):
    _, grown = script("check").compare(KEPT, {"new": {"instructions": 5}})
    assert grown == ["find: not measured any more"]


def test_a_case_that_needed_no_call_may_not_begin_to(script):
    _, grown = script("check").compare({"a": {"file-system calls": 0}}, {"a": {"file-system calls": 1}})
    assert grown == ["a: 0 -> 1 file-system calls"]


def test_an_interpreter_without_counts_is_skipped_aloud(tmp_path):
    command = [sys.executable, str(BENCHMARKS / "check.py"), "--counts", str(tmp_path / "none.json")]
    done = subprocess.run(command, capture_output=True, text=True)
    assert done.returncode == 0
    assert "SKIPPED, nothing was compared" in done.stderr


LOG = """\
10 openat(AT_FDCWD, "/before", O_RDONLY) = 3
10 newfstatat(AT_FDCWD, "/fastimport-marker-a", 0x7ffc, 0) = -1 ENOENT (No such file or directory)
10 openat(AT_FDCWD, "/module.py", O_RDONLY) = 3
11 futex(0x1, FUTEX_WAKE_PRIVATE, 1) = 0
10 read(3, "...", 100) = 100
10 newfstatat(AT_FDCWD, "/fastimport-marker-b", 0x7ffc, 0) = -1 ENOENT (No such file or directory)
10 openat(AT_FDCWD, "/after", O_RDONLY) = 3
"""


def test_only_file_system_calls_between_the_markers_count(script):
    calls = script("system_calls").calls_between_markers(LOG)
    assert +calls == {"openat": 1, "read": 1}


@pytest.mark.parametrize("kind", ["empty", "packages", "modules", "namespace"])
@pytest.mark.parametrize("entries", [3, 250])
def test_generated_search_paths_import_the_same_number_of_modules_at_any_length(script, tmp_path, kind, entries):
    generate = script("generate")
    code = generate.search_path(tmp_path, entries, kind)
    program = (
        f"import os, sys; old = set(sys.modules)\n{code}\nprint(len(set(sys.modules) - old - {{'namespace'}}), len(sys.path))"
    )
    done = subprocess.run([sys.executable, "-I", "-S", "-c", program], capture_output=True, text=True, check=True)
    imported, length = map(int, done.stdout.split())
    assert imported == generate.IMPORTS and length > entries
    if kind == "namespace":
        assert all((tmp_path / f"entry{number}" / "namespace").is_dir() for number in range(entries))


@pytest.mark.parametrize("shape", ["flat", "deep"])
def test_generated_applications_hold_the_number_of_modules(script, tmp_path, shape):
    code = script("generate").application(tmp_path, 40, shape)
    subprocess.run([sys.executable, "-I", "-S", "-c", code], check=True)
    assert len(list(tmp_path.rglob("module*.py"))) == 40


def test_every_application_of_the_demo_is_valid_python_and_named_once(script):
    applications = script("instruments.applications")
    names = [application.name for application in applications.ALL]
    assert len(set(names)) == len(names)
    for application in applications.ALL:
        compile(application.code, application.name, "exec")
