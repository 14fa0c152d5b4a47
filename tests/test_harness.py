"""The harness can fail: each finder that is wrong in one way is reported, in the right place."""

import importlib
import os
import sys
from importlib import machinery
from pathlib import Path

import pytest
from hypothesis import Phase, find, settings
from hypothesis.errors import NoSuchExample
from support import STOCK, Duel, audit, plant
from support.answers import describe_error
from support.broken import BROKEN, SharedSpecs
from support.histories import histories
from support.oracle import PATH_FINDER, methods, strangers
from support.state import preserved
from support.steps import AddHook, Ask, Chdir, Invalidate, Loop, SetPath, SetTime, Write, play

LISTED = [Write("a", "m.py"), SetTime("a", 1), Ask("m")]
PORTIONS = [Write("a", "n/m.py"), Write("b", "n/q/x.py"), Ask("n")]

# For each finder a history that shows its fault, and the part of the answer that must be named.
REVEALING = {
    "EagerCached": ([Write("a", "m.py"), Ask("m")], "spec.raw_cached"),
    "SwappedSuffixes": ([Write("a", "m.py"), Write("a", "m.pyc"), Ask("m")], "spec.origin"),
    "SwallowedErrors": ([*LISTED, Loop("a"), Ask("m")], "outcome"),
    "ForgottenNone": ([SetPath(("{0}/late",)), Ask("m")], "cache"),
    "TooFresh": ([*LISTED, Ask("m")], "events"),
    "TooStale": ([*LISTED, Write("a", "p.py"), SetTime("a", 2), Ask("p")], "outcome"),
    "PlainPortions": (PORTIONS, "spec.locations"),
    "FirstPortionOnly": (PORTIONS, "spec.locations"),
    "RememberedDirectory": ([Write("a", "m.py"), SetPath(("",)), Chdir("a"), Ask("m")], "outcome"),
    "KeptRelative": ([SetPath(("a",)), Ask("m"), Invalidate(), SetPath(()), Ask("m")], "cache"),
    "IgnoredHooks": ([AddHook("{0}/a", "foreign"), Ask("m")], "outcome"),
    "NormalisedPaths": ([SetPath(("{0}/a/",)), Ask("m")], "cache"),
    "OtherLoader": ([Write("a", "m.py"), Ask("m")], "spec.loader"),
    "Announcing": ([Ask("m")], "events"),
}


def installed_package(request):
    if request.config.getoption("--candidate") == "stock":
        pytest.skip("importlib is in the candidate's place")
    return importlib.import_module("fastimport")


@pytest.mark.parametrize("name", REVEALING)
def test_fault_is_reported_in_its_place(name):
    """A history of few steps, and the field that differs."""
    history, field = REVEALING[name]
    play(history, Duel(STOCK))
    with pytest.raises(AssertionError) as caught:
        play(history, Duel(BROKEN[name]))
    assert any(line.startswith(field) for line in str(caught.value).splitlines()), caught.value


@pytest.mark.parametrize("name", REVEALING)
def test_fault_is_found_by_random_histories(name):
    """The differential test finds it without being told where to look."""

    def is_revealed(history):
        try:
            play(history, Duel(BROKEN[name]))
        except AssertionError:
            return True
        return False

    quick = settings(max_examples=600, derandomize=True, phases=[Phase.generate], database=None, deadline=None)
    try:
        find(histories, is_revealed, settings=quick)
    except NoSuchExample:
        pytest.fail(f"{name} passed 600 random histories")


def test_every_broken_finder_is_tried():
    """None is left out; shared objects are looked for by identity, see below."""
    assert set(BROKEN) == {*REVEALING, "SharedSpecs"}


def test_shared_results_are_caught_by_identity(root, monkeypatch):
    """Equal answers are not enough: two finds must not give one object."""
    monkeypatch.syspath_prepend(Path(__file__).parent / "finding")
    from test_conformance_namespaces import test_results_are_never_shared

    with pytest.raises(AssertionError):
        test_results_are_never_shared(Duel(SharedSpecs), root, "m")


def test_oracle_is_out_of_reach_of_patches(root, monkeypatch):
    """Replacing the methods of the stock class does not change what the oracle answers."""
    plant(root, {"m.py": ""})
    for name in ("find_spec", "_get_spec", "_path_hooks", "_path_importer_cache"):
        monkeypatch.setattr(machinery.PathFinder, name, lambda *args: pytest.fail("patched"))
    assert STOCK.find_spec("m", [root]).origin == os.path.join(root, "m.py")


def test_installing_in_place_is_noticed_by_the_guard(request):
    """The oracle refuses to be made from a patched class; uninstalling leaves nothing behind."""
    ours = installed_package(request)

    ours.install(register="in_place")
    assert "find_spec" in strangers(machinery.PathFinder) or methods(machinery.PathFinder) != PATH_FINDER
    ours.uninstall()
    assert strangers(machinery.PathFinder) == []
    assert methods(machinery.PathFinder) == PATH_FINDER


def test_candidate_is_not_importlib_in_disguise(candidate, root, request):
    """Plain directories are answered by the compiled search, also in the worlds of these tests."""
    ours = installed_package(request)

    plant(root, {"m.py": "", "p": {"__init__.py": ""}})
    duel = Duel(candidate)
    duel.set_path(root)
    before = ours.stats().hits
    for name in ("m", "p", "m"):
        duel.ask(name)
    assert ours.stats().hits == before + 3


def test_tracebacks_are_read_for_errors_only(candidate, root):
    """The one kind of audit event that comparisons leave out does not occur in a find that succeeds."""
    plant(root, {"m.py": "", "p": {"__init__.py": ""}, "ns": {}})
    seen = []
    with audit.observing(lambda event, arguments: seen.append(event)):
        for name in ("m", "p", "ns", "absent"):
            candidate.find_spec(name, [root])
    assert "object.__getattr__" not in seen


def test_state_is_put_back(root):
    """The autouse fixture's work: objects, contents, environment, working directory, modules."""
    path, hooks, cache = sys.path, list(sys.path_hooks), sys.path_importer_cache
    entries, keys, directory = list(path), list(cache), os.getcwd()
    with preserved():
        plant(root, {"left_behind.py": ""})
        sys.path.insert(0, root)
        __import__("left_behind")
        sys.path_hooks.clear()
        sys.path_importer_cache = {}
        os.environ["LEFT_BEHIND"] = "1"
        os.chdir(root)
    assert (sys.path, sys.path_hooks, os.getcwd()) == (entries, hooks, directory)
    assert sys.path is path and sys.path_importer_cache is cache and list(cache) == keys
    assert "left_behind" not in sys.modules and "LEFT_BEHIND" not in os.environ


def test_errors_are_compared_with_their_context():
    """A different chain of exceptions is a difference."""
    try:
        try:
            raise KeyError("k")
        except KeyError:
            raise ValueError("v") from None
    except ValueError as error:
        described = describe_error(error)
    assert described["context"]["type"] == "builtins.KeyError"
    assert described != describe_error(ValueError("v"))
