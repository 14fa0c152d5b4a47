"""What install() puts on sys.meta_path, and what uninstall() leaves there."""

import sys

import pytest
from support import STOCK

import fastimport
from fastimport import PathFinder

REGISTERS = ("meta_path", "in_place")
BY_HAND = {
    "before": [PathFinder, STOCK],
    "after": [STOCK, PathFinder],
    "alone": [PathFinder],
    "around": [PathFinder, STOCK, PathFinder],
}


@pytest.fixture(params=REGISTERS)
def register(request):
    yield request.param
    fastimport.uninstall()


def same(items, others):
    """The very same objects: our class and importlib's are equal."""
    return [*map(id, items)] == [*map(id, others)]


@pytest.mark.parametrize("finders", BY_HAND.values(), ids=BY_HAND)
def test_a_finder_put_there_by_hand_stays(register, finders):
    """`uninstall()` puts back exactly what was there: ours as well, if it was."""
    others = sys.meta_path[:2]
    sys.meta_path[:] = others + finders
    fastimport.install(register=register)
    fastimport.install(register=register, freshness="trusted")
    assert fastimport.installed()
    fastimport.uninstall()
    assert same(sys.meta_path, others + finders)


def test_a_finder_put_there_later_goes():
    """What came after install() can't be told from what install() made, and is importlib's again."""
    fastimport.install(register="meta_path")
    sys.meta_path.append(PathFinder)
    fastimport.uninstall()
    assert not any(item is PathFinder for item in sys.meta_path)


def test_a_finder_put_there_by_hand_stays_when_the_register_changes():
    """Each change starts from what was there."""
    before = sys.meta_path[:] = [PathFinder, *sys.meta_path]
    for register in (*REGISTERS, *REGISTERS):
        fastimport.install(register=register)
    fastimport.uninstall()
    assert same(sys.meta_path, before)


def test_a_meta_path_that_became_a_tuple():
    """Others may exchange the list for anything."""
    before = [PathFinder, *sys.meta_path]
    sys.meta_path[:] = before
    fastimport.install()
    sys.meta_path = tuple(sys.meta_path)
    fastimport.uninstall()
    assert isinstance(sys.meta_path, tuple) and same(sys.meta_path, before)
