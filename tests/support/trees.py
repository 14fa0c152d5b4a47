"""Trees of files written as nested dictionaries: a dict is a directory, text or bytes a file."""

import os
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
