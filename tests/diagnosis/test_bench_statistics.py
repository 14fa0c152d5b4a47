"""What ``fastimport bench`` may conclude from timings.

Rules: an interval that holds 1 is "no difference" [none]; identical sides are called different at most once in
twenty [identical]; a real difference is found, with its sign [sign]; few pairs conclude nothing [few].
"""

import random
from functools import partial
from itertools import islice

import pytest

from fastimport.diagnosis.bench import plan, statistics
from fastimport.diagnosis.bench.statistics import Estimate, paired_ratio, spread, verdict


def noisy(generator: random.Random, seconds: float, count: int) -> list[float]:
    """Timings as a busy machine gives them: never below the floor, now and then far above it."""
    return [seconds * (1 + generator.expovariate(40) + (generator.random() < 0.1) * 0.3) for _ in range(count)]


def test_median_and_interquartile_range_of_known_values():
    assert spread([1, 2, 3, 4, 5]) == (3, 2)
    assert spread([7]) == (7, 0)


def test_the_ratio_is_the_median_of_the_pairs_not_the_ratio_of_medians():
    estimate = paired_ratio([1, 2, 100], [2, 4, 50])
    assert estimate.ratio == 2
    assert (estimate.low, estimate.high, estimate.pairs) == (0.5, 2, 3)


def test_sides_of_different_length_or_none_are_refused():
    with pytest.raises(ValueError):
        paired_ratio([1, 2], [1])
    with pytest.raises(ValueError, match="no pairs"):
        paired_ratio([], [])


@pytest.mark.parametrize(
    ("estimate", "said"),
    [
        (Estimate(0.86, 0.83, 0.89, 20), "faster by 14 % (11 to 17)"),
        (Estimate(0.985, 0.975, 0.99, 20), "faster by 1.5 % (1.0 to 2.5)"),
        (Estimate(1.25, 1.2, 1.5, 20), "slower by 25 % (20 to 50)"),
        (Estimate(0.9, 0.8, 1.0, 20), "no difference that can be told from noise"),
        (Estimate(0.5, 0.4, 0.6, 5), "too few pairs to tell (at least 6 are needed)"),
    ],
)
def test_verdicts_in_plain_words(estimate, said):
    assert verdict(estimate) == said


@pytest.mark.parametrize("pairs", [6, 7, 15, 30])
def test_an_identical_pair_is_no_difference_at_least_nineteen_times_of_twenty(pairs, monkeypatch):
    """[identical] with heavy-tailed noise, over many experiments, at the numbers of pairs that are used."""
    monkeypatch.setattr(statistics, "RESAMPLES", 200)
    generator = random.Random(pairs)
    experiments = 300
    wrong = sum(
        verdict(paired_ratio(noisy(generator, 1, pairs), noisy(generator, 1, pairs))).startswith(("faster", "slower"))
        for _ in range(experiments)
    )
    assert wrong <= experiments / 20


def test_stopping_when_the_interval_is_narrow_does_not_make_differences(monkeypatch):
    """[identical] under the stopping rule that ``bench`` uses by default."""
    monkeypatch.setattr(statistics, "RESAMPLES", 200)
    generator = random.Random(5)
    how = plan.Plan(narrow_enough=0.02, most_pairs=40)
    verdicts = [verdict(experiment(how, generator)) for _ in range(100)]
    assert sum(text.startswith(("faster", "slower")) for text in verdicts) <= 5


def experiment(how, generator):
    before, after = [], []
    while not (before and plan.is_enough(how, len(before), partial(lambda *pair: [paired_ratio(*pair)], before, after))):
        before += noisy(generator, 1, 1)
        after += noisy(generator, 1, 1)
    return paired_ratio(before, after)


@pytest.mark.parametrize(("factor", "word"), [(1.15, "slower"), (0.85, "faster")])
def test_a_real_difference_is_found_with_its_sign(factor, word):
    generator = random.Random(3)
    found = [verdict(paired_ratio(noisy(generator, 1, 20), noisy(generator, factor, 20))) for _ in range(10)]
    assert all(text.startswith(word) for text in found)


def test_rounds_hold_every_variant_once_in_a_repeatable_order():
    drawn = list(islice(plan.rounds(["a", "b", "c"], 4), 50))
    assert all(sorted(order) == ["a", "b", "c"] for order in drawn)
    assert len(set(drawn)) > 1
    assert drawn == list(islice(plan.rounds(["a", "b", "c"], 4), 50))


def test_a_set_number_of_pairs_is_exact_and_never_looks_at_the_estimates():
    how = plan.Plan(pairs=12)
    assert [timed for timed in range(1, 13) if plan.is_enough(how, timed, pytest.fail)] == [12]


def test_without_a_number_narrow_intervals_stop_and_wide_ones_go_on_to_the_limit():
    narrow, wide = [Estimate(1, 0.995, 1.005, 10)], [Estimate(1, 0.9, 1.1, 10)]
    how = plan.Plan(most_pairs=40)
    assert not plan.is_enough(how, 5, lambda: narrow)
    assert plan.is_enough(how, 10, lambda: narrow)
    assert not plan.is_enough(how, 35, lambda: wide)
    assert plan.is_enough(how, 40, lambda: wide)


def test_the_geometric_mean_treats_double_and_half_as_opposites():
    assert statistics.geometric_mean([0.5, 2]) == pytest.approx(1)
