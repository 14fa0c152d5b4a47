"""What goes into a snapshot: everything that can be imported from a search path, or what one program used."""

import os
import sys
import time
from collections.abc import Callable, Iterable, Sequence

from fastimport.snapshot import identity
from fastimport.snapshot.gates import mark_private
from fastimport.snapshot.listing import record_directory
from fastimport.snapshot.model import Contents, Directory
from fastimport.snapshot.sources import record_source
from fastimport.snapshot.stamps import Judge

Progress = Callable[[int, int], object]
"""Called with the numbers of directories and of source files recorded so far."""


def default_path() -> list[str]:
    """``sys.path`` without what depends on how this interpreter was started: the script's or the current directory."""
    return sys.path[:] if sys.flags.safe_path else sys.path[1:]


def build(
    path: Sequence[str] | None = None,
    *,
    by_content: bool = False,
    home: str = "",
    passed: Iterable[str] = (),
    progress: Progress = lambda directories, sources: None,
) -> Contents:
    """Everything importable on `path`. Entries that are no directories (archives) are left out.

    `by_content`: no stamps are kept, and a .pyc is not believed for its time. `home` is the directory that the file
    will be in, if roots are to move with it; `passed`: paths that whoever has the file can reach, beside that.
    """
    contents = Contents(by_content=by_content, created_ns=0 if by_content else time.time_ns())
    entries = [_absolute(entry) for entry in (default_path() if path is None else path) if isinstance(entry, str)]
    judge = Judge()
    _walk(contents, entries, judge, progress)
    judge.doubt_shared()
    contents.paths = [entries]
    mark_private(contents, filter(None, (home, *passed)))
    _add_roots(contents, home)
    return contents


def build_used(
    directories: Iterable[str],
    sources: Iterable[str],
    paths: Sequence[Sequence[str]],
    order: Sequence[str] = (),
    *,
    by_content: bool = False,
    home: str = "",
    passed: Iterable[str] = (),
    may_compile: bool = True,
) -> Contents:
    """What a program used: the directories that it searched, the files that it loaded, in its order, its search paths."""
    contents = Contents(by_content=by_content, created_ns=0 if by_content else time.time_ns())
    judge = Judge()
    for directory in directories:
        if os.path.isabs(directory):
            _add_directory(contents, _absolute(directory), judge)
    for path in sources:
        if os.path.isabs(path):
            _add_source(contents, path, judge, may_compile)
    judge.doubt_shared()
    contents.paths = [[_absolute(entry) for entry in path if os.path.isabs(entry)] for path in paths]
    contents.order = list(order)
    mark_private(contents, filter(None, (home, *passed)))
    _add_roots(contents, home)
    return contents


def move_root(contents: Contents, old: str, new: str) -> None:
    """Let everything below the directory `old` be below `new`: it will be there when it is used.

    Raises `ValueError` if nothing is below `old`.
    """
    old, new = old.rstrip("/"), new.rstrip("/")
    if not any(f"{path}/".startswith(f"{old}/") for path in (*contents.directories, *contents.sources)):
        raise ValueError(f"nothing that was recorded is below {old or '/'}")

    def moved(path: str) -> str:
        return new + path[len(old) :] if path == old or path.startswith(f"{old}/") else path

    for directory in contents.directories.values():
        directory.path = moved(directory.path)
    for source in contents.sources.values():
        source.path = moved(source.path)
    contents.directories = {each.path: each for each in contents.directories.values()}
    contents.sources = {each.path: each for each in contents.sources.values()}
    contents.paths = [[moved(entry) for entry in path] for path in contents.paths]
    contents.order = [moved(path) for path in contents.order]
    contents.roots = {moved(root): moves for root, moves in contents.roots.items()}
    contents.home = moved(contents.home)


def _absolute(entry: str) -> str:
    return (entry if entry.startswith("/") else os.path.join(os.getcwd(), entry)).rstrip("/") or "/"


def _add_directory(contents: Contents, path: str, judge: Judge) -> Directory | None:
    if path not in contents.directories:
        directory = record_directory(path, identity.suffixes(), judge)
        if directory is None:
            return None
        contents.directories[path] = directory
    return contents.directories[path]


def _add_source(contents: Contents, path: str, judge: Judge, may_compile: bool = True) -> None:
    if path not in contents.sources:
        source = record_source(path, contents.by_content, judge, may_compile)
        if source is not None:
            contents.sources[path] = source


def _walk(contents: Contents, entries: Iterable[str], judge: Judge, progress: Progress) -> None:
    """Record the directories of a search path and, below them, each that can be imported.

    Each real directory is gone through once: where links lead from one to the other, paths without end do. What can be reached
    without a link is recorded under that path. Entries themselves are recorded all, whatever they are links to.
    """
    seen: set[str] = set()
    pending = sorted(entries, key=os.path.islink)
    links: list[str] = []
    for entry in pending:
        _add_directory(contents, entry, judge)
    while pending or links:
        path = pending.pop(0) if pending else links.pop(0)
        real = os.path.realpath(path)
        if real in seen:
            continue
        seen.add(real)
        directory = _add_directory(contents, path, judge)
        if directory is not None:
            below = _record_inside(contents, directory, judge)
            links += filter(os.path.islink, below)
            pending[:0] = [each for each in below if not os.path.islink(each)]
            progress(len(contents.directories), len(contents.sources))


def _record_inside(contents: Contents, directory: Directory, judge: Judge) -> list[str]:
    """Record the sources in a directory; the directories in it that can be packages."""
    source_kind = identity.suffixes().index(".py") + 1
    below = []
    for stem, name in sorted(directory.names.items()):
        if name.resolved >> source_kind & 1:
            _add_source(contents, f"{directory.path}/{stem}.py", judge)
        if name.resolved & 1 and stem.isidentifier() and stem != "__pycache__":
            below.append(f"{directory.path}/{stem}")
    return below


def _add_roots(contents: Contents, home: str) -> None:
    """Everything is below a root: the interpreter's directories and, for the rest, ``/`` (written as "").

    What is below the environment that the file lies in moves with it.
    """
    for prefix in (sys.prefix, sys.exec_prefix, sys.base_prefix, sys.base_exec_prefix):
        prefix = prefix.rstrip("/")
        moves = bool(home) and (home == prefix or home.startswith(f"{prefix}/"))
        contents.roots[prefix] = contents.roots.get(prefix, False) or moves
        if moves:
            contents.home = home
    contents.roots.setdefault("", False)
