"""fastimport doctor on real environments: each has one thing wrong, and the doctor names it, its cost and its remedy."""

import json
import os
import shutil
import sys
import sysconfig

import pytest
from support.environments import HOME, Environment
from support.process import python
from support.trees import plant

import fastimport

NEW_SITE = sys.version_info >= (3, 15)


@pytest.fixture(scope="module")
def template(tmp_path_factory):
    return Environment(tmp_path_factory.mktemp("template") / "env")


@pytest.fixture
def environment(tmp_path):
    return Environment(tmp_path / "env")


def examine(process, status=0):
    """The findings of a finished doctor."""
    assert process.returncode == status, process.stdout + process.stderr
    found = json.loads(process.stdout)
    assert found["schema"] == "fastimport.doctor/1"
    assert status == (1 if found["counts"]["error"] else 0)
    return found["findings"]


def doctor(environment, only, status=0, **variables):
    done = environment.run("-m", "fastimport", "doctor", "--json", "--only", only, **variables)
    return examine(done, status)


def kinds(findings):
    return [(each["kind"], each["severity"]) for each in findings]


def test_a_clean_environment_has_nothing(environment):
    assert doctor(environment, "name-clash,fastimport,pth,editable,snapshot") == []


def test_each_import_line_is_timed(environment):
    path = environment.add("slow.pth", "import time; time.sleep(0.03)\nimport colorsys\n")
    slow, quick = doctor(environment, "pth")
    assert (slow["kind"], slow["severity"], slow["subject"]) == ("slow line", "warning", path)
    assert 0.03 <= slow["details"]["seconds"] < 0.6
    assert (slow["details"]["times"], "executed 2 times, takes" in slow["text"]) == (1 if NEW_SITE else 2, not NEW_SITE)
    assert (quick["details"]["line"], quick["details"]["modules"]) == ("import colorsys", 1)
    assert quick["severity"] in ("notice", "warning")


def test_a_line_that_raises_is_an_error(environment):
    path = environment.add("broken.pth", "import not_there_at_all\nimport colorsys\n")
    findings = doctor(environment, "pth", status=1)
    assert (findings[0]["kind"], findings[0]["severity"], findings[0]["subject"]) == ("broken line", "error", path)
    assert "raises ModuleNotFoundError: No module named 'not_there_at_all' at every start" in findings[0]["text"]
    assert ("the rest of the file is ignored" in findings[0]["text"]) == (not NEW_SITE)
    assert len(findings) == (2 if NEW_SITE else 1)


def test_lines_of_setuptools_that_look_at_their_callers_names_work(environment):
    environment.add("zope-nspkg.pth", "import sys, os; os.listdir(sys._getframe(1).f_locals['sitedir'])\n")
    (finding,) = doctor(environment, "pth")
    assert finding["details"]["error"] is None


def test_a_directory_that_is_gone_is_named(environment):
    path = environment.add("gone.pth", "# comment\n\n/nowhere/at/all\n../..\n")
    (finding,) = doctor(environment, "pth")
    assert (finding["kind"], finding["subject"], finding["details"]) == (
        "missing directory", path, {"directory": "/nowhere/at/all"},
    )  # fmt: skip


def test_a_file_that_is_no_text_does_not_stop_the_examination(environment):
    (environment.site_packages / "binary.pth").write_bytes(b"/nowhere/\xff\xfe\n")
    done = python("-S", "-m", "fastimport", "doctor", "--json", "--only", "pth", PYTHONPATH=HOME)
    assert examine(done) == []  # -S: site does nothing, so there is nothing to say


@pytest.mark.skipif(not NEW_SITE, reason="3.15 has .start files")
def test_entry_points_of_start_files_are_timed(environment):
    environment.add("starter.py", "import time\ndef begin(): time.sleep(0.02)\ndef fail(): 1/0\n")
    path = environment.add("starter.start", "starter:begin\nstarter:fail\n")
    findings = doctor(environment, "pth", status=1)
    assert findings[0]["kind"] == "broken line" and "ZeroDivisionError" in findings[0]["text"]
    slow = [each for each in findings if each["kind"] == "slow line"]
    assert [(each["subject"], each["details"]["line"]) for each in slow] == [(path, "starter:begin")]


def test_an_editable_finder_is_timed(environment):
    environment.add("__editable__mine_finder.py", "class _EditableFinder:\n    @staticmethod\n    def find_spec(*_): pass\n")
    environment.add("mine.pth", "import sys, __editable__mine_finder as m; sys.meta_path[3:] = [m._EditableFinder]\n")
    (finding,) = doctor(environment, "editable")
    assert (finding["kind"], finding["severity"]) == ("editable finder", "notice")
    assert 0 < finding["details"]["seconds"] < 50e-6
    environment.add(
        "__editable__mine_finder.py",
        "import time\nclass _EditableFinder:\n    @staticmethod\n    def find_spec(*_): time.sleep(0.0002)\n",
    )
    (finding,) = doctor(environment, "editable")
    assert (finding["severity"], "install the project without -e" in finding["remedy"]) == ("warning", True)


def test_other_finders_are_no_editable_installations(environment):
    """That of setuptools' distutils, for one, stands on every ``sys.meta_path``."""
    environment.add("_distutils_hack.py", "class DistutilsMetaFinder:\n    def find_spec(self, *_): pass\n")
    environment.add("hack.pth", "import sys, _distutils_hack as h; sys.meta_path.insert(0, h.DistutilsMetaFinder())\n")
    assert doctor(environment, "editable") == []
    found = {finding["subject"]: (finding["kind"], finding["severity"]) for finding in doctor(environment, "finders")}
    assert found["DistutilsMetaFinder"] == ("foreign finder", "notice")


@pytest.mark.parametrize(("exists", "kind"), [(True, "editable"), (False, "editable without source")])
def test_editable_installations_are_named(environment, tmp_path, exists, kind):
    source = tmp_path / "my project"
    if exists:
        source.mkdir()
    environment.add("mine-1.0.dist-info/METADATA", "Metadata-Version: 2.1\nName: mine\nVersion: 1.0\n")
    environment.add("mine-1.0.dist-info/direct_url.json", json.dumps({"url": source.as_uri(), "dir_info": {"editable": True}}))
    environment.add("bad-1.0.dist-info/METADATA", "Metadata-Version: 2.1\nName: bad\nVersion: 1.0\n")
    environment.add("bad-1.0.dist-info/direct_url.json", "{no json")
    (finding,) = doctor(environment, "editable")
    assert (finding["kind"], finding["subject"], finding["details"]["source"]) == (kind, "mine", str(source))


def installed_copy(tmp_path):
    """fastimport as pip would install it, in a directory of its own."""
    ignored = shutil.ignore_patterns("__pycache__", "*.pyx", "*.c")
    return shutil.copytree(os.path.dirname(fastimport.__file__), tmp_path / "site" / "fastimport", ignore=ignored).parent


def clash(site, *words):
    return python("-P", "-m", "fastimport", "doctor", "--json", "--only", "name-clash,fastimport", *words, PYTHONPATH=str(site))


METADATA = {"METADATA": "Metadata-Version: 2.1\nName: fastimport\nVersion: 0.9.16\n", "RECORD": "fastimport/__init__.py,,\n"}


def test_the_other_fastimport_in_the_same_directory_is_an_error(tmp_path):
    site = installed_copy(tmp_path)
    plant(site, {"fastimport-0.9.16.dist-info": METADATA})
    (finding,) = [each for each in examine(clash(site), status=1) if each["kind"] == "name clash"]
    assert (finding["severity"], finding["details"]["version"]) == ("error", "0.9.16")
    assert "same directory: each overwrites the other" in finding["text"]
    assert "pip uninstall -y fastimport" in finding["remedy"]


@pytest.mark.parametrize("source", ["__version__ = (0, 9, 16)\n", ""])
def test_the_doctor_still_works_when_the_other_has_overwritten_our_package(tmp_path, source):
    site = installed_copy(tmp_path)
    plant(site / "fastimport", {"__init__.py": source, "commands.py": "", "dates.py": "", "parser.py": ""})
    found = kinds(examine(clash(site), status=1))
    assert ("overwritten", "error") in found
    assert ("leftovers", "error") in found


def test_another_package_of_the_name_hides_ours_or_is_hidden(tmp_path):
    site = installed_copy(tmp_path)
    other = plant(tmp_path / "other", {"fastimport": {"__init__.py": ""}, "fastimport-0.9.16.dist-info": METADATA})
    found = examine(clash(f"{site}{os.pathsep}{other}"), status=1)
    assert ("second copy", "warning") in kinds(found) and ("name clash", "error") in kinds(found)
    (site / "fastimport" / "sitecustomize.py").write_text("")
    code = (
        f"import sys; sys.path.insert(0, {str(site)!r}); import fastimport.cli; sys.path.insert(0, {other!r});"
        "sys.exit(fastimport.cli.main(['doctor', '--json', '--only', 'name-clash']))"
    )
    assert ("hidden", "error") in kinds(examine(python("-P", "-c", code), status=1))


def test_a_fastimport_that_is_not_built_is_an_error(tmp_path):
    site = installed_copy(tmp_path)
    suffix = sysconfig.get_config_var("EXT_SUFFIX")
    library = site / "fastimport" / f"_core{suffix}"
    os.unlink(library)
    for expected in ("is not built for this interpreter", "can't be loaded"):
        found = [each for each in examine(clash(site), status=1) if each["kind"] == "not built"]
        assert [each["subject"] for each in found] == ["fastimport._core"]
        assert expected in found[0]["text"]
        library.write_text("no library")


def test_a_compiled_module_that_is_missing_is_an_error(tmp_path):
    site = installed_copy(tmp_path)
    os.unlink(site / "fastimport" / "finding" / "_index.py")
    (site / "fastimport" / "finding" / "_names.py").write_text("raise ImportError('no')")
    found = [each for each in examine(clash(site), status=1) if each["kind"] == "not built"]
    assert [each["subject"] for each in found] == ["fastimport.finding._names", "fastimport.finding._index"]
    assert "can't be loaded" in found[0]["text"] and "is not built for this interpreter" in found[1]["text"]


def test_settings_that_are_wrong_or_ignored_are_named(template):
    found = doctor(template, "fastimport", FASTIMPORT_FRESHNESS="stale")
    assert kinds(found) == [("wrong setting", "warning")]
    assert kinds(doctor(template, "fastimport", FASTIMPORT="0")) == [("switched off", "notice")]
    done = template.run("-E", "-m", "fastimport", "doctor", "--json", "--only", "fastimport", FASTIMPORT="0")
    assert kinds(examine(done)) == [("ignored settings", "notice")]


def test_switches_of_the_interpreter_are_named(template, tmp_path):
    def found(*options):
        done = template.run(*options, "-m", "fastimport", "doctor", "--json", "--only", "interpreter,fastimport")
        return kinds(examine(done))

    assert found() == []
    assert found("-B") == [("bytecode is not written", "warning")]
    assert found("--check-hash-based-pycs", "always") == [("hashes are checked", "notice")]
    assert found("-X", f"pycache_prefix={tmp_path}/cache") == [("bytecode elsewhere", "notice")]
    assert ("imports are traced", "warning") in found("-v")
    if sysconfig.get_config_var("Py_GIL_DISABLED"):
        assert found("-X", "gil=1") == [("GIL", "warning")]


def test_the_report_for_people(environment):
    environment.add("broken.pth", "import not_there_at_all\n")
    done = environment.run("-m", "fastimport", "doctor", "--only", "pth")
    assert (done.returncode, done.stderr.count("not_there_at_all") > 0) == (1, True)  # site itself complains, too
    assert "error   pth: " in done.stdout and "\n        -> uninstall or repair what wrote the file" in done.stdout
    assert done.stdout.endswith("\n1 errors, 0 warnings, 0 notices\n")


def test_an_unknown_family_is_wrong_usage(template):
    done = template.run("-m", "fastimport", "doctor", "--only", "teeth")
    assert (done.returncode, done.stdout) == (2, "")
    assert "no such family: teeth; there are name-clash, " in done.stderr
