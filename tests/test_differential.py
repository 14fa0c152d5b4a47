"""Random trees, random histories: `checked` is importlib, step by step.

After every step both finders have the same history on the same files, so their answers must be
equal in every field, with the importer caches that they leave behind. A failure prints a history
of few steps; each step is the call that makes it.
"""

from hypothesis import HealthCheck, given, settings
from support import Duel
from support.histories import histories
from support.steps import play

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
