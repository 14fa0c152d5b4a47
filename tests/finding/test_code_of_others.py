"""No lock is held while Python code of others runs: a thread that stands still in it stops nobody else.

Others are a path hook, a path entry finder, an audit hook, and the ``__eq__`` of a path entry. While it waits, another
thread finds modules in the same directories, lists new ones, invalidates all caches and installs fastimport again.
"""

import importlib
import os
import sys
import threading

import pytest
from support.audit import observing
from support.trees import plant

import fastimport

PATIENCE = 60.0  # seconds until a test fails that would wait for ever


class Gate:
    """Where the first thread waits until the second is done."""

    def __init__(self):
        self.reached, self.opened = threading.Event(), threading.Event()

    def wait(self):
        self.reached.set()
        assert self.opened.wait(PATIENCE)


def by_path_hook(gate, entry):
    def hook(path):
        if path == entry:
            gate.wait()
        raise ImportError

    sys.path_hooks.insert(0, hook)
    return lambda: fastimport.PathFinder.find_spec("plain", [entry])


def by_entry_finder(gate, entry):
    class Finder:
        def find_spec(self, name, target=None):
            gate.wait()

    sys.path_importer_cache[entry] = Finder()
    return lambda: fastimport.PathFinder.find_spec("plain", [entry, os.path.join(entry, "below")])


def by_audit_hook(gate, entry):
    def observe(event, arguments):
        if event in ("os.listdir", "os.scandir") and arguments[0] == entry:
            gate.wait()

    def find():
        with observing(observe):
            return fastimport.PathFinder.find_spec("plain", [entry])

    return find


def by_entry(gate, entry):
    class Entry(str):
        __slots__ = ()

        def __eq__(self, other):
            gate.wait()
            return str.__eq__(self, other)

        def __hash__(self):
            gate.wait()
            return str.__hash__(self)

    return lambda: fastimport.PathFinder.find_spec("plain", [Entry(entry)])


@pytest.mark.parametrize("freshness", ["checked", "trusted"])
@pytest.mark.parametrize("other", [by_path_hook, by_entry_finder, by_audit_hook, by_entry], ids=lambda case: case.__name__)
def test_nobody_waits_for_the_code_of_others(other, freshness, root):
    plant(root, {"a": {"plain.py": "", "below": {"plain.py": ""}}, "b": {"plain.py": ""}, "new": {"fresh.py": ""}})
    entries = [os.path.join(root, name) for name in "ab"]
    fastimport.install(freshness=freshness)
    gate, found, done = Gate(), [], threading.Event()

    def work():
        found.append(fastimport.PathFinder.find_spec("plain", [entries[1]]).origin)
        found.append(fastimport.PathFinder.find_spec("fresh", [os.path.join(root, "new"), entries[1]]).origin)
        found.append(fastimport.PathFinder.find_spec("absent", [entries[1], root]))
        importlib.invalidate_caches()
        fastimport.install(freshness=freshness)
        done.set()

    first = threading.Thread(target=other(gate, entries[0]))
    second = threading.Thread(target=work)
    try:
        first.start()
        assert gate.reached.wait(PATIENCE), "the code of others was not called"
        second.start()
        assert done.wait(PATIENCE), "it waits for a thread that is in the code of others"
        assert first.is_alive()
        assert found == [os.path.join(root, "b", "plain.py"), os.path.join(root, "new", "fresh.py"), None]
    finally:
        gate.opened.set()
        first.join()
        fastimport.uninstall()
