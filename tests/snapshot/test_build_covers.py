"""``fastimport build``: what has a source gets its code into the snapshot, however its bytecode is; others stay importlib's."""

import importlib.util
import os
import py_compile
import shutil
import zipfile
from pathlib import Path

import pytest
from support import plant
from support.process import python
from support.snapshots import settle

STATES = ("valid", "missing", "stale", "hashed", "unchecked", "damaged", "elsewhere")
USE = """
import sys, fastimport
fastimport.install(freshness=sys.argv[1], snapshot=sys.argv[2])
from fastimport.snapshot import attachment
reader = attachment.attached()[0]
for name in sys.argv[3:]:
    before = reader.codes_used
    assert __import__(name, fromlist=["X"]).X == name, name
    print(name, reader.codes_used - before)
"""


def compiled(lib, name, mode=py_compile.PycInvalidationMode.TIMESTAMP):
    return py_compile.compile(f"{lib}/{name}.py", doraise=True, invalidation_mode=mode)


@pytest.fixture
def lib(root):
    """A module for each state that bytecode can be in, one without a source, one in a portion, and one in an archive."""
    lib = os.path.join(root, "lib")
    plant(lib, {f"{name}.py": f"X = {name!r}\n" for name in (*STATES, "sourceless")} | {"portion": {"m.py": "X = 'portion.m'\n"}})
    for name in ("valid", "stale", "damaged"):
        compiled(lib, name)
    compiled(lib, "hashed", py_compile.PycInvalidationMode.CHECKED_HASH)
    compiled(lib, "unchecked", py_compile.PycInvalidationMode.UNCHECKED_HASH)
    shutil.move(compiled(lib, "elsewhere"), f"{lib}/__pycache__/elsewhere.cpython-36.pyc")
    shutil.move(compiled(lib, "sourceless"), f"{lib}/sourceless.pyc")
    os.unlink(f"{lib}/sourceless.py")
    os.utime(f"{lib}/stale.py", (1, 1))
    os.truncate(importlib.util.cache_from_source(f"{lib}/damaged.py"), 7)
    with zipfile.ZipFile(f"{root}/archive.zip", "w") as archive:
        archive.writestr("archived.py", "X = 'archived'\n")
    settle()
    return lib


def served(lib, level, *words):
    """How many codes of each module come from a snapshot that was built with these words; without a .pyc to fall back to."""
    root = os.path.dirname(lib)
    archive, snapshot = f"{root}/archive.zip", f"{root}/s.fastimport"
    made = python("-B", "-m", "fastimport", "build", "-o", snapshot, *words, lib)
    assert (made.returncode, made.stderr) == (0, "")
    names = (*STATES, "portion.m", "sourceless", "archived")
    used = python("-B", "-c", USE, level, snapshot, *names, PYTHONPATH=f"{lib}:{archive}")
    assert (used.returncode, used.stderr) == (0, "")
    return {name: int(count) for name, count in map(str.split, used.stdout.splitlines())}


@pytest.mark.parametrize("level", ["checked", "trusted", "frozen"])
@pytest.mark.parametrize("words", [(), ("--by-content",)], ids=["default", "by content"])
def test_every_source_that_can_be_imported(lib, level, words):
    assert served(lib, level, *words) == dict.fromkeys((*STATES, "portion.m"), 1) | {"sourceless": 0, "archived": 0}


@pytest.mark.parametrize("level", ["checked", "frozen"])
def test_after_it_was_unpacked_anew(lib, level):
    """By content: new times, and no bytecode at all."""
    root = os.path.dirname(lib)
    archive, snapshot = f"{root}/archive.zip", f"{root}/s.fastimport"
    assert python("-B", "-m", "fastimport", "build", "--by-content", "-o", snapshot, lib).returncode == 0
    shutil.rmtree(f"{lib}/__pycache__")
    for path in Path(lib).rglob("*.py"):
        os.utime(path, (2, 2))
    used = python("-B", "-c", USE, level, snapshot, *STATES, "portion.m", PYTHONPATH=f"{lib}:{archive}")
    assert (used.returncode, used.stderr) == (0, "")
    assert [line.split()[1] for line in used.stdout.splitlines()] == ["1"] * (len(STATES) + 1)
