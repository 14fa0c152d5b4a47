"""What the kernel tells of a file beside what `os.stat` does: for those who record, and for those who explain."""

from libc.stdint cimport int64_t, uint32_t, uint64_t

from fastimport.finding._platform cimport PyUnicode_EncodeFSDefault

cdef extern from "stamps.h" nogil:
    uint64_t fs_system_at(const char *path, uint64_t device, uint32_t *kind) noexcept
    void fs_provenance(const char *path, int64_t *birth_ns, uint64_t *mount) noexcept


def system_of(str path not None, uint64_t device):
    """The number that stands for the file system of `path`, whose ``st_dev`` is `device`, and its type as statfs(2) tells it.

    Both are 0 where they can't be had.
    """
    cdef uint32_t kind = 0
    cdef uint64_t system
    encoded = <bytes>PyUnicode_EncodeFSDefault(path)
    cdef const char *name = encoded
    with nogil:
        system = fs_system_at(name, device, &kind)
    return system, kind


def provenance(str path not None):
    """When the file at `path` was made, in ns, and the number of its mount in mountinfo; 0 for what the system doesn't tell."""
    cdef int64_t birth_ns = 0
    cdef uint64_t mount = 0
    encoded = <bytes>PyUnicode_EncodeFSDefault(path)
    cdef const char *name = encoded
    with nogil:
        fs_provenance(name, &birth_ns, &mount)
    return birth_ns, mount
