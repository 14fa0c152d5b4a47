"""The mounts that this process sees, by their numbers: proc(5), mountinfo."""

import os
import re
from typing import NamedTuple

MOUNTINFO = "/proc/self/mountinfo"


class Mount(NamedTuple):
    """A line of mountinfo: `root` is what of the file system is mounted, `point` where."""

    number: int
    root: str
    point: str
    kind: str
    source: str
    options: tuple[str, ...]


def read_mounts(name: str | None = None) -> list[Mount]:
    """All mounts, in the order in which they were made; none where the system doesn't tell. `name`: of another such file."""
    try:
        with open(name or MOUNTINFO, encoding="utf-8", errors="surrogateescape") as file:
            return [mount for line in file if (mount := parsed(line))]
    except OSError:
        return []


def parsed(line: str) -> Mount | None:
    """One line; None for what is none."""
    before, hyphen, after = line.rstrip("\n").partition(" - ")
    fields, rest = before.split(" "), after.split(" ")
    if not hyphen or len(fields) < 6 or len(rest) < 3 or not fields[0].isdigit():
        return None
    return Mount(int(fields[0]), _plain(fields[3]), _plain(fields[4]), rest[0], _plain(rest[1]), tuple(rest[2].split(",")))


def holding(path: str, number: int, mounts: list[Mount]) -> Mount | None:
    """The mount with this number, or if that is 0 or not there, the one that a path without links lies below."""
    for mount in mounts:
        if number and mount.number == number:
            return mount
    below = [mount for mount in mounts if path == mount.point or path.startswith(mount.point.rstrip("/") + "/")]
    longest = max((len(mount.point) for mount in below), default=0)
    return next((mount for mount in reversed(below) if len(mount.point) == longest), None)


def counterpart(path: str, mount: Mount) -> str | None:
    """Where a file of a mount would be in the directory that the mount names as its source; None if it does not."""
    if not mount.source.startswith("/") or not os.path.isdir(mount.source):
        return None
    return os.path.normpath(f"{mount.source}/{os.path.relpath(path, mount.point)}")


def _plain(text: str) -> str:
    return re.sub(r"\\([0-7]{3})", lambda match: chr(int(match[1], 8)), text)
