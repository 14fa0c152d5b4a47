"""One tree per search path length, shared by all benchmarks."""

import pytest
from instruments import search_paths


@pytest.fixture(scope="session")
def tree(tmp_path_factory):
    """Returns the search path of a length, which is made when it is first wanted."""
    made = {}

    def tree(length):
        if length not in made:
            made[length] = search_paths.build(tmp_path_factory.mktemp(f"entries{length}"), length)
        return made[length]

    return tree


@pytest.fixture(scope="session")
def package(tmp_path_factory):
    """A package directory with thirty modules and thirty packages."""
    return search_paths.make_package(tmp_path_factory.mktemp("packages"), "parent")
