"""File systems whose directories never change their times (some of FUSE): what importlib sees there, and what we do."""

import json
import os
import shutil
import subprocess
import sys
from pathlib import Path

import pytest
from support.process import python

import fastimport

HOME = os.path.dirname(os.path.dirname(fastimport.__file__))
PROGRAM = """
import importlib, json, os, sys
from importlib.machinery import PathFinder
from pathlib import Path
level = sys.argv[1]
if level != "stock":
    import fastimport
    fastimport.install(register="in_place", freshness=level)
place = Path("place").absolute()
(place / "package").mkdir(parents=True)
(place / "portion").mkdir()
(place / "package/__init__.py").touch()
answers = {"still": os.stat(place).st_mtime == 1e9}

def ask(when):
    top = {name: PathFinder.find_spec(name, [str(place)]) for name in ("package", "portion", "added")}
    inner = {"package.late": PathFinder.find_spec("package.late", [str(place / "package")])} if when != "before" else {}
    answers[when] = [name for name, spec in {**top, **inner}.items() if spec and spec.origin]

ask("before")
for name in ("package/late.py", "portion/__init__.py", "added.py"):
    (place / name).touch()
ask("added")
importlib.invalidate_caches()
ask("invalidated")
print(json.dumps(answers))
"""
SEEN = {
    "stock": {"added": ["package", "portion", "package.late"], "invalidated": ["package", "portion", "added", "package.late"]},
    "checked": {"added": ["package", "portion"], "invalidated": ["package", "portion", "added", "package.late"]},  # C12
    "trusted": {"added": ["package", "package.late"], "invalidated": ["package", "portion", "package.late"]},  # T14
}


@pytest.fixture(scope="module")
def still_times(tmp_path_factory):
    """A library to preload."""
    compiler = shutil.which("cc") or shutil.which("gcc")
    if sys.platform != "linux" or compiler is None:
        pytest.skip("the fake is for Linux, and compiled")
    library = tmp_path_factory.mktemp("still") / "still.so"
    source = Path(__file__).parents[1] / "isolated" / "still_times.c"
    subprocess.run([compiler, "-shared", "-fPIC", "-o", library, source], check=True)
    return str(library)


@pytest.mark.parametrize("level", SEEN)
def test_what_is_added_where_times_stand_still(still_times, tmp_path, level):
    done = python("-c", PROGRAM, level, cwd=tmp_path, LD_PRELOAD=still_times, PYTHONPATH=HOME)
    assert done.returncode == 0, done.stderr
    answers = json.loads(done.stdout)
    if not answers.pop("still"):
        pytest.skip("this interpreter asks in a way that can't be replaced")
    assert answers == {"before": ["package"], **SEEN[level]}
