"""From a name to the module that is about to be executed: spec, ``spec.cached`` and module attributes, beside importlib."""

import importlib.util
import os

import pytest
from instruments import search_paths


@pytest.mark.parametrize("name", ["module7", "package7"])
@pytest.mark.parametrize("side", search_paths.SIDES)
def test_spec_and_module(benchmark, package, side, name):
    """What `importlib` does before it asks for the code; the spec's slots are read, so that none is left to do later."""
    fullname, path = f"parent.{name}", [os.fspath(package)]
    benchmark.group = f"spec and module, {name.rstrip('7')}"

    def make():
        return importlib.util.module_from_spec(finder.find_spec(fullname, path))

    wanted = search_paths.expected([], fullname, path)
    with search_paths.active(side, []) as finder:
        module = make()
        assert search_paths.answer(finder, fullname, path) == wanted
        assert (module.__name__, module.__file__) == (fullname, module.__spec__.origin)
        benchmark(make)
