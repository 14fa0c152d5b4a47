# What the headers of the format have for the reader, and how it asks them for a name.
from cpython.bytes cimport PyBytes_AS_STRING, PyBytes_GET_SIZE
from libc.stdint cimport int64_t, uint32_t, uint64_t

from fastimport.code._ready cimport ft_texts
from fastimport.finding._platform cimport PyUnicode_EncodeFSDefault, fi_ascii

cdef extern from "snapshot_format.h" nogil:
    enum:
        FS_MAX_ROOTS, FS_NONE, FS_DAMAGED, FS_SECTIONS
        FS_STRINGS, FS_ROOTS, FS_DIRS, FS_CODES, FS_PATHS, FS_PATH_DIRS, FS_POSITIONS, FS_TEXTS
        FS_CONTENT, FS_RACY, FS_MISSING, FS_PRIVATE, FS_UNLISTED, FS_TEMPLATES, FS_COMPILED
    ctypedef struct fs_root:
        char *path
        uint32_t length
    ctypedef struct fs_file:
        const unsigned char *mapping
        uint64_t size, uid
        int guarded
        unsigned char *arena
        uint64_t tables_end
        uint32_t identity_offset, identity_size, flags, home_offset, home_size
        int64_t created_ns
        uint32_t counts[64]
        uint64_t code_start, code_end, build
        uint32_t release
        fs_root roots[64]
    ctypedef struct fs_dir:
        uint32_t flags, names, name_count, other_count, links
        uint64_t system, inode
        int64_t mtime_ns, ctime_ns
    ctypedef struct fs_name:
        uint32_t text, size, listed, resolved, inside
    ctypedef struct fs_code:
        uint32_t flags
        uint64_t system, inode
        int64_t mtime_ns, ctime_ns
        uint64_t source_size, size
        uint32_t marshalled
    ctypedef struct fs_path:
        uint32_t dirs, dir_count
    ctypedef struct fs_merged:
        uint32_t positions, count
    const uint32_t fs_record_sizes[64]
    uint64_t fs_hash(const void *data, uint64_t size, uint64_t seed) noexcept
    int fs_map(fs_file *file, int descriptor, uint64_t size) noexcept
    const char *fs_open(fs_file *file) noexcept
    void fs_close(fs_file *file) noexcept
    const unsigned char *fs_records(fs_file *file, int section, uint64_t first, uint64_t count) noexcept
    const char *fs_text(fs_file *file, uint32_t offset, uint32_t size) noexcept
    uint32_t fs_u32(const unsigned char *bytes) noexcept
    int fs_get_dir(fs_file *file, uint64_t index, fs_dir *directory) noexcept
    int fs_get_name(fs_file *file, uint64_t index, fs_name *name) noexcept
    int fs_get_code(fs_file *file, uint64_t index, fs_code *code) noexcept
    int fs_get_path(fs_file *file, uint64_t index, fs_path *path) noexcept
    int64_t fs_find(fs_file *file, int section, const char *path, uint64_t size) noexcept
    int64_t fs_find_name(fs_file *file, const fs_dir *directory, const char *text, uint64_t size, fs_name *name) noexcept
    int64_t fs_find_merged(fs_file *file, const fs_path *path, const char *text, uint64_t size, fs_merged *merged) noexcept
    unsigned char *fs_read_code(const fs_file *file, const fs_code *code) noexcept
    ft_texts fs_texts(fs_file *file) noexcept
    fs_code fs_probe_code(const fs_file *file) noexcept
    bint fs_is_own(const fs_file *file) noexcept
    void fs_count(unsigned long long *counter, int by) noexcept

cdef extern from "stamps.h" nogil:
    enum:
        FS_DOUBTS, FS_RECENT, FS_ELSEWHERE, FS_OTHER, FS_BY_CONTENT, FS_FORBIDDEN
    ctypedef struct fs_systems:
        uint32_t next
    ctypedef struct fs_now:
        uint64_t device, inode
        int64_t mtime_ns, ctime_ns
    int FS_STAMP_DOUBT(fs_systems *systems, const char *path, const fs_dir *record, const fs_now *now) noexcept

cdef extern from "source_match.h" nogil:
    enum: FS_CHANGED, FS_SAME_CONTENT
    int fs_match_source(const char *path, const fs_code *recorded, int has_stamps, fs_systems *systems, int *doubt,
                        fs_now *now) noexcept


cdef inline object as_stored(str text):
    """As the file system has it: ASCII as it is, else bytes; None for what no file name can be."""
    cdef Py_ssize_t size
    if fi_ascii(text, &size) != NULL:
        return text
    try:
        return PyUnicode_EncodeFSDefault(text)
    except UnicodeEncodeError:
        return None


cdef inline const char *bytes_of(object stored, Py_ssize_t *size) noexcept:
    """The bytes of what `as_stored` gave, as long as that lives; NULL of None."""
    if stored is None:
        return NULL
    if isinstance(stored, str):
        return fi_ascii(stored, size)
    size[0] = PyBytes_GET_SIZE(stored)
    return PyBytes_AS_STRING(stored)
