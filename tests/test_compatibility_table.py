"""The table of packages that hook imports, the page made from it, and the runner: it sees what differs, and nothing else."""

import dataclasses
import re
import sys

import pytest
from support.projects import ROOT

FOLDER = ROOT / "tests" / "compat"


@pytest.fixture(scope="module")
def compat():
    """The runner's modules, by name, imported from its folder."""
    import importlib

    sys.path.insert(0, str(FOLDER))
    try:
        yield {name: importlib.import_module(name) for name in ("packages", "modes", "page", "results", "trial", "environment")}
    finally:
        sys.path.remove(str(FOLDER))


@pytest.fixture(scope="module")
def table(compat):
    return compat["packages"].table()


def test_every_package_is_pinned_and_does_something(table):
    for package in table.values():
        assert package.commands and package.hooks, package.name
        assert not package.requires or "==" in package.requires[0], package.name
        assert all("==" in wanted[0] for wanted in package.on.values()), package.name


def test_every_file_of_the_table_is_short(compat):
    for path in compat["packages"].TABLE.glob("*.toml"):
        assert len(path.read_text(encoding="utf-8").splitlines()) <= 80, path.name


def test_masks_are_regular_expressions_that_leave_something(table):
    """A mask that matches nothing at all would hide every difference."""
    for package in table.values():
        for pattern in package.mask:
            assert not re.fullmatch(pattern, "any output"), package.name


def test_the_page_is_what_the_results_make_of_the_table(compat, table, tmp_path):
    results = compat["results"].Results(FOLDER / "results.json")
    compat["page"].write_page(tmp_path / "page.md", table, results)
    assert (ROOT / "docs" / "compatibility.md").read_text(encoding="utf-8") == (tmp_path / "page.md").read_text(encoding="utf-8")


@pytest.fixture
def trial_of(compat, table, tmp_path):
    """The differences that one program shows with fastimport, in this interpreter."""

    def differences(program):
        package = dataclasses.replace(
            table["six"], requires=[], commands=[f"{sys.executable} program.py"], files={"program.py": program}, variables={}
        )
        tools = compat["environment"].Tools(tmp_path)
        environment = compat["environment"].Environment(tools, package, sys.executable, "3.x")
        environment.directory.mkdir(parents=True, exist_ok=True)
        environment.python = sys.executable
        modes = [compat["modes"].STOCK, compat["modes"].modes(["exec"], "full")[0]]
        stock, ours = (compat["trial"].run(environment, mode) for mode in modes)
        assert stock.failures() == []
        return stock.differences(ours)

    return differences


def test_the_runner_sees_what_fastimport_changes(trial_of):
    """C1 and C4 are differences that a program can print, leave in a file, or fail with."""
    assert len(trial_of("import sys; print('fastimport' in sys.modules)")) == 2
    assert len(trial_of("import sys; 'fastimport' in sys.modules and open('left.txt', 'w').close()")) == 2
    assert any("status" in line for line in trial_of("import sys; sys.exit('fastimport' in sys.modules)"))


def test_the_runner_sees_no_difference_where_there_is_none(trial_of):
    assert trial_of("import json.decoder, sys; print(sys.path[0], json.decoder.__spec__)") == []
