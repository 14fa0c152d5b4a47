"""PathFinder and what it is made of, replaced by somebody after `install`: called as often as without us, and no more afterwards.

Tracers and ``mock.patch`` do this to `importlib.machinery.PathFinder`, whatever stands in ``sys.meta_path``.
"""

import importlib
import os
import sys
from contextlib import nullcontext
from importlib import machinery, metadata
from unittest import mock

import pytest
from support import plant
from support.registration import registered

KINDS = ("meta_path", "in_place")
TREE = {"first.py": "", "second.py": "", "package": {"__init__.py": "", "inner.py": ""}, "space": {"leaf.py": ""}}
METHODS = ("find_spec", "_get_spec", "_path_importer_cache", "_path_hooks")


@pytest.fixture
def tree(isolated_import):
    plant(isolated_import, TREE)
    importlib.invalidate_caches()
    return isolated_import


def noting(calls, name, cls=machinery.PathFinder):
    """A replacement as tools write it, around what the class has at this moment."""
    original = cls.__dict__[name]

    def replacement(*args, **kwargs):
        calls.append((name, args[1] if len(args) > 1 else None))
        return original.__get__(None, cls)(*args[1:], **kwargs)

    return mock.patch.object(cls, name, classmethod(replacement))


def imported(*names):
    for name in names:
        importlib.import_module(name)
    for name in names:
        for known in [known for known in sys.modules if known.split(".")[0] == name.split(".")[0]]:
            del sys.modules[known]
    sys.path_importer_cache.clear()


def calls_during(tree, name, kind, wanted):
    calls = []
    sys.path_importer_cache.clear()
    with registered(kind) if kind != "stock" else nullcontext():
        with noting(calls, name):
            imported(*wanted)
        during = len(calls)
        imported(*wanted)
        assert len(calls) == during, "called although it was put back"
    return calls


@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize("name", METHODS)
@pytest.mark.parametrize("wanted", [["first"], ["package.inner"], ["space.leaf"], ["first", "second"]], ids="-".join)
def test_a_replaced_method_is_called(tree, name, kind, wanted):
    stock = calls_during(tree, name, "stock", wanted)
    assert stock
    assert calls_during(tree, name, kind, wanted) == stock


@pytest.mark.parametrize("kind", KINDS)
def test_answers_are_the_replacements(tree, kind):
    spec = machinery.ModuleSpec("first", None, origin="elsewhere")
    with registered(kind), mock.patch.object(machinery.PathFinder, "find_spec", lambda *_: spec):
        assert importlib.util.find_spec("first") is spec
    with registered(kind):
        assert importlib.util.find_spec("first").origin == os.path.join(tree, "first.py")


@pytest.mark.parametrize("kind", KINDS)
def test_errors_are_the_replacements(tree, kind):
    with registered(kind), mock.patch.object(machinery.PathFinder, "_get_spec", side_effect=ZeroDivisionError("theirs")):
        with pytest.raises(ZeroDivisionError, match="theirs"):
            importlib.import_module("first")
        with pytest.raises(ZeroDivisionError, match="theirs"):
            importlib.import_module("nowhere_at_all")


@pytest.mark.parametrize("kind", KINDS)
def test_the_replacement_is_given_importlibs_class(tree, kind):
    given = []
    original = machinery.PathFinder.__dict__["find_spec"]

    def find_spec(cls, *args):
        given.append(cls)
        return original.__get__(None, cls)(*args)

    with registered(kind), mock.patch.object(machinery.PathFinder, "find_spec", classmethod(find_spec)):
        importlib.util.find_spec("first")
    assert given == [machinery.PathFinder]


@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize("name", ["invalidate_caches", "find_distributions", "discover"])
def test_the_doors_beside_the_search(tree, kind, name):
    if not hasattr(machinery.PathFinder, name):
        pytest.skip("3.15 has it")
    uses = {
        "invalidate_caches": importlib.invalidate_caches,
        "find_distributions": lambda: list(metadata.distributions()),
        "discover": lambda: [list(finder.discover()) for finder in sys.meta_path if hasattr(finder, "discover")],
    }
    with registered(kind), mock.patch.object(machinery.PathFinder, name, return_value=()) as replacement:
        uses[name]()
    assert replacement.call_count == 1


@pytest.mark.parametrize("name", METHODS)
def test_a_method_replaced_on_the_class_on_the_meta_path(tree, name):
    """Who takes the finder from sys.meta_path patches ours."""
    calls = []
    with registered("meta_path") as finder:
        original = getattr(finder, name)

        def replacement(*args):
            calls.append(name)
            return original(*args)

        with mock.patch.object(finder, name, replacement):
            imported("first")
        assert calls
        during = len(calls)
        imported("first")
        assert len(calls) == during


@pytest.mark.parametrize("kind", KINDS)
def test_a_subclass_of_the_class_on_the_meta_path(tree, kind):
    """Its own methods are called, and so are replaced ones of importlib's class."""
    calls = []
    with registered(kind) as finder:

        class Sub(finder):
            @classmethod
            def _path_importer_cache(cls, path):
                calls.append(path)
                return super()._path_importer_cache(path)

        assert Sub.find_spec("first").origin == os.path.join(tree, "first.py")
        assert calls
        with noting(calls, "_path_hooks"):
            sys.path_importer_cache.clear()
            assert Sub.find_spec("second")
        assert ("_path_hooks", tree) in calls


def frames_of_a_failing_replacement(kind):
    def fail(cls, *arguments):
        raise LookupError("of the replacement")

    with (
        registered(kind) if kind != "stock" else nullcontext(),
        mock.patch.object(machinery.PathFinder, "find_spec", classmethod(fail)),
        pytest.raises(LookupError) as caught,
    ):
        importlib.import_module("no_such_module")
    return [(entry.frame.code.name, str(entry.path).rpartition("/")[2]) for entry in caught.traceback]


def test_a_replacement_is_called_from_one_frame_more_that_is_importlibs():
    """C14, and in place not even that."""
    stock = frames_of_a_failing_replacement("stock")
    assert frames_of_a_failing_replacement("in_place") == stock
    assert stock[-1][0] == "fail"
    more = [*stock[:-1], ("find_spec", "<frozen importlib._bootstrap_external>"), stock[-1]]
    assert frames_of_a_failing_replacement("meta_path") == more
