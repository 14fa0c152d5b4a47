"""The two controls, with real processes and their real noise: a slowed finder is slower, and stock no faster than stock."""

import random

from fastimport.diagnosis.bench import plan, report, session, statistics
from fastimport.diagnosis.bench.launcher import STOCK, Program, Variant, variant_for_level
from fastimport.diagnosis.bench.statistics import paired_ratio, verdict

NO_COUNTS = session.Options(counts=False)
SLOWED = """
import importlib.machinery, time
class Slowed(importlib.machinery.PathFinder):
    @classmethod
    def find_spec(cls, fullname, path=None, target=None):
        time.sleep(0.05)
        return super().find_spec(fullname, path, target)
sys.meta_path[sys.meta_path.index(importlib.machinery.PathFinder)] = Slowed
"""


def test_a_slowed_finder_is_reported_as_slower_though_it_finds_the_same():
    """By far more than a busy machine's noise, with pairs enough for one of them to be spoilt."""
    program = Program("code", "import json.tool, tomllib, wave")
    found = session.compare(program, [STOCK, Variant("slowed", SLOWED, False)], plan.Plan(pairs=9, warmups=0), NO_COUNTS)
    assert found.is_identical
    assert "slowed: slower by" in report.text(found)


def test_stock_against_stock_is_no_difference_at_least_nineteen_times_of_twenty(monkeypatch):
    """Many experiments drawn from the pairs of one run; which of a pair's two runs is called stock is drawn too."""
    monkeypatch.setattr(statistics, "RESAMPLES", 200)
    how = plan.Plan(pairs=60, warmups=1)
    run = session.compare(Program("code", "pass"), [STOCK, variant_for_level("stock")], how, NO_COUNTS)
    pairs = list(zip(*(side.seconds for side in run.sides), strict=True))
    generator = random.Random(2)
    verdicts = []
    for _ in range(300):
        drawn = [generator.sample(pair, 2) for pair in generator.sample(pairs, 7)]
        verdicts.append(verdict(paired_ratio(*zip(*drawn, strict=True))))
    assert sum(text.startswith(("faster", "slower")) for text in verdicts) <= len(verdicts) / 20
