"""FileFinder: which file of a listed directory answers for a name.

Rules

2.6  By membership in the listing and a fresh stat: (a) if the name is listed, name/__init__ with
     each suffix, by stat alone; else remember whether it is a directory now; (b) the name with each
     suffix, listed and a regular file now; (c) the directory as a portion. Links are followed;
     pipes, dangling links and directories called x.py are no files.
2.7  The suffix order is that of the loaders given to the hook.
2.8  Paths are joined by stripping trailing slashes of each part.
"""

import os
import sys
from importlib.machinery import FileFinder, SourceFileLoader, all_suffixes
from types import ModuleType

import pytest
from support import Fifo, Link, plant
from support.process import unprivileged

SUFFIXES = all_suffixes()
BY_LOADER = [*SUFFIXES[2:], ".py", ".pyc"]  # extensions first, as FileFinder has them


@pytest.fixture
def make(duel, root):
    """Plant a tree and put it alone on the search path."""

    def plant_on_path(tree):
        duel.set_path(plant(root, tree))
        return root

    return plant_on_path


def test_the_order_of_suffixes_is_the_one_assumed_here(duel, make):
    """2.7 What this file calls BY_LOADER is what importlib gave its hook."""
    root = make({})
    duel.ask("m")
    assert duel.agree(lambda w: [s for s, _ in sys.path_importer_cache[root]._loaders]) == BY_LOADER


def test_package_wins_over_modules_of_every_suffix(duel, make):
    """2.6a The directory is looked at first."""
    root = make({"m": {"__init__.py": ""}} | {f"m{suffix}": "" for suffix in SUFFIXES})
    assert duel.ask("m").locations == ["list", os.path.join(root, "m")]


@pytest.mark.parametrize("first", range(len(BY_LOADER)))
def test_suffixes_of_a_module_in_order(duel, make, first):
    """2.6b, 2.7 The first suffix that is there wins over all behind it."""
    root = make({f"m{suffix}": "" for suffix in BY_LOADER[first:]})
    assert duel.ask("m").origin == os.path.join(root, f"m{BY_LOADER[first]}")


@pytest.mark.parametrize("first", range(len(BY_LOADER)))
def test_suffixes_of_a_package_in_order(duel, make, first):
    """2.6a, 2.7 For __init__ as well."""
    root = make({"p": {f"__init__{suffix}": "" for suffix in BY_LOADER[first:]}})
    assert duel.ask("p").origin == os.path.join(root, "p", f"__init__{BY_LOADER[first]}")


def test_module_wins_over_a_directory_without_init(duel, make):
    """2.6b before c."""
    root = make({"m": {}, "m.pyc": ""})
    assert duel.ask("m").origin == os.path.join(root, "m.pyc")


def test_directory_without_init_is_a_portion(duel, make):
    """2.6c Also if what is called __init__.py is a directory."""
    root = make({"ns": {"__init__.py": {}}})
    assert duel.ask("ns").locations["items"] == [os.path.join(root, "ns")]


def test_new_init_is_seen_without_listing(duel, make):
    """2.6a The inside of the directory is stat'ed, its listing is not used."""
    root = make({"p": {}})
    assert not duel.ask("p").has_location
    plant(os.path.join(root, "p"), {"__init__.py": ""})
    answer = duel.ask("p")
    assert (answer.has_location, answer.events) == (True, [])


def test_removed_init_is_noticed_without_listing(duel, make):
    """2.6a The package is a portion at once."""
    root = make({"p": {"__init__.py": ""}})
    assert duel.ask("p").has_location
    os.unlink(os.path.join(root, "p", "__init__.py"))
    assert not duel.ask("p").has_location


def test_file_without_suffix_is_nothing(duel, make):
    """2.6c A listed name that is no directory."""
    make({"m": "text"})
    assert duel.ask("m").outcome == "absent"


def test_directory_that_became_a_file(duel, make):
    """2.6c A directory *now*: the listing says only that the name exists."""
    root = make({"ns": {}})
    assert duel.ask("ns").found
    before = os.stat(root)
    os.rmdir(os.path.join(root, "ns"))
    plant(root, {"ns": "file"})
    os.utime(root, ns=(before.st_atime_ns, before.st_mtime_ns))
    assert duel.ask("ns").outcome == "absent"


@pytest.mark.parametrize("odd", [{}, Fifo(), Link("nowhere"), Link("m.py")])
def test_what_is_no_regular_file_is_passed_over(duel, make, odd):
    """2.6b The next suffix is tried: directory, pipe, dangling link, loop."""
    root = make({"m.py": odd, "m.pyc": ""})
    assert duel.ask("m").origin == os.path.join(root, "m.pyc")


@pytest.mark.parametrize("odd", [{}, Fifo(), Link("nowhere"), Link("__init__.py")])
def test_init_that_is_no_regular_file_is_passed_over(duel, make, odd):
    """2.6a As for modules."""
    root = make({"p": {"__init__.py": odd, "__init__.pyc": ""}})
    assert duel.ask("p").origin == os.path.join(root, "p", "__init__.pyc")


def test_device_is_not_a_file(duel, make):
    """2.6b A link to /dev/null exists, and is not regular."""
    make({"m.py": Link("/dev/null")})
    assert duel.ask("m").outcome == "absent"


def test_links_are_followed_and_kept_in_the_path(duel, make):
    """2.6 To files and to directories; nothing is resolved."""
    root = make(
        {
            "real.py": "",
            "m.py": Link("real.py"),
            "pkg": {"__init__.py": ""},
            "p": Link("pkg"),
            "space": {},
            "ns": Link("space"),
        }
    )
    assert duel.ask("m").origin == os.path.join(root, "m.py")
    assert duel.ask("p").locations == ["list", os.path.join(root, "p")]
    assert duel.ask("ns").locations["items"] == [os.path.join(root, "ns")]


def test_link_that_is_repointed_is_noticed(duel, make):
    """2.6 The stat follows the link as it is now."""
    root = make({"m.py": Link("target"), "target": ""})
    assert duel.ask("m").found
    os.unlink(os.path.join(root, "target"))
    os.mkdir(os.path.join(root, "target"))
    assert duel.ask("m").outcome == "absent"


def test_unsearchable_package_is_a_portion(duel, public_root):
    """2.6a Its __init__ cannot be stat'ed: "no", not an error."""
    plant(public_root, {"p": {"__init__.py": ""}})
    os.chmod(os.path.join(public_root, "p"), 0o600)
    assert not duel.ask("p", [public_root], around=unprivileged).has_location


def test_unreadable_file_is_found(duel, public_root):
    """2.6b Finding does not open; the loader will fail."""
    plant(public_root, {"m.py": ""})
    os.chmod(os.path.join(public_root, "m.py"), 0)
    assert duel.ask("m", [public_root], around=unprivileged).found


def test_loaders_changed_on_the_hook_are_obeyed(duel, make):
    """2.7 The order comes from the finder, not from importlib.machinery."""
    root = make({"m.py": "", "m.pyc": "", "m.x": ""})
    duel.set_hooks(FileFinder.path_hook((SourceFileLoader, [".x", ".pyc"]), (ModuleType, [".py"])))
    assert duel.ask("m").origin == os.path.join(root, "m.x")


def test_suffixes_changed_on_the_finder_are_obeyed(duel, make):
    """2.7 `_loaders` of a cached finder may be edited at any time."""
    root = make({"m.py": "", "m.pyc": ""})
    duel.ask("m")
    duel.each_finder(root, lambda finder: finder._loaders.reverse())
    assert duel.ask("m").origin == os.path.join(root, "m.pyc")
    duel.each_finder(root, lambda finder: finder._loaders.clear())
    assert duel.ask("m").outcome == "absent"


@pytest.mark.parametrize("slashes", ["/", "//", "///"])
def test_trailing_slashes_of_the_entry_are_stripped(duel, make, slashes):
    """2.8 In origin and search locations."""
    root = make({"m.py": "", "p": {"__init__.py": ""}, "ns": {}})
    duel.set_path(root + slashes)
    assert duel.ask("m").origin == os.path.join(root, "m.py")
    assert duel.ask("p").locations == ["list", os.path.join(root, "p")]
    assert duel.ask("ns").locations["items"] == [os.path.join(root, "ns")]


def test_root_directory_as_an_entry(duel):
    """2.8 '/' is stripped to nothing before it is joined."""
    assert duel.ask("tmp", ["/"]).locations["items"] == ["/tmp"]
    assert duel.ask("tmp", ["//"]).found


@pytest.mark.parametrize("name", ["a/b", "p/", "/", "../x", "x/../m"])
def test_slashes_in_a_name(duel, make, name):
    """2.8 Names are no paths: nothing in a listing has a slash."""
    make({"a": {"b.py": ""}, "m.py": "", "p": {"__init__.py": ""}})
    assert duel.ask(name).outcome == "absent"
