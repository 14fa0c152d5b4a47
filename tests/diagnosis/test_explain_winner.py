"""fastimport explain: the winner is importlib's, in worlds of every kind, and each reason is the rule that decides."""

import importlib.util
import os
import random
import sys
import zipfile
from importlib.machinery import EXTENSION_SUFFIXES, ModuleSpec, PathFinder

import pytest
from support.foreign import Finder, claim, portion
from support.oracle import STOCK
from support.trees import Link, plant

from fastimport.diagnosis import explain as explanations
from fastimport.diagnosis.explain import agrees, explain
from fastimport.diagnosis.explain.candidates import SHADOWED, TAKES_PART, WINS
from fastimport.finding import finder

SO = EXTENSION_SUFFIXES[0]


def reasons(explanation):
    return [(each.outcome, each.reason) for each in explanation.search.candidates]


def explained(name, **options):
    """Explain, and demand that importlib agrees, and that the explanation itself has seen that it does."""
    answer = explain(name, **{"measure": False, **options})
    oracle = importlib.util.find_spec(name)
    assert agrees(answer.search, oracle)
    assert not any("importlib itself" in note for note in answer.notes)
    if oracle is None:
        assert answer.winner is None and answer.causes
    elif oracle.loader is None:
        assert answer.search.locations == list(oracle.submodule_search_locations)
    else:
        assert answer.winner.origin == oracle.origin
    return answer


@pytest.fixture
def entries(tmp_path, monkeypatch):
    """Plant trees and put them on sys.path, alone."""

    def put(*trees):
        roots = [plant(tmp_path / f"entry{number}", tree) for number, tree in enumerate(trees)]
        monkeypatch.setattr(sys, "path", roots)
        monkeypatch.setattr(sys, "path_importer_cache", {})
        return roots

    return put


def test_entry_order_decides_and_later_entries_are_shadowed(entries):
    roots = entries({}, {"spam.py": ""}, {"spam.py": ""})
    answer = explained("spam")
    assert answer.winner.origin == os.path.join(roots[1], "spam.py")
    assert reasons(answer) == [
        (WINS, "the first entry that has it; 1 asked before it has not"),
        (SHADOWED, "entry order: entry 1 comes before entry 2"),
    ]


def test_a_package_goes_before_a_module_and_suffixes_have_an_order(entries):
    entries({"spam": {"__init__.py": "", f"__init__{SO}": ""}, "spam.py": "", "spam.pyc": "", f"spam{SO}": ""})
    answer = explained("spam")
    assert answer.winner.origin.endswith(f"__init__{SO}")
    assert [reason for _, reason in reasons(answer)[1:]] == [
        f"suffix order: {SO} comes before .py",
        *["a package goes before a module in the same directory"] * 3,
    ]


def test_a_module_by_each_suffix_in_importlibs_order(entries):
    entries({"spam.pyc": "", "spam.py": "", f"spam{SO}": ""})
    answer = explained("spam")
    assert [each.suffix for each in answer.search.candidates] == [SO, ".py", ".pyc"]
    assert reasons(answer)[2] == (SHADOWED, f"suffix order: {SO} comes before .pyc")


def test_a_module_on_a_later_entry_goes_before_a_portion(entries):
    entries({"spam": {"x.py": ""}}, {"spam.py": ""})
    answer = explained("spam")
    assert answer.winner.index == 1
    assert reasons(answer)[0][1] == "a directory without __init__ counts only if no entry has a module or a regular package"
    assert "1 of those before it" in answer.winner.reason


def test_a_module_goes_before_a_directory_in_its_own_entry(entries):
    entries({"spam": {"x.py": ""}, "spam.py": ""})
    assert explained("spam").winner.kind == "module"


def test_portions_form_a_namespace_package(entries):
    roots = entries({"spam": {"x.py": ""}}, {}, {"spam": {"y.py": ""}})
    answer = explained("spam")
    assert answer.search.locations == [os.path.join(roots[0], "spam"), os.path.join(roots[2], "spam")]
    assert [outcome for outcome, _ in reasons(answer)] == [WINS, TAKES_PART]
    assert explained("spam.y").winner.index == 1  # of spam.__path__


def test_builtin_and_frozen_come_before_the_path(entries):
    entries({"sys.py": "", "_frozen_importlib.py": "", "zipimport.py": ""})
    for name, kind in (("sys", "built-in"), ("zipimport", "frozen")):
        answer = explain(name, measure=False)
        assert agrees(answer.search, answer.oracle)
        assert answer.winner.kind == kind
        assert "comes before PathFinder on sys.meta_path" in answer.search.candidates[-1].reason


def test_a_file_that_hides_the_standard_library_is_pointed_out(entries):
    roots = entries({"telnetlib.py": "", "colorsys.py": ""})
    assert explained("colorsys").notes == [f"{roots[0]}/colorsys.py hides the standard library's module colorsys"]


def test_zip_archives_are_searched_in_their_own_order(entries, tmp_path, monkeypatch):
    entries({"spam.py": ""})
    archive = str(tmp_path / "lib.zip")
    with zipfile.ZipFile(archive, "w") as members:
        for name in ("spam/__init__.py", "spam.py", "eggs.py", "space/x.py", "listed/", "listed/x.py", "inner/ham.py"):
            members.writestr(name, "")
    monkeypatch.setattr(sys, "path", [archive, os.path.join(archive, "inner"), *sys.path])
    answer = explained("spam")
    assert [each.kind for each in answer.search.candidates] == ["package", "module", "module"]
    assert (explained("eggs").winner.entry, explained("ham").winner.index) == (archive, 1)
    explained("space")  # a directory that the archive does not list: depends on the version
    assert explained("listed").winner.kind == "namespace portion"


def test_foreign_entries_keep_their_place(entries, monkeypatch):
    roots = entries({"spam.py": ""}, {"eggs.py": ""})
    finder = Finder(ModuleSpec("eggs", object(), origin="elsewhere"))
    monkeypatch.setattr(sys, "path_hooks", [claim("foreign:", finder), *sys.path_hooks])
    monkeypatch.setattr(sys, "path", [roots[0], "foreign:", roots[1]])
    answer = explained("eggs")
    assert (answer.winner.origin, answer.winner.finder, answer.winner.index) == ("elsewhere", "Finder", 1)
    finder.spec = portion("somewhere")
    assert explained("eggs").winner.index == 2


def test_a_meta_path_finder_goes_before_the_path(entries, monkeypatch):
    entries({"spam.py": ""})

    class Editable:
        @staticmethod
        def find_spec(name, path=None, target=None):
            return importlib.util.spec_from_loader(name, object(), origin="here") if name == "spam" else None

    monkeypatch.setattr(sys, "meta_path", [Editable(), *sys.meta_path])
    answer = explained("spam")
    assert (answer.winner.finder, answer.winner.reason) == ("Editable", "Editable is asked first")
    assert answer.search.stages[0].source == __file__


def test_what_raises_ends_the_search(entries, monkeypatch):
    entries({"spam.py": ""})

    class Angry:
        @staticmethod
        def find_spec(name, path=None, target=None):
            raise RuntimeError("no")

    monkeypatch.setattr(sys, "meta_path", [Angry, *sys.meta_path])
    answer = explain("spam", measure=False)
    assert (answer.winner, type(answer.oracle)) == (None, RuntimeError)
    assert answer.causes[0].text == "the import ends with RuntimeError: no before it finds anything"
    assert not any("importlib itself" in note for note in answer.notes)


def test_entries_that_nobody_takes_are_explained(entries, monkeypatch):
    roots = entries({"spam.py": "", "text": "no zip"})
    monkeypatch.setattr(sys, "path", ["/nowhere/at/all", os.path.join(roots[0], "text"), 7, roots[0]])
    answer = explained("spam")
    assert [each.note for each in answer.search.entries] == [
        "does not exist", "a file that is no zip archive", "a int, not a str: skipped", "",
    ]  # fmt: skip


def test_a_parent_that_changes_its_path_is_imported_or_not_as_one_wishes(entries):
    roots = entries({"pkg": {"__init__.py": "__path__.append(__path__[0] + '/hidden')", "hidden": {"spam.py": ""}}})
    assert explain("pkg.spam", import_parents=False, measure=False).winner is None
    assert "pkg" not in sys.modules
    assert explained("pkg.spam").winner.origin == os.path.join(roots[0], "pkg", "hidden", "spam.py")


def test_without_importing_the_specs_lead_on(entries):
    entries({"a": {"__init__.py": "1/0", "b": {"c.py": ""}}}, {"a": {"b": {"d.py": ""}}})
    assert explain("a.b.c", import_parents=False, measure=False).winner.kind == "module"
    assert explain("a.b.d", import_parents=False, measure=False).winner is None
    assert "a" not in sys.modules


def test_a_module_that_its_parent_registers_is_found_without_a_search():
    answer = explain("os.path", measure=False)
    assert answer.winner.finder == explanations.SYS_MODULES
    assert "os puts it into sys.modules" in answer.winner.reason


def test_a_listing_that_is_stale_in_importlib_is_reported_as_importlibs_answer(entries):
    """mtime put back: importlib does not see the new file, the explanation does, and says that importlib doesn't."""
    (root,) = entries({"spam.py": ""})
    assert importlib.util.find_spec("eggs") is None
    before = os.stat(root)
    plant(root, {"eggs.py": ""})
    os.utime(root, ns=(before.st_atime_ns, before.st_mtime_ns))
    answer = explain("eggs", measure=False)
    assert any("importlib itself answers otherwise, not found" in note for note in answer.notes)


@pytest.mark.parametrize("seed", range(60))
def test_random_worlds_have_importlibs_winner(seed, entries):
    """Trees with every kind of thing under a few names, some of them below packages."""
    draw = random.Random(seed)
    contents = ["", {"__init__.py": ""}, {"__init__.pyc": ""}, {}, {"x.py": ""}, Link("nowhere"), {f"__init__{SO}": ""}]
    files = ["spam", "spam.py", "spam.pyc", f"spam{SO}", "spam.abi3.so", "eggs", "eggs.py", "eggs.txt", "Spam.py", "spam.so"]

    def tree():
        return {name: draw.choice(contents) for name in draw.sample(files, draw.randrange(len(files)))}

    entries(*(tree() for _ in range(draw.randrange(1, 6))))
    for name in ("spam", "eggs", "Spam", "ham", "x"):
        explained(name)


def test_both_path_finders_are_walked_entry_by_entry(entries, candidate):
    entries({"spam.py": ""}, {"spam.py": ""})
    answer = explained("spam")
    assert [each.outcome for each in answer.search.candidates] == [WINS, SHADOWED]


def test_the_cost_of_a_look_up_is_measured_for_importlib_and_each_level(entries):
    entries(*({"x.py": ""} for _ in range(30)), {"spam.py": ""})
    costs = explain("spam").costs
    assert [cost.finder for cost in costs] == ["importlib", "fastimport checked", "fastimport trusted"]
    assert all(cost.first > 0 and cost.later > 0 for cost in costs)
    assert set(sys.path) <= sys.path_importer_cache.keys()


def test_each_level_is_measured_at_that_level(entries, monkeypatch):
    entries({"spam.py": ""})
    levels, set_freshness = [], finder.set_freshness
    monkeypatch.setattr(finder, "set_freshness", lambda resolver, level: levels.append(level) or set_freshness(resolver, level))
    explain("spam")
    assert levels == ["checked", "trusted"]


def test_measuring_leaves_importlib_as_it_was(entries):
    entries({"spam.py": ""})
    explain("spam")
    assert PathFinder.__dict__["find_spec"].__func__ is STOCK.__dict__["find_spec"].__func__
