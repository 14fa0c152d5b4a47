"""Files that change while a module is loaded: what comes out is importlib's answer or a new compilation, never a mixture.

Nothing here measures time: a race that is not hit proves less, and fails nothing.
"""

import importlib.util
import os
import signal
import subprocess
import sys
import threading

import pytest
from support.loading import MTIME, both, find, pyc_bytes, write_bytecode, write_source
from support.registration import in_turn

# A module in which every part says which version it is of.
VERSION = "A = {0}\ndef f():\n    return {0}\nB = [{0}] * 50\nC = {1!r}\nclass D:\n    value = {0}\nE = {0}\n"


def version(number):
    """All versions have sources of the same length, so that only the time tells them apart."""
    return VERSION.format(f"{number:06d}".replace("0", "1"), "x" * 70_000)


def values(module):
    return {module.A, module.f(), *module.B, module.D.value, module.E}


@pytest.fixture
def directory(tmp_path):
    return os.fspath(tmp_path)


def execute(spec):
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


@pytest.mark.parametrize("later", [0, 1, 5])
def test_source_is_rewritten_between_find_and_load(loading_finder, directory, later):
    """Found old, loaded new, unless neither time nor size tells (then as importlib: what the bytecode says)."""
    given = []
    for finder in in_turn(loading_finder):
        both(directory, source="A = 1\n")
        spec = find(finder, "m", directory)
        module = importlib.util.module_from_spec(spec)
        write_source(directory, "A = 2\n", mtime=MTIME + later)
        spec.loader.exec_module(module)
        given.append(module.A)
    assert given[0] == given[1] == (2 if later else 1)


def test_bytecode_appears_between_find_and_load(loading_finder, directory):
    write_source(directory, "A = 1\n")
    spec = find(loading_finder, "m", directory)
    both(directory, source="A = 2\n", mtime=MTIME + 1)
    assert execute(spec).A == 2


def test_one_loader_reads_again(loading_finder, directory):
    """Nothing is remembered from one call of get_code to the next."""
    both(directory, source="A = 1\n")
    loader = find(loading_finder, "m", directory).loader
    for number in range(1, 6):
        both(directory, source=f"A = {number}\n", mtime=MTIME + number)
        names = {}
        exec(loader.get_code("m"), names)
        assert names["A"] == number
        write_source(directory, f"A = {number + 1}0\n", mtime=MTIME + number)
        exec(loader.get_code("m"), names)
        assert names["A"] == (number + 1) * 10


# Removes, cuts and replaces the bytecode as fast as it can, in the three ways that programs do it.
DISTURBER = """
import os, sys
cached, valid = sys.argv[1], open(sys.argv[2], "rb").read()
print("ready", flush=True)
turn = 0
while True:
    turn += 1
    if turn % 4 == 0:
        with open(cached, "wb") as file:
            file.write(valid[: turn * 7919 % len(valid)])
    elif turn % 4 == 1:
        try:
            os.unlink(cached)
        except FileNotFoundError:
            pass
    elif turn % 4 == 2:
        with open(cached, "wb") as file:
            file.write(valid)
    else:
        with open(cached + ".new", "wb") as file:
            file.write(valid)
        os.replace(cached + ".new", cached)
"""


@pytest.fixture
def disturbed(directory):
    """Another process does all that to the bytecode of m, whose contents are right whenever they are whole."""
    path = write_source(directory, version(1))
    cached = write_bytecode(path)
    valid = os.path.join(directory, "valid")
    with open(valid, "wb") as file:
        file.write(pyc_bytes(path))
    with subprocess.Popen([sys.executable, "-c", DISTURBER, cached, valid], stdout=subprocess.PIPE) as process:
        process.stdout.readline()
        yield
        process.send_signal(signal.SIGKILL)


def test_other_process_replaces_the_bytecode(loading_finder, directory, disturbed, monkeypatch):
    """A whole module, or importlib's error about a damaged file (which it has in this race as well)."""
    monkeypatch.setattr(sys, "dont_write_bytecode", True)
    spec = find(loading_finder, "m", directory)
    loaded = 0
    for _ in range(300):
        try:
            module = execute(spec)
        except (EOFError, ValueError, TypeError) as error:
            assert "marshal" in str(error) or "EOF" in str(error) or "bad" in str(error)
            continue
        loaded += 1
        assert values(module) == {111111}
    assert loaded


@pytest.fixture
def rewritten(directory):
    """A thread that puts whole pairs of source and bytecode there, one version after the other, each with its time."""
    stop = threading.Event()
    newest = [1]

    def put(number):
        path = os.path.join(directory, "m.py")
        with open(path + ".new", "w") as file:
            file.write(version(number))
        os.utime(path + ".new", (MTIME, MTIME + number))
        os.replace(path + ".new", path)
        cached = importlib.util.cache_from_source(path)
        os.makedirs(os.path.dirname(cached), exist_ok=True)
        with open(cached + ".new", "wb") as file:
            file.write(pyc_bytes(path))
        os.replace(cached + ".new", cached)
        newest[0] = number

    def rewrite():
        number = 1
        while not stop.is_set():
            number = number % 80_000 + 1
            put(number)

    put(1)
    thread = threading.Thread(target=rewrite)
    thread.start()
    yield newest
    stop.set()
    thread.join()


def test_source_and_bytecode_are_replaced_together(loading_finder, directory, rewritten, monkeypatch):
    """One version or another, in all its parts."""
    monkeypatch.setattr(sys, "dont_write_bytecode", True)
    spec = find(loading_finder, "m", directory)
    for _ in range(100):
        assert len(values(execute(spec))) == 1


def test_many_threads_read_one_file(loading_finder, directory):
    """Each gets a code object of its own."""
    both(directory, source=version(1))
    loader = find(loading_finder, "m", directory).loader
    codes, errors = [], []

    def read():
        try:
            codes.extend(loader.get_code("m") for _ in range(20))
        except BaseException as error:
            errors.append(error)

    threads = [threading.Thread(target=read) for _ in range(6)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert not errors and len(codes) == 120 and len(set(map(id, codes))) == 120 and len(set(codes)) == 1
