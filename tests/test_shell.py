"""The suite passes in the shell as it is found: what that shell sets is taken away before the first test."""

import os
import subprocess
import sys
from pathlib import Path

import pytest
from support.shell import KEPT, cleaned

ODD = {
    "PYTHONDONTWRITEBYTECODE": "1",
    "PYTHONPATH": os.devnull,
    "PYTHONOPTIMIZE": "2",
    "PYTHONWARNINGS": "error",
    "PIP_USER": "1",
    "PIP_REQUIRE_VIRTUALENV": "1",
    "LC_ALL": "tr_TR.UTF-8",
    "LANG": "C",
    "FASTIMPORT": "0",
    "MAKEFLAGS": "k",
}
PROBE = """
import os, subprocess, sys

def test_probe(untouched_interpreter):
    child = [sys.executable, "-c", "import os, sys; print(sys.dont_write_bytecode, os.umask(0))"]
    said = subprocess.run(child, capture_output=True, text=True, check=True).stdout.split()
    assert said == ["False", str(0o022)]
    assert not sys.dont_write_bytecode
    assert os.environ["LANG"] == "C.UTF-8"
    assert not [name for name in %r if name in os.environ and name != "LANG"]
"""


@pytest.mark.parametrize("name", ODD)
def test_a_setting_is_taken_away(name):
    """And what has nothing to do with the tests stays."""
    assert cleaned({name: ODD[name], "HOME": "/h", "PATH": "/p"}) == {"HOME": "/h", "PATH": "/p", "LANG": "C.UTF-8"}


@pytest.mark.parametrize("name", KEPT)
def test_where_packages_come_from_is_kept(name):
    """A machine behind a proxy or a mirror still installs what tests need."""
    assert cleaned({name: "x"})[name] == "x"


def test_the_suite_cleans_its_own_shell(tmp_path):
    """A whole run of pytest with this conftest, in a shell that sets everything and lets the group write."""
    tests = Path(__file__).parent
    probe = tmp_path / "test_probe.py"
    probe.write_text(PROBE % (sorted(ODD),))
    environment = {**os.environ, **ODD, "PYTHONPATH": str(tests), "PYTHONOPTIMIZE": "", "PYTHONWARNINGS": ""}
    arguments = [sys.executable, "-m", "pytest", "-q", "-p", "no:cacheprovider", "-p", "conftest", str(probe)]
    done = subprocess.run(arguments, env=environment, cwd=tmp_path, capture_output=True, text=True, umask=0o002)
    assert done.returncode == 0, done.stdout + done.stderr
