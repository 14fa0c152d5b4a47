"""RECORD, the list of files by which installers uninstall a distribution: entries are added and taken off again.

https://packaging.python.org/en/latest/specifications/recording-installed-packages/
"""

import base64
import csv
import hashlib
import io
import os
import tempfile
from collections.abc import Sequence
from importlib.metadata import Distribution


def root(distribution: Distribution) -> str:
    """The directory that the entries of RECORD are relative to, without symbolic links."""
    return os.path.realpath(str(distribution.locate_file("")))


def find(distribution: Distribution | None, directory: str) -> str | None:
    """The path of the distribution's RECORD; None if it has none, or does not lie in `directory`.

    Distributions of an operating system or of conda have none: their installers keep lists of their own.
    """
    if distribution is None or distribution.read_text("RECORD") is None:
        return None
    if root(distribution) != os.path.realpath(directory):
        return None
    for entry in distribution.files or ():
        if entry.name == "RECORD" and entry.parent.name.endswith(".dist-info"):
            return str(distribution.locate_file(entry))
    return None


def _read_rows(file: str) -> list[list[str]]:
    with open(file, encoding="utf-8", newline="") as stream:
        return [row for row in csv.reader(stream) if row]


def _entry(name: str, text: str) -> list[str]:
    data = text.encode()
    digest = base64.urlsafe_b64encode(hashlib.sha256(data).digest()).rstrip(b"=").decode()
    return [name, f"sha256={digest}", str(len(data))]


def lists(file: str, contents: dict[str, str], names: Sequence[str]) -> bool:
    """Whether RECORD lists the files of ``{name: text}`` as they are, and no others of those called `names`."""
    return [row for row in _read_rows(file) if row[0] in names] == [_entry(*item) for item in contents.items()]


def amend(file: str, contents: dict[str, str], names: Sequence[str]) -> None:
    """Let RECORD list the files of ``{name: text}``, and no others of those called `names`."""
    rows = [row for row in _read_rows(file) if row[0] not in names]
    rows[-1:-1] = [_entry(name, text) for name, text in contents.items()]
    stream = io.StringIO()
    csv.writer(stream, lineterminator="\n").writerows(rows)
    replace_text(file, stream.getvalue())


def replace_text(path: str, text: str) -> None:
    """Write a file in one step, with the permissions that a new file gets: no reader sees half of it."""
    directory, name = os.path.split(path)
    descriptor, temporary = tempfile.mkstemp(prefix=f".{name}.", dir=directory)
    try:
        with os.fdopen(descriptor, "w", encoding="utf-8", newline="") as stream:
            stream.write(text)
        os.chmod(temporary, _mode_of(path))
        os.replace(temporary, path)
    except BaseException:
        os.unlink(temporary)
        raise


def _mode_of(path: str) -> int:
    """Permission bits of the file that is to be replaced, else those of a new file under this umask."""
    try:
        return os.stat(path).st_mode & 0o777
    except FileNotFoundError:
        umask = os.umask(0)
        os.umask(umask)
        return 0o666 & ~umask
