"""The table of packages: one TOML file each, under `packages/`. README.md of this folder explains the fields."""

import hashlib
import tomllib
from dataclasses import dataclass, field
from pathlib import Path

TABLE = Path(__file__).with_name("packages")
SECONDS = 300


@dataclass(frozen=True)
class Package:
    """What is installed, what is run, and what is known about it."""

    name: str
    requires: list[str]
    hooks: str
    commands: list[str]
    files: dict[str, str] = field(default_factory=dict)
    fixture: dict[str, str] = field(default_factory=dict)
    setup: list[str] = field(default_factory=list)
    on: dict[str, list[str]] = field(default_factory=dict)
    absent: dict[str, str] = field(default_factory=dict)
    mask: list[str] = field(default_factory=list)
    variables: dict[str, str] = field(default_factory=dict)
    ways: list[str] = field(default_factory=lambda: ["enable", "exec", "auto", "snapshot"])
    differs: dict[str, str] = field(default_factory=dict)
    seconds: int = SECONDS
    digest: str = ""

    def requirements(self, version):
        """What pip is asked for under a Python such as "3.13"."""
        return self.on.get(version, self.requires)

    def release(self, version):
        """The version of the package itself, the first that is pinned."""
        return next((line.partition("==")[2] for line in self.requirements(version) if "==" in line), "")


def load(path):
    """The package that a file describes; a field that doesn't exist is a TypeError."""
    data = path.read_bytes()
    return Package(name=path.stem, digest=hashlib.sha256(data).hexdigest()[:16], **tomllib.loads(data.decode()))


def table():
    """All packages, by name."""
    return {path.stem: load(path) for path in sorted(TABLE.glob("*.toml"))}
