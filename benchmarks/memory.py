"""Memory per directory name that a `Table` holds, over the directories of this interpreter's library and site-packages.

    python benchmarks/memory.py [--json FILE] [DIRECTORY …]

The tables are made by imports' own road, `find_spec` with each directory as a path, and measured from outside: the growth of what
tracemalloc sees.  importlib's listing of the same directories, a set of strings, is measured beside it.
"""

import argparse
import importlib.machinery
import os
import sys
import sysconfig
import tracemalloc
from collections.abc import Iterator, Sequence
from typing import NamedTuple

from instruments import results, search_paths

BUDGET = 200
ABSENT = "no_such_module"


class Measured(NamedTuple):
    """Bytes that the listings of all directories take, and how many names are in them."""

    size: int
    names: int

    @property
    def per_name(self) -> float:
        return self.size / self.names


def directories_below(roots: Sequence[str]) -> list[str]:
    """Return every directory that may be a package's."""
    return [place for root in roots for place, below, _ in os.walk(root) if _prune(below)]


def _prune(below: list[str]) -> bool:
    below[:] = sorted(name for name in below if name.isidentifier() and name != "__pycache__")
    return True


def measure(side: str, directories: list[str]) -> Measured:
    """Make *side* list *directories*; return what it keeps.

    The FileFinders, which both sides have, and the dictionary of them are made before, and the small caches filled.
    """
    with search_paths.active(side, []) as finder:
        finders = [_file_finder(directory) for directory in directories]
        sys.path_importer_cache.update(zip(directories, finders, strict=True))
        finder.find_spec(ABSENT, directories[:1])
        tracemalloc.start()
        for directory in directories[1:]:
            finder.find_spec(ABSENT, [directory])
        size, _ = tracemalloc.get_traced_memory()
        tracemalloc.stop()
        kept = [len(each._path_cache) for each in finders]
    return Measured(size, sum(kept[1:]))


def _file_finder(directory: str) -> importlib.machinery.FileFinder:
    (finder,) = [hook(directory) for hook in sys.path_hooks[-1:]]
    return finder


def rows(directories: list[str]) -> Iterator[tuple[str, ...]]:
    """Yield the table; both sides must have seen the same number of names."""
    stock = measure("importlib", directories)
    for side in search_paths.SIDES:
        found = measure(side, directories) if side != "importlib" else stock
        assert found.names == stock.names, f"{side} holds {found.names} names, importlib {stock.names}"
        yield side, f"{found.names}", f"{found.size}", f"{found.per_name:.1f}", f"<= {BUDGET}" if side != "importlib" else "-"


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("directories", nargs="*", metavar="DIRECTORY", help="default: the library and site-packages")
    parser.add_argument("--json", metavar="FILE", help="write the result for the suite")
    arguments = parser.parse_args()
    roots = arguments.directories or sorted({sysconfig.get_path(name) for name in ("stdlib", "purelib")})
    directories = directories_below(roots)
    table = [("side", "names", "bytes", "bytes per name", "budget"), *rows(directories)]
    figures = [results.count(f"bytes per name, {side}", float(per_name)) for side, _, _, per_name, _ in table[1:]]
    told = results.circumstances(directories=str(len(directories)))
    results.publish(results.Result([results.Table(table)], figures, told), arguments.json)
    return 0


if __name__ == "__main__":
    sys.exit(main())
