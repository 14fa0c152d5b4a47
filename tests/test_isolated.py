"""Scripts under tests/isolated, each in its own process: exit code 0, and not a word on stderr."""

import pathlib

import pytest
from support.process import python

SCRIPTS = pathlib.Path(__file__).parent / "isolated"


def run(script, *arguments):
    completed = python("-W", "error", str(SCRIPTS / script), *arguments)
    assert (completed.returncode, completed.stderr) == (0, ""), completed.stderr


@pytest.mark.parametrize("kind", ["valid", "stale", "damaged", "cut", "create", "install", "find"])
def test_nothing_leaks(kind, tmp_path):
    """References, blocks, resident memory and open files stay where they are after hundreds of calls."""
    run("leaks.py", kind, str(tmp_path))


@pytest.mark.parametrize("kind", ["isolated", "legacy"])
@pytest.mark.parametrize("first", ["main", "other"])
def test_other_interpreters_are_left_to_importlib(kind, first):
    """The reason is in their stats(); the interpreter that has the compiled modules goes on."""
    run("interpreters.py", kind, first)
