"""Bytecode: whatever lies in ``__pycache__``, the source loader gives what importlib's gives.

Each case makes a directory, loads a module from it with the stock loader, makes the directory anew and
loads the module with the candidate's. Code objects down to their tables, exceptions with their frames,
warnings, audit events, module attributes in their order and files written must be equal. Where the
promise is that our reader does the work, or leaves it to importlib, that is demanded too: a
comparison of importlib with itself would prove nothing.
"""

import os
import sys

import pytest
from support import plant
from support.loading import (
    MTIME,
    LoadingDuel,
    both,
    bytecode_path,
    find,
    load,
    write_bytecode,
    write_source,
)
from support.process import unprivileged
from support.registration import in_turn

# The file is there and valid ##########################################################################################


def test_valid_bytecode(agree):
    """The reader takes it: one file opened, names of files fixed in every nested code object."""
    loaded = agree(both, road="short")
    assert loaded.code_events == ["open", "marshal.loads"]
    assert loaded.code.co_consts and "elsewhere" not in repr(loaded.steps["code"]["value"])


def test_valid_bytecode_of_a_package(agree):
    def prepare(directory):
        plant(directory, {"p": {"__init__.py": ""}})
        os.utime(os.path.join(directory, "p", "__init__.py"), (MTIME, MTIME))
        write_bytecode(os.path.join(directory, "p", "__init__.py"))

    assert agree(prepare, "p", road="short").module.__path__


@pytest.mark.parametrize("size", [65519, 65520, 65521, 70_000, 300_000])
def test_bytecode_larger_than_the_buffer(agree, size):
    """The file is read to its end, wherever the end falls (buffer of 65536 bytes, header of 16)."""
    agree(lambda directory: both(directory, source=f"TEXT = {'x' * size!r}\n"), road="short")


def test_bytes_behind_the_code_object_do_not_count(agree):
    def prepare(directory):
        _, cached = both(directory)
        with open(cached, "ab") as file:
            file.write(b"more")

    agree(prepare, road="short")


ODD_TIMES = {
    "before 1970": -1.0,
    "before 1970 with a fraction": -1.5,
    "epoch": 0,
    "2**31": 2**31,
    "2**32": 2**32 + 5,
    "2**33": 2**33 + 7.25,
}


@pytest.mark.parametrize("mtime", ODD_TIMES.values(), ids=ODD_TIMES)
def test_odd_modification_time_of_the_source(agree, mtime):
    """The header has the integer part of the float, modulo 2**32."""
    assert agree(lambda directory: both(directory, mtime=mtime), road="short").code


@pytest.mark.parametrize("nanoseconds", [0, 1, 999_999_900, 999_999_999])
@pytest.mark.parametrize("recorded", [MTIME, MTIME + 1])
def test_fraction_of_the_modification_time(agree, nanoseconds, recorded):
    """A float can't tell the last nanoseconds of a second from the next second, and importlib has a float."""

    def prepare(directory):
        path = write_source(directory)
        os.utime(path, ns=(0, MTIME * 10**9 + nanoseconds))
        write_bytecode(path, fields=[recorded, os.stat(path).st_size])

    agree(prepare)


NAMES = ["caf\xe9", "\u5909\u6570", "undecodable\udcff", "with space", "1digit"]


@pytest.mark.parametrize("name", NAMES, ids=ascii)
def test_name_that_is_not_plain(agree, name):
    agree(lambda directory: both(directory, name), name)


@pytest.mark.parametrize("name", NAMES, ids=ascii)
def test_directory_that_is_not_plain(agree, name):
    def prepare(directory):
        os.mkdir(os.path.join(directory, name))
        both(plant(os.path.join(directory, name), {"__init__.py": ""}), "__init__")

    agree(prepare, name)


# The file is not there, or not readable ###############################################################################


def test_no_bytecode(agree):
    """It is written, by importlib."""
    assert len(agree(write_source, road="long").files) == 2


def test_no_bytecode_where_none_can_be_written(agree):
    def prepare(directory):
        write_source(directory)
        plant(directory, {"__pycache__": "not a directory"})

    agree(prepare, road="long")


def test_no_bytecode_wanted(agree, monkeypatch):
    monkeypatch.setattr(sys, "dont_write_bytecode", True)
    assert len(agree(write_source, road="long").files) == 1
    agree(both, road="short")


def test_directory_in_place_of_the_file(agree):
    def prepare(directory):
        write_source(directory)
        os.makedirs(bytecode_path(directory))

    agree(prepare, road="long")


def test_unreadable_file(loading_finder, public_root):
    """As a user whom permissions concern."""

    def prepare(directory):
        os.chmod(directory, 0o755)
        _, cached = both(directory)
        os.chmod(os.path.dirname(cached), 0o755)
        os.chmod(cached, 0)

    codes = []
    for finder in in_turn(loading_finder):
        duel = LoadingDuel(finder, os.path.join(public_root, "d"))
        duel.prepared(prepare)
        with unprivileged():
            codes.append(load(finder, duel.directory, read_files=False).steps)
    assert codes[0] == codes[1]
    assert "compile" in [event for event, _ in codes[0]["code"]["events"]]


def test_links_are_followed(agree):
    def prepare(directory):
        _, cached = both(directory)
        os.rename(cached, os.path.join(directory, "linked"))
        os.symlink("../linked", cached)

    agree(prepare, road="short")


@pytest.mark.parametrize("with_bytecode", [False, True])
def test_source_that_vanishes_after_the_find(agree, with_bytecode):
    """No stat of it, no bytecode: the error names the source."""

    def vanish(spec):
        os.unlink(spec.origin)

    loaded = agree(both if with_bytecode else write_source, between=vanish, road="long")
    assert loaded.error_text.startswith("FileNotFoundError")


# What is named otherwise ##############################################################################################


def test_get_code_of_another_name(agree):
    """importlib's ImportError for the wrong module; None means the loader's own."""

    def rename(spec):
        spec.loader.name = "other"

    assert agree(both, between=rename, road="long").error_text == "ImportError: loader for other cannot handle m"


def test_get_code_of_no_name(loading_finder, tmp_path):
    both(os.fspath(tmp_path))
    codes = [find(finder, "m", os.fspath(tmp_path)).loader.get_code(None) for finder in in_turn(loading_finder)]
    assert codes[0] == codes[1]


@pytest.mark.parametrize("path", ["/", "m.py", "", "/m.py", "//m.py", "/.py", "/nowhere/m.py", "/nowhere/m\0.py", b"m.py", None])
def test_path_of_the_loader_is_changed(agree, path, monkeypatch, tmp_path):
    """A loader's attributes are open to everybody."""
    monkeypatch.chdir(tmp_path)
    agree(both, between=lambda spec: setattr(spec.loader, "path", path), road="long")


@pytest.mark.parametrize("suffix", ["", ".pyw", ".txt", ".PY", "."])
def test_source_with_another_suffix(agree, suffix):
    def prepare(directory):
        path, _ = both(directory)
        os.rename(path, path.removesuffix(".py") + suffix)
        write_source(directory)

    def change(spec):
        spec.loader.path = spec.loader.path.removesuffix(".py") + suffix

    agree(prepare, between=change, road="long")


@pytest.mark.parametrize("name", ["a.b", ".", "..", "a..b", ".hidden"])
def test_dots_in_the_name_of_the_file(agree, name):
    def prepare(directory):
        both(directory, name)
        both(directory)

    def change(spec):
        spec.loader.path = os.path.join(os.path.dirname(spec.origin), f"{name}.py")

    agree(prepare, between=change, road="short")
