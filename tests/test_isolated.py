"""Scripts under tests/isolated, each in its own process: exit code 0, and not a word on stderr."""

import pathlib

import pytest
from support.process import python

SCRIPTS = pathlib.Path(__file__).parent / "isolated"


def run(script, *arguments):
    completed = python("-W", "error", str(SCRIPTS / script), *arguments)
    assert (completed.returncode, completed.stderr) == (0, ""), completed.stderr


def test_recordings_begin_and_end_while_threads_import(tmp_path):
    """The code of importlib's functions is exchanged under running threads; every import still works."""
    run("recording_threads.py", str(tmp_path))


@pytest.mark.parametrize("kind", ["valid", "stale", "damaged", "cut", "create", "install", "find"])
def test_nothing_leaks(kind, tmp_path):
    """References, blocks, resident memory and open files stay where they are after hundreds of calls."""
    run("leaks.py", kind, str(tmp_path))
