"""PathFinder.find_spec: namespace packages, fresh results, errors.

Rules

1.11 Portions and no loader anywhere: ModuleSpec(fullname, None), origin None, with a NamespacePath
     of the portions. A regular package or a module on a later entry wins over portions before it.
     Duplicates are kept.
1.12 NamespacePath reads the path of the parent from sys.modules: if the parent is not imported,
     KeyError before 3.15 and ModuleNotFoundError since.
1.13 NamespacePath is live: recomputed when the parent's path has changed or invalidate_caches() was
     called; if nothing is found then, the old value is kept. Changes made to it directly last until
     the next recomputation.
1.14 Results are never shared: each find gives a new spec, loader and list, and spec.name is the
     object that was asked for.
"""

import os
import sys
from types import ModuleType

import pytest
from support import plant

NEWER = sys.version_info >= (3, 15)


@pytest.fixture
def portions(duel, root):
    """Two entries, each with a portion of ns; the first also has a portion of mixed."""
    plant(root, {"a": {"ns": {"x.py": ""}, "mixed": {}}, "b": {"ns": {"y.py": ""}}})
    entries = [os.path.join(root, "a"), os.path.join(root, "b")]
    duel.set_path(*entries)
    return entries


def under(entries, name):
    return [os.path.join(entry, name) for entry in entries]


def test_portions_are_collected_in_order(duel, portions):
    """1.11 Loader and origin are None, and the path is importlib's live object."""
    answer = duel.ask("ns")
    assert (answer.loader, answer.origin, answer.has_location) == (None, None, False)
    assert answer.locations["items"] == under(portions, "ns")
    name = "NamespacePath(" if NEWER else "_NamespacePath("
    assert answer.locations["repr"].startswith(name)


def test_single_portion_is_a_namespace(duel, portions):
    """1.11 One directory without __init__ is enough, also an empty one."""
    assert duel.ask("mixed").locations["items"] == under(portions[:1], "mixed")


@pytest.mark.parametrize("later", [{"mixed.py": ""}, {"mixed": {"__init__.py": ""}}])
def test_module_or_package_on_a_later_entry_wins(duel, portions, later):
    """1.11 The portions before it are forgotten."""
    plant(portions[1], later)
    assert duel.ask("mixed").has_location


def test_module_beside_the_portion_wins(duel, portions):
    """1.11 Within one directory too: mixed.py over mixed/."""
    plant(portions[0], {"mixed.py": ""})
    assert duel.ask("mixed").origin == os.path.join(portions[0], "mixed.py")


def test_duplicate_entries_give_duplicate_portions(duel, portions):
    """1.11 Nothing is removed."""
    answer = duel.ask("ns", [portions[0], portions[0], portions[1], portions[0]])
    assert len(answer.locations["items"]) == 4


def test_nested_namespace_with_its_parent_imported(duel, portions):
    """1.12 The path of the parent module is remembered by the new NamespacePath."""
    plant(portions[0], {"ns": {"inner": {}}})
    parent = ModuleType("ns")
    parent.__path__ = under(portions, "ns")
    sys.modules["ns"] = parent
    answer = duel.ask("ns.inner", parent.__path__)
    assert answer.locations["parent"] == tuple(parent.__path__)


def test_nested_namespace_without_its_parent_raises(duel, portions):
    """1.12 The error names the parent."""
    plant(portions[0], {"ns": {"inner": {}}})
    text = duel.ask("ns.inner", under(portions, "ns")).error_text
    assert text == ("ModuleNotFoundError: 'ns' must be imported before finding 'ns.inner'." if NEWER else "KeyError: 'ns'")


def test_parent_without_a_path_raises(duel, portions):
    """1.12 AttributeError of the parent module."""
    plant(portions[0], {"ns": {"inner": {}}})
    sys.modules["ns"] = ModuleType("ns")
    assert "__path__" in duel.ask("ns.inner", under(portions, "ns")).error_text


def live(duel, name="ns"):
    """Ask for `name`, and give a function that reads the live path in both worlds."""
    duel.ask(name)
    return lambda: duel.agree(lambda world: list(world.last.submodule_search_locations))


def test_namespace_follows_sys_path(duel, portions):
    """1.13 Recomputed when tuple(sys.path) has changed."""
    duel.set_path(portions[0])
    read = live(duel)
    duel.set_path(*reversed(portions))
    assert read() == under(reversed(portions), "ns")


def test_namespace_notices_new_portions_after_invalidation_only(duel, portions, root):
    """1.13 A directory made on an unchanged path counts from the next epoch on."""
    third = plant(os.path.join(root, "c"), {})
    duel.set_path(*portions, third)
    read = live(duel)
    plant(third, {"ns": {}})
    assert read() == under(portions, "ns")
    duel.invalidate()
    assert read() == under([*portions, third], "ns")


def test_namespace_keeps_its_portions_when_nothing_is_found(duel, portions, root):
    """1.13 The old value stays if the new search path has none."""
    read = live(duel)
    duel.set_path(os.path.join(root, "nowhere"))
    assert read() == under(portions, "ns")


def test_namespace_keeps_its_portions_when_a_package_appears(duel, portions, root):
    """1.13 A loader found now does not turn the namespace into a package."""
    read = live(duel)
    duel.set_path(plant(os.path.join(root, "regular"), {"ns": {"__init__.py": ""}}))
    assert read() == under(portions, "ns")


def test_direct_changes_last_until_the_next_recomputation(duel, portions):
    """1.13 append and item assignment change the list in place."""
    read = live(duel)
    duel.each(lambda world: world.last.submodule_search_locations.append("/more"))
    duel.each(lambda world: world.last.submodule_search_locations.__setitem__(0, "/first"))
    assert read() == ["/first", under(portions, "ns")[1], "/more"]
    duel.invalidate()
    assert read() == under(portions, "ns")


def test_namespace_path_as_a_search_path(duel, portions):
    """1.13 What submodules are found with; it is iterated like any other path."""
    duel.ask("ns")
    for name, entry in (("x", portions[0]), ("y", portions[1])):
        spec = duel.agree(lambda w, name=name: w.finder.find_spec(f"ns.{name}", w.last.submodule_search_locations).origin)
        assert spec == os.path.join(entry, "ns", f"{name}.py")


def test_stock_and_ours_recompute_with_their_own_search(duel, portions):
    """1.13 The path asks the class that made it: its bound `_get_spec`."""
    assert duel.ask("ns").locations["finds_with"] == "_get_spec"
    owners = duel.each(lambda w: w.last.submodule_search_locations._path_finder.__self__ is w.finder)
    assert owners == [True, True]


@pytest.mark.parametrize("name", ["m", "p", "ns"])
def test_results_are_never_shared(duel, root, name):
    """1.14 Two finds have no mutable object in common."""
    plant(root, {"m.py": "", "p": {"__init__.py": ""}, "ns": {}})
    duel.set_path(root)
    for world in duel.worlds:
        with world.active():
            first, second = world.finder.find_spec(name), world.finder.find_spec(name)
        assert first is not second
        assert first.loader is None or first.loader is not second.loader
        locations = first.submodule_search_locations
        assert locations is None or locations is not second.submodule_search_locations


def test_changing_a_spec_leaves_the_next_one_alone(duel, root):
    """1.14 ddtrace, wrapt and LazyLoader overwrite loaders and lists."""
    plant(root, {"p": {"__init__.py": ""}})
    duel.set_path(root)
    duel.ask("p")
    for world in duel.worlds:
        world.last.loader = world.last.origin = world.last.name = "changed"
        world.last.submodule_search_locations.append("/changed")
    assert duel.ask("p").locations == ["list", os.path.join(root, "p")]


def test_name_is_the_object_that_was_asked_for(duel, root):
    """1.14 Also a subclass of str, and also in the loader."""
    plant(root, {"m.py": "", "ns": {}})
    duel.set_path(root)

    class Name(str):
        pass

    for text in ("m", "ns"):
        assert duel.ask(Name(text)).same_name
