"""What is built from the source tree, what is in it, and that it works with the tree absent."""

import ast
import os
import shutil
import sys
import sysconfig
import tarfile
import tomllib
import zipfile
from email.parser import Parser
from pathlib import Path

import pytest
from plugins import installed
from support.projects import ROOT, Environment, build, copy_project, run, succeeded

import fastimport

PROJECT = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))["project"]
MODULES = installed.required_modules()


def supported(question):
    """The answer of tools/project.py, line by line."""
    return succeeded(run(sys.executable, ROOT / "tools" / "project.py", question)).split("\n")[:-1]


@pytest.fixture(scope="module")
def built(tmp_path_factory):
    """A directory with an sdist, and the wheel that was built from that sdist."""
    project = copy_project(tmp_path_factory.mktemp("source") / "project")
    succeeded(build(project))
    shutil.rmtree(project / "src")
    return project / "dist"


@pytest.fixture(scope="module")
def wheel(built):
    (path,) = built.glob("*.whl")
    return path


@pytest.fixture(scope="module")
def environment(wheel, tmp_path_factory):
    return Environment(tmp_path_factory.mktemp("environment"), wheel)


@pytest.fixture(scope="module")
def in_wheel(wheel):
    with zipfile.ZipFile(wheel) as archive:
        return set(archive.namelist())


@pytest.fixture(scope="module")
def metadata(wheel, in_wheel):
    (name,) = [name for name in in_wheel if name.endswith(".dist-info/METADATA")]
    with zipfile.ZipFile(wheel) as archive:
        return Parser().parsestr(archive.read(name).decode())


def in_tree(*suffixes):
    """Files of the package with one of the suffixes, relative to the directory that holds the package."""
    source = ROOT / "src"
    return {path.relative_to(source).as_posix() for path in source.rglob("*") if path.name.endswith(suffixes)}


def test_sdist_is_the_whole_project_and_nothing_generated(built):
    (path,) = built.glob("*.tar.gz")
    with tarfile.open(path) as archive:
        names = {name.partition("/")[2] for name in archive.getnames()}
    suffixes = (".py", ".pyx", ".pxi", ".pyi", ".pxd", ".h", "py.typed", ".js", ".css", ".template")
    expected = {f"src/{name}" for name in in_tree(*suffixes)}
    expected |= {"Makefile", "LICENSE", "README.md", "CHANGELOG.md", "CONTRIBUTING.md", "setup.py", "pyproject.toml"}
    expected |= {".ci/run", ".github/workflows/test.yml", "tests/conftest.py", "tests/plugins/installed.py", "tools/project.py"}
    assert not expected - names
    assert not {name for name in names if name.endswith((".so", ".pyd", ".pyc"))}
    sources = {name for name in names if name.startswith("src/") and name.endswith(".c")}
    in_code = ("_open_code_hook", "_method", "builder", "code_compare", "code_probe", "quicken")
    by_hand = {"src/fastimport/_life.c", *(f"src/fastimport/code/{name}.c" for name in in_code)}
    assert sources == by_hand, "the files of C that nobody generates"


def test_wheel_ships_every_module_and_every_type_description(in_wheel):
    assert not in_tree(".py", ".pyi", ".pxd", ".h", "py.typed", ".js", ".css", ".template") - in_wheel
    libraries = {name for name in in_wheel if name.endswith((".so", ".pyd"))}
    assert libraries == {f"fastimport/{MODULES[0]}{sysconfig.get_config_var('EXT_SUFFIX')}"}
    assert not {f"fastimport/{name.replace('.', '/')}.py" for name in MODULES[1:]} - in_wheel


def test_wheel_ships_no_c_no_cython_and_no_start_up_file(in_wheel):
    assert not {name for name in in_wheel if name.endswith((".c", ".pyx", ".pxi", ".pth", ".start"))}
    assert {name.partition("/")[0].partition("-")[0] for name in in_wheel} == {"fastimport", "fastimport_finder"}


def test_wheel_is_for_this_interpreter_alone(wheel):
    free_threaded = "t" if sysconfig.get_config_var("Py_GIL_DISABLED") else ""
    version = "{}{}".format(*sys.version_info[:2])
    assert f"-cp{version}-cp{version}{free_threaded}-" in wheel.name


def test_metadata(metadata):
    assert metadata["Name"] == "fastimport-finder"
    assert metadata["Version"] == fastimport.__version__
    assert metadata["License-Expression"] == "MIT"
    assert metadata["Requires-Python"] == PROJECT["requires-python"]
    assert metadata["Description-Content-Type"] == "text/markdown"
    assert metadata.get_all("Classifier") == PROJECT["classifiers"]
    assert metadata.get_payload().strip() == (ROOT / "README.md").read_text(encoding="utf-8").strip()


def test_nothing_is_required_at_run_time(metadata):
    assert all("extra ==" in requirement for requirement in metadata.get_all("Requires-Dist"))


def test_installed_wheel_imports_with_the_source_tree_absent(environment):
    said = environment.says(
        "import fastimport; fastimport.install(); import json.tool\n"
        "print(fastimport.__file__, fastimport.installed(), fastimport.stats().hits > 0)"
    )
    path, *facts = said.split()
    assert Path(path).resolve().is_relative_to(environment.directory.resolve())
    assert facts == ["True", "True"]


def test_installing_the_wheel_changes_no_other_program(environment):
    assert environment.says("import sys; print([name for name in sys.modules if 'fastimport' in name])") == "[]"


def test_command_is_installed(environment):
    command = environment.scripts / ("fastimport.exe" if os.name == "nt" else "fastimport")
    assert "usage: fastimport" in succeeded(run(command, "--help"))


def without_compiled_modules(environment, directory, names):
    """A copy of the installed package that lacks some compiled modules; the first of them is the library that all are in."""
    package = Path(environment.says("import fastimport; print(fastimport.__file__)")).parent
    ignore = shutil.ignore_patterns("__pycache__", *(f"{name.rpartition('.')[2]}.*" for name in names))
    return Path(shutil.copytree(package, directory / "fastimport", ignore=ignore))


@pytest.mark.parametrize("names", [(name,) for name in MODULES] + [MODULES], ids="+".join)
def test_missing_compiled_module_never_stops_a_program(environment, tmp_path, names):
    """The program starts, and the statistics say why importlib does the work."""
    without_compiled_modules(environment, tmp_path, names)
    said = environment.says(
        f"import sys; sys.path.insert(0, {str(tmp_path)!r})\n"
        "import fastimport; fastimport.install(); import json.tool\n"
        "print(fastimport.__file__, fastimport.installed(), *fastimport.stats().refusals)"
    )
    path, is_installed, *reason = said.split()
    assert Path(path).parent == tmp_path / "fastimport"
    assert "compiled" in reason if names == MODULES else is_installed == "True" or "compiled" in reason


@pytest.mark.parametrize("name", MODULES)
def test_missing_compiled_module_stops_a_test_run(environment, tmp_path, name):
    package = without_compiled_modules(environment, tmp_path, (name,))
    assert installed.missing_modules(package) == ([name] if name != MODULES[0] else list(MODULES))


def test_source_tree_stops_a_test_run(tmp_path):
    assert "not from an installed wheel" in installed.complaint(tmp_path / "fastimport")


def test_every_pyx_file_is_a_required_module():
    found = [name.removesuffix(".pyx").replace("/", ".") for name in in_tree(".pyx")]
    assert sorted(found) == sorted(f"fastimport.{name}" for name in MODULES)
    assert {f"fastimport/{name.replace('.', '/')}.py" for name in MODULES[1:]} <= in_tree(".py")


@pytest.mark.parametrize("damage", ["no compiler", "no source", "syntax error"])
def test_module_that_does_not_compile_fails_the_build(tmp_path, damage):
    project = copy_project(tmp_path / "project")
    source = project / "src" / "fastimport" / f"{MODULES[0].replace('.', '/')}.pyx"
    variables = {}
    if damage == "no compiler":
        # The smallest source: what matters here is that C is not compiled.
        source.write_text("", encoding="utf-8")
        variables["CC"] = "no-such-compiler"
    elif damage == "no source":
        source.unlink()
    else:
        source.write_text("def unfinished(", encoding="utf-8")
    assert build(project, "--wheel", **variables).returncode != 0
    assert not list(project.glob("dist/*.whl"))


def test_unknown_build_mode_fails_the_build_and_names_the_modes(tmp_path):
    process = build(copy_project(tmp_path / "project"), "--wheel", FASTIMPORT_BUILD="fast")
    assert process.returncode != 0
    assert "must be one of release, debug, trace" in process.stdout + process.stderr


def test_classifiers_requirement_and_this_interpreter_agree():
    pythons = supported("pythons")
    versions = sorted({tuple(map(int, python.rstrip("t").split("."))) for python in pythons})
    assert PROJECT["requires-python"] == ">={}.{}".format(*versions[0])
    assert versions == [(3, minor) for minor in range(versions[0][1], versions[-1][1] + 1)]
    free_threaded = "t" if sysconfig.get_config_var("Py_GIL_DISABLED") else ""
    assert "{}.{}{}".format(*sys.version_info[:2], free_threaded) in pythons


def test_ci_takes_its_versions_from_the_classifiers():
    workflow = (ROOT / ".github" / "workflows" / "test.yml").read_text(encoding="utf-8")
    assert "tools/project.py matrix" in workflow
    assert "fromJSON(needs.supported.outputs.matrix)" in workflow
    assert not [version for version in supported("pythons") if f'"{version}"' in workflow]
    assert "tools/project.py" in (ROOT / ".ci" / "run").read_text(encoding="utf-8")


def test_version_is_written_once():
    assert "version" not in PROJECT
    tree = ast.parse((ROOT / "src" / "fastimport" / "__init__.py").read_text(encoding="utf-8"))
    assignments = [node for node in tree.body if isinstance(node, ast.Assign)]
    versions = [node.value.value for node in assignments if getattr(node.targets[0], "id", "") == "__version__"]
    assert versions == [fastimport.__version__]
