"""Trees with links: each real directory is gone through once, by what records and by what compares."""

import os

import pytest
from support import plant
from support.snapshots import contents_of, reader_of, settle

from fastimport.diagnosis import verification
from fastimport.diagnosis.doctor import bytecode
from fastimport.finding import finder

COUNT = 9


def linked_to_siblings(root):
    """A workspace whose parts depend on each other: n directories with links to all others."""
    for number in range(COUNT):
        plant(root, {f"w{number}": {"m.py": f"X = {number}"}})
        for other in range(COUNT):
            if other != number:
                os.symlink(f"../w{other}", f"{root}/w{number}/d{other}")


def linked_to_all_above(root):
    """A chain of directories, each with links to all above it."""
    path = root
    for number in range(COUNT):
        path = plant(path, {f"w{number}": {"m.py": f"X = {number}"}}) + f"/w{number}"
        for above in range(1, number + 1):
            os.symlink("/".join([".."] * above), f"{path}/up{above}")


def linked_to_a_store(root):
    """Each package is a link to a store, and has links to its dependencies there."""
    for number in range(COUNT):
        plant(root, {"store": {f"w{number}": {"m.py": f"X = {number}"}}})
        os.symlink(f"store/w{number}", f"{root}/w{number}")
        for other in range(COUNT):
            os.symlink(f"../../w{other}", f"{root}/store/w{number}/d{other}")


def doubled(root):
    """Two links to the next directory in each: 2**n ways to the last."""
    for number in range(2 * COUNT):
        plant(root, {f"w{number}": {"m.py": f"X = {number}"}})
        for name in ("left", "right"):
            os.symlink(f"../w{number + 1}", f"{root}/w{number}/{name}")


TREES = [linked_to_siblings, linked_to_all_above, linked_to_a_store, doubled]


def real(paths):
    return sorted(map(os.path.realpath, paths))


@pytest.fixture(params=TREES, ids=lambda make: make.__name__)
def tree(request, root):
    path = os.path.join(root, "tree")
    os.mkdir(path)
    request.param(path)
    settle()
    return path


def test_build_records_each_directory_once(tree):
    contents = contents_of([tree])
    assert real(contents.directories) == sorted(set(real(contents.directories)))
    files = {os.path.join(directory, name) for directory, _, names in os.walk(tree) for name in names if name.endswith(".py")}
    assert real(contents.sources) == sorted(files)
    assert not any("/d" in path.removeprefix(tree) or "/up" in path.removeprefix(tree) for path in contents.sources)


def test_verify_asks_each_directory_once(tree):
    done = verification.verify([tree])
    assert not done.differences and done.found + done.absent + done.errors < 40 * COUNT * COUNT


def test_doctor_looks_at_each_file_once(tree):
    assert bytecode.scan(tree, set()).sources <= 2 * COUNT


@pytest.mark.parametrize("level", ["checked", "trusted", "frozen"])
def test_what_is_behind_a_link_is_found_all_the_same(tree, level):
    """It is not covered, or covered under another path: importlib's answer."""
    reader = reader_of([tree], level)
    for entry in sorted(os.scandir(tree), key=lambda entry: entry.name):
        spec = finder.PathFinder.find_spec("m", [entry.path])
        assert (spec is None) == (not os.path.exists(f"{entry.path}/m.py"))
        assert spec is None or spec.origin == f"{entry.path}/m.py"
    assert reader.damaged == 0


def test_entries_of_the_path_are_recorded_whatever_they_link_to(root):
    """lib64 -> lib, both on sys.path: else frozen would have to look there."""
    plant(root, {"lib": {"p": {"__init__.py": "", "m.py": ""}, "top.py": ""}})
    os.symlink("lib", f"{root}/lib64")
    contents = contents_of([f"{root}/lib64", f"{root}/lib"])
    assert {f"{root}/lib64", f"{root}/lib", f"{root}/lib/p"} == set(contents.directories)
    assert {f"{root}/lib/top.py", f"{root}/lib/p/__init__.py", f"{root}/lib/p/m.py"} == set(contents.sources)
