"""Frames: what tracebacks show of a module's loading, and where debuggers stop, is as with importlib."""

import bdb
import os
import traceback

import pytest
from support.loading import both, find, write_source
from support.registration import in_turn


def shown_traceback():
    try:
        import m  # noqa: F401
    except BaseException:
        return traceback.format_exc()


UNCOMPILABLE = "def (\n"
FAILING = ["1 / 0\n", "import nothing_of_that_name\n", "raise SystemExit(3)\n"]


@pytest.mark.parametrize("prepare", [both, write_source], ids=["valid", "none"])
@pytest.mark.parametrize("source", FAILING)
def test_tracebacks_show_no_importlib(installed, module_directory, source, prepare):
    prepare(module_directory, source=source)
    must_show_two_files()


def test_tracebacks_of_sources_that_do_not_compile(installed, module_directory):
    write_source(module_directory, UNCOMPILABLE)
    must_show_two_files()


def must_show_two_files():
    """This one and the module."""
    shown = shown_traceback()
    assert "importlib" not in shown and "fastimport" not in shown
    assert shown.count("  File ") == 2


def test_damaged_bytecode_shows_importlib_frames(loading_finder, module_directory):
    both(module_directory, code=b"\xff")
    shown = []
    for finder in in_turn(loading_finder):
        loader = find(finder, "m", module_directory).loader
        try:
            loader.get_code("m")
        except ValueError as error:
            shown.append([(entry.filename, entry.name) for entry in traceback.extract_tb(error.__traceback__)])
    assert shown[0] == shown[1] and len(shown[0]) == 3


FILES_OF_INTEREST = ("m.py", "loader.py", "finder.py", "_bytecode.pyx", "_resolver.pyx")


class Recorder(bdb.Bdb):
    """Stops at each line that is not to be skipped."""

    def __init__(self):
        super().__init__(skip=["importlib*"])
        self.stops = []

    def user_line(self, frame):
        self.stops.append((os.path.basename(frame.f_code.co_filename), frame.f_lineno))
        self.set_step()


def test_debugger_skips_importlib(installed, module_directory):
    both(module_directory, source="A = 1\nB = 2\n")
    recorder = Recorder()
    recorder.run("import m", {})
    stops = [(name, line) for name, line in recorder.stops if name in FILES_OF_INTEREST or "importlib" in name]
    assert stops == [("m.py", 1), ("m.py", 2)]
