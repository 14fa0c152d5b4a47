"""``with fastimport.startup():`` for an application's own imports.

Rules: inside, fastimport is installed and collections wait; after it, what was found is there again, and the objects are
frozen; after an exception too, but for freezing; FASTIMPORT=0 makes it nothing.
"""

import gc
import sys

import pytest
from support.process import python

import fastimport
from fastimport.state import describe


@pytest.fixture(autouse=True)
def unfrozen():
    yield
    gc.unfreeze()
    gc.enable()
    fastimport.uninstall()


def state():
    described = describe()
    found = [described[name] for name in ("active", "register", "freshness", "collector")]
    return *found, gc.isenabled(), gc.callbacks[:], sys.meta_path[:]


def collections_wait():
    """They are answered, or where that can't be, the collector is off."""
    return describe()["collector"] == "deferred" or not gc.isenabled()


BEFORE = {
    "nothing": lambda: None,
    "installed": fastimport.install,
    "in_place": lambda: fastimport.install(register="in_place", freshness="trusted"),
    "collector off": gc.disable,
    "deferred": lambda: fastimport.install(collector="deferred"),
}


@pytest.mark.parametrize("before", BEFORE)
@pytest.mark.parametrize("settings", [{}, {"freshness": "trusted"}, {"register": "in_place"}], ids=str)
def test_inside_it_is_on_and_afterwards_all_is_as_it_was(before, settings):
    BEFORE[before]()
    found, frozen = state(), gc.get_freeze_count()
    with fastimport.startup(**settings):
        assert fastimport.installed()
        assert collections_wait()
        assert describe()["freshness"] == settings.get("freshness", "checked")
        kept = [[] for _ in range(100)]
    assert state() == found
    assert gc.get_freeze_count() >= frozen + len(kept)


@pytest.mark.parametrize("before", BEFORE)
def test_an_exception_passes_and_nothing_is_frozen(before):
    BEFORE[before]()
    found, frozen = state(), gc.get_freeze_count()
    with pytest.raises(LookupError, match="the application's"), fastimport.startup(freshness="trusted"):
        raise LookupError("the application's")
    assert (state(), gc.get_freeze_count()) == (found, frozen)


def test_freezing_can_be_left_out():
    frozen = gc.get_freeze_count()
    with fastimport.startup(freeze=False):
        pass
    assert gc.get_freeze_count() == frozen


def test_one_inside_another_and_the_same_one_again():
    phase = fastimport.startup()
    found = state()
    with phase, fastimport.startup(register="in_place"), phase:
        assert fastimport.installed()
    assert state() == found
    with phase:
        assert collections_wait()
    assert state() == found


def test_the_collector_can_be_left_as_it_is():
    with fastimport.startup(collector="stock"):
        assert gc.isenabled() and describe()["collector"] == "stock"


def test_a_collector_that_cannot_wait_is_off_meanwhile(request):
    """As on free-threaded builds; here because it is being debugged."""
    request.addfinalizer(lambda: gc.set_debug(0))
    gc.set_debug(gc.DEBUG_UNCOLLECTABLE)
    found = state()
    with fastimport.startup():
        assert not gc.isenabled()
    assert state() == found


def test_a_wrong_setting_changes_nothing():
    found = state()
    with pytest.raises(ValueError, match="freshness"), fastimport.startup(freshness="stale"):
        pytest.fail("entered")
    assert state() == found


def test_switched_off_it_does_nothing(monkeypatch):
    monkeypatch.setenv("FASTIMPORT", "0")
    found, frozen = state(), gc.get_freeze_count()
    with fastimport.startup():
        assert state() == found
    assert (state(), gc.get_freeze_count()) == (found, frozen)


@pytest.mark.parametrize(
    "first",
    [
        "import fastimport.diagnosis.bench",
        "from fastimport import startup",
        "import fastimport; fastimport.startup",
        "import fastimport.hosting.phase",
    ],
)
def test_the_name_can_be_called_whoever_came_first(first):
    """It is a function with arguments that help() can show, and no module takes its place."""
    lines = [first, "import fastimport, inspect", "with fastimport.startup(): import json", "import fastimport.diagnosis.bench"]
    lines += ["with fastimport.startup(): print('freshness' in inspect.signature(fastimport.startup).parameters)"]
    code = "\n".join(lines)
    done = python("-W", "error", "-c", code)
    assert (done.returncode, done.stdout, done.stderr) == (0, "True\n", "")
