"""Why a name is not found: what lies where it was searched for, and almost is what was asked."""

import importlib.machinery
import os
import stat
import sys
from collections.abc import Callable, Iterator, Sequence
from typing import Any, NamedTuple

from fastimport.diagnosis.explain import extension_tags, suggestions
from fastimport.diagnosis.explain.candidates import EntryAnswer, is_kind, shown
from fastimport.diagnosis.explain.stages import Search


class Cause(NamedTuple):
    """One explanation: what kind, in words, and what to do about it ('' if that is plain)."""

    kind: str
    text: str
    remedy: str = ""


def parent_is_no_package(parent: str, origin: str | None) -> Cause:
    """For a name below a module that has no ``__path__``."""
    where = f" ({origin})" if origin else ""
    return Cause("parent is no package", f"its parent {parent}{where} is a module, not a package: it has no __path__")


def find(search: Search, path: Sequence[Any] | None) -> list[Cause]:
    """Everything that explains why `search` came out empty, the surest first."""
    if search.error is not None:
        return [Cause("error", f"the import ends with {shown(search.error)} before it finds anything", _who_raises(search))]
    tail = search.name.rpartition(".")[2]
    found = [cause for look in _LOOKS for answer in search.entries for cause in look(tail, answer)]
    found += [Cause(*each) for each in suggestions.find(search)]
    if not found:
        where = "sys.path" if path is None else f"the search locations of {search.name.rpartition('.')[0]}"
        count = len(search.entries)
        found.append(Cause("absent", f"none of the {count} entries of {where} has anything like it"))
    return found


def _who_raises(search: Search) -> str:
    stages = [stage.finder for stage in search.stages if stage.error is not None]
    entries = [repr(answer.entry) for answer in search.entries if answer.error is not None]
    return f"look at {', '.join([*stages[:1], *entries[:1]])}"


def _wrong_case(tail: str, answer: EntryAnswer) -> Iterator[Cause]:
    for name in answer.names:
        stem = suggestions.stem(name)
        if stem is not None and stem != tail and stem.casefold() == tail.casefold():
            yield Cause("wrong case", f"{_in(answer, name)} differs in case", f"write {stem}")


def _foreign_extension(tail: str, answer: EntryAnswer) -> Iterator[Cause]:
    for name in answer.names:
        made_for = extension_tags.made_for(name, tail)
        if made_for is not None:
            text = f"{_in(answer, name)} is an extension module for {made_for}; this is {extension_tags.this_python()}"
            yield Cause("extension for another Python", text, "install the package for this Python, or build it again")


def _bytecode_only(tail: str, answer: EntryAnswer) -> Iterator[Cause]:
    if answer.directory is None or "__pycache__" not in answer.names:
        return
    cache = os.path.join(answer.directory, "__pycache__")
    for name in _listed(cache):
        if name.startswith(f"{tail}.") and name.endswith(".pyc"):
            yield Cause(
                "bytecode without source",
                f"{os.path.join(cache, name)} is there, {tail}.py is not: importlib reads __pycache__ only beside a source",
                f"restore {os.path.join(answer.directory, tail + '.py')}, or delete the leftover",
            )
            return


def _not_a_file(tail: str, answer: EntryAnswer) -> Iterator[Cause]:
    """What is listed under a right name, and is of the wrong type."""
    if answer.directory is None:
        return
    for name in answer.names:
        path = os.path.join(answer.directory, name)
        if name != tail and not (name.startswith(tail) and name[len(tail) :] in importlib.machinery.all_suffixes()):
            continue
        if os.path.islink(path) and not os.path.exists(path):
            yield Cause("dangling link", f"{path} links to {os.readlink(path)}, which is not there", "repair or delete the link")
        elif name != tail and is_kind(path, stat.S_ISDIR):
            yield Cause("directory", f"{path} is a directory, and would have to be a file")
        elif name == tail and is_kind(path, stat.S_ISREG):
            yield Cause("no suffix", f"{path} is a file without a suffix", f"rename it to {tail}.py if it is source")
        elif not os.path.exists(path) or not (is_kind(path, stat.S_ISREG) or is_kind(path, stat.S_ISDIR)):
            yield Cause("not a regular file", f"{path} can't be read, or is neither a file nor a directory")


def _unreadable(tail: str, answer: EntryAnswer) -> Iterator[Cause]:
    if "permission" in answer.note:
        yield Cause("unreadable", f"{answer.entry!r} {answer.note}", "give this user the permission to read and search it")
    if answer.directory is not None and answer.names and not is_kind(os.path.join(answer.directory, "."), stat.S_ISDIR):
        text = f"{answer.directory} can be listed but not searched: importlib sees names and no files"
        yield Cause("unreadable", text, "give this user the permission to search it (x)")


def _listed(directory: str) -> list[str]:
    try:
        return sorted(os.listdir(directory))
    except OSError:
        return []


def _in(answer: EntryAnswer, name: str) -> str:
    return os.path.join(answer.directory or str(answer.entry) or os.curdir, name)


_LOOKS: tuple[Callable[[str, EntryAnswer], Iterator[Cause]], ...] = (
    _unreadable,
    _wrong_case,
    _foreign_extension,
    _bytecode_only,
    _not_a_file,
)


def blocked(name: str) -> Cause | None:
    """The cause if ``sys.modules`` says that there shall be no such module."""
    if name in sys.modules and sys.modules[name] is None:
        return Cause("blocked", f"sys.modules[{name!r}] is None, which forbids the import", f"del sys.modules[{name!r}]")
    return None
