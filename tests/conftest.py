"""Fixtures of every test: interpreter state is put back, and finders are compared with importlib."""

import email.message  # noqa: F401  metadata loads it lazily, while a test has replaced sys.path
import importlib
import os
import sys
import tempfile
from contextlib import contextmanager
from importlib import machinery, metadata  # noqa: F401  the first invalidate_caches() loads it

import pytest
import support
from support.loading import LoadingDuel, both
from support.registration import registered
from support.shell import cleaned
from support.state import preserved

_shell = cleaned(os.environ)
for _name in [name for name in os.environ if name not in _shell]:
    del os.environ[_name]
os.environ.update(_shell)
sys.dont_write_bytecode = False
os.umask(0o022)

INSTALLED = ("meta_path", "in_place")
CHECKED = ("class", *INSTALLED)


def pytest_addoption(parser):
    parser.addoption(
        "--candidate",
        choices=("fastimport", "stock"),
        default="fastimport",
        help="stock: put importlib in the candidate's place, to test the tests",
    )


def pytest_generate_tests(metafunc):
    if "candidate" in metafunc.fixturenames:
        stock = metafunc.config.getoption("--candidate") == "stock"
        metafunc.parametrize("candidate", ("stock",) if stock else CHECKED, indirect=True)
    if "trusted" in metafunc.fixturenames:  # importlib has no such level: nothing to compare it with
        stock = metafunc.config.getoption("--candidate") == "stock"
        metafunc.parametrize("trusted", () if stock else INSTALLED, indirect=True)


@pytest.fixture(autouse=True)
def untouched_interpreter():
    """Every test leaves sys, the environment and the working directory as it found them."""
    with preserved():
        yield


@pytest.fixture(autouse=True)
def no_settings(untouched_interpreter):
    """Settings of the shell that runs the tests do not reach them."""
    for name in [name for name in os.environ if name.startswith("FASTIMPORT")]:
        del os.environ[name]


@contextmanager
def candidate_finder(kind, **settings):
    """The finder under test: stock itself, our class, or whatever install() put in place."""
    if kind == "stock":
        yield machinery.PathFinder
        return
    import fastimport

    if kind == "class":
        yield fastimport.PathFinder
        return
    with registered(kind, **settings) as finder:
        yield finder


@pytest.fixture
def candidate(request):
    with candidate_finder(request.param) as finder:
        yield finder


@pytest.fixture
def trusted(request):
    with candidate_finder(request.param, freshness="trusted") as finder:
        yield finder


@pytest.fixture
def duel(candidate):
    """The candidate against importlib, with empty search paths."""
    return support.Duel(candidate)


@pytest.fixture
def root(tmp_path):
    return os.fspath(tmp_path)


@pytest.fixture
def public_root():
    """A directory that every user can reach, unlike those of tmp_path."""
    with tempfile.TemporaryDirectory(ignore_cleanup_errors=True) as path:
        os.chmod(path, 0o755)
        yield path


@pytest.fixture
def isolated_import(monkeypatch, tmp_path):
    """An empty directory at the front of sys.path; the import statement works on it."""
    monkeypatch.setattr(sys, "path", [os.fspath(tmp_path), *sys.path])
    return os.fspath(tmp_path)


@pytest.fixture
def loading_finder(request):
    """A finder whose specs have the loader under test, which is importlib's own while fastimport is installed."""
    with candidate_finder("stock" if is_stock(request) else "meta_path") as finder:
        yield finder


def is_stock(request):
    return request.config.getoption("--candidate") == "stock"


@pytest.fixture
def loading_duel(loading_finder, tmp_path, request):
    """The loader under test against importlib's, over a directory that is made for each of them."""
    return LoadingDuel(loading_finder, tmp_path / "tree", is_stock=is_stock(request))


@pytest.fixture(params=INSTALLED)
def agree(request, tmp_path):
    """Compare loading with either registration."""
    with candidate_finder("stock" if is_stock(request) else request.param) as finder:
        yield LoadingDuel(finder, tmp_path / "tree", is_stock=is_stock(request)).agree


@pytest.fixture
def module_directory(tmp_path):
    """Holds a module m with valid bytecode."""
    both(os.fspath(tmp_path))
    return os.fspath(tmp_path)


@pytest.fixture
def installed(module_directory, pytestconfig, monkeypatch):
    """fastimport serves the import statement, and the directory of m is importable."""
    monkeypatch.setattr(sys, "path", [module_directory, *sys.path])
    importlib.invalidate_caches()
    if pytestconfig.getoption("--candidate") == "stock":
        yield
        return
    import fastimport

    fastimport.install()
    yield
    fastimport.uninstall()
