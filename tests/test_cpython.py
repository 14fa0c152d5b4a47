"""CPython's own import tests give the same outcomes with fastimport active from interpreter start as without it."""

import importlib.util
import re
import subprocess
import sys
from pathlib import Path

import pytest

HERE = Path(__file__).parent / "cpython"
NO_TESTS = 77


def load_differences():
    spec = importlib.util.spec_from_file_location("differences", HERE / "differences.py")
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


differences = load_differences()


class Side(dict):
    """Stands in for `Outcomes`: test id → outcome."""

    details = {}


def judge(stock, ours, repeats=(), reasons=()):
    return differences.judge(Side(stock), Side(ours), repeats, differences.Expected(dict(reasons)))


@pytest.fixture(scope="module")
def work(tmp_path_factory):
    """One copy of the installation, and one run of the stock side, for all tests here."""
    return tmp_path_factory.mktemp("cpython")


@pytest.mark.cpython
@pytest.mark.parametrize("options", [["--replace"], ["--register=in_place"]], ids=" ".join)
def test_quick_subset_differs_only_where_expected(options, work):
    """The subset takes seconds; `python tests/cpython/compare.py` runs all of it."""
    command = [sys.executable, str(HERE / "compare.py"), "--quick", f"--work={work}", *options]
    done = subprocess.run(command, capture_output=True, text=True, timeout=900)
    if done.returncode == NO_TESTS:
        pytest.skip(done.stdout.strip())
    assert done.returncode == 0, done.stdout + done.stderr
    assert int(re.search(r"^stock: (\d+) pass", done.stdout, re.M)[1]) > 1000


@pytest.mark.parametrize("outcome", ["fail", "error", "skip", "absent"])
def test_a_test_that_passes_only_without_fastimport_is_a_difference(outcome):
    ours = {} if outcome == "absent" else {"t": outcome}
    assert judge({"t": "pass"}, ours).failed


def test_an_error_outside_any_test_is_a_difference():
    """setUpModule and setUpClass have an id only when they fail."""
    assert judge({}, {"setUpModule (test.test_x)": "error"}).failed


@pytest.mark.parametrize("pair", [("pass", "pass"), ("fail", "error"), ("skip", "skip"), ("error", "pass")])
def test_tests_that_fail_without_fastimport_are_no_difference(pair):
    assert not judge({"t": pair[0]}, {"t": pair[1]}).failed


def test_a_difference_must_occur_every_time():
    good, bad = Side(t="pass"), Side(t="fail")
    assert judge(good, bad, [(good, bad)] * 3).unexpected
    assert judge(good, bad, [(good, bad), (good, good), (good, bad)]).unstable


def test_an_expected_difference_that_no_longer_occurs_fails():
    assert judge({"t": "pass"}, {"t": "fail"}, reasons={"t": "why"}).expected
    assert judge({"t": "pass"}, {"t": "pass"}, reasons={"t": "why"}).failed
    assert not judge({}, {}, reasons={"t": "not in the modules that ran"}).failed
