"""setuptools on the meta path: its distutils shim, and the editable installs that it makes."""

import subprocess
import sysconfig

import pytest

from .programs import Runner, checker, create_environment
from .trees import write_tree

DISTUTILS = """
import sys
print([type(finder).__name__ if not isinstance(finder, type) else finder.__name__ for finder in sys.meta_path])
import _distutils_hack, ours
_distutils_hack.add_shim()
print(type(sys.meta_path[0]).__name__)
import distutils.core
print(distutils.core.__name__, distutils.__file__)
sys.meta_path.remove(_distutils_hack.DISTUTILS_FINDER)
import setuptools, other
print(setuptools.__spec__.origin)
"""


def test_distutils_hack(check_with_tools):
    check_with_tools({"ours.py": "", "other.py": "", "main.py": DISTUTILS})


PROJECT = """
[build-system]
requires = ["setuptools"]
build-backend = "setuptools.build_meta"
[project]
name = "{name}"
version = "1.0"
[project.entry-points."systems.plugins"]
{name} = "{name}.module:value"
[tool.setuptools]
packages = ["{name}", "{name}.sub", "{name}_space.part"]
py-modules = ["{name}_single"]
[tool.setuptools.package-dir]
{name} = "sources/odd_name"
"{name}_space.part" = "sources/space_part"
"""


def project(name):
    sources = {
        "odd_name": {"__init__.py": "", "module.py": "value = __name__", "sub": {"__init__.py": "from .. import module"}},
        "space_part": {"__init__.py": ""},
    }
    return {"pyproject.toml": PROJECT.format(name=name), "sources": sources, f"{name}_single.py": "value = 1"}


def install_editable(runner, directory, editable_mode):
    options = ["--quiet", "--no-index", "--no-build-isolation", "--no-deps", "--disable-pip-version-check"]
    options += ["--config-settings", f"editable_mode={editable_mode}", "--editable", str(directory)]
    command = [str(runner.python), "-m", "pip", "install", *options]
    subprocess.run(command, check=True, capture_output=True, timeout=300)


@pytest.fixture(scope="module")
def editable_runner(base, url):
    """An environment that holds editable installs of both kinds: a generated finder, and a directory of links."""
    pytest.importorskip("pip")
    environment = base / "editable"
    create_environment(environment, sysconfig.get_path("purelib"))
    runner = Runner(base, environment, url)
    for name, editable_mode in (("lenient_project", "lenient"), ("strict_project", "strict")):
        directory = base / name
        write_tree(directory, project(name))
        install_editable(runner, directory, editable_mode)
    return runner


EDITABLE = """
import importlib, importlib.metadata, sys
import strict_project.sub, lenient_project.sub, strict_project_single, lenient_project_single
import lenient_project_space.part, strict_project_space.part
for module in (strict_project, lenient_project, lenient_project_space, strict_project_space, lenient_project.sub.module):
    print(module, list(getattr(module, '__path__', ())), module.__spec__)
for name in ('lenient_project.absent', 'strict_project.absent', 'lenient_project_space.absent', 'lenient_absent'):
    try:
        importlib.import_module(name)
    except ImportError as error:
        print(name, error)
for found in sorted(importlib.metadata.entry_points(group='systems.plugins')):
    print(found.name, found.value, found.load(), found.dist.version)
print([getattr(finder, '__name__', finder) for finder in sys.meta_path])
print(importlib.reload(lenient_project.module), importlib.reload(strict_project.module))
"""


def test_editable_installs(editable_runner, mode):
    stock = checker(editable_runner, mode)({"main.py": EDITABLE})
    assert "_EditableFinder" in stock.stdout[-2]
