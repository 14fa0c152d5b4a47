"""fastimport paths as a command: with and without a program, its JSON, its exit status."""

import json
import os
import re

import pytest
from support.process import python
from support.trees import plant


def run(*words, **options):
    return python("-m", "fastimport", "paths", *words, **options)


@pytest.fixture
def project(tmp_path):
    return plant(
        tmp_path / "project", {"prog.py": "import helper, sys; print('noise'); sys.exit(len(sys.argv) - 1)", "helper.py": ""}
    )


def test_the_search_path_itself(project):
    done = run(cwd=project)
    assert (done.returncode, done.stderr) == (0, "")
    assert "  0     2 " in done.stdout and repr(project) in done.stdout


@pytest.mark.parametrize("words", [("-m", "prog"), ("prog.py",), ("-c", "import helper")])
def test_a_program(project, words):
    done = run(*words, cwd=project)
    assert (done.returncode, done.stderr) == (0, "")
    assert "noise" not in done.stdout
    assert "no finder can save more than that" in done.stdout


def test_a_program_that_fails_is_shown_as_far_as_it_came(project):
    done = run("-m", "prog", "--an-argument", cwd=project)
    assert done.returncode == 1
    assert done.stderr == "fastimport paths: the program ended with exit status 1; above is what it did until then\n"
    assert "\n  0     2     0" in done.stdout
    killed = run("-c", "import os; os.kill(os.getpid(), 9)")
    assert "ended by signal 9" in killed.stderr and "did not come to its end" in killed.stdout


def test_json_has_a_schema_and_everything(project):
    done = run("--json", "-c", "import helper, not_there", cwd=project)
    found = json.loads(done.stdout)
    assert (found["schema"], done.returncode) == ("fastimport.paths/1", 1)
    first = found["entries"][0]
    assert (first["entry"], first["cost"]["found"], first["missing"]) == ("", 1, False)
    assert "not_there" in [each["name"] for each in found["program"]["failed_look_ups"]]
    assert found["program"]["status"] == 1
    assert json.loads(run("--json", cwd=project).stdout)["program"] is None


def test_wrong_usage_has_status_2(project):
    for words in (("-m",), ("-c",), ("--nonsense",)):
        done = run(*words)
        assert (done.returncode, done.stdout) == (2, ""), words


def test_a_directory_with_modules_of_the_standard_librarys_names(tmp_path):
    root = plant(
        tmp_path / "traps", dict.fromkeys(("random.py", "argparse.py", "json.py", "tempfile.py", "statistics.py"), "1/0")
    )
    done = run(cwd=root)
    assert (done.returncode, done.stderr) == (0, "")
    assert "hides" in done.stdout and os.path.basename(root) in done.stdout


def test_of_many_entries_that_are_all_missing_ten_are_advised_on():
    code = "import sys; sys.path[:0] = [f'/nowhere/{n}' for n in range(300)]"
    done = run("-c", code)
    assert done.stdout.count("does not exist: take it off") == 10
    assert re.search(r"  - 29\d more of the kind 'missing'; --json has all", done.stdout)  # others may be missing here too
    assert sum(each["kind"] == "missing" for each in json.loads(run("--json", "-c", code).stdout)["advice"]) >= 300
