"""fastimport explain as a command: what it prints, its JSON, its exit status, and output that no name can break."""

import json
import os
import subprocess
import sys

import pytest
from support.process import python
from support.trees import plant


def run(*words, **options):
    return python("-m", "fastimport", "explain", *words, **options)


@pytest.fixture
def project(tmp_path):
    return plant(tmp_path / "project", {"spam.py": "", "random.py": "", "pkg": {"__init__.py": "print('noise')", "eggs.py": ""}})


def test_a_name_that_is_found(project):
    done = run("spam", cwd=project)
    assert (done.returncode, done.stderr) == (0, "")
    assert done.stdout.startswith(f"spam is a module: {project}/spam.py, loaded by SourceFileLoader\n  the first entry")
    for line in ("importlib ", "fastimport checked ", "fastimport trusted "):
        assert f"\n  {line}" in done.stdout


def test_a_name_that_is_not_found_has_status_1(project):
    done = run("spma", cwd=project)
    assert (done.returncode, done.stderr) == (1, "")
    assert "names near it are there: spam" in done.stdout


def test_the_current_directory_comes_first_as_for_python_c(project):
    done = run("random", "--no-cost", cwd=project)
    assert f"wins       entry 0          module             {project}/random.py" in done.stdout
    assert "shadowed   entry " in done.stdout
    assert "hides the standard library's module random" in done.stdout


@pytest.mark.skipif(not os.path.exists("/dev/full"), reason="Linux has a device that is full")
@pytest.mark.parametrize("options", [(), ("--json",)])
def test_a_result_that_can_not_be_written_is_told(project, options):
    command = [sys.executable, "-m", "fastimport", "explain", "spam", *options]
    with open("/dev/full", "w") as full:
        done = subprocess.run(command, cwd=project, stdout=full, stderr=subprocess.PIPE, text=True)
    assert done.returncode == 1
    assert done.stderr == "fastimport: the result can't be written: [Errno 28] No space left on device\n"


def test_a_reader_that_goes_away_is_no_error_worth_a_word(project):
    reader, writer = os.pipe()
    os.close(reader)
    command = [sys.executable, "-m", "fastimport", "explain", "spam"]
    done = subprocess.run(command, cwd=project, stdout=writer, stderr=subprocess.PIPE, text=True)
    os.close(writer)
    assert (done.returncode, done.stderr) == (1, "")


def test_wrong_usage_has_status_2():
    done = run("a..b")
    assert (done.returncode, done.stdout) == (2, "")
    assert "no absolute module name" in done.stderr
    assert run().returncode == 2


def test_json_has_a_schema_and_everything(project):
    done = run("--json", "pkg.eggs", cwd=project)
    found = json.loads(done.stdout)
    assert done.stderr == "noise\n"
    assert (found["schema"], found["found"], found["name"]) == ("fastimport.explain/1", True, "pkg.eggs")
    assert found["winner"]["origin"] == os.path.join(project, "pkg", "eggs.py")
    assert [each["outcome"] for each in found["candidates"]] == ["wins"]
    assert {each["finder"] for each in found["look_ups"]} == {"importlib", "fastimport checked", "fastimport trusted"}
    assert all(each["later"] > 0 for each in found["look_ups"])


def test_without_importing_nothing_runs(project):
    done = run("--no-import", "--no-cost", "pkg.eggs", cwd=project)
    assert (done.returncode, done.stderr) == (0, "")


def test_what_every_start_loads_is_not_searched_for():
    assert "it is loaded before a program starts" in run("os", "--no-cost").stdout
    assert "it is loaded before a program starts" not in run("wave", "--no-cost").stdout


def test_names_that_no_encoding_has_are_printed(tmp_path):
    odd = os.path.join(os.fsencode(tmp_path), b"\xff")
    os.mkdir(odd)
    with open(os.path.join(odd, b"spam.py"), "w"):
        pass
    for encoding in ("utf-8", "ascii"):
        done = run("spam", cwd=odd, PYTHONIOENCODING=encoding)
        assert (done.returncode, done.stderr) == (0, "")
        assert "\\udcff/spam.py" in done.stdout


def test_it_works_where_fastimport_is_switched_off(project):
    done = run("spam", cwd=project, FASTIMPORT="0")
    assert (done.returncode, done.stderr) == (0, "")


def test_what_is_there_before_a_program_starts_is_found_though_no_search_leads_to_it(project):
    done = run("__main__", "--json", cwd=project)
    answer = json.loads(done.stdout)
    assert done.returncode == 0 and answer["found"] and answer["causes"] == []
    assert "in sys.modules before a program starts" in answer["winner"]["reason"]


@pytest.mark.parametrize("source", ["class Skipped(BaseException): pass\nraise Skipped('no database')", "raise GeneratorExit"])
def test_a_parent_that_ends_in_no_ordinary_exception_is_a_parent_that_fails(tmp_path, source):
    plant(tmp_path, {"odd.py": source})
    done = run("odd.below", cwd=tmp_path)
    assert done.returncode == 1 and "importing its parent odd raises" in done.stdout and done.stderr == ""


def test_a_parent_whose_error_can_not_be_told(tmp_path):
    plant(tmp_path, {"odd.py": "class E(Exception):\n    def __str__(self): raise SystemExit(9)\nraise E"})
    done = run("odd.below", cwd=tmp_path)
    assert done.returncode == 1 and "importing its parent odd raises E: (its text can't be had)" in done.stdout
