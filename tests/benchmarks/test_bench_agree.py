"""Do two runs agree?  What `benchmarks/agree.py` compares, what it lets pass, and what it refuses to compare."""

import importlib
import json
import subprocess
import sys
from pathlib import Path

import pytest

BENCHMARKS = Path(__file__).parents[2] / "benchmarks"
CONDITIONS = {"Python": "CPython 3.11.7", "machine": "Linux", "file system": "ext4", "date": "2026-11-21"}


@pytest.fixture
def agree(monkeypatch):
    monkeypatch.syspath_prepend(str(BENCHMARKS))
    return importlib.import_module("agree")


@pytest.fixture
def run(agree):
    """Makes a run of one benchmark with these figures."""

    def make(*figures, **changed):
        return {"peers": agree.Result([], list(figures), CONDITIONS | changed)}

    return make


def ratio(agree, name, low, high, pairs=9):
    return agree.Figure(name, "ratio", (low + high) / 2, low, high, pairs)


def count(agree, name, value):
    return agree.Figure(name, "count", value, value, value)


@pytest.mark.parametrize(
    ("a", "b", "holds"),
    [
        ((0.80, 0.90), (0.85, 0.95), True),
        ((0.80, 0.90), (0.90, 0.95), True),
        ((0.80, 0.90), (0.91, 0.95), False),
        ((0.91, 0.95), (0.80, 0.90), False),
    ],
)
def test_ratios_agree_if_their_intervals_overlap(agree, run, a, b, holds):
    verdict = agree.compare(run(ratio(agree, "x", *a)), run(ratio(agree, "x", *b)))
    assert verdict.holds is holds
    assert [pair.a.id for pair in verdict.disagreeing] == ([] if holds else ["x"])
    assert ("DISAGREE" in agree.text(verdict)) is not holds


@pytest.mark.parametrize(("other", "holds"), [(100, True), (103, True), (97, True), (104, False), (96, False), (0, False)])
def test_counts_agree_within_three_percent(agree, run, other, holds):
    assert agree.compare(run(count(agree, "calls", 100)), run(count(agree, "calls", other))).holds is holds


@pytest.mark.parametrize(("apart", "holds"), [(0, True), (1, True), (2, False)])
def test_of_twenty_ratios_one_may_disagree_and_is_listed_all_the_same(agree, run, apart, holds):
    a = [ratio(agree, f"f{number}", 0.8, 0.9) for number in range(20)]
    b = [ratio(agree, f"f{number}", *((2.0, 2.1) if number < apart else (0.8, 0.9))) for number in range(20)]
    verdict = agree.compare(run(*a), run(*b))
    assert (verdict.holds, len(verdict.disagreeing)) == (holds, apart)
    assert all(f"f{number}" in agree.text(verdict) for number in range(apart))


def test_no_count_may_disagree_however_many_figures_agree(agree, run):
    ratios = [ratio(agree, f"f{number}", 0.8, 0.9) for number in range(100)]
    assert not agree.compare(run(*ratios, count(agree, "c", 1)), run(*ratios, count(agree, "c", 2))).holds


def test_seconds_and_ratios_of_few_pairs_are_not_compared(agree, run):
    a = agree.Figure("t", "seconds", 1, 1, 1), ratio(agree, "few", 1, 1, pairs=5), count(agree, "c", 3)
    b = agree.Figure("t", "seconds", 9, 9, 9), ratio(agree, "few", 9, 9, pairs=5), count(agree, "c", 3)
    assert agree.compare(run(*a), run(*b)).compared == {"ratio": 0, "count": 1}


def test_what_only_one_run_has_is_named(agree, run):
    verdict = agree.compare(run(count(agree, "c", 1), count(agree, "more", 1)), run(count(agree, "c", 1)))
    assert verdict.lonely == ["peers: more"]


@pytest.mark.parametrize("changed", [{"Python": "CPython 3.13.1"}, {"machine": "other"}, {"file system": "nfs"}])
def test_other_conditions_are_refused(agree, run, changed):
    figure = count(agree, "c", 1)
    with pytest.raises(agree.Incomparable, match=next(iter(changed))):
        agree.compare(run(figure), run(figure, **changed))


def written(agree, directory, run):
    directory.mkdir()
    for name, result in run.items():
        agree.results.save(result, str(directory / f"{name}.json"))
    return str(directory)


def call(*arguments):
    command = [sys.executable, str(BENCHMARKS / "agree.py"), *arguments]
    return subprocess.run(command, capture_output=True, text=True)


def test_the_command_reads_what_benchmarks_write_and_its_exit_status_is_the_verdict(agree, run, tmp_path):
    a = written(agree, tmp_path / "a", run(ratio(agree, "x", 0.8, 0.9)))
    b = written(agree, tmp_path / "b", run(ratio(agree, "x", 1.0, 1.1)))
    assert call(a, a).returncode == 0
    done = call(a, b, "--json", str(tmp_path / "verdict.json"))
    assert (done.returncode, done.stderr) == (1, "")
    document = json.loads((tmp_path / "verdict.json").read_text())
    assert document["agree"] is False and [each["a"]["id"] for each in document["disagreeing"]] == ["x"]


@pytest.mark.parametrize("content", ["{}", "[]", "no json", '{"schema": "fastimport.benchmark/0"}'])
def test_what_is_no_result_is_refused_with_the_file_and_the_reason(content, tmp_path):
    (tmp_path / "odd.json").write_text(content)
    done = call(str(tmp_path), str(tmp_path))
    assert done.returncode == 2
    assert "odd.json" in done.stderr and "Traceback" not in done.stderr


def test_an_empty_directory_is_refused_with_what_to_do(tmp_path):
    done = call(str(tmp_path), str(tmp_path))
    assert done.returncode == 2 and "benchmarks/suite.py" in done.stderr
