"""``fastimport verify`` and the module behind it: clean where the finders agree, and it notices when they don't."""

import importlib.machinery
import json
import os
import sys
import zipfile

import pytest
from support import Link, plant
from support.process import python

from fastimport import activation, cli
from fastimport.diagnosis import verification
from fastimport.state import describe

TREE = {
    "plain.py": "raise SystemExit('executed')",
    "package": {
        "__init__.py": "raise SystemExit('executed')",
        "module.py": "",
        "space": {"deep.py": "", "deeper": {"deepest.py": ""}},
        "again": Link("."),
        "not-a-name": {"hidden.py": ""},
    },
    "space": {"one.py": "", "inner": {"__init__.py": "", "two.py": ""}},
    "both.py": "",
    "both": {"__init__.py": ""},
    "data.txt": "",
    "dotted.name.py": "",
}


@pytest.fixture
def tree(root):
    plant(root, TREE)
    return root


def names_asked(monkeypatch, *arguments):
    asked = []
    ask = verification._Comparison._ask
    monkeypatch.setattr(verification._Comparison, "_ask", lambda self, name, path: asked.append(name) or ask(self, name, path))
    return asked, verification.verify(*arguments)


def test_every_name_of_a_tree_is_asked_and_so_is_an_absent_neighbour(tree, monkeypatch):
    asked, result = names_asked(monkeypatch, [tree])
    expected = {
        "plain", "package.module", "package.space", "package.space.deep", "package.space.deeper", "package.not-a-name",
        "space.one", "space.inner.two", "both", "package.again",
    }  # fmt: skip
    assert expected <= set(asked)
    assert {f"{name}_x" for name in expected} <= set(asked)
    assert not any("hidden" in name or "dotted" in name or "again." in name for name in asked)
    assert result.differences == []
    assert result.found + result.absent + result.errors == len(asked)
    assert (result.absent >= len(asked) // 2, result.errors) == (True, 0)


def test_nothing_is_imported_and_everything_is_put_back(tree):
    before = [list(sys.meta_path), sys.path_importer_cache, dict(sys.path_importer_cache), list(sys.modules)]
    assert verification.verify([tree]).differences == []
    assert [list(sys.meta_path), sys.path_importer_cache, dict(sys.path_importer_cache), list(sys.modules)] == before
    assert sys.path_importer_cache is before[1]


@pytest.mark.parametrize("register", ["meta_path", "in_place"])
def test_an_installation_is_put_back_with_its_settings(tree, register):
    activation.install(freshness="trusted", register=register)
    try:
        assert verification.verify([tree], freshness="checked").freshness == "checked"
        state = describe()
        assert (state["active"], state["freshness"], state["register"]) == (True, "trusted", register)
    finally:
        activation.uninstall()


def test_archives_are_walked(tree, monkeypatch):
    archive = os.path.join(tree, "app.zip")
    with zipfile.ZipFile(archive, "w") as file:
        file.writestr("zipped/__init__.py", "")
        file.writestr("zipped/inner.py", "")
    asked, result = names_asked(monkeypatch, [archive])
    assert {"zipped", "zipped.inner", "zipped.inner_x"} <= set(asked)
    assert (result.differences, result.found) == ([], 2)


def test_tops_narrow_the_walk(tree, monkeypatch):
    asked, _ = names_asked(monkeypatch, [tree], ["space"])
    assert {name.partition(".")[0].removesuffix("_x") for name in asked} == {"space"}


def change_name(spec):
    spec.origin += "?"


def change_loader(spec):
    spec.loader.extra = 1


def change_loader_type(spec):
    spec.loader = importlib.machinery.SourcelessFileLoader(spec.name, spec.origin)


def change_locations(spec):
    spec.submodule_search_locations = ["elsewhere"]


def change_initializing(spec):
    spec._initializing = False


@pytest.mark.parametrize(
    ("change", "field"),
    [
        (change_name, "vars.origin"),
        (change_loader, "loader.extra"),
        (change_loader_type, "loader"),
        (change_locations, "locations"),
        (change_initializing, "vars._initializing"),
    ],
)
def test_a_difference_is_noticed_and_named(tree, monkeypatch, change, field):
    find_spec = verification.PathFinder.find_spec

    def wrong(name, path=None):
        spec = find_spec(name, path)
        if name == "plain":
            change(spec)
        return spec

    monkeypatch.setattr(verification.PathFinder, "find_spec", wrong)
    differences = verification.verify([tree]).differences
    assert field in {item.field for item in differences}
    assert {item.name for item in differences} == {"plain"}


def test_a_name_that_only_one_finds_and_an_error_that_only_one_raises_are_differences(tree, monkeypatch):
    find_spec = verification.PathFinder.find_spec

    def wrong(name, path=None):
        if name == "both":
            return None
        if name == "plain_x":
            raise LookupError("no")
        return find_spec(name, path)

    monkeypatch.setattr(verification.PathFinder, "find_spec", wrong)
    differences = verification.verify([tree]).differences
    assert {item.name for item in differences} == {"both", "plain_x"}
    assert verification.Difference("plain_x", "error", "(nothing)", "LookupError") in differences


def test_a_stale_listing_of_ours_is_not_shared_with_importlib(tree, monkeypatch):
    """Over one importer cache importlib would read our listing, and both would be wrong alike."""
    find_spec = verification.PathFinder.find_spec

    def forgetful(name, path=None):
        spec = find_spec(name, path)
        for finder in sys.path_importer_cache.values():
            finder._path_cache = set()
        return spec

    monkeypatch.setattr(verification.PathFinder, "find_spec", forgetful)
    result = verification.verify([tree], ["plain", "both"])
    assert (result.found, {item.name for item in result.differences} != set()) == (3, True)  # both.__init__ is a name too


def run(*words, **variables):
    return python("-m", "fastimport", "verify", *words, **variables)


@pytest.mark.parametrize("level", ["checked", "trusted"])
def test_the_command_is_clean_over_part_of_the_standard_library(level):
    done = run("--level", level, "--top", "email", "json", "collections", "encodings")
    assert (done.returncode, done.stderr) == (0, "")
    assert f"at level {level}" in done.stdout
    assert "0 differences" in done.stdout


def test_json_has_a_schema_and_all_counts(tree):
    done = run("--json", tree, "--top", "plain")
    found = json.loads(done.stdout)
    assert (found["schema"], found["found"], found["absent"]) == ("fastimport.verify/1", 1, 1)
    assert (found["differences"], found["freshness"]) == ([], "checked")


def test_differences_are_printed_with_status_1(tree, monkeypatch, capsys):
    monkeypatch.setattr(verification.PathFinder, "find_spec", lambda name, path=None: None)
    assert cli.main(["verify", tree, "--top", "plain"]) == cli.CHECK_FAILED
    captured = capsys.readouterr()
    assert "plain: vars.name: importlib 'plain', fastimport '(nothing)'" in captured.out
    assert captured.err == ""


def test_where_fastimport_is_switched_off_there_is_nothing_to_compare():
    done = run(FASTIMPORT="0")
    assert (done.returncode, done.stdout) == (1, "")
    assert "switched off by FASTIMPORT=0" in done.stderr
