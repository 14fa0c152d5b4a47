"""importlib's functions, and those of C modules that it calls by name, replaced by somebody: called as often as without us."""

import _frozen_importlib_external as external
import _io
import importlib
import importlib.util
import marshal
import posix
import sys
from contextlib import nullcontext
from importlib import machinery
from unittest import mock

import pytest
from support import plant
from support.loading import both
from support.process import python
from support.registration import registered

KINDS = ("meta_path", "in_place")
PLACES = {
    "spec_from_file_location": external,
    "_path_stat": external,
    "_path_join": external,
    "_path_isfile": external,
    "_path_isdir": external,
    "_path_is_mode_type": external,
    "_relax_case": external,
    "_NamespacePath": external,
    "NamespacePath": external,
    "_classify_pyc": external,
    "_validate_timestamp_pyc": external,
    "_compile_bytecode": external,
    "_get_cached": external,
    "cache_from_source": external,
    "listdir": posix,
    "stat": posix,
    "open_code": _io,
    "loads": marshal,
}


@pytest.fixture
def tree(isolated_import):
    plant(isolated_import, {"package": {"__init__.py": ""}, "space": {"leaf.py": ""}})
    both(isolated_import, "plain")
    importlib.invalidate_caches()
    return isolated_import


def imported(tree):
    for path in (tree, f"{tree}/package", f"{tree}/space"):
        sys.path_importer_cache.pop(path, None)
    names = ("plain", "package", "space.leaf")
    for name in names:
        importlib.import_module(name)
    for known in [known for known in sys.modules if known.split(".")[0] in ("plain", "package", "space")]:
        del sys.modules[known]


def calls_during(tree, name, kind):
    """How often the replacement is called while it is there, and afterwards."""
    module, calls = PLACES[name], []
    original = getattr(module, name)

    def replacement(*args, **kwargs):
        calls.append(name)
        return original(*args, **kwargs)

    imported(tree)
    with registered(kind) if kind != "stock" else nullcontext():
        with mock.patch.object(module, name, replacement):
            imported(tree)
        during = len(calls)
        imported(tree)
        assert len(calls) == during
    return during


@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize("name", PLACES)
def test_a_replaced_function_is_called(tree, name, kind):
    if not hasattr(PLACES[name], name):
        pytest.skip("another version's")
    expected = calls_during(tree, name, "stock")
    assert calls_during(tree, name, kind) == expected


@pytest.mark.parametrize("kind", KINDS)
def test_the_replacements_answer_counts(tree, kind):
    spec = machinery.ModuleSpec("plain", None, origin="elsewhere")
    with registered(kind):
        assert importlib.util.find_spec("plain").origin == f"{tree}/plain.py"
        missing = pytest.raises(ImportError, match="spec missing loader")
        with mock.patch.object(external, "spec_from_file_location", return_value=spec), missing:
            importlib.util.find_spec("plain")
        with mock.patch.object(external, "_path_isfile", return_value=False):
            assert importlib.util.find_spec("plain") is None
        assert importlib.util.find_spec("plain").origin == f"{tree}/plain.py"


def test_before_install(tree):
    with mock.patch.object(external, "_compile_bytecode", side_effect=ImportError("theirs")) as replacement:
        for kind in KINDS:
            with registered(kind), pytest.raises(ImportError, match="theirs"):
                importlib.import_module("plain")
    assert replacement.call_count == 2


def test_finders_of_their_own(tree):
    import fastimport

    finder = fastimport.Finder([tree])
    with mock.patch.object(external, "_path_isfile", return_value=False):
        assert finder.find_spec("plain") is None
    assert finder.find_spec("plain").origin == f"{tree}/plain.py"


BEFORE = """
import importlib, sys
sys.path.insert(0, sys.argv[1])
kind, module, owner, name = sys.argv[2:]
place, calls = sys.modules[module], []
place = getattr(place, owner) if owner else place
original = vars(place)[name]
called = getattr(original, "__func__", original)
def replacement(*args, **kwargs):
    calls.append(name)
    return called(*args, **kwargs)
setattr(place, name, replacement if called is original else type(original)(replacement))
if kind != "stock":
    import fastimport
    fastimport.install(register=kind)
    print(fastimport.installed(), *fastimport.stats().refusals)
sys.path_importer_cache.clear()
calls.clear()
for imported in ("plain", "package", "space.leaf"):
    importlib.import_module(imported)
print(len(calls))
"""


@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize("name", PLACES)
def test_what_was_replaced_before_fastimport_was_imported(tree, name, kind):
    """There is nothing to tell what it was: importlib does the work, and calls it as often as ever."""
    if not hasattr(PLACES[name], name):
        pytest.skip("another version's")
    module = "_frozen_importlib_external" if PLACES[name] is external else PLACES[name].__name__
    counts, said = [], ""
    imported(tree)  # writes the bytecode that each of both finds
    for side in ("stock", kind):
        finished = python("-c", BEFORE, tree, side, module, "", name)
        assert finished.returncode == 0, finished.stderr
        *said, count = finished.stdout.splitlines()
        counts.append(int(count))
    assert counts[0] == counts[1]
    reason = f"{name} was replaced before fastimport was imported"
    assert said == [f"False {reason}"] or not counts[0]


CLASSES = {
    "PathFinder": ("find_spec", "_get_spec", "_path_importer_cache", "_path_hooks"),
    "FileFinder": ("__init__", "find_spec", "_get_spec", "_fill_cache"),
    "SourceFileLoader": ("path_stats", "_cache_bytecode"),
    "SourceLoader": ("get_code", "source_to_code"),
    "FileLoader": ("__init__", "get_filename", "get_data"),
    "NamespacePath" if hasattr(external, "NamespacePath") else "_NamespacePath": ("__iter__", "_recalculate"),
}


@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize(("owner", "name"), [(owner, name) for owner, names in CLASSES.items() for name in names])
def test_a_class_that_was_patched_before_fastimport_was_imported(tree, owner, name, kind):
    """importing fastimport fails for none of them, and each is called as often as ever."""
    imported(tree)
    counts = []
    for side in ("stock", kind):
        finished = python("-c", BEFORE, tree, side, "_frozen_importlib_external", owner, name)
        assert finished.returncode == 0, finished.stderr
        counts.append(int(finished.stdout.splitlines()[-1]))
    assert counts[0] == counts[1]


@pytest.mark.parametrize("kind", KINDS)
def test_the_iteration_of_a_namespace_path_is_replaced(tree, kind):
    cls = getattr(external, "NamespacePath", None) or external._NamespacePath
    for side in (nullcontext(), registered(kind)):
        calls, original = [], cls.__iter__
        imported(tree)

        def iterate(self, calls=calls, original=original):
            calls.append(1)
            return original(self)

        with side, mock.patch.object(cls, "__iter__", iterate):
            imported(tree)
        assert len(calls) == 1
