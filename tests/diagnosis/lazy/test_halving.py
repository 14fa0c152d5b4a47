"""The smallest set that passes is found, in few questions."""

import math
import random

from fastimport.diagnosis.lazy.halving import smallest


def find(culprits, suspects, fixed=frozenset()):
    asked = []

    def passes(eager):
        asked.append(eager)
        return culprits <= eager

    return smallest(passes, fixed, suspects), asked


def test_seeded_sets_are_found_exactly():
    choose = random.Random(11)
    for _ in range(300):
        suspects = [f"m{number:03}" for number in range(choose.randrange(1, 200))]
        culprits = set(choose.sample(suspects, choose.randrange(1, min(6, len(suspects)) + 1)))
        found, asked = find(culprits, suspects)
        assert set(found) == culprits and len(found) == len(culprits)
        assert len(asked) <= 4 * len(culprits) * math.ceil(math.log2(len(suspects)) + 1)


def test_what_is_fixed_is_in_every_question():
    found, asked = find({"a", "c"}, ["b", "c", "d"], frozenset({"a"}))
    assert found == ["c"] and all("a" in eager for eager in asked)


def test_one_of_several_that_would_do_is_enough():
    found = smallest(lambda eager: bool(eager & {"a", "d"}), frozenset(), ["a", "b", "c", "d"])
    assert found == ["a"]
