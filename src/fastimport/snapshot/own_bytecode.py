"""Bytecode of fastimport itself that holds wherever it is copied: valid by the hash of its source, not by times.

A start loads some twenty of our modules before any snapshot can serve code. In a tree that was unpacked anew, their ordinary
bytecode is as stale as everybody's.
"""

import importlib.util
import os
import py_compile
from collections.abc import Iterable

from fastimport.settings import read_environment

_MARK = "activation.py"
_FLAGS_OF_CHECKED_HASH = (0b11).to_bytes(4, "little")


def keep(entries: Iterable[str]) -> int:
    """Compile the fastimport that is on the search path `entries`, and the one that runs; how many files were written.

    What can't be written is left as it is: importlib compiles it then.
    """
    if read_environment().readonly:
        return 0
    running = os.path.dirname(os.path.dirname(os.path.abspath(__file__)))
    packages = dict.fromkeys([*(os.path.join(entry, "fastimport") for entry in entries), running])
    return sum(_compile(file) for package in packages if os.path.isfile(f"{package}/{_MARK}") for file in _sources(package))


def _sources(package: str) -> Iterable[str]:
    for directory, below, names in os.walk(package):
        below[:] = [name for name in below if name != "__pycache__"]
        yield from (os.path.join(directory, name) for name in names if name.endswith(".py"))


def _compile(file: str) -> bool:
    try:
        target = importlib.util.cache_from_source(file)
        if _holds(file, target):
            return False
        py_compile.compile(file, target, doraise=True, invalidation_mode=py_compile.PycInvalidationMode.CHECKED_HASH)
    except (OSError, NotImplementedError, py_compile.PyCompileError):
        return False
    return True


def _holds(file: str, target: str) -> bool:
    try:
        with open(target, "rb") as bytecode, open(file, "rb") as source:
            header = bytecode.read(16)
            expected = importlib.util.source_hash(source.read())
    except OSError:
        return False
    return header == importlib.util.MAGIC_NUMBER + _FLAGS_OF_CHECKED_HASH + expected
