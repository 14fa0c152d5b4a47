"""The snapshot that a start would use: there, whole, ours, and up to date."""

from collections.abc import Iterator

from fastimport.startup.doctor.findings import Finding


def facts() -> dict[str, str]:
    """Which snapshot is used; this version of fastimport has none."""
    return {"snapshot": "none: this version of fastimport has no snapshots"}


def find() -> Iterator[Finding]:
    """Yield what keeps a snapshot from being used. Without snapshots there is nothing that could."""
    yield from ()
