"""With what a program was learnt: the versions of its packages, and a digest of the files that belong to none."""

import hashlib
import os
from collections.abc import Mapping
from importlib import metadata
from pathlib import Path

from fastimport.diagnosis.lazy.judging import is_standard

_FILES = "files "


def versions_of(files: Mapping[str, str | None]) -> dict[str, str]:
    """``{distribution: version}`` of those that the modules of `files` came from, ``{top-level name: digest}`` of the others.

    `files` maps the names of modules to their files, None for those that have none. The standard library is left out.
    """
    owners = metadata.packages_distributions()
    found: dict[str, str] = {}
    others: dict[str, dict[str, str]] = {}
    for name, file in files.items():
        top = name.partition(".")[0]
        if is_standard(name):
            continue
        for distribution in owners.get(top, ()):
            found[distribution] = found.get(distribution) or _version(distribution)
        if top not in owners and file is not None and os.path.dirname(file) != os.path.dirname(os.__file__):
            others.setdefault(top, {})[name] = file
    return dict(sorted({**found, **{top: _digest(each) for top, each in others.items()}}.items()))


def _version(distribution: str) -> str:
    try:
        return metadata.version(distribution)
    except metadata.PackageNotFoundError:
        return "none"


def _digest(files: Mapping[str, str]) -> str:
    digest = hashlib.sha256()
    for name, file in sorted(files.items()):
        try:
            content = Path(file).read_bytes()
        except OSError:
            content = b""
        digest.update(f"{name} {len(content)} ".encode())
        digest.update(content)
    return _FILES + digest.hexdigest()[:16]


def changes(recorded: Mapping[str, str], now: Mapping[str, str]) -> list[str]:
    """What differs between two results of `versions_of`, a line for each."""
    found = []
    for name, version in recorded.items():
        present = now.get(name)
        if present == version:
            continue
        if version.startswith(_FILES):
            found.append(f"{name}: its files have changed" if present else f"{name}: its files are not there")
        else:
            found.append(f"{name}: learnt with {version}, now {present or 'not installed'}")
    return found
