"""Frames: an error that leaves a search shows importlib's functions, and none that it does not have."""

import importlib
import sys
import traceback

import pytest
from support import STOCK, plant

from fastimport.finding.importlib_frames import after_frame_of, from_frame_of


class Refusing:
    """The finder of a path entry that is not there for anybody."""

    def find_spec(self, name, target=None):
        raise LookupError(name)


def frames_of(action):
    """The functions through which an error of `action` went, from importlib's first on."""
    try:
        action()
    except Exception as error:
        names = [entry.name for entry in traceback.extract_tb(error.__traceback__) if "importlib" in entry.filename]
        return type(error), str(error), names
    pytest.fail("no error")


@pytest.fixture
def finders(candidate):
    return STOCK, candidate


def test_a_namespace_that_a_foreign_finder_refuses_to_renew(candidate, root, monkeypatch):
    """Before fastimport is there, and with it."""
    plant(root, {"portion": {"module.py": ""}})
    shown = []
    for finder in (STOCK, candidate):
        monkeypatch.setattr(sys, "path", [root])
        portions = finder.find_spec("portion").submodule_search_locations
        monkeypatch.setattr(sys, "path", ["foreign:", root])
        sys.path_importer_cache["foreign:"] = Refusing()
        shown.append(frames_of(lambda portions=portions: list(portions)))
    assert shown[0] == shown[1]


def test_a_search_path_that_is_not_there(finders, monkeypatch):
    monkeypatch.delattr(sys, "path")
    assert len({str(frames_of(lambda finder=finder: finder.find_spec("module"))) for finder in finders}) == 1


def test_a_namespace_whose_parent_is_gone(finders, isolated_import, monkeypatch):
    """importlib has more frames here, and ours none of its own."""
    plant(isolated_import, {"outer": {"inner": {"module.py": ""}}})
    inner = importlib.import_module("outer.inner")
    monkeypatch.delitem(sys.modules, "outer")
    stock, ours = [frames_of(lambda finder=finder: finder.find_spec("module", inner.__path__)) for finder in finders]
    assert ours[:2] == stock[:2]
    assert set(ours[2]) <= set(stock[2])


@pytest.mark.parametrize("cut", [from_frame_of, after_frame_of])
def test_an_error_of_the_first_frame_itself(cut):
    """Memory that runs out before the next frame is made."""
    try:
        raise MemoryError
    except MemoryError as error:
        assert cut(error.__traceback__, frames_of.__code__) is None
