"""fastimport explain: why a name is not found. Each world has the thing that almost is what was asked for."""

import importlib.metadata
import importlib.util
import os
import py_compile
import sys
from importlib.machinery import EXTENSION_SUFFIXES

import pytest
from support.process import unprivileged
from support.trees import Fifo, Link, plant

from fastimport.diagnosis.explain import explain, extension_tags


@pytest.fixture
def world(public_root, monkeypatch):
    """A directory that is the whole search path."""

    def put(tree):
        plant(public_root, tree)
        monkeypatch.setattr(sys, "path", [public_root])
        monkeypatch.setattr(sys, "path_importer_cache", {})
        return public_root

    return put


def causes(name, **options):
    """Kind → text, of a name that importlib does not find either."""
    answer = explain(name, **{"measure": False, **options})
    assert answer.winner is None
    try:
        assert importlib.util.find_spec(name) is None
    except ImportError:
        pass
    return {cause.kind: f"{cause.text} | {cause.remedy}" for cause in answer.causes}


def test_a_wrong_case_is_named(world):
    root = world({"Spam.py": "", "pkg": {"__init__.py": "", "Inner": {"__init__.py": ""}}})
    assert causes("spam") == {"wrong case": f"{root}/Spam.py differs in case | write Spam"}
    assert causes("pkg.inner") == {"wrong case": f"{root}/pkg/Inner differs in case | write Inner"}


def test_near_names_are_offered_with_their_package(world):
    world({"frobnicate.py": "", "pkg": {"__init__.py": "", "decoder.py": "", "zebra.py": ""}, "dash_name.py": ""})
    assert causes("frobnicat")["near names"].startswith("names near it are there: frobnicate")
    assert causes("pkg.decodr")["near names"].startswith("names near it are there: pkg.decoder |")
    assert "dash_name" in causes("dash-name")["near names"]
    assert "absent" in causes("nothing_like_it")


def test_a_missing_parent_is_explained_instead_of_the_child(world):
    world({"package": {"__init__.py": ""}})
    for importing in (True, False):
        text = causes("pakage.deeper.module", import_parents=importing)["missing parent"]
        assert "its parent pakage" in text
        assert "names near it are there: package" in text


def test_a_parent_that_is_a_module_is_said_to_be_one(world):
    root = world({"spam.py": ""})
    for importing in (True, False):
        found = causes("spam.eggs", import_parents=importing)
        assert found["parent is no package"].startswith(f"its parent spam ({root}/spam.py) is a module, not a package")


@pytest.mark.parametrize("source", ["1/0", "import not_there_at_all", "raise SystemExit(3)"])
def test_a_parent_that_fails_is_shown_with_its_error(world, source):
    world({"spam": {"__init__.py": source, "eggs.py": ""}})
    answer = explain("spam.eggs", measure=False)
    error = {"1/0": "ZeroDivisionError", "raise SystemExit(3)": "SystemExit"}.get(source, "ModuleNotFoundError")
    assert answer.causes[0].kind == "parent fails"
    assert f"importing its parent spam raises {error}" in answer.causes[0].text


def test_what_a_parent_prints_does_not_reach_the_result(world, capsys):
    world({"spam": {"__init__.py": "print('hello')", "eggs.py": ""}})
    assert explain("spam.eggs", measure=False).winner
    assert capsys.readouterr() == ("", "hello\n")


@pytest.mark.parametrize(
    ("file_name", "words"),
    [
        ("spam.cpython-36m-x86_64-linux-gnu.so", "CPython 3.6 pymalloc on x86_64-linux-gnu"),
        ("spam.cpython-399-x86_64-linux-gnu.so", "CPython 3.99 on x86_64-linux-gnu"),
        ("spam.cpython-399t-aarch64-linux-musl.so", "CPython 3.99 free-threaded on aarch64-linux-musl"),
        ("spam.cpython-399-darwin.so", "CPython 3.99 on darwin"),
        ("spam.cp399-win_amd64.pyd", "CPython 3.99 on win_amd64"),
        ("spam.pypy310-pp73-x86_64-linux-gnu.so", "PyPy 3.10 on x86_64-linux-gnu"),
        ("spam.pyd", "Windows"),
        ("spam.dylib", "macOS"),
    ],
)
def test_an_extension_for_another_python_is_recognized(world, file_name, words):
    root = world({file_name: ""})
    text = causes("spam")["extension for another Python"]
    assert text.startswith(f"{root}/{file_name} is an extension module for {words}; this is CPython 3.{sys.version_info[1]}")


def test_extensions_that_fit_and_names_that_only_begin_alike_are_none():
    for suffix in EXTENSION_SUFFIXES:
        assert extension_tags.made_for(f"spam{suffix}", "spam") is None
    for name in ("spammer.cpython-36m-x86_64-linux-gnu.so", "spam.py", "spam.so.1", "spam"):
        assert extension_tags.made_for(name, "spam") is None


def test_this_python_is_described_with_its_threads():
    is_free = bool(__import__("sysconfig").get_config_var("Py_GIL_DISABLED"))
    assert ("free-threaded" in extension_tags.this_python()) == is_free


def test_bytecode_that_lost_its_source_is_found_in_pycache(world):
    root = world({"spam.py": "x = 1"})
    py_compile.compile(os.path.join(root, "spam.py"))
    os.unlink(os.path.join(root, "spam.py"))
    text = causes("spam")["bytecode without source"]
    assert f"__pycache__/spam.{sys.implementation.cache_tag}.pyc is there, spam.py is not" in text
    assert f"restore {root}/spam.py" in text


@pytest.mark.parametrize(
    ("tree", "kind"),
    [
        ({"spam.py": Link("gone.py")}, "dangling link"),
        ({"spam.py": {}}, "directory"),
        ({"spam": "#!/bin/sh"}, "no suffix"),
        ({"spam.py": Fifo()}, "not a regular file"),
    ],
)
def test_things_of_the_wrong_type_are_named(world, tree, kind):
    world(tree)
    assert kind in causes("spam")


def test_a_directory_that_cannot_be_listed(world):
    root = world({"spam.py": ""})
    os.chmod(root, 0o311)
    try:
        with unprivileged():
            assert "can't be listed (no permission to read)" in causes("spam")["unreadable"]
    finally:
        os.chmod(root, 0o755)


def test_a_directory_that_cannot_be_searched(world):
    root = world({"spam.py": ""})
    sys.path_importer_cache[root] = sys.path_hooks[-1](root)
    os.chmod(root, 0o744)
    try:
        with unprivileged():
            assert f"{root} can be listed but not searched" in causes("spam")["unreadable"]
    finally:
        os.chmod(root, 0o755)


def test_an_entry_below_a_directory_that_cannot_be_searched(world, monkeypatch):
    root = world({"closed": {"inner": {"spam.py": ""}}})
    monkeypatch.setattr(sys, "path", [f"{root}/closed/inner"])
    os.chmod(f"{root}/closed", 0o700)
    with unprivileged():
        assert "no permission to search a directory above it" in causes("spam")["unreadable"]


def test_a_distribution_is_not_a_module(world, monkeypatch):
    world({"yaml": {"__init__.py": ""}})
    monkeypatch.setattr(importlib.metadata, "packages_distributions", lambda: {"yaml": ["PyYAML"], "_yaml": ["PyYAML"]})
    assert causes("pyyaml")["distribution"] == (
        "pyyaml is an installed distribution, not a module: its modules are yaml | import yaml"
    )


def test_names_of_the_standard_library_and_of_files(world):
    world({"spam.py": ""})
    assert "this installation does not have it" in causes("colorsys")["standard library"]
    assert "leave the suffix off: spam" in causes("spam.py")["file name"]
    for path in ("box/spam.py", "box/spam/__init__.py"):
        assert "leave the suffix off, and write dots: box.spam" in causes(path.replace("/", os.sep))["file name"]
    if sys.version_info >= (3, 12):
        assert "removed from the standard library in Python 3.12" in causes("asyncore")["removed"]


def test_none_in_sys_modules_is_named(world, monkeypatch):
    world({"spam.py": ""})
    monkeypatch.setitem(sys.modules, "spam", None)
    assert explain("spam", measure=False).causes[0].kind == "blocked"


@pytest.mark.parametrize("name", ["", ".", ".spam", "spam.", "a..b"])
def test_what_is_no_name_is_an_error_that_says_how_to_write_one(name):
    with pytest.raises(ValueError, match="no absolute module name"):
        explain(name)
