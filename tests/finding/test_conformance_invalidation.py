"""PathFinder besides find_spec: invalidate_caches, find_distributions, discover, legacy methods.

Rules

1.15 invalidate_caches() deletes the items of sys.path_importer_cache that are None or whose key is
     not absolute, calls invalidate_caches of the others where they have one, and bumps the epoch of
     NamespacePath. 3.13 and newer: the caches of importlib.metadata too. It does no file-system work.
1.16 find_distributions is MetadataPathFinder's.
1.17 3.15: discover() gives the specs below a package or sys.path.
1.18 3.11: find_module warns and gives the loader.
1.19 importlib.invalidate_caches() reaches the finder through sys.meta_path.
"""

import importlib
import os
import sys
import warnings
from importlib import metadata

import pytest
from support import audit, plant


@pytest.fixture
def tree(duel, root):
    plant(root, {"e": {"m.py": "", "p": {"__init__.py": ""}, "ns": {}}})
    entry = os.path.join(root, "e")
    duel.set_path(entry)
    os.chdir(root)
    return entry


class Invalidatable:
    def __init__(self):
        self.count = 0

    def find_spec(self, name, target=None):
        return None

    def invalidate_caches(self):
        self.count += 1


def test_none_and_relative_keys_are_dropped(duel, tree):
    """1.15 The rest stays, in its order."""
    duel.ask("absent", ["e", "/nowhere", tree, ".", ""])
    duel.invalidate()
    kept = duel.agree(lambda world: list(sys.path_importer_cache))
    assert kept == [tree, os.path.dirname(tree)]


def test_foreign_finders_are_invalidated_where_they_can_be(duel, tree):
    """1.15 A finder without the method is left alone."""

    def invalidate(world):
        ours, plain = Invalidatable(), object()
        sys.path_importer_cache.update({"/one": ours, "/two": plain, "relative": ours})
        world.finder.invalidate_caches()
        return ours.count, list(sys.path_importer_cache)

    assert duel.agree(invalidate) == (1, ["/one", "/two"])


def test_error_of_a_foreign_finder_propagates(duel, tree):
    """1.15 Nothing is caught."""

    class Failing:
        def invalidate_caches(self):
            raise ZeroDivisionError

    for world in duel.worlds:
        with world.active(), pytest.raises(ZeroDivisionError):
            sys.path_importer_cache["/failing"] = Failing()
            world.finder.invalidate_caches()


def test_file_finders_forget_the_time_and_keep_the_names(duel, tree):
    """1.15 -1 and the old listing, until the next find."""
    duel.ask("m")
    duel.invalidate()
    assert duel.agree(lambda world: sys.path_importer_cache[tree]._path_mtime) == -1
    assert "m.py" in duel.agree(lambda world: sorted(sys.path_importer_cache[tree]._path_cache))


def test_no_file_system_work(duel, tree):
    """1.15 Refilling is lazy: the next find lists the directory."""
    duel.ask("m")

    def events(world):
        with audit.recording() as seen:
            world.finder.invalidate_caches()
        return [event for event, _ in seen if event.startswith(("os.", "open"))]

    assert duel.agree(events) == []
    assert [event for event, _ in duel.ask("m").events] == ["os.listdir"]


def test_stale_listing_is_read_again(duel, tree):
    """1.15 What the mtime hides, invalidation reveals."""
    before = os.stat(tree)
    duel.ask("new")
    plant(tree, {"new.py": ""})
    os.utime(tree, ns=(before.st_atime_ns, before.st_mtime_ns))
    assert duel.ask("new").outcome == "absent"
    duel.invalidate()
    assert duel.ask("new").found


def test_works_on_an_instance_and_unbound(duel, tree):
    """1.15 It is a static method."""
    duel.each(lambda world: world.finder().invalidate_caches())
    duel.each(lambda world: type(world.finder()).invalidate_caches())


def test_cache_that_is_not_a_mapping(duel):
    """1.15 The error of the object itself."""

    def invalidate(world):
        sys.path_importer_cache = None
        with pytest.raises(AttributeError) as caught:
            world.finder.invalidate_caches()
        sys.path_importer_cache = {}
        return str(caught.value)

    duel.agree(invalidate)


@pytest.fixture
def distribution(duel, root):
    info = {"METADATA": "Metadata-Version: 2.1\nName: some-dist\nVersion: 1.5\n"}
    duel.set_path(plant(os.path.join(root, "site"), {"some_dist-1.5.dist-info": info}))


def versions(world, name="some-dist"):
    context = metadata.DistributionFinder.Context(name=name, path=list(sys.path))
    return [found.version for found in world.finder.find_distributions(context)]


def test_distributions_are_found(duel, distribution):
    """1.16 By name, and an unknown one not at all."""
    assert duel.agree(versions) == ["1.5"]
    assert duel.agree(lambda world: versions(world, "other")) == []


def test_distributions_without_a_context(duel, distribution):
    """1.16 The default context searches sys.path."""
    found = lambda w: [d.metadata["Name"] for d in w.finder.find_distributions()]  # noqa: E731
    assert duel.agree(found) == ["some-dist"]


def test_metadata_caches_are_cleared_since_313(duel):
    """1.15 3.13 and newer; older versions leave them."""

    def cleared(world):
        metadata.FastPath("/nowhere")
        before = metadata.FastPath.__new__.cache_info().currsize
        world.finder.invalidate_caches()
        return before > 0 and metadata.FastPath.__new__.cache_info().currsize == 0

    assert duel.agree(cleared) is (sys.version_info >= (3, 13))


@pytest.mark.skipif(sys.version_info < (3, 15), reason="discover is new in 3.15")
def test_discover_gives_the_specs_of_sys_path(duel, tree):
    """1.17 Modules, packages and namespaces; the order is that of the directory."""
    found = duel.agree(lambda w: sorted((s.name, s.origin) for s in w.finder.discover()))
    assert [name for name, _ in found] == ["m", "ns", "p"]


@pytest.mark.skipif(sys.version_info < (3, 15), reason="discover is new in 3.15")
def test_discover_below_a_package(duel, tree):
    """1.17 And the ValueError for a module that is none."""
    plant(tree, {"p": {"child.py": ""}})

    def below(world):
        parent = world.finder.find_spec("p")
        with pytest.raises(ValueError, match="is not a package"):
            list(world.finder.discover(world.finder.find_spec("m")))
        return [spec.name for spec in world.finder.discover(parent)]

    assert "p.child" in duel.agree(lambda world: sorted(below(world)))


@pytest.mark.skipif(sys.version_info >= (3, 12), reason="removed in 3.12")
def test_find_module_warns_and_gives_the_loader(duel, tree):
    """1.18 The DeprecationWarning and its text are importlib's."""

    def find(world):
        with warnings.catch_warnings(record=True) as seen:
            warnings.simplefilter("always")
            loader = world.finder.find_module("m")
            assert world.finder.find_module("absent") is None
        return type(loader).__name__, loader.path, [str(w.message) for w in seen]

    assert len(duel.agree(find)[2]) == 2


def test_attributes_of_the_class_are_those_of_the_running_version(duel):
    """1.17, 1.18 No public name more, none less."""
    public = [{n for n in dir(w.finder) if not n.startswith("_")} for w in duel.worlds]
    assert public[0] == public[1]


def test_global_invalidation_reaches_the_finder(duel, tree):
    """1.19 importlib.invalidate_caches() calls every finder on sys.meta_path."""
    duel.ask("m")

    def invalidate(world):
        sys.meta_path.insert(0, world.finder)
        importlib.invalidate_caches()
        sys.meta_path.remove(world.finder)
        return sys.path_importer_cache[tree]._path_mtime

    assert duel.agree(invalidate) == -1


def test_direct_invalidation_of_the_stock_class_reaches_ours(duel, tree):
    """1.19 modulefinder calls importlib.machinery.PathFinder.invalidate_caches()."""
    before = os.stat(tree)
    duel.ask("new")
    plant(tree, {"new.py": ""})
    os.utime(tree, ns=(before.st_atime_ns, before.st_mtime_ns))
    duel.each(lambda world: importlib.machinery.PathFinder.invalidate_caches())
    assert duel.ask("new").found
