"""``fastimport.mpi``: one rank reads, all ranks import; see `fastimport.hosting.mpi`."""

from fastimport.hosting.mpi import SHARED_MEMORY, SnapshotError, extension_modules, install

__all__ = ["SHARED_MEMORY", "SnapshotError", "extension_modules", "install"]
