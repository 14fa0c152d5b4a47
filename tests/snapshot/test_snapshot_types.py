"""What type a file is, is asked of stat: the type in a directory's entry is a hint that some file systems get wrong."""

import shutil
import subprocess
import sys
from pathlib import Path

import pytest
from support import Link, plant
from support.process import python
from support.snapshots import in_use

import fastimport
from fastimport.snapshot import attachment, decode

TREE = {
    "m.py": "", "p": {"__init__.py": "", "c.py": ""}, "space": {}, "is_dir.py": {}, "link.py": Link("m.py"), "linked": Link("p"),
    "dangling.py": Link("nowhere"), "file": "", "both": {"__init__.py": ""}, "both.py": "", "link_to_file": Link("file"),
}  # fmt: skip
NAMES = ("m", "p", "space", "is_dir", "link", "linked", "dangling", "file", "both", "link_to_file")
WHAT_IS_SEEN = "import os; print({entry.name: entry.is_dir() for entry in os.scandir()})"


@pytest.fixture(scope="module")
def lying_types(tmp_path_factory):
    """A library to preload."""
    compiler = shutil.which("cc") or shutil.which("gcc")
    if sys.platform != "linux" or compiler is None:
        pytest.skip("the fake is for Linux, and compiled")
    library = tmp_path_factory.mktemp("lying") / "lying.so"
    source = Path(__file__).parents[1] / "isolated" / "lying_types.c"
    subprocess.run([compiler, "-shared", "-fPIC", "-o", library, source, "-ldl"], check=True)
    return str(library)


def recorded(root, library=None):
    variables = {"LD_PRELOAD": library} if library else {}
    file = f"{root}-{bool(library)}.fastimport"
    done = python("-m", "fastimport", "build", "-o", file, root, **variables)
    assert done.returncode == 0, done.stderr
    return file


def test_what_is_recorded_does_not_depend_on_the_hint(root, lying_types):
    """Files, directories, links to both, a directory with a file's name, a file without a suffix."""
    plant(root, TREE)
    seen = python("-c", WHAT_IS_SEEN, cwd=root, LD_PRELOAD=lying_types).stdout
    assert "'m.py': True" in seen and "'p': False" in seen
    truth, lie = ([*decode.directories(attachment.open_snapshot(recorded(root, library)))] for library in (None, lying_types))
    assert [(each.path, each.names, sorted(each.others)) for each in lie] == [
        (each.path, each.names, sorted(each.others)) for each in truth
    ]


@pytest.mark.parametrize("level", ["checked", "frozen"])
def test_answers_from_such_a_recording_are_importlibs(root, lying_types, level):
    """`frozen` has nothing else to go by; `checked` believes recorded types as long as the stamp is the recorded one."""
    plant(root, TREE)
    reader = attachment.open_snapshot(recorded(root, lying_types))
    stock = {name: fastimport.finding.finder.StockPathFinder.find_spec(name, [root]) for name in NAMES}
    sys.path_importer_cache.clear()
    fastimport.install(freshness=level)
    try:
        with in_use(reader, level):
            ours = {name: fastimport.PathFinder.find_spec(name, [root]) for name in NAMES}
    finally:
        fastimport.uninstall()
    assert {name: spec and spec.origin for name, spec in ours.items()} == {
        name: spec and spec.origin for name, spec in stock.items()
    }


WITHOUT = """
import sys
from importlib.machinery import PathFinder
level, root, *names = sys.argv[1:]
def what(spec):
    return spec and (spec.origin, spec.submodule_search_locations and list(spec.submodule_search_locations))
stock = {name: what(PathFinder.find_spec(name, [root])) for name in names}
sys.path_importer_cache.clear()
import fastimport
fastimport.install(freshness=level)
print(*(name for name in names if what(fastimport.PathFinder.find_spec(name, [root])) != stock[name]))
"""


def differing_without_a_snapshot(root, level, library):
    plant(root, TREE)
    done = python("-c", WITHOUT, level, root, *NAMES, LD_PRELOAD=library)
    assert (done.returncode, done.stderr) == (0, "")
    return done.stdout.split()


def test_checked_asks_stat_without_a_snapshot_too(root, lying_types):
    assert differing_without_a_snapshot(root, "checked", lying_types) == []


def test_trusted_believes_the_hint(root, lying_types):
    """T15: what is there is found, since stat is asked before a name is called absent; what is not importable is found, too."""
    assert set(differing_without_a_snapshot(root, "trusted", lying_types)) == {"dangling", "file", "is_dir"}
