"""Real children, few and small: what a comparison runs, asserts and writes."""

import json
import os
import subprocess
import sys
import xml.etree.ElementTree as ElementTree

import pytest

from fastimport.diagnosis.bench import counting, identity, launcher, measure, plan, pyperf_json, recorded, report, session, svg
from fastimport.diagnosis.bench.launcher import STOCK, Program, Variant, variant_for_level

PASS = Program("code", "pass")
TWO_PAIRS = plan.Plan(pairs=2, warmups=1)


@pytest.fixture(scope="module")
def control():
    """Stock against stock, two pairs."""
    return session.compare(PASS, [STOCK, variant_for_level("stock")], TWO_PAIRS)


def test_both_sides_of_the_control_imported_the_same(control):
    assert control.is_identical
    assert [side.modules for side in control.sides] == [control.sides[0].modules] * 2
    assert control.sides[0].modules > 20


def test_each_round_gives_one_time_to_each_side_and_warmups_give_none(control):
    assert [len(side.seconds) for side in control.sides] == [2, 2]


def test_the_text_tells_the_conditions_and_claims_nothing_from_two_pairs(control):
    text = report.text(control)
    assert "too few pairs to tell" in text
    assert "CPython" in text and "seed 1" in text and "the same from the same files" in text
    assert all(heading in text for heading in report.HEADINGS)
    assert max(map(len, text.split("\n\n  ")[0].splitlines())) <= 80


@pytest.mark.parametrize("level", launcher.SNAPSHOT_LEVELS)
def test_each_level_with_a_snapshot_is_measured_and_imports_the_same(level):
    """The snapshot is recorded first, and gone afterwards."""
    program = Program("code", "import json, email.message")
    with recorded.resolved([STOCK, variant_for_level(level)], program) as variants:
        assert variants[0] == STOCK and launcher.SNAPSHOT_PLACE not in variants[1].setup
        found = session.compare(program, variants, TWO_PAIRS)
    assert found.sides[1].differences == () and found.sides[1].name == level


@pytest.mark.parametrize("level", launcher.LEVELS)
def test_each_level_is_measured_and_imports_the_same(level):
    program = Program("code", "import json, email.message")
    found = session.compare(program, [STOCK, variant_for_level(level)], TWO_PAIRS)
    assert found.sides[1].differences == ()


def test_a_module_from_another_file_is_a_difference(tmp_path):
    (tmp_path / "here.py").write_text("")
    elsewhere = Variant("elsewhere", f"sys.path.insert(0, {str(tmp_path)!r}); import here, types", False)
    program = Program("code", "import sys; sys.modules['here'] = sys; import tomllib")
    stock, other = (identity.record(program, variant) for variant in (STOCK, elsewhere))
    assert identity.differences(stock, stock) == []
    changed = other._replace(modules=other.modules | {"tomllib": "/other/tomllib.py"})
    assert [line.split(":")[0] for line in identity.differences(stock, changed)] == ["tomllib"]


def test_modules_that_the_setup_brought_are_not_the_programs():
    setup = Variant("setup", "import tomllib", False)
    stock, other = (identity.record(PASS, variant) for variant in (STOCK, setup))
    assert "tomllib" in other.modules and identity.differences(stock, other) == []


def test_a_program_that_fails_is_not_measured_and_its_message_is_shown():
    with pytest.raises(measure.ProgramFailed, match=r"exit status 1(.|\n)*no_such_module"):
        session.compare(Program("code", "import no_such_module"), [STOCK], TWO_PAIRS)


def test_a_program_that_skips_its_exit_functions_is_refused_with_the_reason():
    with pytest.raises(measure.ProgramFailed, match="exit functions"):
        identity.record(Program("code", "import os; os._exit(0)"), STOCK)


def run_launcher(program, cwd):
    command = launcher.command(program, STOCK)
    return subprocess.run(command, env=launcher.environment(STOCK), cwd=cwd, capture_output=True, text=True)


SHOW = "import sys; print(__name__, sys.argv[1:], sys.path[0], 'sys' in vars(sys.modules['__main__']))"


@pytest.mark.parametrize("kind", ["module", "code", "script"])
def test_the_program_sees_what_python_itself_would_show_it(kind, tmp_path):
    """__name__, sys.argv and sys.path[0], against the same command line without the launcher."""
    (tmp_path / "shown.py").write_text(SHOW)
    target = {"module": "shown", "code": SHOW, "script": "shown.py"}[kind]
    plain = {"module": ["-m", "shown"], "code": ["-c", SHOW], "script": ["shown.py"]}[kind]
    os_environment = launcher.environment(STOCK)
    expected = subprocess.run(
        [sys.executable, *plain, "--an", "argument"], env=os_environment, cwd=tmp_path, capture_output=True, text=True
    )
    os.chdir(tmp_path)
    found = run_launcher(Program(kind, target, ("--an", "argument")), tmp_path)
    assert (found.stdout, found.stderr) == (expected.stdout, expected.stderr)
    assert found.stdout


def test_python_variables_that_change_the_measurement_do_not_reach_the_child():
    base = {"PYTHONVERBOSE": "1", "PYTHONOPTIMIZE": "1", "PYTHONPATH": "/p", "FASTIMPORT_FRESHNESS": "trusted", "HOME": "/h"}
    kept = {"PYTHONPATH": "/p", "HOME": "/h"}
    assert launcher.environment(variant_for_level("checked"), base) == kept
    assert launcher.environment(STOCK, base) == kept | {"FASTIMPORT": "0"}


@pytest.mark.parametrize("name", ["PYTHONDONTWRITEBYTECODE", "PYTHONPYCACHEPREFIX"])
def test_bytecode_is_as_the_program_has_it(name):
    """What is measured compiles at every start if the program does; and nothing is written that the program would not write."""
    assert launcher.environment(variant_for_level("checked"), {name: "1"}) == {name: "1"}


@pytest.mark.parametrize("setting", ["none", "/s.fastimport"])
def test_the_snapshot_that_is_asked_for_reaches_the_child(setting):
    """`none` in an environment that has a snapshot of its own, for one: its gain is not that of the level."""
    base = {"FASTIMPORT_SNAPSHOT": setting}
    assert launcher.environment(variant_for_level("checked"), base) == base


@pytest.mark.parametrize("level", ["quick", "snapshot-quick", ""])
def test_a_level_that_cannot_be_measured_is_refused_by_name(level):
    with pytest.raises(launcher.UnsupportedLevel, match=f"'{level}'.*choose from checked, trusted"):
        variant_for_level(level)


def test_evicting_drops_files_that_nobody_has_mapped(tmp_path):
    if not measure.can_evict() or not hasattr(os, "RWF_NOWAIT"):
        pytest.skip("no posix_fadvise or no RWF_NOWAIT on this platform")
    path = tmp_path / "cached"
    path.write_bytes(bytes(8192))
    with path.open("rb+") as file:
        os.fsync(file.fileno())
    if measure.count_cached([str(path)]) == 0:
        pytest.skip("this file system does not say what is cached")
    for _ in range(20):  # the question may read ahead, and a busy kernel keeps a page for a moment
        measure.evict([str(path), str(tmp_path / "missing")])
        if measure.count_cached([str(path)]) == 0:
            return
    pytest.fail("still in the cache")


STRACE_SUMMARY = """\
% time     seconds  usecs/call     calls    errors syscall
------ ----------- ----------- --------- --------- ----------------
 60.00    0.000300           3       120        30 newfstatat
 40.00    0.000200           2       100           openat
  0.00    0.000000           0         9           execve
------ ----------- ----------- --------- --------- ----------------
100.00    0.000500          12       229        30 total
"""


def test_the_tools_tables_are_read():
    calls = counting.parse_strace_summary(STRACE_SUMMARY)
    assert calls == {"newfstatat": 120, "openat": 100, "execve": 9}
    assert counting.file_system_calls(calls) == 220
    assert counting.parse_perf_stat("# started\n\n27651111,,instructions:u,7000,100.00,,\n") == 27651111
    assert counting.parse_perf_stat("<not supported>,,instructions:u,0,100.00,,\n") is None
    assert counting.parse_callgrind_log("==1== Collected : 27651111\n") == 27651111


def test_a_missing_tool_is_a_note_and_not_a_failure(monkeypatch):
    monkeypatch.setattr(counting.shutil, "which", lambda tool: None)
    found = session.compare(PASS, [STOCK], TWO_PAIRS)
    assert found.sides[0].system_calls is None
    assert "strace is not installed" in found.notes


def test_the_picture_is_well_formed_and_has_a_dot_for_each_run(control):
    odd = control._replace(program="python -c 'a < b & \"c\"'")
    root = ElementTree.fromstring(svg.plot(odd))
    dots = [element for element in root.iter() if element.get("class") == "dot"]
    assert len(dots) == 4
    assert "a < b &" in root.find("{*}title").text


def test_json_has_the_shape_that_pyperf_documents(control):
    whole = pyperf_json.suite(control)
    assert whole["version"] == "1.0"
    for benchmark in whole["benchmarks"]:
        assert benchmark["metadata"]["unit"] == "second"
        assert all(value > 0 for run in benchmark["runs"] for value in run["values"])
    parts = pyperf_json.files(control, "times-{variant}.json")
    assert sorted(parts) == ["times-stock-again.json", "times-stock.json"]
    assert {part["benchmarks"][0]["metadata"]["name"] for part in parts.values()} == {"python -c pass"}


def test_pyperf_compares_two_of_our_files(control, tmp_path):
    pytest.importorskip("pyperf", reason="pyperf is not installed: our JSON was not read by pyperf itself")
    paths = []
    for path, content in pyperf_json.files(control, str(tmp_path / "{variant}.json")).items():
        (tmp_path / path).write_text(json.dumps(content))
        paths.append(path)
    done = subprocess.run([sys.executable, "-m", "pyperf", "compare_to", *paths], capture_output=True, text=True)
    assert (done.returncode, done.stderr) == (0, "")
