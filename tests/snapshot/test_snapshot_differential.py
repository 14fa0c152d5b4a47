"""With a snapshot, `checked` is still importlib, and `trusted` what it is without one: random trees, random histories.

The histories and comparisons are those of test_differential.py; a snapshot is taken in the middle of each.
"""

import os

import pytest
from hypothesis import HealthCheck, example, given, settings
from hypothesis import strategies as st
from support import Duel, plant
from support import histories as parts
from support.duel import REMEMBERED
from support.snapshots import TakeSnapshot, in_use, reader_of, settle
from support.steps import Ask, Chmod, Remove, SetTime, Write, play

from fastimport.snapshot import attachment

LONG = settings(
    max_examples=150,
    deadline=None,
    derandomize=True,
    suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow],
)


def histories(level):
    """A tree; perhaps questions and changes; a snapshot; questions and changes; perhaps another snapshot; more."""
    few = st.lists(parts.step, max_size=12)
    taken = st.just([TakeSnapshot(level)])
    return st.tuples(parts.planting, st.just([]) | few, taken, few, st.just([]) | taken, few).map(
        lambda lists: [step for steps in lists for step in steps]
    )


@pytest.fixture(autouse=True)
def no_snapshot_afterwards():
    yield
    attachment.detach()


@LONG
@given(history=histories("checked"))
@example(history=[Write("a", "m.py"), TakeSnapshot(), Ask("m"), Remove("a", "m.py", True), Ask("m"), Write("a", "n"), Ask("n")])
def test_checked_with_a_snapshot_is_importlib(candidate, history):
    """Answers, warnings, audit events, importer caches: no difference."""
    attachment.detach()
    play(history, Duel(candidate))


def implied(step):
    """As in test_differential.py: T11 and T12."""
    return step in [SetTime(d, -1) for d in "abc"] or (isinstance(step, Chmod) and step.mode == 0o644)


@LONG
@given(history=histories("trusted").map(lambda history: [step for step in history if not implied(step)]))
def test_trusted_with_a_snapshot_is_importlib_after_invalidation(trusted, history):
    """With invalidate_caches() before each question there is nothing left to differ in."""
    attachment.detach()
    play(history, Duel(trusted, ignoring=REMEMBERED), invalidates=True)


@pytest.mark.parametrize("level", ["checked", "trusted"])
def test_the_snapshot_is_used_in_these_tests(level, root):
    """Else they would prove nothing."""
    import fastimport

    plant(root, {"m.py": "", "p": {"__init__.py": "", "c.py": ""}})
    settle()
    fastimport.install(freshness=level)
    try:
        with in_use(reader_of([root]), level) as reader:
            duel = Duel(fastimport.PathFinder, ignoring=REMEMBERED)
            duel.set_path(root)
            before = fastimport.stats()
            assert duel.ask("m").found and duel.ask("p").found and not duel.ask("x").found
            assert duel.ask("p.c", [os.path.join(root, "p")]).found
            after = fastimport.stats()
            assert reader.tables_used >= 2 and reader.tables_stale == 0
            assert after.scans == before.scans and after.snapshot_hits >= before.snapshot_hits + 3
    finally:
        fastimport.uninstall()
