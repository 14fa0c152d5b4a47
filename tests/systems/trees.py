"""Source trees as nested dictionaries, written afresh before each run of a program."""

import importlib.util
import marshal
import os
import shutil
import zipfile
from pathlib import Path


class Zip(dict):
    """A tree that is written as an archive."""


class Link(str):
    """A symbolic link to this (relative) target."""


class Bytecode(str):
    """Source text that is written compiled, as a module without source has it."""

    def compiled(self, name: str) -> bytes:
        code = compile(self, name, "exec")
        return importlib.util.MAGIC_NUMBER + bytes(12) + marshal.dumps(code)


class Copy(str):
    """A file copied from this path."""


def content(name: str, value: str | bytes) -> bytes:
    if isinstance(value, Bytecode):
        return value.compiled(name)
    if isinstance(value, Copy):
        return Path(value).read_bytes()
    return value.encode() if isinstance(value, str) else value


def flatten(tree: dict, prefix: str = ""):
    for name, value in tree.items():
        if isinstance(value, dict):
            # Namespace packages in archives need it; a name such as "p/x.py" makes a file without one.
            yield f"{prefix}{name}/", b""
            yield from flatten(value, f"{prefix}{name}/")
        else:
            yield prefix + name, content(name, value)


def write_zip(path: Path, tree: dict) -> None:
    with zipfile.ZipFile(path, "w") as archive:
        for name, data in flatten(tree):
            # A fixed date, so that two runs see the same archive byte for byte.
            archive.writestr(zipfile.ZipInfo(name, (2020, 1, 1, 0, 0, 0)), data)


def write_tree(directory: Path, tree: dict) -> None:
    directory.mkdir(parents=True, exist_ok=True)
    for name, value in tree.items():
        path = directory / name
        if isinstance(value, Zip):
            write_zip(path, value)
        elif isinstance(value, dict):
            write_tree(path, value)
        elif isinstance(value, Link):
            os.symlink(value, path)
        else:
            path.write_bytes(content(name, value))


def rewrite_tree(directory: Path, tree: dict) -> None:
    shutil.rmtree(directory, ignore_errors=True)
    write_tree(directory, tree)
