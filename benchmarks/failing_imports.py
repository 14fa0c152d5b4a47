"""Imports that fail, as of optional dependencies: ``try: import x`` / ``except ImportError``, over short and long paths.

    python benchmarks/failing_imports.py [--pairs N] [--levels LIST] [--json FILE]

Each program makes so many attempts in a fresh interpreter, and asserts that every one failed with importlib's own words.
"""

import sys
from collections.abc import Iterator
from pathlib import Path

from instruments import programs, search_paths

SHORT, LONG = 4, 300
ATTEMPTS = {SHORT: 2000, LONG: 100}
KINDS = {
    "top level": ("absent{number}", "__import__(name)", "No module named {name!r}"),
    "submodule": ("package0.absent{number}", "__import__(name)", "No module named {name!r}"),
    "from package": ("absent{number}", "from_package(name)", "cannot import name {name!r} from 'package0' ({origin})"),
}
PROGRAM = """
import sys
sys.path[:0] = {entries!r}
import package0
def from_package(name):
    __import__("package0", fromlist=[name])
    try: getattr(package0, name)
    except AttributeError: raise ImportError(f"cannot import name {{name!r}} from 'package0' ({{package0.__file__}})") from None
names = [{name!r}.format(number=number) for number in range({attempts})]
failures = []
for name in names:
    try: {attempt}
    except ImportError as error: failures.append(str(error))
assert failures == [{message!r}.format(name=name, origin=package0.__file__) for name in names], failures[:3]
assert not [name for name in sys.modules if "absent" in name]
"""


def attempts(root: Path) -> Iterator[tuple[str, str]]:
    """Yield a name and the program of each case; their files are made in *root*."""
    for length, number in ATTEMPTS.items():
        entries = search_paths.build(root / str(length), length).entries
        for kind, (name, attempt, message) in KINDS.items():
            code = PROGRAM.format(entries=entries, name=name, attempts=number, attempt=attempt, message=message)
            yield f"{number} x {kind}, {length} entries", code


if __name__ == "__main__":
    sys.exit(programs.main(__doc__, attempts))
