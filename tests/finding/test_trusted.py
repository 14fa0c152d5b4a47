"""`trusted`: every difference from importlib that its definition implies, and no other.

The definition: a directory's stamp is checked once per process, again after invalidate_caches(), and
again before a name is called absent; hits cost nothing. So an answer may be older than importlib's
while there is one, and the listing is believed about what it says: that a name is there, and of
which type. T labels are differences, E labels are equalities that one might doubt.
docs/conformance.md lists the same labels.
"""

import importlib
import os
import sys
import time
import types
import zipfile
from importlib import machinery

import pytest
from support import Duel, Link, plant
from support.audit import observing
from support.duel import REMEMBERED
from support.process import unprivileged

from fastimport.finding import finder


@pytest.fixture
def duel(trusted):
    return Duel(trusted, ignoring=REMEMBERED)


@pytest.fixture
def entries(duel, root):
    """Two entries: a has a module, a package and a portion; b has a module."""
    plant(
        root,
        {
            "a": {"m.py": "", "p": {"__init__.py": "", "child.py": ""}, "ns": {}},
            "b": {"m.py": "", "last.py": "", "ns": {}},
        },
    )
    found = [os.path.join(root, "a"), os.path.join(root, "b")]
    duel.set_path(*found)
    for name in ("m", "p", "ns", "last"):
        duel.ask(name)
    return found


def stale(duel, name):
    """Ask for a name about which the two differ, then invalidate and demand that they agree."""
    expected, given, _ = duel.report(name)
    assert (expected.outcome, expected.spec) != (given.outcome, given.spec), "importlib agrees"
    duel.invalidate()
    duel.ask(name)
    return given


def test_t1_deleted_file_is_still_found(duel, entries):
    """T1 Until the next check: the import then fails in the loader."""
    os.unlink(os.path.join(entries[0], "m.py"))
    assert stale(duel, "m").origin == os.path.join(entries[0], "m.py")


def test_t2_new_file_on_an_earlier_entry_does_not_shadow(duel, entries):
    """T2 The name has an answer, so the entries before it are not looked at again."""
    plant(entries[0], {"last.py": ""})
    assert stale(duel, "last").origin == os.path.join(entries[1], "last.py")


@pytest.mark.parametrize("tree", [{"m": {"__init__.py": ""}}, {f"m{machinery.EXTENSION_SUFFIXES[0]}": ""}])
def test_t3_new_kind_beside_a_module_does_not_win(duel, entries, tree):
    """T3 A package or an extension made in the same directory."""
    plant(entries[0], tree)
    assert stale(duel, "m").origin == os.path.join(entries[0], "m.py")


def test_t4_package_without_its_init_is_still_a_package(duel, entries):
    """T4 The inside of a package is remembered as well."""
    os.unlink(os.path.join(entries[0], "p", "__init__.py"))
    assert stale(duel, "p").has_location


def test_t5_repointed_link_is_still_what_it_was(duel, entries):
    """T5 Links are followed when the directory is listed, and their type is believed like any other."""
    plant(entries[0], {"link.py": Link("m.py")})
    assert duel.ask("link").found
    os.unlink(os.path.join(entries[0], "link.py"))
    os.symlink("nowhere", os.path.join(entries[0], "link.py"))
    assert stale(duel, "link").origin == os.path.join(entries[0], "link.py")


def test_t6_new_portion_is_not_noticed(duel, entries, root):
    """T6 Nor one that was removed."""
    duel.set_path(*entries, plant(os.path.join(root, "c"), {}))
    duel.ask("ns")
    plant(root, {"c": {"ns": {}}})
    assert len(stale(duel, "ns").locations["items"]) == 2


def test_t7_removed_portion_is_still_there(duel, entries):
    """T7 As long as the namespace has an answer."""
    os.rmdir(os.path.join(entries[1], "ns"))
    assert len(stale(duel, "ns").locations["items"]) == 2


def test_t8_file_that_becomes_a_directory_is_still_a_file(duel, entries):
    """T8 The type is believed, as the listing had it."""
    os.unlink(os.path.join(entries[0], "m.py"))
    os.mkdir(os.path.join(entries[0], "m.py"))
    assert stale(duel, "m").origin == os.path.join(entries[0], "m.py")


def test_t9_change_behind_an_equal_mtime_is_noticed(duel, entries):
    """T9 Fresher than importlib: stamps have the ctime, which cannot be set back."""
    before = os.stat(entries[0])
    plant(entries[0], {"new.py": ""})
    os.utime(entries[0], ns=(before.st_atime_ns, before.st_mtime_ns))
    assert stale(duel, "new").found


def test_t10_directories_are_listed_at_other_moments(duel, root):
    """T10 That of a package with the package, not with its first submodule; and so are their audit events."""
    package = os.path.join(plant(os.path.join(root, "e"), {"p": {"__init__.py": "", "m.py": ""}}), "p")
    duel.set_path(os.path.dirname(package))
    moments = []
    for name, path in (("p", None), ("p.m", [package])):
        expected, given, different = duel.report(name, lambda path=path: path)
        moments.append([[event for event, _ in answer.events].count("os.listdir") for answer in (expected, given)])
        assert not different
    assert moments == [[1, 2], [1, 0]]


def test_t11_time_of_minus_one_is_a_time(duel, root):
    """T11 importlib never lists a directory whose mtime is exactly -1; a stamp has no such mark."""
    directory = plant(os.path.join(root, "e"), {"m.py": ""})
    os.utime(directory, (-1, -1))
    duel.set_path(directory)
    expected, given, _ = duel.report("m")
    assert (expected.outcome, given.outcome) == ("absent", "spec")


def test_t12_files_in_an_unsearchable_directory_are_found(duel, public_root):
    """T12 The listing can be read, and names files; importlib's stat is refused."""
    directory = plant(os.path.join(public_root, "e"), {"m.py": ""})
    os.chmod(directory, 0o744)
    duel.set_path(directory)
    expected, given, _ = duel.report("m", around=unprivileged)
    assert (expected.outcome, given.outcome) == ("absent", "spec")


def test_e1_new_name_is_found(duel, entries):
    """E1 Before a name is called absent every directory is checked."""
    assert duel.ask("new").outcome == "absent"
    plant(entries[1], {"new.py": ""})
    assert duel.ask("new").origin == os.path.join(entries[1], "new.py")


def test_e2_deleted_only_answer_is_gone_once_something_is_absent(duel, entries):
    """E2 One check serves all names of the directories."""
    os.unlink(os.path.join(entries[1], "last.py"))
    duel.ask("nowhere")
    assert duel.ask("last").outcome == "absent"


@pytest.mark.parametrize("how", ["ours", "stock", "global"])
def test_e3_every_door_to_invalidate_caches(duel, entries, how):
    """E3 Our class, importlib's class, importlib.invalidate_caches()."""
    os.unlink(os.path.join(entries[1], "last.py"))
    doors = {
        "ours": lambda world: world.finder.invalidate_caches(),
        "stock": lambda world: machinery.PathFinder.invalidate_caches(),
        "global": lambda world: importlib.invalidate_caches(),
    }
    duel.each(doors[how])
    assert duel.ask("last").outcome == "absent"


def test_e4_invalidating_one_finder(duel, entries):
    """E4 The method of the FileFinder itself."""
    os.unlink(os.path.join(entries[1], "last.py"))
    duel.each_finder(entries[1], lambda finder: finder.invalidate_caches())
    assert duel.ask("last").outcome == "absent"


@pytest.mark.parametrize("how", ["clear", "replace"])
def test_e5_emptied_importer_cache(duel, entries, how):
    """E5 New finders are checked."""
    os.unlink(os.path.join(entries[1], "last.py"))
    duel.each(lambda w: sys.path_importer_cache.clear() if how == "clear" else setattr(sys, "path_importer_cache", {}))
    assert duel.ask("last").outcome == "absent"


def test_e6_working_directory(duel, entries):
    """E6 '' is where the process is now."""
    duel.set_path("")
    for directory, found in ((entries[0], False), (entries[1], True), (entries[0], False)):
        os.chdir(directory)
        assert duel.ask("last").found is found


def test_e7_portion_that_becomes_a_package(duel, entries):
    """E7 As importlib, which does not list the directory for it either (rule 2.6a)."""
    plant(os.path.join(entries[0], "ns"), {"__init__.py": ""})
    assert duel.ask("ns").has_location


def test_e8_remembered_none(duel, root):
    """E8 A directory made after a failed look-up is not noticed: importlib's rule 1.7 holds."""
    entry = os.path.join(root, "late")
    duel.set_path(entry)
    duel.ask("m")
    plant(entry, {"m.py": ""})
    assert duel.ask("m").outcome == "absent"


@pytest.mark.parametrize("count", [4, 40])
def test_e9_long_paths(duel, root, count):
    """E9 The number of entries changes the cost, not the answer."""
    plant(root, {f"d{i}": {f"m{i}.py": "", "same.py": "", "ns": {}} for i in range(count)})
    duel.set_path(*(os.path.join(root, f"d{i}") for i in range(count)))
    names = ["same", "ns", "absent", *(f"m{i}" for i in range(0, count, 3))]
    for _ in range(2):
        for name in names:
            duel.ask(name)
    plant(root, {f"d{count - 1}": {}})
    plant(os.path.join(root, "d1"), {"absent.py": ""})
    assert duel.ask("absent").found


def test_e10_level_ends_with_uninstall(duel, trusted, root):
    """E10 Used without install() afterwards, the class is `checked` again."""
    import fastimport

    entry = plant(os.path.join(root, "e"), {"m.py": ""})
    fastimport.uninstall()
    after = Duel(fastimport.PathFinder)
    after.set_path(entry)
    assert after.ask("m").found
    os.unlink(os.path.join(entry, "m.py"))
    assert after.ask("m").outcome == "absent"


def test_e11_package_whose_directory_cannot_be_listed(duel, public_root):
    """E11 A listing that is refused says nothing: the package is found by stat, as importlib finds it."""
    plant(public_root, {"p": {"__init__.py": ""}})
    os.chmod(os.path.join(public_root, "p"), 0o311)
    duel.set_path(public_root)
    assert duel.ask("p", around=unprivileged).has_location


def test_e12_finder_changed_by_hand_before_an_archive(duel, root):
    """E12 Asked by importlib from then on, whatever stands behind it; the search comes to an end."""
    entry = plant(os.path.join(root, "e"), {"m.py": ""})
    plant(root, {"a": {}})
    zipped = os.path.join(root, "z.zip")
    with zipfile.ZipFile(zipped, "w") as archive:
        archive.writestr("z.py", "")
    duel.set_path(entry, zipped, os.path.join(root, "a"))
    assert duel.ask("m").found and duel.ask("z").found
    duel.each_finder(entry, lambda finder: setattr(finder, "find_spec", lambda name, target=None: None))
    assert duel.ask("m").outcome == "absent"
    asked = []
    foreign = types.SimpleNamespace(find_spec=lambda name, target=None: asked.append(name))
    duel.each(lambda world: sys.path_importer_cache.update({zipped: foreign}))
    assert duel.ask("absent").outcome == "absent"
    assert asked == ["absent"] * 2  # once by each finder


def test_e13_new_file_before_an_archive(duel, root):
    """E13 What comes before an entry of another maker is not forgotten when a name is absent behind it."""
    entry = plant(os.path.join(root, "e"), {"m.py": ""})
    zipped = os.path.join(root, "z.zip")
    with zipfile.ZipFile(zipped, "w") as archive:
        archive.writestr("z.py", "")
    duel.set_path(entry, zipped)
    assert duel.ask("m").found
    plant(entry, {"new.py": ""})
    assert duel.ask("new").found


def test_e14_new_file_in_the_working_directory(duel, root, monkeypatch):
    """E14 The entry '' stands for it."""
    monkeypatch.chdir(plant(os.path.join(root, "e"), {"m.py": ""}))
    duel.set_path("")
    assert duel.ask("m").found and duel.ask("new").outcome == "absent"
    plant(os.path.join(root, "e"), {"new.py": ""})
    assert duel.ask("new").found


def test_e14_invalidation_during_a_look(duel, root):
    """E14 What is invalidated while its directory is read has to be looked at again."""
    entry = plant(os.path.join(root, "e"), {"m.py": ""})
    duel.set_path(entry)
    time.sleep(0.03)  # so that what is read is believed

    def invalidate(event, arguments):
        if event == "os.listdir":
            finder.resolver.invalidate()

    assert duel.ask("m", around=lambda: observing(invalidate)).found
    before = finder.resolver.stat_calls
    assert duel.ask("m").found
    assert finder.resolver.stat_calls == before + 1


def test_e15_other_kinds_inside_a_package(duel, root):
    """E15 What was read with some suffixes says nothing of others."""
    entry = plant(os.path.join(root, "e"), {"p": {"__init__.py": "", "__init__.other": ""}})
    duel.set_path(entry)
    time.sleep(0.03)  # so that what is read is believed
    assert duel.ask("p").origin.endswith("__init__.py")
    loaders = [(".other", machinery.SourceFileLoader), (".py", machinery.SourceFileLoader)]
    duel.each_finder(entry, lambda finder: setattr(finder, "_loaders", list(loaders)))
    assert duel.ask("p").origin.endswith("__init__.other")


def test_t13_finder_changed_by_hand_on_a_long_path(duel, root):
    """T13 The index knows that the entry lacks the name; importlib asks it again. Until the name is absent everywhere."""
    plant(root, {f"d{i}": {f"m{i}.py": ""} for i in range(10)} | {"d9": {"m9.py": "", "name.py": ""}})
    entries = [os.path.join(root, f"d{i}") for i in range(10)]
    duel.set_path(*entries)
    for _ in range(3):
        duel.ask("name")
    plant(entries[1], {"name.py": ""})
    duel.each_finder(entries[1], lambda finder: finder.invalidate_caches())
    expected, given, _ = duel.report("name")
    assert expected.spec["origin"] == os.path.join(entries[1], "name.py")
    assert given.spec["origin"] == os.path.join(entries[9], "name.py")
    duel.invalidate()
    assert duel.ask("name").origin == os.path.join(entries[1], "name.py")
