"""``fastimport enable`` and ``disable``: in every start of an environment, and gone without a trace.

Rules: the line acts unless it is told not to (FASTIMPORT=0, -S); it never prints and never stops a start; what was written is
removed by ``disable``, and by ``pip uninstall``; an environment that can't be changed is left alone, with exit status 3.
"""

import importlib.util
import json
import os
import subprocess
import sys
import sysconfig

import pytest
from support.installation import Installation, clean_environment
from support.process import unprivileged

from fastimport import cli
from fastimport.cli import environment as commands  # here, because "nobody" may not be able to read them
from fastimport.cli import project  # noqa: F401
from fastimport.environment import record, site_files
from fastimport.settings import Settings

IS_ON = "import sys; print(any(c.__module__.startswith('fastimport') for c in sys.meta_path if isinstance(c, type)))"
LOADED = "import sys; print(sorted(set(sys.modules) - {'fastimport_start'}))"
BY_LINE = {site_files.PTH_FILE, site_files.START_MODULE}
HAS_START_FILES = sys.version_info >= site_files.FIRST_WITH_START_FILES
KINDS = [(), ("--start-file",)] if HAS_START_FILES else [()]


@pytest.fixture(scope="module")
def shared(tmp_path_factory):
    """An environment that tests leave as they found it."""
    return Installation(tmp_path_factory.mktemp("shared") / "env")


@pytest.fixture
def environment(shared):
    yield shared
    assert shared.fastimport("disable").returncode == 0


@pytest.fixture
def own(tmp_path):
    """An environment that a test may break."""
    return Installation(tmp_path / "env")


@pytest.fixture(params=KINDS, ids=lambda words: " ".join(words) or "line")
def enabled(request, environment):
    done = environment.fastimport("enable", *request.param)
    assert (done.returncode, done.stderr) == (0, "")
    return environment


@pytest.mark.parametrize(
    ("switches", "variables", "is_on"),
    [
        ((), {}, "True"),
        (("-I",), {}, "True"),
        (("-E",), {}, "True"),
        (("-S",), {}, "False"),
        ((), {"FASTIMPORT": "0"}, "False"),
        ((), {"FASTIMPORT": "1"}, "True"),
        (("-E",), {"FASTIMPORT": "0"}, "True"),
        (("-I",), {"FASTIMPORT": "off"}, "True"),
    ],
)
def test_it_acts_unless_told_not_to(enabled, switches, variables, is_on):
    """Variables are ignored under -E and -I, as Python ignores its own; -S reads no start-up files."""
    assert enabled.says(*switches, "-c", IS_ON, **variables) == is_on


def test_status_names_the_files(enabled):
    files = json.loads(enabled.says("-m", "fastimport", "status", "--json"))["start_files"]
    assert {os.path.basename(path) for path in files} == enabled.files() & set(site_files.NAMES)
    assert f"enabled by          {files[0]}" in enabled.says("-m", "fastimport", "status")


@pytest.mark.parametrize("value", ["", "0", "off", "OFF", "no", "False", "1", "yes", "on"])
def test_start_up_files_and_settings_agree_on_what_off_means(enabled, value):
    assert enabled.says("-c", IS_ON, FASTIMPORT=value) == str(Settings({"FASTIMPORT": value}).enabled)


@pytest.mark.skipif(not HAS_START_FILES, reason=".start files came with Python 3.15")
def test_changing_the_kind_of_file_leaves_one_of_them(environment):
    start_file = (("--start-file",), {site_files.START_FILE, site_files.START_MODULE})
    for words, names in [((), BY_LINE), start_file] * 2:
        assert environment.fastimport("enable", *words).returncode == 0
        assert {name for name in environment.files() if name in site_files.NAMES} == names
        assert environment.says("-c", IS_ON) == "True"


@pytest.mark.skipif(HAS_START_FILES, reason="this version has .start files")
def test_start_files_are_refused_where_nobody_reads_them(environment):
    done = environment.fastimport("enable", "--start-file")
    assert done.returncode == 3
    assert "does not read .start files" in done.stderr
    assert environment.says("-c", IS_ON) == "False"


def test_settings_reach_install(environment):
    assert environment.fastimport("enable", "--freshness", "trusted", "--register", "in_place").returncode == 0
    status = json.loads(environment.says("-m", "fastimport", "status", "--json"))
    assert (status["active"], status["freshness"], status["register"]) == (True, "trusted", "in_place")


def test_an_empty_word_for_a_snapshot_is_wrong_usage(environment):
    done = environment.fastimport("enable", "--snapshot", "")
    assert (done.returncode, done.stdout) == (2, "")
    assert "a file, auto or none is wanted" in done.stderr


def test_enabling_twice_changes_nothing(enabled):
    before = {name: (enabled.site / name).read_bytes() for name in enabled.files()}
    words = ("--start-file",) if (enabled.site / site_files.START_FILE).exists() else ()
    done = enabled.fastimport("enable", *words)
    assert (done.returncode, done.stdout.startswith("nothing to do")) == (0, True)
    assert {name: (enabled.site / name).read_bytes() for name in enabled.files()} == before


def test_what_is_executed_twice_does_what_it_does_once(enabled):
    code = "import site, sys; once = sys.meta_path[:]; site.addsitedir({!r}); print(once == sys.meta_path, len(once) < 5)"
    assert enabled.says("-c", code.format(str(enabled.site))) == "True True"


def test_switched_off_it_loads_nothing(environment):
    """With FASTIMPORT=0 an enabled environment starts with the modules of one that is not, and one that looks at FASTIMPORT."""
    comment = environment.site / "comment.pth"  # from 3.15 on the first .pth file of all loads a codec
    comment.write_text("# nothing\n", encoding="utf-8")
    before = environment.says("-c", LOADED, FASTIMPORT="0")
    comment.unlink()
    assert environment.fastimport("enable").returncode == 0
    assert environment.says("-c", LOADED, FASTIMPORT="0") == before


def test_disable_puts_every_byte_back(environment):
    before = {name: (environment.site / name).read_bytes() for name in environment.files()}
    for words in KINDS:
        assert environment.fastimport("enable", *words).returncode == 0
        assert environment.fastimport("disable").returncode == 0
        assert {name: (environment.site / name).read_bytes() for name in environment.files()} == before
    assert environment.fastimport("disable").stdout.startswith("nothing to do")
    assert environment.says("-c", IS_ON) == "False"


@pytest.mark.parametrize("command", ["enable", "disable"])
def test_dry_run_says_it_and_does_nothing(environment, command):
    if command == "disable":
        environment.fastimport("enable")
    before = {name: (environment.site / name).read_bytes() for name in environment.files()}
    done = environment.fastimport(command, "--dry-run")
    assert done.returncode == 0
    assert "would be" in done.stdout
    assert "fastimport-finder.pth" in done.stdout
    assert {name: (environment.site / name).read_bytes() for name in environment.files()} == before


def test_json_says_what_was_done(environment):
    done = json.loads(environment.fastimport("enable", "--json").stdout)
    assert done == {
        "schema": "fastimport.enable/1",
        "command": "enable",
        "dry_run": False,
        "directory": str(environment.site),
        "written": ["fastimport_start.py", "fastimport-finder.pth"],
        "removed": [],
        "recorded": True,
    }


@pytest.mark.parametrize("words", KINDS, ids=lambda words: " ".join(words) or "line")
def test_pip_uninstall_leaves_nothing_behind(own, words):
    """The distribution's RECORD lists what was written, with its hash and size."""
    if importlib.util.find_spec("pip") is None:
        pytest.skip("pip is not installed here")
    assert own.fastimport("enable", *words).returncode == 0
    assert own.says("-c", IS_ON) == "True"
    for name in own.files() & set(site_files.NAMES):
        assert f"\n{own.record_line(name)}\n" in own.record.read_text(encoding="utf-8")
    pip = (sys.executable, "-m", "pip", "--python", own.python, "--disable-pip-version-check")
    subprocess.run([*pip, "uninstall", "--yes", "fastimport-finder"], check=True, capture_output=True, env=clean_environment())
    assert own.files() == own.bare
    assert own.says("-c", IS_ON) == "False"


def test_a_distribution_without_record_is_enabled_and_the_user_told(tmp_path):
    environment = Installation(tmp_path / "env", with_record=False)
    done = environment.fastimport("enable")
    assert done.returncode == 0
    assert "before you uninstall fastimport, say 'fastimport disable'" in done.stdout
    assert environment.says("-c", IS_ON) == "True"


def damage_nothing_left(environment):
    for path in sorted(environment.package.rglob("*"), reverse=True):
        path.rmdir() if path.is_dir() else path.unlink()
    environment.package.rmdir()


def damage_no_init(environment):
    (environment.package / "__init__.py").unlink()


def damage_compiled(environment):
    for path in environment.package.iterdir():
        if path.suffix in (".so", ".pyd"):
            path.unlink()


def damage_cut(environment):
    for path in environment.package.iterdir():
        if path.suffix in (".so", ".pyd"):
            path.write_bytes(path.read_bytes()[:40])  # longer ones make the dynamic loader itself crash


def damage_syntax(environment):
    (environment.package / "__init__.py").write_text("def (", encoding="utf-8")


def damage_half_removed(environment):
    (environment.package / "activation.py").unlink()


def damage_unrelated(environment):
    damage_nothing_left(environment)
    environment.package.mkdir()
    (environment.package / "__init__.py").write_text("version = (0, 9)\n", encoding="utf-8")


def damage_raises(environment):
    (environment.package / "finding" / "finder.py").write_text("raise RuntimeError('no')\n", encoding="utf-8")


DAMAGES = {name.removeprefix("damage_"): function for name, function in globals().items() if name.startswith("damage_")}


@pytest.mark.parametrize("strict", ["0", "1"])
@pytest.mark.parametrize("words", KINDS, ids=lambda words: " ".join(words) or "line")
@pytest.mark.parametrize("damage", DAMAGES)
def test_no_damage_stops_a_start_or_is_heard(own, damage, words, strict):
    """Not even one that FASTIMPORT_STRICT makes an error of install(): a start is not the place."""
    assert own.fastimport("enable", *words).returncode == 0
    DAMAGES[damage](own)
    assert own.says("-c", "import json; print('fine')", FASTIMPORT_STRICT=strict) == "fine"


def test_another_environment_is_changed_by_its_own_fastimport(environment, tmp_path):
    other = Installation(tmp_path / "other")
    done = environment.fastimport("enable", "--prefix", str(other.directory), "--freshness", "trusted", "--snapshot", "none")
    assert (done.returncode, done.stderr) == (0, "")
    assert json.loads(other.says("-m", "fastimport", "status", "--json"))["freshness"] == "trusted"
    assert "snapshot=None if" in (other.site / site_files.START_MODULE).read_text(encoding="utf-8")
    assert environment.says("-c", IS_ON) == "False"
    assert environment.fastimport("disable", "--prefix", str(other.directory)).returncode == 0
    assert other.says("-c", IS_ON) == "False"


def test_a_prefix_that_is_no_environment_or_has_no_fastimport_is_status_3(environment, tmp_path):
    done = environment.fastimport("enable", "--prefix", str(tmp_path))
    assert (done.returncode, done.stdout) == (3, "")
    assert "has no interpreter" in done.stderr
    empty = Installation(tmp_path / "empty", with_fastimport=False)
    done = environment.fastimport("enable", "--prefix", str(empty.directory))
    assert (done.returncode, done.stdout) == (3, "")
    assert "pip install fastimport-finder" in done.stderr


@pytest.mark.skipif(os.name == "nt", reason="permissions of POSIX")
@pytest.mark.parametrize("words", [("enable",), ("enable", "--dry-run"), ("disable",)], ids=" ".join)
def test_an_environment_without_write_permission_is_status_3(words, public_root, monkeypatch, capsys):
    there = os.path.join(public_root, site_files.PTH_FILE)
    if words == ("disable",):
        record.replace_text(there, "import sys\n")
    before = os.listdir(public_root)
    os.chmod(public_root, 0o555)
    monkeypatch.setattr(site_files, "site_directory", lambda distribution: public_root)
    contents = site_files.contents({})
    monkeypatch.setattr(site_files, "contents", lambda *given: contents)
    with unprivileged():
        assert cli.main(list(words)) == commands.UNCHANGEABLE
    said = capsys.readouterr()
    assert said.out == ""
    assert f"no permission to write {public_root}" in said.err
    assert "fastimport exec" in said.err
    assert os.listdir(public_root) == before


def test_a_source_that_can_not_be_read_is_named(monkeypatch):
    class Loader:
        def get_source(self, name):
            raise ImportError("source not available") from PermissionError(13, "Permission denied", "stand_in.py")

    monkeypatch.setattr(site_files.stand_in, "__loader__", Loader())
    with pytest.raises(site_files.Unchangeable, match=r"can't be read: .*Permission denied: 'stand_in.py'"):
        site_files.contents({})


def test_an_environment_of_the_operating_system_is_refused(tmp_path, monkeypatch):
    """PEP 668: the marker lies in the standard library's directory."""
    (tmp_path / "EXTERNALLY-MANAGED").write_text("[externally-managed]\n", encoding="utf-8")
    monkeypatch.setattr(sysconfig, "get_path", lambda name, *rest: str(tmp_path))
    monkeypatch.setattr(site_files, "find_distribution", lambda: None)
    monkeypatch.setattr(sys, "prefix", sys.base_prefix)
    with pytest.raises(site_files.Unchangeable, match="belongs to the operating system"):
        site_files.enable({})
    assert [path.name for path in tmp_path.iterdir()] == ["EXTERNALLY-MANAGED"]


def test_record_keeps_what_it_does_not_know(tmp_path):
    """Names with commas and quotes, and entries without a hash, stay as they are."""
    text = '"a,b.py",sha256=x,1\n"q""q.py",,\nlast/RECORD,,\n'
    path = tmp_path / "RECORD"
    path.write_text(text, encoding="utf-8")
    record.amend(str(path), {"new.pth": "line\n"}, ("new.pth",))
    assert record.lists(str(path), {"new.pth": "line\n"}, ("new.pth",))
    record.amend(str(path), {}, ("new.pth",))
    assert path.read_text(encoding="utf-8") == text
