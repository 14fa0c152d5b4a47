"""What each path entry has to offer for one name, in the order in which importlib would take it."""

import importlib.machinery
import os
import stat
import zipimport
from dataclasses import dataclass, field
from typing import Any

from fastimport.finding.finder import StockPathFinder

BUILT_IN, FROZEN, PACKAGE, MODULE, PORTION, OTHER = "built-in", "frozen", "package", "module", "namespace portion", "spec"
WINS, TAKES_PART, SHADOWED = "wins", "takes part", "shadowed"


@dataclass
class Candidate:
    """One thing that would be the module if nothing went before it.

    ``stage`` is the index on ``sys.meta_path``, ``index`` that of the path entry, ``rank`` the place among the candidates of
    one entry. ``outcome`` and ``reason`` are filled in when all candidates are known.
    """

    kind: str
    origin: str | None
    loader: str | None
    finder: str
    stage: int = 0
    index: int | None = None
    entry: str | None = None
    rank: int = 0
    suffix: str = ""
    locations: list[str] | None = None
    outcome: str = SHADOWED
    reason: str = ""

    @property
    def is_portion(self) -> bool:
        return self.kind == PORTION


@dataclass
class EntryAnswer:
    """What one path entry says: its candidates, and what is to be said about the entry itself."""

    index: int
    entry: Any
    finder: str | None
    candidates: list[Candidate] = field(default_factory=list)
    note: str = ""
    names: list[str] = field(default_factory=list)
    """What the directory lists, for suggestions; empty if it is no directory."""
    directory: str | None = None
    error: Exception | None = None
    """What an import would raise when it comes to this entry."""


def ask_entry(name: str, index: int, entry: Any) -> EntryAnswer:
    """Ask one path entry for `name`. Nothing is imported; the entry's finder is made, and kept, as an import would do it."""
    if not isinstance(entry, str):
        return EntryAnswer(index, entry, None, note=f"a {type(entry).__name__}, not a str: skipped")
    try:
        finder = StockPathFinder._path_importer_cache(entry)  # type: ignore[attr-defined]
    except Exception as error:
        return EntryAnswer(index, entry, None, error=error, note=f"a path hook raises {shown(error)}")
    if finder is None:
        return EntryAnswer(index, entry, None, note=_why_nobody_takes(entry))
    answer = EntryAnswer(index, entry, type(finder).__name__)
    if type(finder) is importlib.machinery.FileFinder and "find_spec" not in vars(finder):
        _ask_directory(name, finder, answer)
    elif type(finder) is zipimport.zipimporter:
        _ask_archive(name, finder, answer)
    else:
        _ask_foreign(name, finder, answer)
    for rank, candidate in enumerate(answer.candidates):
        candidate.rank, candidate.index, candidate.entry = rank, index, entry
    return answer


def _ask_directory(name: str, finder: Any, answer: EntryAnswer) -> None:
    """FileFinder.find_spec: a package, then a module by each suffix, then a namespace portion; names from the listing."""
    answer.directory = finder.path
    try:
        answer.names = sorted(os.listdir(finder.path or os.curdir))
    except (FileNotFoundError, NotADirectoryError):
        answer.note = "it was a directory when it was first asked, and is gone"
    except PermissionError:
        answer.note = "can't be listed (no permission to read): importlib takes it for empty"
    except OSError as error:
        answer.error, answer.note = error, f"can't be listed: {shown(error)}"
    tail, names = name.rpartition(".")[2], set(answer.names)
    base = _join(finder.path, tail)
    if tail in names:
        for suffix, loader in finder._loaders:
            path = _join(base, "__init__" + suffix)
            if is_kind(path, stat.S_ISREG):
                answer.candidates.append(_candidate(finder, PACKAGE, path, loader.__name__, suffix, [base]))
    for suffix, loader in finder._loaders:
        if tail + suffix in names and is_kind(base + suffix, stat.S_ISREG):
            answer.candidates.append(_candidate(finder, MODULE, base + suffix, loader.__name__, suffix))
    if tail in names and is_kind(base, stat.S_ISDIR) and not any(c.kind == PACKAGE for c in answer.candidates):
        answer.candidates.append(_candidate(finder, PORTION, base, None, "", [base]))


def _ask_archive(name: str, finder: Any, answer: EntryAnswer) -> None:
    """zipimporter.find_spec: its search order, over the names in the archive."""
    members = finder._get_files() if hasattr(finder, "_get_files") else finder._files  # names with os.sep; 3.13 fills them late
    path = finder.prefix + name.rpartition(".")[2]
    answer.names = sorted({m[len(finder.prefix) :].split(os.sep)[0] for m in members if m.startswith(finder.prefix)})
    for suffix, _, is_package in zipimport._zip_searchorder:  # type: ignore[attr-defined]
        suffix = suffix.replace("/", os.sep)
        if path + suffix in members:
            where = os.path.join(finder.archive, path)
            kind, locations = (PACKAGE, [where]) if is_package else (MODULE, None)
            answer.candidates.append(_candidate(finder, kind, where + suffix, "zipimporter", suffix, locations))
    if not answer.candidates and path + os.sep in members:  # archives need not list their directories; 3.13 adds them
        where = os.path.join(finder.archive, path)
        answer.candidates.append(_candidate(finder, PORTION, where, None, "", [where]))


def _ask_foreign(name: str, finder: Any, answer: EntryAnswer) -> None:
    """A finder of another maker, or a FileFinder with changed methods, is believed."""
    if not hasattr(finder, "find_spec"):
        answer.note = "its finder has no find_spec"
        return
    try:
        spec = finder.find_spec(name, None)
    except Exception as error:
        answer.error, answer.note = error, f"its finder raises {shown(error)}"
        return
    if spec is not None:
        answer.candidates.append(candidate_of(spec, type(finder).__name__))


def candidate_of(spec: Any, finder: str, stage: int = 0) -> Candidate:
    """The candidate that a spec of an unknown maker stands for."""
    locations = spec.submodule_search_locations
    kind = OTHER if locations is None else PACKAGE if spec.loader is not None else PORTION
    loader = None if spec.loader is None else getattr(spec.loader, "__name__", None) or type(spec.loader).__name__
    origin = spec.origin or (locations[0] if kind == PORTION and list(locations) else None)
    return Candidate(kind, origin, loader, finder, stage, locations=None if locations is None else list(locations))


def _candidate(
    finder: Any, kind: str, origin: str, loader: str | None, suffix: str, locations: list[str] | None = None
) -> Candidate:
    return Candidate(kind, origin, loader, type(finder).__name__, suffix=suffix, locations=locations)


def is_kind(path: str, test: Any) -> bool:
    """Whether `path`, links followed, is there and of a type; `test` is such as `stat.S_ISREG`."""
    try:
        return bool(test(os.stat(path).st_mode))
    except (OSError, ValueError):
        return False


def _why_nobody_takes(entry: str) -> str:
    try:
        os.stat(entry or os.curdir)
    except FileNotFoundError:
        return "does not exist"
    except PermissionError:
        return "can't be reached: no permission to search a directory above it"
    except (OSError, ValueError) as error:
        return f"can't be looked at: {shown(error)}"
    if is_kind(entry, stat.S_ISREG):
        return "a file that is no zip archive"
    if is_kind(entry, stat.S_ISDIR):
        return "was no directory when it was first asked (importlib.invalidate_caches() makes it ask again), or no hook takes it"
    return "neither a directory nor a zip archive"


def _join(directory: str, name: str) -> str:
    """importlib's way of joining; it takes trailing separators away, and nothing else."""
    stripped = directory.rstrip("/") if os.name == "posix" else directory.rstrip("\\/")
    return f"{stripped}{os.sep}{name}" if directory else name


def shown(error: BaseException) -> str:
    """An exception on one line."""
    try:
        text = str(error)
    except BaseException:
        text = "(its text can't be had)"
    return " ".join(f"{type(error).__name__}: {text}".split())
