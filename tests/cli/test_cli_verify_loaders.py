"""``fastimport verify`` compares what the loaders in specs do, and notices each kind of difference."""

import importlib.machinery
import json
import os
import sys
import types
import zipfile

import pytest
from support import plant
from support.process import python

from fastimport import activation
from fastimport.diagnosis import verification

TREE = {
    "plain.py": "raise SystemExit('executed')",
    "package": {"__init__.py": "X = 1", "module.py": "def f(): return 0.0", "data.txt": "text", "sub": {"more.txt": ""}},
    "space": {"one.py": "", "data.bin": ""},
    "broken.py": "not python",
}


@pytest.fixture
def tree(root):
    plant(root, TREE)
    return root


def wrong_answers(monkeypatch, names, change):
    """Every spec of ours under one of `names` is changed before it is returned."""
    find_spec = verification.PathFinder.find_spec

    def wrong(name, path=None):
        spec = find_spec(name, path)
        return change(spec) if spec is not None and name in names else spec

    monkeypatch.setattr(verification.PathFinder, "find_spec", wrong)


def answering(method, answer):
    def change(spec):
        setattr(spec.loader, method, answer)
        return spec

    return change


def refuse(*arguments):
    raise ImportError("not today")


def fields(tree, **options):
    return {(item.name, item.field) for item in verification.verify([tree], **options).differences}


def test_the_loaders_of_a_small_tree_are_all_asked_and_agree(tree):
    result = verification.verify([tree])
    assert (result.differences, result.loaders) == ([], result.found)


@pytest.mark.parametrize(
    ("method", "answer"),
    [
        ("get_code", refuse),
        ("get_code", lambda name: None),
        ("get_source", lambda name: "another"),
        ("get_filename", lambda name: "elsewhere.py"),
        ("is_package", lambda name: False),
        ("get_data", lambda path: b""),
        ("get_resource_reader", lambda name: None),
    ],
)
def test_another_answer_is_a_difference(tree, monkeypatch, method, answer):
    wrong_answers(monkeypatch, ["package"], answering(method, answer))
    question = "resources" if method == "get_resource_reader" else method
    assert ("package", question) in fields(tree)


@pytest.mark.parametrize(
    ("source", "field"),
    [
        ("def f(): return 0.0\n\n", "co_filename"),
        ("\ndef f(): return 0.0", "co_firstlineno"),
        ("def f(): return -0.0", "co_consts"),
        ("def f(x): return 0.0", "co_argcount"),
        ("def g(): return 0.0", "co_names"),
    ],
)
def test_of_code_the_field_is_named(tree, monkeypatch, source, field):
    """Some of these are equal by ``==``."""
    file = "elsewhere.py" if field == "co_filename" else os.path.join(tree, "package/module.py")
    code = compile(source, file, "exec", dont_inherit=True)
    wrong_answers(monkeypatch, ["package.module"], answering("get_code", lambda name: code))
    found = {name for module, name in fields(tree) if module == "package.module"}
    assert any(name.startswith("get_code.") and field in name for name in found), found


def test_modules_made_from_specs_are_compared(tree, monkeypatch):
    other_type = type("Module", (types.ModuleType,), {})
    wrong_answers(monkeypatch, ["plain"], answering("create_module", lambda spec: other_type("plain")))
    assert ("plain", "module") in fields(tree)


def test_what_makes_loaders_quicker_is_compared_with_what_was_there_before(tree, monkeypatch):
    """`get_code` is a method of importlib's class, in both specs, while fastimport is installed."""
    wrong = {"get_code": lambda self, name: compile("", self.path, "exec")}
    monkeypatch.setattr(activation.loader, "reading_methods", lambda reader: wrong)
    names = {name for name, field in fields(tree) if field.startswith("get_code")}
    assert names == {"plain", "package", "package.__init__", "package.module", "broken"}  # that of the others is empty


class Spec(importlib.machinery.ModuleSpec):
    pass


def change_type(spec):
    spec.__class__ = Spec
    return spec


def change_loader_class(spec):
    stock = type(spec.loader)
    alike = type(stock.__name__, (stock,), {"__module__": stock.__module__, "__qualname__": stock.__qualname__})
    spec.loader = alike(spec.loader.name, spec.loader.path)
    return spec


@pytest.mark.parametrize(("change", "field"), [(change_type, "type"), (change_loader_class, "loader")])
def test_another_class_is_a_difference_even_by_the_same_name(tree, monkeypatch, change, field):
    wrong_answers(monkeypatch, ["plain"], change)
    assert fields(tree) == {("plain", field)}


def test_loaders_of_others_are_not_asked(tree, monkeypatch):
    class Loader(importlib.machinery.SourceFileLoader):
        get_code = refuse

    def change(spec):
        spec.loader = Loader(spec.loader.name, spec.loader.path)
        return spec

    for finder in ("PathFinder", "StockPathFinder"):
        cls = getattr(verification, finder)
        monkeypatch.setattr(cls, "find_spec", classmethod(lambda cls, *a, find=cls.find_spec: (s := find(*a)) and change(s)))
    result = verification.verify([tree], ["plain"])
    assert (result.loaders, result.differences) == (0, [])


def test_a_sample_of_many_and_with_deep_all(root, monkeypatch):
    plant(root, {f"m{number}.py": "" for number in range(100)})
    sample, every = verification.verify([root]), verification.verify([root], deep=True)
    assert (sample.loaders, every.loaders) == (24, 100)
    assert (sample.differences, every.differences) == ([], [])
    wrong_answers(monkeypatch, ["m99"], answering("get_source", refuse))
    assert ("m99", "get_source") in fields(root, deep=True)


def test_modules_and_resources_of_an_archive_are_compared(tree, monkeypatch):
    archive = os.path.join(tree, "app.zip")
    with zipfile.ZipFile(archive, "w") as file:
        file.writestr("zipped/__init__.py", "")
        file.writestr("zipped/data.txt", "")
    result = verification.verify([archive])
    assert (result.differences, result.loaders) == ([], 1)
    wrong_answers(monkeypatch, ["zipped"], answering("get_resource_reader", refuse))
    assert ("zipped", "resources") in fields(archive)


@pytest.mark.parametrize("flags", [(), ("-W", "error")], ids=["default", "error"])
def test_nothing_is_written_executed_or_warned_of(root, flags):
    plant(root, {"m.py": "X = '\\d'\nraise SystemExit", "p": {"__init__.py": ""}})
    done = python(*flags, "-m", "fastimport", "verify", "--deep", root)
    assert (done.returncode, done.stderr) == (0, "")
    assert done.stdout.startswith("3 loaders asked")  # m, p and p.__init__
    assert sorted(os.listdir(root)) == ["m.py", "p"] and os.listdir(os.path.join(root, "p")) == ["__init__.py"]


def test_settings_are_as_they_were(tree):
    before = sys.dont_write_bytecode, list(sys.meta_path), dict(vars(importlib.machinery.SourceFileLoader))
    verification.verify([tree])
    assert (sys.dont_write_bytecode, list(sys.meta_path), dict(vars(importlib.machinery.SourceFileLoader))) == before


def test_old_code_of_a_snapshot_is_a_difference_at_frozen(tree, tmp_path):
    """The specs are equal; only the code tells."""
    snapshot = str(tmp_path / "s.fastimport")
    assert python("-m", "fastimport", "build", "-o", snapshot, tree).returncode == 0
    with open(os.path.join(tree, "package/module.py"), "w") as file:
        file.write("def f(): return 1")

    def differences(level):
        done = python("-m", "fastimport", "verify", "--json", "--level", level, "--snapshot", snapshot, tree)
        return json.loads(done.stdout)["differences"]

    assert differences("checked") == []
    found = differences("frozen")
    assert {item["name"] for item in found} == {"package.module"}
    assert all(item["field"].startswith("get_code") for item in found)
