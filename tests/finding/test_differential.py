"""Random trees, random histories: `checked` is importlib, step by step.

After every step both finders have the same history on the same files, so their answers must be
equal in every field, with the importer caches that they leave behind. A failure prints a history
of few steps; each step is the call that makes it.
"""

from hypothesis import HealthCheck, given, settings
from support import Duel
from support.duel import REMEMBERED
from support.histories import histories
from support.steps import Chmod, SetTime, play

LONG = settings(
    max_examples=300,
    deadline=None,
    derandomize=True,
    suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow],
)


@LONG
@given(history=histories)
def test_checked_is_importlib(candidate, history):
    """No allowed difference: answers, warnings, audit events and importer caches."""
    play(history, Duel(candidate))


@LONG
@given(history=histories)
def test_checked_is_importlib_unobserved(candidate, history):
    """The same without looking into the listings, which might make the candidate fill them."""
    duel = Duel(candidate)
    for world in duel.worlds:
        world.looks_into_cache = False
    play(history, duel)


def implied(step):
    """Steps that the differences T11 and T12 of test_trusted are about."""
    return step in [SetTime(d, -1) for d in "abc"] or (isinstance(step, Chmod) and step.mode == 0o644)


@LONG
@given(history=histories.map(lambda history: [step for step in history if not implied(step)]))
def test_trusted_is_importlib_after_invalidation(trusted, history):
    """With invalidate_caches() before each question there is nothing left to differ in."""
    play(history, Duel(trusted, ignoring=REMEMBERED), invalidates=True)
