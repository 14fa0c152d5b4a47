"""What a snapshot holds, before it is bytes and after: plain values."""

from collections.abc import Callable
from dataclasses import dataclass, field
from typing import NamedTuple

RACY, MISSING, PRIVATE, UNLISTED = 1, 2, 4, 8
"""Flags of directories (and, RACY and PRIVATE, of sources)."""
TEMPLATE_CODE = 64
"""Flag of code in the file: templates, not marshalled bytes."""

WARNS, UNTRIED, COMPILED = 16, 32, 128
"""Flags of sources: compiling warns, which is importlib's to say; the code is from a .pyc, and whether it does is not
known; there was no valid .pyc, so that importlib would write one."""

NOT_LOOKED, NO_INIT, FIRST_INIT = 0, 1, 2
"""What is known of the inside of a directory: nothing; no ``__init__``; ``__init__`` with suffix number - `FIRST_INIT`."""


class Stamp(NamedTuple):
    """What says that something is unchanged. Times in nanoseconds.

    `system` stands for the file system (`stamps.Judge.system`); `links` is the number of links of a directory, 0 of a file.
    """

    system: int = 0
    inode: int = 0
    mtime_ns: int = 0
    ctime_ns: int = 0
    links: int = 0


NO_STAMP = Stamp()


class Name(NamedTuple):
    """Masks of one name in a directory (bit 0: as it is, bit n: with suffix n), and what is known of its inside."""

    listed: int
    """Low 16 bits: there; high 16 bits: and of the right type by itself, no link."""
    resolved: int
    """There, and of the right type with links followed."""
    inside: int = NOT_LOOKED


@dataclass
class Directory:
    """A directory: `names` by what stands before the first dot, `others` whole file names that no import asks for."""

    path: str
    flags: int = 0
    stamp: Stamp = NO_STAMP
    names: dict[str, Name] = field(default_factory=dict)
    others: list[str] = field(default_factory=list)


class Loaded(NamedTuple):
    """Marshalled code, or b"" if there is none; the hash of its source, 0 if it has none; `WARNS`, `UNTRIED`, `COMPILED`."""

    code: bytes
    digest: int = 0
    flags: int = 0


@dataclass
class Source:
    """A source file, and how to get its code."""

    path: str
    load: Callable[[], Loaded]
    flags: int = 0
    stamp: Stamp = NO_STAMP
    size: int = 0


@dataclass
class Contents:
    """Everything; `order` are the files in the order in which a program asked for them, shared libraries included."""

    directories: dict[str, Directory] = field(default_factory=dict)
    sources: dict[str, Source] = field(default_factory=dict)
    paths: list[list[str]] = field(default_factory=list)
    order: list[str] = field(default_factory=list)
    roots: dict[str, bool] = field(default_factory=dict)
    """Each root, and whether it moves with the file."""
    home: str = ""
    """The directory of the file, if roots move with it."""
    by_content: bool = False
    created_ns: int = 0
