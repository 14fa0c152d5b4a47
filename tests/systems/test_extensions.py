"""Extension modules under each suffix of the running interpreter, as modules and as packages."""

import subprocess
import sys
from importlib.machinery import EXTENSION_SUFFIXES
from pathlib import Path

import pytest

from .trees import Bytecode, Copy

BUILD = """
import sys
from setuptools import Extension, setup
source, directory = sys.argv[1:]
arguments = ["-q", "build_ext", "-b", directory, "-t", directory]
setup(name="native", ext_modules=[Extension("native", [source])], script_args=arguments)
"""


@pytest.fixture(scope="session")
def native(tmp_path_factory):
    """The path of a compiled extension module called `native`."""
    directory = tmp_path_factory.mktemp("native")
    source = Path(__file__).with_name("native.c")
    subprocess.run([sys.executable, "-c", BUILD, "native.c", str(directory)], check=True, cwd=source.parent, capture_output=True)
    (compiled,) = [found for suffix in EXTENSION_SUFFIXES for found in directory.glob(f"native{suffix}")]
    return Copy(compiled)


PROGRAM = """
import importlib, importlib.machinery, sys
for index, suffix in enumerate(importlib.machinery.EXTENSION_SUFFIXES):
    for shape in ('module', 'package', 'beside_source', 'beside_package'):
        name = f'{shape}_{index}.native'
        module = importlib.import_module(name)
        print(name, module.__spec__, type(module.__loader__).__name__, getattr(module, '__path__', None))
import every.native, sourceless.native
print(every.native, sourceless.native)
for name in ('misnamed', 'damaged', 'empty', 'directory'):
    try:
        print(importlib.import_module(name))
    except ImportError as error:
        print(name, type(error).__name__, error.name, error.path)
"""


def suffix_tree(index, suffix, native):
    wrong = {"__init__.py": "", "native.py": "wrong = 1", "native.pyc": Bytecode("wrong = 1")}
    package = {f"__init__{suffix}": native, "__init__.py": "wrong = 1"}
    return {
        f"module_{index}": {"__init__.py": "", f"native{suffix}": native},
        f"package_{index}": {"native": package},
        f"beside_source_{index}": wrong | {f"native{suffix}": native},
        f"beside_package_{index}": {f"native{suffix}": native, "native": {"__init__.py": "chosen = 1"}},
    }


def test_extension_modules_by_every_suffix(check, native):
    last = EXTENSION_SUFFIXES[-1]
    tree = {"main.py": PROGRAM, f"misnamed{last}": native, f"damaged{last}": "not a library", f"empty{last}": b""}
    tree |= {f"directory{last}": {"__init__.py": ""}}
    tree["every"] = {f"native{suffix}": native for suffix in EXTENSION_SUFFIXES}
    tree["sourceless"] = {"native.pyc": Bytecode("wrong = 1"), f"native{last}": native}
    for index, suffix in enumerate(EXTENSION_SUFFIXES):
        tree |= suffix_tree(index, suffix, native)
    check(tree)
