"""Watchers of dictionaries (3.12 and later): the interpreter has eight for everybody. We take one, and can do without."""

import sys

import pytest
from support import plant
from support.process import python
from support.snapshots import settle

pytestmark = pytest.mark.skipif(sys.version_info < (3, 12), reason="dictionaries have versions")

WATCHERS = """
import ctypes, importlib, os, sys
from unittest import mock
import _frozen_importlib_external as external

@ctypes.PYFUNCTYPE(ctypes.c_int, ctypes.c_int, ctypes.c_void_p, ctypes.c_void_p, ctypes.c_void_p)
def ignore(*event):
    return 0

def take_all():
    taken = []
    try:
        while True:
            taken.append(ctypes.pythonapi.PyDict_AddWatcher(ignore))
    except RuntimeError:
        return taken

def give_back(taken):
    for number in taken:
        ctypes.pythonapi.PyDict_ClearWatcher(number)
    return len(taken)

def use(**settings):
    fastimport.install(**settings)
    for name in ("one", "two", "pack.three"):
        importlib.invalidate_caches()
        importlib.import_module(name)

sys.path[:0] = [os.path.join(os.getcwd(), f"empty{number}") for number in range(40)] + [os.getcwd()]
"""
TREE = {"one.py": "", "two.py": "", "pack": {"__init__.py": "", "three.py": ""}}


def run(tmp_path, code):
    tree = plant(tmp_path / "tree", TREE)
    settle()  # what has just changed is not recorded
    done = python("-c", WATCHERS + code, cwd=tree)
    assert done.returncode == 0, done.stderr
    return done.stdout.split()


@pytest.mark.parametrize("freshness", ["checked", "trusted", "frozen"])
def test_one_is_taken_whatever_is_in_use(tmp_path, freshness):
    """The last of the eight: some know the first by its number."""
    code = f"""
before = give_back(take_all())
import fastimport
fastimport.Snapshot.build(sys.path[:41]).save("../snapshot")
use(freshness={freshness!r}, snapshot="../snapshot")
assert fastimport.stats().snapshot_hits
finders = [fastimport.Finder([os.getcwd()]) for _ in range(12)]
left = take_all()
print(before - give_back(left), left == list(range(left[0], 7)))
"""
    assert run(tmp_path, code) == ["1", "True"]


@pytest.mark.parametrize("register", ["meta_path", "in_place"])
def test_without_one_replaced_functions_are_noticed(tmp_path, register):
    code = f"""
taken = take_all()
import fastimport
use(register={register!r}, freshness="trusted")
with mock.patch.object(external, "_path_stat", side_effect=OSError) as replaced:
    importlib.invalidate_caches()
    try:
        import absent
    except ModuleNotFoundError:
        print(replaced.called)
sys.path_importer_cache[os.getcwd()] = None
try:
    import one_more
except ModuleNotFoundError:
    print("asked")
print(give_back(taken) > 0)
"""
    assert run(tmp_path, code) == ["True", "asked", "True"]


def test_what_it_watches_for_two_is_watched_until_both_are_gone(tmp_path):
    code = """
from fastimport.finding._tables import Globals
before = give_back(take_all())
several = [Globals([(external, ["_path_stat", "no_such_name"])]) for _ in range(3)]
print(before - give_back(take_all()), all(each.holds() for each in several))
del several[0]
with mock.patch.object(external, "_path_stat"):
    print(any(each.holds() for each in several))
print(all(each.holds() for each in several))
several.clear()
print(before - give_back(take_all()))
"""
    assert run(tmp_path, code) == ["1", "True", "False", "True", "0"]


def test_whoever_finds_none_looks_name_by_name(tmp_path):
    code = """
from fastimport.finding._tables import Globals
taken = take_all()
each = Globals([(external, ["_path_stat"]), (external, ["_path_join"])])
print(each.holds())
with mock.patch.object(external, "_path_join"):
    print(each.holds())
print(each.holds())
"""
    assert run(tmp_path, code) == ["True", "False", "True"]
