"""Names and the module cache, beside importlib."""

import importlib
import importlib.util

import pytest

import fastimport

SIDES = {"importlib": (importlib.import_module, importlib.util.resolve_name)}
SIDES["fastimport"] = (fastimport.import_module, fastimport.resolve_name)


@pytest.mark.parametrize("side", SIDES)
@pytest.mark.parametrize(
    ("name", "package"), [("json", None), ("email.mime.text", None), (".decoder", "json")], ids=["top", "dotted", "relative"]
)
def test_import_module_that_is_loaded(benchmark, side, name, package):
    importlib.import_module(name, package)
    benchmark.group = f"import_module, loaded, {name}"
    import_module = SIDES[side][0]
    assert import_module(name, package) is importlib.import_module(name, package)
    benchmark(import_module, name, package)


@pytest.mark.parametrize("side", SIDES)
@pytest.mark.parametrize(("name", "package"), [("a.b.c", None), (".d", "a.b.c"), ("...d.e", "a.b.c")])
def test_resolve_name(benchmark, side, name, package):
    benchmark.group = f"resolve_name, {name!r} in {package}"
    resolve_name = SIDES[side][1]
    assert resolve_name(name, package) == importlib.util.resolve_name(name, package)
    benchmark(resolve_name, name, package)


def partition(fullname):
    """What importlib does wherever it needs the parent's name."""
    parent, _, tail = fullname.rpartition(".")
    return parent, tail


@pytest.mark.parametrize("split", [partition, fastimport.split_name], ids=["rpartition", "split_name"])
@pytest.mark.parametrize("fullname", ["top", "a.b.c"])
def test_split_name(benchmark, split, fullname):
    benchmark.group = f"split_name, {fullname}"
    assert split(fullname) == partition(fullname)
    benchmark(split, fullname)
