"""The suite: what becomes of a benchmark that works, fails, can't run here or never ends, and the page made of it all."""

import importlib
import json
import os
import re
import subprocess
import sys
import textwrap
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest

BENCHMARKS = Path(__file__).parents[2] / "benchmarks"
WORKS = """
from instruments import results
import sys
table = results.Table([("what", "ratio"), ("a | b", "0.9")], "A table")
figures = [results.Figure("300 entries, packages, checked", "ratio", 0.5, 0.4, 0.6, 9),
           results.Figure("300 entries, packages, trusted", "ratio", 0.2, 0.1, 0.3, 9)]
results.publish(results.Result([table], figures, results.circumstances(), ["a note"]), sys.argv[-1])
"""
ENDINGS = {
    "works": (WORKS, "ran", ""),
    "fails": ("print('what was found'); raise SystemExit(1)", "failed", "what was found"),
    "raises": ("raise ValueError('odd')", "failed", "ValueError: odd"),
    "absent": ("import sys; print('no FUSE here', file=sys.stderr); raise SystemExit(2)", "unavailable", "no FUSE here"),
    "usage": ("import argparse; argparse.ArgumentParser(prog='x').parse_args(['y'])", "failed", "unrecognized arguments: y"),
    "silent": ("", "failed", "exit status 0"),
    "endless": ("import time; time.sleep(60)", "failed", "stopped after 1.5 s"),
}


@pytest.fixture
def suite(monkeypatch, tmp_path):
    """The module, with scripts of the test's own in place of the benchmarks."""
    monkeypatch.syspath_prepend(str(BENCHMARKS))
    monkeypatch.setenv("PYTHONPATH", str(BENCHMARKS))
    loaded = importlib.import_module("suite")
    monkeypatch.setattr(loaded, "HERE", tmp_path)
    for name, (code, _, _) in ENDINGS.items():
        (tmp_path / f"{name}.py").write_text(textwrap.dedent(code))
    return loaded


def ended(suite, name, directory, as_name=None):
    limit = 1.5 if name == "endless" else 60
    return suite.run(suite.Benchmark(as_name or name, "A title", f"{name}.py"), [], directory, limit)


@pytest.mark.parametrize("name", ENDINGS)
def test_each_ending_is_told_with_its_reason(suite, tmp_path, name):
    _, status, message = ENDINGS[name]
    ran = ended(suite, name, tmp_path)
    assert ran.status == status and message in ran.message
    assert (tmp_path / f"{name}.json").exists() is (status == "ran")


def test_a_result_of_an_earlier_run_does_not_outlive_a_failure(suite, tmp_path):
    (tmp_path / "fails.json").write_text("{}")
    ended(suite, "fails", tmp_path)
    assert not (tmp_path / "fails.json").exists()


def command_line(suite, monkeypatch, tmp_path, *arguments):
    plan = tuple(suite.Benchmark(name, f"Title of {name}", f"{name}.py") for name in ("fails", "works", "absent"))
    for module in (suite, suite.measured_page):
        monkeypatch.setattr(module, "SUITE", plan)
    monkeypatch.setattr(suite.sys, "argv", ["suite.py", "--results", str(tmp_path / "found"), *arguments])
    monkeypatch.setattr(suite.measured_page, "install", lambda directory: (directory / "installed").touch())
    return suite.main()


def test_one_that_fails_stops_no_other_and_the_page_tells_all(suite, monkeypatch, tmp_path, capsys):
    assert command_line(suite, monkeypatch, tmp_path) == 1
    page = (tmp_path / "found" / "measured.md").read_text()
    assert "Not measured (failed): what was found" in page
    assert "Not measured (unavailable): no FUSE here" in page
    assert "    python benchmarks/works.py\n" in page and "a | b  0.9" in page.replace("    0.9", "  0.9") and "- a note" in page
    assert (tmp_path / "found" / "installed").exists()
    assert "(2 of 3) Title of works" in capsys.readouterr().err


def test_what_is_only_a_part_or_a_first_look_does_not_replace_the_documents(suite, monkeypatch, tmp_path):
    assert command_line(suite, monkeypatch, tmp_path, "--only", "works") == 0
    assert command_line(suite, monkeypatch, tmp_path, "--quick") == 1
    assert not (tmp_path / "found" / "installed").exists()


def test_results_that_were_not_measured_again_stay(suite, monkeypatch, tmp_path):
    command_line(suite, monkeypatch, tmp_path, "--only", "works")
    assert command_line(suite, monkeypatch, tmp_path, "--only", "absent") == 0
    document = json.loads((tmp_path / "found" / "suite.json").read_text())
    assert [each["status"] for each in document["benchmarks"]] == ["ran", "unavailable"]
    assert "python benchmarks/works.py" in (tmp_path / "found" / "measured.md").read_text()


def test_the_readmes_figures_are_replaced_and_carry_their_conditions(suite, monkeypatch, tmp_path):
    page = suite.measured_page
    ended(suite, "works", tmp_path, "search-paths")
    (tmp_path / "measured.md").write_text("the page")
    (tmp_path / "docs").mkdir()
    (tmp_path / "README.md").write_text(f"before\n{page.BEGIN}\nold\n{page.END}\nafter\n")
    page.install(tmp_path, tmp_path)
    readme = (tmp_path / "README.md").read_text()
    assert readme.startswith("before\n") and readme.endswith("\nafter\n") and "old" not in readme
    assert "| 50 % faster (40 to 60) | 80 % faster (70 to 90) | - |" in readme
    conditions = suite.conditions.of_this_machine()
    assert all(conditions[name] in readme for name in ("date", "Python", "machine", "file system"))
    assert (tmp_path / "docs" / "measured.md").read_text() == "the page"


def test_every_benchmark_of_the_plan_is_a_script_that_takes_its_arguments(monkeypatch):
    """By its own parser: a wrong option would only show after minutes of measuring."""
    monkeypatch.syspath_prepend(str(BENCHMARKS))
    plan = importlib.import_module("instruments.suite_plan")
    asked = [[sys.executable, str(BENCHMARKS / benchmark.script), "--help"] for benchmark in plan.SUITE]
    with ThreadPoolExecutor(os.cpu_count()) as pool:
        answers = pool.map(lambda command: subprocess.run(command, check=True, capture_output=True, text=True).stdout, asked)
    for benchmark, usage in zip(plan.SUITE, answers, strict=True):
        options = [word for word in (*benchmark.arguments, *benchmark.quick, "--json") if word.startswith("--")]
        options += ["--levels"] if benchmark.takes_levels else []
        assert all(re.search(rf"{option}\b", usage) for option in options), benchmark


def test_plots_are_drawn_from_the_results_alone(suite, tmp_path):
    pytest.importorskip("matplotlib", reason="matplotlib is not installed: no plot was drawn")
    series = {"label": "entries", "sizes": [3, 30], "seconds": {"stock": [[1, 2], [3, 4]]}, "fits": {"stock": [0.1, 1]}}
    result = suite.measured_page.Result([], [], {}, data={"series": [series]})
    suite.measured_page.results.save(result, str(tmp_path / "search-paths.json"))
    assert suite.plots.draw(tmp_path, tmp_path) == ["search-paths.svg"]
    first = (tmp_path / "search-paths.svg").read_bytes()
    assert b"<svg" in first
    suite.plots.draw(tmp_path, tmp_path)
    assert (tmp_path / "search-paths.svg").read_bytes() == first
