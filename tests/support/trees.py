"""Trees of files written as nested dictionaries: a dict is a directory, text or bytes a file."""

import os
import shutil
from contextlib import contextmanager
from dataclasses import dataclass


@dataclass(frozen=True)
class Link:
    """A symbolic link; a relative target counts from the directory of the link."""

    target: str


@dataclass(frozen=True)
class Fifo:
    """A named pipe: it exists, and is neither a file nor a directory."""


def plant(root, tree):
    """Make `tree` below the directory `root` and return `root` as a str."""
    root = os.fspath(root)
    os.makedirs(root, exist_ok=True)
    for name, content in tree.items():
        plant_one(os.path.join(root, name), content)
    return root


def plant_one(path, content):
    match content:
        case dict():
            plant(path, content)
        case Link(target):
            os.symlink(target, path)
        case Fifo():
            os.mkfifo(path)
        case bytes():
            write(path, content)
        case _:
            write(path, content.encode())


def write(path, data):
    with open(path, "wb") as file:
        file.write(data)


def make_file(directory, file):
    """An empty file, in place of whatever was in its way."""
    *parents, name = file.split("/")
    for parent in parents:
        directory = os.path.join(directory, parent)
        if not os.path.isdir(directory):
            discard(directory)
            os.mkdir(directory)
    discard(os.path.join(directory, name))
    open(os.path.join(directory, name), "wb").close()


def remove(root):
    for directory, _, _ in os.walk(root):
        os.chmod(directory, 0o755)
    shutil.rmtree(root)


def discard(path):
    if os.path.isdir(path) and not os.path.islink(path):
        remove(path)
    elif os.path.lexists(path):
        os.unlink(path)


@contextmanager
def time_kept(path, keep):
    """Put the mtime of `path` back, so that the change is invisible to importlib."""
    before = os.stat(path)
    yield
    if keep:
        os.utime(path, ns=(before.st_atime_ns, before.st_mtime_ns))
