"""A list of path entries in a file, as launchers of build systems keep one: what they put in front of ``sys.path``."""

import os
import zipfile

COMMENT = b"#"


class BadList(ValueError):
    """The list can't be used; the text names the file, the line and what to do."""


def read_entries(file: str) -> list[str]:
    """The entries of a list, one on each line, as absolute paths.

    Relative ones count from the current directory, as on ``sys.path``. Empty lines and those that begin with ``#`` are skipped. A
    line may end in CR LF; other spaces belong to the path. Bytes mean what they mean in file names (`os.fsdecode`). An entry need
    not be there: ``sys.path`` may name what is missing, too.

    Raises `BadList` where a line can't be a path entry, or none is left; `OSError` if the file can't be read.
    """
    with open(file, "rb") as stream:
        lines = stream.read().splitlines()
    found = [_entry(file, number, line) for number, line in enumerate(lines, 1) if line and not line.startswith(COMMENT)]
    if not found:
        raise BadList(f"{file}: no path entries in it; one on each line is wanted")
    if not any(os.path.exists(entry) for entry in found):
        raise BadList(f"{file}: none of its {len(found)} entries is there, {found[0]} for one; relative ones count from here")
    return found


def _entry(file: str, number: int, line: bytes) -> str:
    if b"\0" in line:
        raise BadList(f"{file}, line {number}: a NUL character; path entries end at the end of the line")
    entry = os.path.join(os.getcwd(), os.fsdecode(line))
    if os.path.isfile(entry) and not zipfile.is_zipfile(entry):
        raise BadList(f"{file}, line {number}: {entry} is a file, neither a directory nor an archive")
    return entry
