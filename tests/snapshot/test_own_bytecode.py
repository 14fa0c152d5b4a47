"""fastimport's own bytecode holds after its tree was copied: `fastimport build` sees to it."""

import os
import shutil
import struct

import pytest
from support import plant
from support.process import python, run_python
from support.snapshots import settle

import fastimport
from fastimport.snapshot import own_bytecode

PACKAGE = os.path.dirname(fastimport.__file__)


@pytest.fixture
def bundle(root):
    """A directory that is to be deployed, with fastimport and a program in it."""
    path = os.path.join(root, "bundle")
    shutil.copytree(PACKAGE, f"{path}/fastimport", ignore=shutil.ignore_patterns("__pycache__"))
    plant(path, {"program.py": "X = 1\n"})
    settle()
    return path


def flags_of_bytecode(package):
    """Of each .pyc, by name: 0 valid by time, 3 by hash."""
    found = {}
    for directory, _, names in os.walk(package):
        for name in names:
            if name.endswith(".pyc"):
                with open(os.path.join(directory, name), "rb") as file:
                    found[name] = struct.unpack("<4xI", file.read(8))[0]
    return found


@pytest.mark.parametrize("where", ["path", "paths-file"])
def test_build_makes_bytecode_that_survives_the_copy(bundle, root, where):
    """Of the fastimport that is recorded, whichever way it is on the search path; after the copy none of it is compiled."""
    words = {"path": (bundle,), "paths-file": ("--paths-file", os.path.join(root, "list"), root)}[where]
    plant(root, {"list": f"{bundle}\n"})
    output = os.path.join(bundle, "app.fastimport")
    done = python("-m", "fastimport", "build", "-o", output, *words, PYTHONPATH=bundle)
    assert (done.returncode, done.stderr) == (0, "")
    assert set(flags_of_bytecode(f"{bundle}/fastimport").values()) == {3}
    there = shutil.copytree(bundle, os.path.join(root, "there"), copy_function=shutil.copy)
    code = "import fastimport, sys; fastimport.install(snapshot='none'); print(fastimport.__file__)"
    told = python("-v", "-c", code, PYTHONPATH=there).stderr
    assert f"matches {there}/fastimport/activation.py" in told and f"# wrote '{there}/fastimport" not in told


def test_it_is_not_written_twice(bundle):
    assert own_bytecode.keep([bundle]) > 20
    assert own_bytecode.keep([bundle]) == 0
    with open(f"{bundle}/fastimport/settings.py", "a") as file:
        file.write("# changed\n")
    assert own_bytecode.keep([bundle]) == 1


@pytest.mark.parametrize("obstacle", ["FASTIMPORT_READONLY", "file in the way"])
def test_where_it_can_not_be_written_nothing_fails(bundle, root, obstacle):
    variables = {"FASTIMPORT_READONLY": "1"} if obstacle == "FASTIMPORT_READONLY" else {}
    plant(bundle, {"fastimport": {"__pycache__": "no directory"}})
    code = f"from fastimport.snapshot import own_bytecode; own_bytecode.keep([{bundle!r}])"
    done = run_python(os.sys.executable, "-B", "-c", code, **variables)
    assert (done.returncode, done.stderr) == (0, "")
    assert not any(name.startswith("activation") for name in flags_of_bytecode(bundle))


def test_another_package_of_that_name_is_left_alone(root):
    """On PyPI, fastimport is something else."""
    plant(root, {"site": {"fastimport": {"__init__.py": "", "parser.py": ""}}})
    own_bytecode.keep([f"{root}/site"])
    assert flags_of_bytecode(f"{root}/site") == {}
