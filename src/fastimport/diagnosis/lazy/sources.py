"""Effects that watching does not see, or takes for harmless, although the source of a module says them."""

import os
import tokenize
from collections.abc import Iterator, Mapping

from fastimport.diagnosis.acts import CALL, CHANGE, PROCESS, Act, acts
from fastimport.diagnosis.lazy.judging import COSMETIC, is_standard

_WATCHED = {"os.environ", "sys.meta_path", "sys.modules", "sys.path", "sys.path_hooks", "warnings.filters"}
_CALLS_WATCHED = {"atexit.register", "codecs.register", "copyreg.pickle", "warnings.filterwarnings", "warnings.simplefilter"}
"""What the watching run judges better: whether somebody could tell."""


def seen_in_sources(files: Mapping[str, str | None]) -> Iterator[tuple[str, str, str]]:
    """For the modules of a program, but those of the standard library: its name, what it does, and to which module or ""."""
    for name, file in files.items():
        if file is not None and file.endswith(".py") and not is_standard(name):
            package = name if os.path.basename(file) == "__init__.py" else name.rpartition(".")[0]
            for act in _acts_of(file, package):
                yield from _effects(name, act, files)


def _acts_of(file: str, package: str) -> list[Act]:
    try:
        with tokenize.open(file) as stream:
            return acts(stream.read(), package)
    except (OSError, SyntaxError, ValueError, RecursionError):
        return []


def _effects(name: str, act: Act, files: Mapping[str, str | None]) -> Iterator[tuple[str, str, str]]:
    if _is_watched(act.name) or act.is_conditional:  # whether it was done, only watching tells
        return
    if act.kind == CALL and act.name in PROCESS and act.name not in _CALLS_WATCHED:
        yield name, PROCESS[act.name], ""
    elif act.kind == CHANGE:
        where = act.name
        while where not in files and "." in where:
            where = where.rpartition(".")[0]
        if where != name:
            yield name, f"changes {act.name}", where


def _is_watched(name: str) -> bool:
    return name.rpartition(".")[2] in COSMETIC or any(f"{name}.".startswith(f"{each}.") for each in _WATCHED)
