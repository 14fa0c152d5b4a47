"""Packages: what their directories hold at the moment of the question, whatever was read of them before.

importlib asks for each ``__init__`` file, and lists the directory when the first submodule is looked up.
`checked` reads the directory for the one, and keeps what it read for the other, so:

Rules

2.6  ``__init__`` in the order of the suffixes, each a regular file at this moment.
2.4  The listing for submodules is as fresh as one that is made at the first of them.
2.5  Its audit event comes then, and its veto counts.
"""

import _frozen_importlib_external as external
import os
import sys
import time
from importlib.machinery import EXTENSION_SUFFIXES, FileFinder

import pytest
from support import plant
from support.audit import observing
from support.process import unprivileged

SETTLED = 0.03  # longer than the tick within which a directory is not believed


@pytest.fixture
def package(duel, root):
    """The directory of a package p, unchanged for long enough to be believed."""
    plant(root, {"p": {"__init__.py": "", "m.py": ""}})
    duel.set_path(root)
    time.sleep(SETTLED)
    return os.path.join(root, "p")


CHANGES = {
    "module": {"new.py": ""},
    "package": {"new": {"__init__.py": ""}},
    "extension": {f"new{EXTENSION_SUFFIXES[0]}": ""},
    "directory": {"new": {}},
}


@pytest.mark.parametrize("restores", [False, True], ids=["", "time put back"])
@pytest.mark.parametrize("change", CHANGES)
def test_change_before_the_first_submodule(duel, package, change, restores):
    """2.4 Seen, whatever the modification time says: importlib has not listed yet."""
    before = os.stat(package)
    assert duel.ask("p").found
    plant(package, CHANGES[change])
    if restores:
        os.utime(package, ns=(before.st_atime_ns, before.st_mtime_ns))
    assert duel.ask("p.new", [package]).outcome != "absent"
    assert duel.ask("p.m", [package]).found


def test_removal_before_the_first_submodule(duel, package):
    """2.4 Gone is gone."""
    duel.ask("p")
    os.unlink(os.path.join(package, "m.py"))
    assert duel.ask_below("p.m").outcome == "absent"


@pytest.mark.parametrize("looks", [1, 2, 3])
def test_init_file_that_appears(duel, package, looks):
    """2.6 An extension before the source, from the next question on."""
    for _ in range(looks):
        assert duel.ask("p").origin == os.path.join(package, "__init__.py")
    plant(package, {f"__init__{EXTENSION_SUFFIXES[-1]}": ""})
    assert duel.ask("p").origin.endswith(EXTENSION_SUFFIXES[-1])
    os.unlink(os.path.join(package, "__init__.py"))
    os.unlink(os.path.join(package, f"__init__{EXTENSION_SUFFIXES[-1]}"))
    assert duel.ask("p").outcome == "spec"
    assert duel.ask_below("p.m").found


@pytest.mark.parametrize("kind", ["dangling link", "directory", "link to a file"])
def test_init_file_that_is_none(duel, package, kind):
    """2.6 Listed, and not a regular file."""
    source = os.path.join(package, "__init__.py")
    os.unlink(source)
    if kind == "directory":
        os.mkdir(source)
    else:
        os.symlink(os.path.join(package, "m.py" if kind == "link to a file" else "missing"), source)
    time.sleep(SETTLED)
    for _ in range(2):
        assert (duel.ask("p").origin == source) == (kind == "link to a file")


def test_children_change_the_listing_and_the_package_sees_it(duel, package):
    """2.6 The finder of the submodules has a listing, whose age is not the package's."""
    duel.ask("p")
    duel.ask_below("p.m")
    time.sleep(SETTLED)
    before = os.stat(package)
    plant(package, {f"__init__{EXTENSION_SUFFIXES[0]}": ""})
    os.utime(package, ns=(before.st_atime_ns, before.st_mtime_ns))
    assert duel.ask("p").origin.endswith(EXTENSION_SUFFIXES[0])


def test_finder_that_importlib_made(duel, package):
    """2.6 Its listing is a set, and says nothing of now."""

    def make(world):
        finder = FileFinder(package, *external._get_supported_file_loaders())
        finder.find_spec("p.m")
        sys.path_importer_cache[package] = finder

    duel.each(make)
    plant(package, {f"__init__{EXTENSION_SUFFIXES[0]}": ""})
    assert duel.ask("p").origin.endswith(EXTENSION_SUFFIXES[0])
    duel.ask_below("p.m")


@pytest.mark.parametrize("error", [PermissionError, FileNotFoundError, RuntimeError])
def test_veto_of_the_listing(duel, package, error):
    """2.5 It comes with the first submodule, and with the first three errors means an empty listing."""
    duel.ask("p")

    def veto(event, arguments):
        if event == "os.listdir" and arguments == (package,):
            raise error("no")

    answer = duel.ask_below("p.m", around=lambda: observing(veto))
    assert answer.outcome == ("raised" if error is RuntimeError else "absent")
    duel.ask_below("p.m")


def test_package_that_can_be_listed_but_not_searched(duel, public_root):
    """2.6 Its files can't be stat'ed, so that it is a portion."""
    package = plant(public_root, {"p": {"__init__.py": ""}}) and os.path.join(public_root, "p")
    os.chmod(package, 0o644)
    time.sleep(SETTLED)
    for _ in range(2):
        assert duel.ask("p", [public_root], around=unprivileged).origin is None


def test_package_that_can_be_searched_but_not_listed(duel, public_root):
    """2.6 Its files can be stat'ed by name."""
    plant(public_root, {"p": {"__init__.py": "", "m.py": ""}})
    os.chmod(os.path.join(public_root, "p"), 0o711)
    assert duel.ask("p", [public_root], around=unprivileged).origin.endswith("__init__.py")
    assert duel.ask_below("p.m", around=unprivileged).outcome == "absent"


def test_more_packages_than_listings_are_kept(duel, root):
    """What is not kept is read again."""
    plant(root, {f"p{number}": {"__init__.py": "", "m.py": ""} for number in range(100)})
    duel.set_path(root)
    time.sleep(SETTLED)
    for number in range(100):
        assert duel.ask(f"p{number}").found
    for number in range(100):
        assert duel.ask(f"p{number}.m", [os.path.join(root, f"p{number}")]).found


def test_large_package_is_asked_file_by_file(duel, root):
    """2.6 More names than one reading gives, and a submodule afterwards."""
    plant(root, {"p": {"__init__.py": "", "m.py": "", **{f"data{number:05}.bin": "" for number in range(3000)}}})
    duel.set_path(root)
    time.sleep(SETTLED)
    for _ in range(2):
        assert duel.ask("p").origin == os.path.join(root, "p", "__init__.py")
    assert duel.ask_below("p.m").found


def test_large_package_is_not_kept(candidate, root):
    """What a package look-up costs does not grow with the files in it: nothing of them is remembered."""
    from fastimport.finding.finder import resolver

    plant(root, {"p": {"__init__.py": "", **{f"data{number:05}.bin": "" for number in range(3000)}}})
    before = resolver.scans
    assert candidate.find_spec("p", [root]).origin.endswith("__init__.py")
    assert resolver.scans == before + 1  # of root, and not of p


def test_hook_that_replaces_the_importer_cache(duel, package):
    """2.5 A listing hook may do anything, also to what is being searched."""

    def replace(event, arguments):
        if event == "os.listdir":
            sys.path_importer_cache = None

    duel.each(lambda world: setattr(world, "looks_into_cache", False))
    duel.ask("p", around=lambda: observing(replace))
