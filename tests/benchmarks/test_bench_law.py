"""The scaling law: from measurements made by a known law, the fit finds that law again, and predicts as it does."""

import importlib
from pathlib import Path

import pytest

BENCHMARKS = Path(__file__).parents[2] / "benchmarks"


@pytest.fixture
def law(monkeypatch):
    monkeypatch.syspath_prepend(str(BENCHMARKS))
    return importlib.import_module("instruments.law")


@pytest.fixture
def true(law):
    return law.Law(0.03, 150e-6, 900e-6, law.Operations(700, 15, 50), 60e-6, 1.05)


def test_the_fit_finds_the_law_that_made_the_measurements(law, true):
    counts = {point: true.operations.at(point) for point in (law.Point(100, 4), law.Point(300, 4), law.Point(100, 50))}
    modules = {n: [true.seconds(law.Point(n, 4))] * 3 for n in (100, 400, 1600)}
    entries = {n: [true.seconds(law.Point(100, n))] * 3 for n in (4, 100, 400)}
    found = law.local_fit((4, modules), entries, law.operations(counts))
    at = law.Point(200, 20)
    latency = {seconds: [true.seconds(at._replace(latency=seconds))] for seconds in (0.0005, 0.001, 0.002)}
    fitted = law.with_file_system({"a": found, "b": found}, at, {"a": latency, "b": latency})
    assert fitted["a"] == fitted["b"]
    assert [*fitted["a"][:3], *fitted["a"][4:]] == pytest.approx([*true[:3], *true[4:]])
    assert fitted["a"].operations == pytest.approx(true.operations)


def test_medians_decide_and_one_spoilt_run_does_not(law):
    assert law.line({1: [1, 1, 50], 2: [2, 2, 2], 3: [3, 3, 3]}) == pytest.approx((1, 0))


def test_a_count_that_changed_two_things_is_refused(law):
    points = law.Point(100, 4), law.Point(300, 8), law.Point(100, 50)
    with pytest.raises(ValueError, match="one thing at a time"):
        law.operations(dict.fromkeys(points, 1))


def test_without_latency_the_operations_cost_nothing_extra(law, true):
    assert true.seconds(law.Point(1000, 10)) == pytest.approx(0.03 + 0.15 + 0.009)


@pytest.mark.parametrize(
    ("processes", "servers", "processors", "limit"), [(1, 4, 2, "one"), (64, 4, 64, "server"), (64, 999, 1, "cpu")]
)
def test_many_processes_wait_for_what_is_scarce(law, true, processes, servers, processors, limit):
    point = law.Point(100, 4, 0.001)
    waiting = true.operations.at(point) * (60e-6 + 1.05 * 0.001)
    local = true.seconds(point._replace(latency=0))
    expected = {"one": local + waiting, "server": processes * waiting / servers, "cpu": processes * local / processors}
    assert true.seconds_of_many(point, processes, servers, processors) == pytest.approx(expected[limit])


def test_the_formula_names_all_coefficients(true):
    assert true.formula() == "30.0 ms + 150.0 us x M + 900.0 us x E + (700 + 15.00 x M + 50.00 x E) x (60 us + 1.05 x L)"
