"""``fastimport.Finder(path)``: a finder over roots of its own.

Rules: the answers are those of importlib's PathFinder asked about the same path; nothing of sys is filled or changed, and what is
changed there changes nothing here; two finders know nothing of each other.
"""

import importlib
import importlib.util
import os
import pickle
import sys
import zipfile
from importlib import machinery
from pathlib import Path

import pytest
from support.trees import plant

import fastimport

TREE = {
    "one": {
        "plain.py": "X = 1",
        "package": {"__init__.py": "Y = 2", "sub.py": "", "deep": {"__init__.py": "", "leaf.py": ""}},
        "space": {"first.py": ""},
        "both": {"__init__.py": ""},
        "both.py": "",
        "data.txt": "",
    },
    "two": {"plain.py": "X = 2", "space": {"second.py": ""}, "late.py": ""},
}
NAMES = ("plain", "package", "package.sub", "space", "both", "late", "absent", "data", "archived", "", "package.absent")


@pytest.fixture
def roots(tmp_path):
    plant(tmp_path, TREE)
    with zipfile.ZipFile(tmp_path / "a.zip", "w") as archive:
        archive.writestr("archived.py", "Z = 3\n")
    return [str(tmp_path / "one"), str(tmp_path / "a.zip"), str(tmp_path / "missing"), str(tmp_path / "two")]


def facts(spec):
    """Of a spec, what can be compared."""
    if spec is None:
        return None
    locations = spec.submodule_search_locations
    kind = getattr(spec.loader, "__class__", type(None)).__name__
    return spec.name, spec.origin, kind, locations if locations is None else list(locations), type(locations), spec.cached


@pytest.mark.parametrize("freshness", ["checked", "trusted"])
@pytest.mark.parametrize("times", [1, 2])
def test_answers_are_those_of_importlib_for_the_same_path(roots, freshness, times):
    finder = fastimport.Finder(roots, freshness=freshness)
    for _ in range(times):
        for name in NAMES:
            path = roots if "." not in name else [os.path.join(roots[0], "package")]
            mine = finder.find_spec(name, None if path is roots else path)
            assert facts(mine) == facts(machinery.PathFinder.find_spec(name, path)), name
    assert finder.stats().hits == 6 * times


def test_nothing_of_sys_is_touched(roots):
    before = sys.path[:], dict(sys.path_importer_cache), sys.path_hooks[:], sys.meta_path[:], fastimport.stats()
    finder = fastimport.Finder(roots)
    for name in NAMES:
        finder.find_spec(name)
    list(finder.find_spec("space").submodule_search_locations)
    finder.invalidate_caches()
    assert (sys.path, dict(sys.path_importer_cache), sys.path_hooks, sys.meta_path, fastimport.stats()) == before


def test_hooks_and_cache_of_sys_do_not_count(roots, monkeypatch):
    finder = fastimport.Finder(roots)
    monkeypatch.setattr(sys, "path_hooks", [])
    monkeypatch.setitem(sys.path_importer_cache, roots[0], None)
    assert finder.find_spec("plain").origin == os.path.join(roots[0], "plain.py")
    assert finder.find_spec("archived").origin.endswith("archived.py")


def test_hooks_can_be_given(roots):
    asked = []

    def hook(entry):
        asked.append(entry)
        raise ImportError

    finder = fastimport.Finder(roots, path_hooks=[hook])
    assert finder.find_spec("plain") is None
    assert finder.find_spec("plain") is None
    assert asked == roots


def test_two_finders_know_nothing_of_each_other(roots):
    first, second = fastimport.Finder(roots[:1]), fastimport.Finder(roots[-1:])
    assert [finder.find_spec("plain").origin for finder in (first, second)] == [f"{roots[i]}{os.sep}plain.py" for i in (0, -1)]
    assert (first.stats().hits, second.find_spec("package"), second.stats().absent, first.stats().absent) == (1, None, 1, 0)


def test_the_list_of_roots_is_live(roots):
    finder = fastimport.Finder([Path(roots[0])])
    assert finder.find_spec("late") is None
    finder.path.append(roots[-1])
    assert finder.find_spec("late") is not None
    given = [roots[0]]
    assert fastimport.Finder(given).path is not given


@pytest.mark.parametrize("freshness", ["checked", "trusted"])
def test_what_is_new_is_found_after_invalidation(roots, freshness):
    finder = fastimport.Finder(roots, freshness=freshness)
    assert finder.find_spec("fresh") is None
    Path(roots[0], "fresh.py").write_text("", encoding="utf-8")
    os.mkdir(roots[2])
    Path(roots[2], "later.py").write_text("", encoding="utf-8")
    finder.invalidate_caches()
    assert finder.find_spec("fresh") is not None
    assert finder.find_spec("later") is not None


def test_namespace_packages_renew_themselves_by_the_roots(roots, monkeypatch):
    finder = fastimport.Finder(roots)
    locations = finder.find_spec("space").submodule_search_locations
    assert list(locations) == [os.path.join(root, "space") for root in (roots[0], roots[-1])]
    monkeypatch.setattr(sys, "path", [*sys.path, "/nowhere"])
    del finder.path[-1]
    assert list(locations) == [os.path.join(roots[0], "space")]


def test_on_the_meta_path_it_serves_the_import_statement(roots, monkeypatch):
    finder = fastimport.Finder(roots)
    monkeypatch.setattr(sys, "meta_path", [*sys.meta_path, finder])
    try:
        import package.deep.leaf
        import space.first
        import space.second

        assert package.deep.leaf.__file__ == os.path.join(roots[0], "package", "deep", "leaf.py")
        assert {space.first.__name__, space.second.__name__} == {"space.first", "space.second"}
        Path(roots[0], "afterwards.py").write_text("", encoding="utf-8")
        importlib.invalidate_caches()
        assert importlib.util.find_spec("afterwards") is not None
    finally:
        for name in [name for name in sys.modules if name.split(".")[0] in ("package", "space", "afterwards")]:
            del sys.modules[name]


def test_modules_are_executed_by_stock_loaders(roots):
    spec = fastimport.Finder(roots).find_spec("plain")
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    assert (module.X, isinstance(spec.loader, machinery.SourceFileLoader)) == (1, True)
    assert pickle.loads(pickle.dumps(spec.loader)).path == spec.origin


def test_a_relative_root_and_the_current_directory(roots, monkeypatch):
    monkeypatch.chdir(roots[0])
    finder = fastimport.Finder(["", "../two"])
    assert finder.find_spec("plain").origin == os.path.join(roots[0], "plain.py")
    assert finder.find_spec("late").origin.endswith("late.py")
    monkeypatch.chdir(roots[-1])
    assert finder.find_spec("plain").origin == os.path.join(roots[-1], "plain.py")


@pytest.mark.parametrize(
    ("arguments", "settings", "error", "text"),
    [
        (("plugins",), {}, TypeError, r"path must be a list of directories, not str: \['plugins'\]\?"),
        ((b"plugins",), {}, TypeError, "path must be a list"),
        (([b"plugins"],), {}, TypeError, "path entries must be str or path objects, not bytes"),
        (([1],), {}, TypeError, "int"),
        ((["plugins"],), {"freshness": "stale"}, ValueError, "freshness must be 'checked' or 'trusted', not 'stale'"),
    ],
)
def test_wrong_arguments_say_what_is_wrong(arguments, settings, error, text):
    with pytest.raises(error, match=text):
        fastimport.Finder(*arguments, **settings)


def test_without_compiled_modules_importlib_does_the_work(roots, monkeypatch):
    from fastimport.finding import finder as part

    monkeypatch.setattr(part, "Resolver", None)
    monkeypatch.setattr(part, "unavailable", "compiled module: not built")
    finder = fastimport.Finder(roots)
    before = dict(sys.path_importer_cache)
    for name in NAMES:
        path = None if "." not in name else [os.path.join(roots[0], "package")]
        assert facts(finder.find_spec(name, path)) == facts(machinery.PathFinder.find_spec(name, path or roots)), name
        sys.path_importer_cache.clear()
        sys.path_importer_cache.update(before)
    assert finder.stats().refusals == {"compiled module: not built": 1}
