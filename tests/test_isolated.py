"""Scripts under tests/isolated, each in its own process: exit code 0, and not a word on stderr."""

import pathlib
import sysconfig

import pytest
from support.process import python

FREE_THREADED = bool(sysconfig.get_config_var("Py_GIL_DISABLED"))
"""A child forked beside running threads hangs now and then in such a build, with importlib alone as well (3.13)."""
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


@pytest.mark.parametrize("kind", ["isolated", "legacy"])
@pytest.mark.parametrize("first", ["main", "other"])
def test_other_interpreters_are_left_to_importlib(kind, first):
    """The reason is in their stats(); the interpreter that has the compiled modules goes on."""
    run("interpreters.py", kind, first)


@pytest.mark.parametrize("freshness", ["checked", "trusted"])
@pytest.mark.parametrize("where", ["idle", "inside"] if FREE_THREADED else ["idle", "inside", "importing"])
def test_forked_children_import(freshness, where, tmp_path):
    """Forked while another thread imports, or in the middle of an import of its own."""
    run("forks.py", freshness, where, str(tmp_path))


@pytest.mark.parametrize("freshness", ["checked", "trusted"])
@pytest.mark.parametrize("register", ["meta_path", "in_place"])
def test_threads_never_get_a_wrong_module(freshness, register, tmp_path):
    """32 threads over overlapping trees, files that come and go, invalidations, children. `make soak` does it for ten minutes."""
    forks = "threads" if FREE_THREADED else "forks"
    run("stress.py", "1.5", "32", freshness, register, forks, str(tmp_path))
