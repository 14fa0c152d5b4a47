"""FileFinder: what the spec says, and what is said on the way.

Rules

2.9  The spec is that of spec_from_file_location; `cached` is computed when read, from the
     sys.pycache_prefix and cache tag of that moment.
2.10 target is ignored. -vv prints "trying ..." and "possible namespace for ...".
"""

import sys
from importlib.machinery import EXTENSION_SUFFIXES
from types import ModuleType

import pytest
from support import plant
from support.process import python


@pytest.fixture
def make(duel, root):
    """Plant a tree and put it alone on the search path."""

    def plant_on_path(tree):
        duel.set_path(plant(root, tree))
        return root

    return plant_on_path


@pytest.mark.parametrize("name", ["source", "bytecode", "package", "extension", "space"])
def test_every_field_of_the_spec(duel, make, name):
    """2.9 For each kind: the comparison covers all attributes, their order and their types."""
    tree = {"source.py": "", "bytecode.pyc": "", "package": {"__init__.py": ""}, "space": {}}
    make(tree | {f"extension{EXTENSION_SUFFIXES[0]}": ""})
    answer = duel.ask(name)
    assert answer.raw_cached is None
    assert list(answer.rest) == ["_set_fileattr", "_uninitialized_submodules"] or answer.rest


@pytest.mark.parametrize("name", ["m", "p"])
def test_cached_is_computed_when_it_is_read(duel, make, name):
    """2.9 With the prefix of that moment, not of the find."""
    make({"m.py": "", "p": {"__init__.py": ""}})
    for prefix in ("/first", "/second", None):
        spec = duel.each(lambda world: world.finder.find_spec(name))
        sys.pycache_prefix = prefix
        cached = [s.cached for s in spec]
        sys.pycache_prefix = None
        assert cached[0] == cached[1]
        assert prefix is None or cached[0].startswith(prefix)


def test_cached_without_a_cache_tag(duel, make, monkeypatch):
    """2.9 None, as importlib has it."""
    make({"m.py": ""})
    monkeypatch.setattr(sys.implementation, "cache_tag", None)
    assert duel.ask("m").cached is None


@pytest.mark.parametrize("target", [ModuleType("m"), None, 5])
def test_target_is_ignored(duel, make, target):
    """2.10 It is handed on to foreign finders only."""
    make({"m.py": ""})
    assert duel.ask("m", target=target).found


VERBOSE = """
import sys
{setup}
finder.find_spec("ns", [sys.argv[1]])
finder.find_spec("m", [sys.argv[1]])
"""
SETUPS = {
    "stock": "from importlib.machinery import PathFinder as finder",
    "class": "from fastimport import PathFinder as finder",
    "meta_path": "import fastimport; fastimport.install(); finder = fastimport.PathFinder",
    "in_place": "import fastimport; fastimport.install(register='in_place')\n"
    "from importlib.machinery import PathFinder as finder",
}


def test_messages_of_very_verbose(candidate, root, request):
    """2.10 python -vv prints the same attempts."""
    plant(root, {"ns": {}, "m.py": ""})
    kind = request.node.callspec.params["candidate"]
    messages = []
    for setup in (SETUPS["stock"], SETUPS[kind]):
        run = python("-vv", "-c", VERBOSE.format(setup=setup), root)
        assert run.returncode == 0, run.stderr
        messages.append([line for line in run.stderr.splitlines() if root in line])
    assert any(line.startswith("# possible namespace for") for line in messages[0])
    assert messages[0] == messages[1]
