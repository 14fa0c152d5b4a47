"""Path entries as people write them: relative, empty, twice, gone."""

import os
import subprocess
import sys

import pytest
from support.startups import by_name, record
from support.trees import plant

from fastimport.diagnosis.record.reading import from_json


@pytest.mark.parametrize("entry", ["lib", "./lib", "lib/../lib"])
def test_a_relative_entry_is_one_entry(tmp_path, entry):
    """FileFinder makes it absolute, and asks it under another name than sys.path has."""
    tree = plant(tmp_path, {"lib": {"spam.py": ""}})
    recording = record("-c", f"import sys; sys.path.insert(0, {entry!r}); import spam, colorsys", cwd=tree)
    mine = [each for each in recording.entries if "lib" in os.path.relpath(each.path, tree)[:4]]
    assert [(each.index, each.found, each.probes) for each in mine] == [(0, 1, 2)] and mine[0].listings
    assert by_name(recording)["spam"].entry == mine[0].path


def test_the_same_directory_twice_shadows_nothing(tmp_path):
    tree = plant(tmp_path, {"spam.py": "", "eggs": {"spam.py": ""}})
    code = f"import sys; sys.path[1:1] = ['.', {tree + os.sep!r}, 'eggs', 'eggs/']; import spam, sys, time, atexit"
    recording = record("-c", code, cwd=tree)
    assert [(each.name, each.hidden) for each in recording.shadowed] == [("spam", [os.path.join(tree, "eggs", "spam.py")])]


@pytest.mark.skipif(os.name == "nt", reason="a directory in use can't be deleted")
@pytest.mark.parametrize("program", ["-c 'import colorsys'", "-m colorsys"])
def test_a_working_directory_that_is_gone(program, tmp_path):
    gone = tmp_path / "gone"
    gone.mkdir()
    words = f"-m fastimport profile --runs 1 --no-saving --json {program}"
    shell = ["/bin/sh", "-c", f'rmdir ../gone && exec "$0" {words}', sys.executable]
    done = subprocess.run(shell, cwd=gone, capture_output=True, text=True, timeout=60)
    assert done.stderr == ""
    recording = from_json(done.stdout)
    assert "colorsys" in by_name(recording) or recording.program.endswith("-m colorsys")


@pytest.mark.skipif(os.name == "nt", reason="a directory in use can't be deleted")
@pytest.mark.parametrize(
    "words", ["doctor", "explain colorsys", "paths -c 'import colorsys'", "paths -m colorsys", "verify colorsys", "status"]
)
def test_commands_that_look_work_in_one_that_is_gone(words, tmp_path):
    gone = tmp_path / "gone"
    gone.mkdir()
    shell = ["/bin/sh", "-c", f'rmdir ../gone && exec "$0" -m fastimport {words}', sys.executable]
    done = subprocess.run(shell, cwd=gone, capture_output=True, text=True, timeout=60)
    assert (done.returncode in (0, 1), "Traceback" in done.stderr) == (True, False), done.stderr
    assert done.stdout
