"""``fastimport speedup``: what is worth it, what can't be told, and that nothing is written unasked."""

import json
import os
import subprocess

import pytest
from support.process import python

from fastimport.cli import speedup
from fastimport.diagnosis.bench import levers
from fastimport.diagnosis.bench.session import Comparison, Side
from fastimport.diagnosis.bench.statistics import paired_ratio

NOISE = (0.0, 0.001, -0.001, 0.002, -0.002, 0.0, 0.001, -0.001, 0.0, 0.001)


def comparison(*ratios, pairs=10, differences=()):
    """What would have been measured if each side took `ratios` of a tenth of a second, with a little noise."""
    stock = [0.1 + noise for noise in NOISE[:pairs]]
    sides = [Side("stock", tuple(stock), (), None, None, None, None, 9, ())]
    for lever, ratio in zip(levers.LEVERS, ratios, strict=True):
        seconds = [ratio * each for each in stock]
        sides.append(Side(lever.name, tuple(seconds), (), paired_ratio(stock, seconds), None, None, None, 9, tuple(differences)))
    return Comparison("python app.py", tuple(sides), {}, ())


@pytest.mark.parametrize(
    ("ratios", "name"),
    [
        ((1.0, 1.0, 1.0, 1.0, 1.0), None),
        ((1.2, 1.1, 1.05, 1.01, 1.01), None),
        ((0.9, 0.9, 0.9, 0.9, 0.9), "finder"),
        ((0.95, 0.85, 0.85, 0.85, 0.85), "waiting collector"),
        ((0.95, 0.85, 0.7, 0.7, 0.7), "snapshot"),
        ((0.95, 0.85, 0.7, 0.6, 0.6), "frozen snapshot"),
        ((0.95, 0.85, 0.7, 0.6, 0.55), "huge pages"),
        ((1.1, 1.1, 0.7, 0.9, 0.9), "snapshot"),
    ],
)
def test_the_cheapest_that_is_surely_best_is_chosen(ratios, name):
    """A lever that needs more of the user has to give more."""
    choice = levers.best(comparison(*ratios))
    assert (choice and choice.name) == name


def test_what_imports_something_else_or_was_measured_too_seldom_is_not_chosen():
    assert levers.best(comparison(0.5, 0.5, 0.5, 0.5, 0.5, differences=["json: another file"])) is None
    assert levers.best(comparison(0.5, 0.5, 0.5, 0.5, 0.5, pairs=3)) is None


@pytest.mark.parametrize(
    ("ratio", "words"), [(0.82, "18 % faster (18 to 18)"), (1.17, "17 % slower (17 to 17)"), (0.5, "50 % faster (50 to 50)")]
)
def test_ratios_in_words(ratio, words):
    stock = [0.1] * 10
    assert levers.in_words(paired_ratio(stock, [ratio * each for each in stock])) == words


def test_what_can_not_be_told_is_said():
    estimate = paired_ratio([0.1] * 8, [0.09, 0.11, 0.1, 0.12, 0.08, 0.1, 0.09, 0.11])
    assert levers.in_words(estimate).startswith("no difference that can be told (-")


def test_a_real_program(tmp_path):
    """Every side is measured with the same modules; nothing is left behind."""
    (tmp_path / "app.py").write_text("import json\n")
    done = python("-m", "fastimport", "speedup", "--pairs", "2", "--json", "app.py", cwd=tmp_path)
    assert done.returncode == 0, done.stderr
    found = json.loads(done.stdout)
    assert found["schema"] == speedup.SCHEMA and found["sides"][0]["name"] == "stock"
    assert len(found["sides"]) == 1 + len(levers.LEVERS) and not any(side["differences"] for side in found["sides"])
    assert os.listdir(tmp_path) == ["app.py"] and found["best"] is None


def test_text_for_people(tmp_path):
    done = python("-m", "fastimport", "speedup", "--pairs", "1", "-c", "import json", cwd=tmp_path)
    assert done.returncode == 0 and "without" in done.stdout and "waiting collector" in done.stdout, done.stderr


def test_a_program_that_fails(tmp_path):
    done = python("-m", "fastimport", "speedup", "-c", "raise SystemExit(4)", cwd=tmp_path)
    assert done.returncode == 1 and "exit status 4" in done.stderr and done.stdout == ""


@pytest.mark.parametrize("failing", [None, "build", "enable"])
def test_apply_does_exactly_what_it_says(monkeypatch, capsys, failing):
    """And stops at the first that fails, with its status."""
    ran = []

    def run(words, check):
        ran.append(words[-1])
        return subprocess.CompletedProcess(words, 3 if words[-1] == failing else 0)

    monkeypatch.setattr(subprocess, "run", run)
    assert speedup._apply() == (0 if failing is None else 3)
    said = capsys.readouterr().err
    assert [f"running: fastimport {each}" in said for each in ran] == [True] * len(ran)
    assert ran == (["build", "enable"] if failing != "build" else ["build"])
    assert ("undo: fastimport disable && fastimport clean" in said) == (failing is None)
