"""``importlib.metadata`` over short and long paths: it asks the finders of ``sys.meta_path``, so it must not get slower.

    python benchmarks/distribution_metadata.py [--pairs N] [--levels LIST] [--json FILE]

Each program asserts what it was told: number, names and versions of the distributions.
"""

import os
import sys
from collections.abc import Iterator
from pathlib import Path

from instruments import programs, search_paths

LENGTHS = (4, 300)
VERSIONS = 100
ABSENT = 10
METADATA = "Metadata-Version: 2.1\nName: dist{number}\nVersion: 1.{number}\n"
ENTRY_POINTS = "[benchmark.group]\nname{number} = module{number}:main\n"
PREPARE = "import importlib.metadata as metadata, sys\nsys.path[:0] = {entries!r}\n"
QUESTIONS = {
    "distributions()": """
found = {{each.metadata["Name"]: each.version for each in metadata.distributions(path={entries!r})}}
assert found == {{f"dist{{number}}": f"1.{{number}}" for number in range({length})}}
""",
    "100 x version()": """
for count in range({versions}):
    number = count % {length}
    assert metadata.version(f"dist{{number}}") == f"1.{{number}}"
""",
    "entry_points()": """
assert len(metadata.entry_points(group="benchmark.group")) == {length}
""",
    "10 x absent": """
for number in range({absent}):
    try: metadata.version(f"absent{{number}}")
    except metadata.PackageNotFoundError as error: assert str(error) == f"No package metadata was found for absent{{number}}"
    else: raise AssertionError(number)
""",
}


def questions(root: Path) -> Iterator[tuple[str, str]]:
    """Yield a name and the program of each case; their files are made in *root*."""
    for length in LENGTHS:
        entries = search_paths.build(root / str(length), length).entries
        for number, entry in enumerate(entries):
            _add_distribution(Path(entry), number)
        for name, code in QUESTIONS.items():
            values = {"entries": entries, "length": length, "versions": VERSIONS, "absent": ABSENT}
            yield f"{name}, {length} entries", (PREPARE + code).format(**values)


def _add_distribution(entry: Path, number: int) -> None:
    directory = entry / f"dist{number}-1.{number}.dist-info"
    directory.mkdir()
    (directory / "METADATA").write_text(METADATA.format(number=number))
    (directory / "entry_points.txt").write_text(ENTRY_POINTS.format(number=number))
    os.utime(entry, (search_paths.LONG_AGO, search_paths.LONG_AGO))


if __name__ == "__main__":
    sys.exit(programs.main(__doc__, questions))
