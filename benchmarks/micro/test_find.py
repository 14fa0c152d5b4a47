"""``find_spec`` beside importlib: hits and absent names, by the number of path entries."""

import os

import pytest
from instruments import search_paths

LENGTHS = (4, 30, 300, 1000)
NAMES = ("first", "last", "first_package", "absent")


@pytest.mark.parametrize("length", LENGTHS)
@pytest.mark.parametrize("which", NAMES)
@pytest.mark.parametrize("side", search_paths.SIDES)
def test_top_level(benchmark, tree, side, which, length):
    path = tree(length)
    name = getattr(path, which)
    benchmark.group = f"find_spec, top level, {which}, {length} entries"
    measure(benchmark, side, path.entries, name)


@pytest.mark.parametrize("name", ["module7", "package7", "absent"])
@pytest.mark.parametrize("side", search_paths.SIDES)
def test_in_package_directory(benchmark, package, side, name):
    benchmark.group = f"find_spec, in a package directory, {name}"
    measure(benchmark, side, [], f"parent.{name}", [os.fspath(package)])


def measure(benchmark, side, entries, name, path=None):
    wanted = search_paths.expected(entries, name, path)
    with search_paths.active(side, entries) as finder:
        assert search_paths.answer(finder, name, path) == wanted
        benchmark(finder.find_spec, name, path)
