/* The snapshot file: its layout (docs/snapshots.md) and every check of it. Plain C without Python, so that it can be fuzzed alone.

   Nothing here dereferences the mapping: a file that another process truncates would raise SIGBUS. Pieces are copied out of it by a
   call that reports an error instead, compared with their checksums, and only then used. Nothing from the file is believed:
   each offset, count and index is checked where it is used, so that opening costs the same whatever the size. */
#ifndef FASTIMPORT_SNAPSHOT_FORMAT_H
#define FASTIMPORT_SNAPSHOT_FORMAT_H

#ifndef _GNU_SOURCE
#define _GNU_SOURCE
#endif
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "../code/templates.h"

#ifndef _WIN32
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>
#endif
#if defined(__linux__)
#include <sys/uio.h>
#define FS_GUARDED 1 /* the kernel copies from a mapping and answers EFAULT where a load would be SIGBUS */
#else
#define FS_GUARDED 0
#endif

#define FS_MAGIC "fastimp\x1a"
enum { FS_VERSION = 3, FS_HEADER = 512, FS_BLOCK = 16384, FS_MAX_ROOTS = 64, FS_MAX_IDENTITY = 4096 };
enum { FS_NONE = -1, FS_DAMAGED = -2 }; /* what look-ups answer beside an index */

enum { /* sections, in the order of the file */
    FS_STRINGS, FS_ROOTS, FS_DIRS, FS_DIR_SLOTS, FS_NAMES, FS_NAME_SLOTS, FS_CODES, FS_CODE_SLOTS,
    FS_PATHS, FS_PATH_DIRS, FS_MERGED, FS_MERGED_SLOTS, FS_POSITIONS, FS_ORDER, FS_TEXTS, FS_TEXT_BYTES, FS_CACHES, FS_SECTIONS
};
static const uint32_t fs_record_sizes[FS_SECTIONS] = {1, 16, 72, 4, 24, 4, 96, 4, 24, 4, 20, 4, 4, 8, 4, 1, 1};

enum { FS_CONTENT = 1 };                                         /* header: built by content, stamps mean nothing */
enum { FS_RACY = 1, FS_MISSING = 2, FS_PRIVATE = 4, FS_UNLISTED = 8 }; /* directories; the first and the third of codes, too */
enum { FS_WARNS = 16, FS_UNTRIED = 32 };                         /* codes: compiling warns; it is not known whether it does */
enum { FS_TEMPLATES = 64 };                                      /* codes: templates, not marshalled bytes */
enum { FS_COMPILED = 128 };                                      /* codes: there was no valid .pyc */
enum { FS_MAX_CODE = 1 << 26 };                                  /* bytes of one module's code, in either form */

typedef struct {
    const unsigned char *mapping; /* the file; never read but by fs_copy */
    uint64_t size;
    int guarded;                  /* whether the mapping can vanish under us */
    unsigned char *arena;         /* private copy of the header and the tables, filled block by block */
    uint64_t tables_start, tables_end, code_start, code_end;
    unsigned char *states;        /* per block: 0 not read yet, 1 good, 2 damaged */
    uint32_t blocks, header_size, identity_offset, identity_size, sums_offset, flags;
    uint64_t offsets[FS_SECTIONS];
    uint32_t counts[FS_SECTIONS];
    uint64_t uid;
    int64_t created_ns;
    uint32_t home_offset, home_size; /* the directory that the file was made for, in the strings */
    uint32_t release;                /* of Python, whose counters the templates have; and its build */
    uint64_t build;
    uint64_t probe_offset, probe_size, probe_checksum, probe_marshalled; /* templates to be compared with marshal's */
    struct { char *path; uint32_t length; } roots[FS_MAX_ROOTS];
} fs_file;

typedef struct {
    uint32_t root, path, path_size, flags;
    uint64_t system, inode; /* system: what stands for the device (stamps.h) */
    int64_t mtime_ns, ctime_ns;
    uint32_t names, name_count, other_count, slots, slot_bits, links;
} fs_dir;

typedef struct {
    uint32_t text, size, listed, resolved, inside, hash;
} fs_name;

typedef struct {
    uint32_t root, path, path_size, flags;
    uint64_t system, inode;
    int64_t mtime_ns, ctime_ns;
    uint64_t source_size, offset, size, checksum, source_hash;
    uint32_t marshalled; /* bytes when marshalled; the same as `size` if it is */
} fs_code;

typedef struct {
    uint32_t dirs, dir_count, names, name_count, slots, slot_bits;
} fs_path;

typedef struct {
    uint32_t text, size, positions, count, hash;
} fs_merged;

static inline uint32_t fs_u32(const unsigned char *p) {
    return (uint32_t)p[0] | (uint32_t)p[1] << 8 | (uint32_t)p[2] << 16 | (uint32_t)p[3] << 24;
}
static inline uint64_t fs_u64(const unsigned char *p) { return (uint64_t)fs_u32(p) | (uint64_t)fs_u32(p + 4) << 32; }

/* XXH64 (github.com/Cyan4973/xxHash, doc/xxhash_spec.md) */
#define FS_P1 0x9E3779B185EBCA87ULL
#define FS_P2 0xC2B2AE3D27D4EB4FULL
#define FS_P3 0x165667B19E3779F9ULL
#define FS_P4 0x85EBCA77C2B2AE63ULL
#define FS_P5 0x27D4EB2F165667C5ULL
static inline uint64_t fs_rotate(uint64_t x, int bits) { return x << bits | x >> (64 - bits); }
static inline uint64_t fs_round(uint64_t lane, uint64_t input) { return fs_rotate(lane + input * FS_P2, 31) * FS_P1; }
static inline uint64_t fs_merge(uint64_t hash, uint64_t lane) { return (hash ^ fs_round(0, lane)) * FS_P1 + FS_P4; }

static inline uint64_t fs_hash(const void *data, uint64_t size, uint64_t seed) {
    const unsigned char *p = (const unsigned char *)data;
    uint64_t left = size, hash = seed + FS_P5;
    if (left >= 32) {
        uint64_t a = seed + FS_P1 + FS_P2, b = seed + FS_P2, c = seed, d = seed - FS_P1;
        for (; left >= 32; left -= 32, p += 32) {
            a = fs_round(a, fs_u64(p));
            b = fs_round(b, fs_u64(p + 8));
            c = fs_round(c, fs_u64(p + 16));
            d = fs_round(d, fs_u64(p + 24));
        }
        hash = fs_rotate(a, 1) + fs_rotate(b, 7) + fs_rotate(c, 12) + fs_rotate(d, 18);
        hash = fs_merge(fs_merge(fs_merge(fs_merge(hash, a), b), c), d);
    }
    hash += size;
    for (; left >= 8; left -= 8, p += 8) hash = fs_rotate(hash ^ fs_round(0, fs_u64(p)), 27) * FS_P1 + FS_P4;
    if (left >= 4) {
        hash = fs_rotate(hash ^ (uint64_t)fs_u32(p) * FS_P1, 23) * FS_P2 + FS_P3;
        left -= 4;
        p += 4;
    }
    for (; left; left--, p++) hash = fs_rotate(hash ^ *p * FS_P5, 11) * FS_P1;
    hash = (hash ^ hash >> 33) * FS_P2;
    hash = (hash ^ hash >> 29) * FS_P3;
    return hash ^ hash >> 32;
}

/* Copy a piece of the file; 0, or -1 if it is not there (any more). */
static inline int fs_copy(const fs_file *file, uint64_t offset, void *to, uint64_t size) {
    if (offset > file->size || size > file->size - offset) return -1;
#if FS_GUARDED
    if (file->guarded) {
        unsigned char *target = (unsigned char *)to;
        while (size) {
            struct iovec local = {target, size}, remote = {(void *)(uintptr_t)(file->mapping + offset), size};
            ssize_t done = process_vm_readv(getpid(), &local, 1, &remote, 1, 0);
            if (done <= 0) return -1;
            target += done;
            offset += (uint64_t)done;
            size -= (uint64_t)done;
        }
        return 0;
    }
#endif
    memcpy(to, file->mapping + offset, size);
    return 0;
}

static inline int fs_load_block(fs_file *file, uint64_t block) {
    unsigned char bytes[FS_BLOCK];
    uint64_t start = file->tables_start + block * FS_BLOCK;
    uint64_t size = file->tables_end - start < FS_BLOCK ? file->tables_end - start : FS_BLOCK;
    uint64_t expected = fs_u64(file->arena + file->sums_offset + 8 * block);
    int good = fs_copy(file, start, bytes, size) == 0 && ft_sum(bytes, size, block) == expected;
    if (good) memcpy(file->arena + start, bytes, size); /* by two threads at once: the same bytes */
    __atomic_store_n(&file->states[block], (unsigned char)(good ? 1 : 2), __ATOMIC_RELEASE);
    return good ? 0 : -1;
}

/* A piece of the tables, read and found good; NULL if it is out of bounds or damaged. */
static inline const unsigned char *fs_at(fs_file *file, uint64_t offset, uint64_t size) {
    if (offset < file->tables_start || offset > file->tables_end || size > file->tables_end - offset) return NULL;
    if (size == 0) return file->arena + offset;
    uint64_t last = (offset + size - 1 - file->tables_start) / FS_BLOCK;
    for (uint64_t block = (offset - file->tables_start) / FS_BLOCK; block <= last; block++) {
        unsigned char state = __atomic_load_n(&file->states[block], __ATOMIC_ACQUIRE);
        if (state == 2 || (state == 0 && fs_load_block(file, block) < 0)) return NULL;
    }
    return file->arena + offset;
}

static inline const unsigned char *fs_records(fs_file *file, int section, uint64_t first, uint64_t count) {
    if (first > file->counts[section] || count > file->counts[section] - first) return NULL;
    return fs_at(file, file->offsets[section] + first * fs_record_sizes[section], count * fs_record_sizes[section]);
}

static inline const char *fs_text(fs_file *file, uint32_t offset, uint32_t size) {
    return (const char *)fs_records(file, FS_STRINGS, offset, size);
}

/* What records of directories and of codes begin with: root, path, its size, flags, stamp. */
#define FS_PLACE_AND_STAMP(p) \
    fs_u32(p), fs_u32(p + 4), fs_u32(p + 8), fs_u32(p + 12), \
    fs_u64(p + 16), fs_u64(p + 24), (int64_t)fs_u64(p + 32), (int64_t)fs_u64(p + 40)

static inline int fs_get_dir(fs_file *file, uint64_t index, fs_dir *dir) {
    const unsigned char *p = fs_records(file, FS_DIRS, index, 1);
    if (p == NULL) return -1;
    *dir = (fs_dir){FS_PLACE_AND_STAMP(p), fs_u32(p + 48), fs_u32(p + 52), fs_u32(p + 56), fs_u32(p + 60), fs_u32(p + 64), fs_u32(p + 68)};
    return 0;
}

static inline int fs_get_name(fs_file *file, uint64_t index, fs_name *name) {
    const unsigned char *p = fs_records(file, FS_NAMES, index, 1);
    if (p == NULL) return -1;
    *name = (fs_name){fs_u32(p), fs_u32(p + 4), fs_u32(p + 8), fs_u32(p + 12), fs_u32(p + 16), fs_u32(p + 20)};
    return 0;
}

static inline int fs_get_code(fs_file *file, uint64_t index, fs_code *code) {
    const unsigned char *p = fs_records(file, FS_CODES, index, 1);
    if (p == NULL) return -1;
    *code = (fs_code){FS_PLACE_AND_STAMP(p), fs_u64(p + 48), fs_u64(p + 56), fs_u64(p + 64), fs_u64(p + 72),
                      fs_u64(p + 80), fs_u32(p + 88)};
    return 0;
}

static inline int fs_get_path(fs_file *file, uint64_t index, fs_path *path) {
    const unsigned char *p = fs_records(file, FS_PATHS, index, 1);
    if (p == NULL) return -1;
    *path = (fs_path){fs_u32(p), fs_u32(p + 4), fs_u32(p + 8), fs_u32(p + 12), fs_u32(p + 16), fs_u32(p + 20)};
    return 0;
}

static inline int fs_get_merged(fs_file *file, uint64_t index, fs_merged *merged) {
    const unsigned char *p = fs_records(file, FS_MERGED, index, 1);
    if (p == NULL) return -1;
    *merged = (fs_merged){fs_u32(p), fs_u32(p + 4), fs_u32(p + 8), fs_u32(p + 12), fs_u32(p + 16)};
    return 0;
}

/* One u32 of a table of slots or positions; *value is 0 for an empty slot. */
static inline int fs_get_u32(fs_file *file, int section, uint64_t index, uint32_t *value) {
    const unsigned char *p = fs_records(file, section, index, 1);
    if (p == NULL) return -1;
    *value = fs_u32(p);
    return 0;
}

/* Bits of a table of slots that takes a whole section: its count is a power of two, or 0. */
static inline int fs_section_bits(const fs_file *file, int section) {
    uint32_t count = file->counts[section];
    if (count == 0 || (count & (count - 1)) != 0) return -1;
    return __builtin_ctz(count);
}

/* The next candidate of a linear probe: its number, FS_NONE at an empty slot or after a full round, FS_DAMAGED. */
static inline int64_t fs_probe(fs_file *file, int section, uint32_t first, uint32_t bits, uint64_t hash, uint64_t turn) {
    uint32_t value;
    if (bits > 28) return FS_DAMAGED;
    uint64_t mask = ((uint64_t)1 << bits) - 1;
    if (turn > mask) return FS_NONE;
    if (fs_get_u32(file, section, first + ((hash + turn) & mask), &value) < 0) return FS_DAMAGED;
    return value == 0 ? FS_NONE : (int64_t)value - 1;
}

/* The directory or source file at a path below one of the roots (`section` is FS_DIRS or FS_CODES). */
static inline int64_t fs_find_below(fs_file *file, int section, uint32_t root, const char *path, uint64_t size) {
    int slots = section == FS_DIRS ? FS_DIR_SLOTS : FS_CODE_SLOTS, bits = fs_section_bits(file, slots);
    if (bits < 0) return FS_NONE;
    uint64_t hash = fs_hash(path, size, root);
    for (uint64_t turn = 0;; turn++) {
        int64_t index = fs_probe(file, slots, 0, (uint32_t)bits, hash, turn);
        if (index < 0) return index;
        const unsigned char *p = fs_records(file, section, (uint64_t)index, 1); /* both begin with root, path, size */
        if (p == NULL) return FS_DAMAGED;
        if (fs_u32(p) != root || fs_u32(p + 8) != size) continue;
        const char *text = fs_text(file, fs_u32(p + 4), (uint32_t)size);
        if (text == NULL) return FS_DAMAGED;
        if (memcmp(text, path, size) == 0) return index;
    }
}

static inline int64_t fs_find(fs_file *file, int section, const char *path, uint64_t size) {
    for (uint32_t root = 0; root < file->counts[FS_ROOTS]; root++) {
        uint64_t length = file->roots[root].length;
        if (file->roots[root].path == NULL || size < length || memcmp(path, file->roots[root].path, length) != 0) continue;
        if (size > length && path[length] != '/') continue;
        uint64_t from = size > length ? length + 1 : length;
        int64_t index = fs_find_below(file, section, root, path + from, size - from);
        if (index != FS_NONE) return index;
    }
    return FS_NONE;
}

/* A name in a directory: its index in FS_NAMES. */
static inline int64_t fs_find_name(fs_file *file, const fs_dir *dir, const char *text, uint64_t size, fs_name *name) {
    uint64_t hash = fs_hash(text, size, 0);
    if (dir->name_count == 0) return FS_NONE;
    for (uint64_t turn = 0;; turn++) {
        int64_t index = fs_probe(file, FS_NAME_SLOTS, dir->slots, dir->slot_bits, hash, turn);
        if (index < 0) return index;
        if ((uint64_t)index >= dir->name_count || fs_get_name(file, (uint64_t)dir->names + (uint64_t)index, name) < 0) return FS_DAMAGED;
        if (name->hash != (uint32_t)hash || name->size != size) continue;
        const char *known = fs_text(file, name->text, name->size);
        if (known == NULL) return FS_DAMAGED;
        if (memcmp(known, text, size) == 0) return (int64_t)dir->names + index;
    }
}

/* A name on a recorded search path. */
static inline int64_t fs_find_merged(fs_file *file, const fs_path *path, const char *text, uint64_t size, fs_merged *merged) {
    uint64_t hash = fs_hash(text, size, 0);
    if (path->name_count == 0) return FS_NONE;
    for (uint64_t turn = 0;; turn++) {
        int64_t index = fs_probe(file, FS_MERGED_SLOTS, path->slots, path->slot_bits, hash, turn);
        if (index < 0) return index;
        if ((uint64_t)index >= path->name_count || fs_get_merged(file, (uint64_t)path->names + (uint64_t)index, merged) < 0)
            return FS_DAMAGED;
        if (merged->hash != (uint32_t)hash || merged->size != size) continue;
        const char *known = fs_text(file, merged->text, merged->size);
        if (known == NULL) return FS_DAMAGED;
        if (memcmp(known, text, size) == 0) return index;
    }
}

/* The bytes of a module's code, malloc'ed and found good; NULL if they are not. */
static inline unsigned char *fs_read_code(const fs_file *file, const fs_code *code) {
    if (code->offset < file->code_start || code->offset > file->code_end || code->size > file->code_end - code->offset) return NULL;
    if (code->size == 0 || code->size > FS_MAX_CODE || code->marshalled > FS_MAX_CODE) return NULL;
    if (!(code->flags & FS_TEMPLATES) && code->size != code->marshalled) return NULL;
    unsigned char *data = (unsigned char *)malloc(code->size);
    if (data != NULL && (fs_copy(file, code->offset, data, code->size) < 0 || ft_sum(data, code->size, 0) != code->checksum)) {
        free(data);
        return NULL;
    }
    return data;
}

/* An interned string of templates, for ft_texts; `owner` is the file. */
static inline const unsigned char *fs_find_text(void *owner, uint32_t number, uint32_t *size, int *is_ascii) {
    fs_file *file = (fs_file *)owner;
    const unsigned char *offsets = fs_records(file, FS_TEXTS, number, 2);
    if (offsets == NULL) return NULL;
    uint32_t start = fs_u32(offsets), end = fs_u32(offsets + 4) & 0x7FFFFFFF;
    *is_ascii = !(start >> 31);
    start &= 0x7FFFFFFF;
    *size = end - start;
    return end < start ? NULL : fs_records(file, FS_TEXT_BYTES, start, *size);
}

static inline ft_texts fs_texts(fs_file *file) {
    return (ft_texts){fs_find_text, file, file->counts[FS_CACHES] == 256 ? fs_records(file, FS_CACHES, 0, 256) : NULL};
}

/* The marshalled bytes of code in either form, malloc'ed; NULL if the templates are damaged. Frees `data`. */
static inline unsigned char *fs_marshalled(fs_file *file, const fs_code *code, unsigned char *data) {
    if (data == NULL || !(code->flags & FS_TEMPLATES)) return data;
    ft_texts texts = fs_texts(file);
    unsigned char *made = (unsigned char *)malloc((size_t)code->marshalled + 1);
    if (made != NULL && ft_to_marshal(data, code->size, &texts, made, code->marshalled) < 0) {
        free(made);
        made = NULL;
    }
    free(data);
    return made;
}

/* The record of the probe; its size is 0 if there is none. */
static inline fs_code fs_probe_code(const fs_file *file) {
    fs_code code = {0};
    code.flags = FS_TEMPLATES;
    code.offset = file->probe_offset;
    code.size = file->probe_size;
    code.checksum = file->probe_checksum;
    code.marshalled = (uint32_t)file->probe_marshalled;
    return code;
}

/* Whether fs_copy can be relied on: seccomp rules may forbid the call, and other systems don't have it. */
static inline int fs_can_guard(void) {
#if FS_GUARDED
    char from = 1, to = 0;
    struct iovec local = {&to, 1}, remote = {&from, 1};
    return process_vm_readv(getpid(), &local, 1, &remote, 1, 0) == 1 && to == 1;
#else
    return 0;
#endif
}

/* Map a file, or where copies can't be guarded, read it; 0, or -1 with errno set. */
static inline int fs_map(fs_file *file, int descriptor, uint64_t size) {
#ifndef _WIN32
    file->size = size;
    if (fs_can_guard()) {
        void *made = mmap(NULL, size, PROT_READ, MAP_SHARED, descriptor, 0);
        if (made == MAP_FAILED) return -1;
        file->mapping = (const unsigned char *)made;
        file->guarded = 1;
        return 0;
    }
    unsigned char *bytes = (unsigned char *)malloc(size);
    file->mapping = bytes;
    for (uint64_t done = 0; bytes != NULL && done < size;) {
        ssize_t count = pread(descriptor, bytes + done, size - done, (off_t)done);
        if (count <= 0) return -1;
        done += (uint64_t)count;
    }
    return bytes != NULL ? 0 : -1;
#else
    (void)file; (void)descriptor; (void)size;
    return -1;
#endif
}

static inline void fs_close(fs_file *file) {
#ifndef _WIN32
    if (file->arena != NULL && file->guarded) munmap(file->arena, file->tables_end);
    if (file->mapping != NULL && file->guarded) munmap((void *)(uintptr_t)file->mapping, file->size);
#endif
    if (!file->guarded) {
        free(file->arena);
        free((void *)(uintptr_t)file->mapping);
    }
    for (uint32_t root = 0; root < FS_MAX_ROOTS; root++) free(file->roots[root].path);
    free(file->states);
    memset(file, 0, sizeof *file);
}

/* Whether this user is the one who made the file; who a process acts for may change. */
static inline int fs_is_own(const fs_file *file) {
#ifndef _WIN32
    return (uint64_t)geteuid() == file->uid;
#else
    (void)file;
    return 0;
#endif
}

/* Threads count at the same time. */
static inline void fs_count(unsigned long long *counter, int by) {
    if (by) __atomic_add_fetch(counter, by, __ATOMIC_RELAXED);
}

/* The sections must lie inside the tables, one after the other. */
static inline const char *fs_check_sections(fs_file *file, const unsigned char *header) {
    uint64_t end = file->tables_start;
    for (int section = 0; section < FS_SECTIONS; section++) {
        const unsigned char *p = header + 136 + 16 * section;
        uint64_t offset = fs_u64(p), size = (uint64_t)fs_u32(p + 8) * fs_record_sizes[section];
        if (fs_u32(p + 12) != fs_record_sizes[section]) return "damaged: a section has records of another size";
        if (offset < end || offset > file->tables_end || size > file->tables_end - offset) return "damaged: a section is out of bounds";
        file->offsets[section] = offset;
        file->counts[section] = fs_u32(p + 8);
        end = offset + size;
    }
    if (file->counts[FS_ROOTS] > FS_MAX_ROOTS) return "damaged: too many roots";
    return NULL;
}

static inline const char *fs_check_header(fs_file *file, const unsigned char *header) {
    if (memcmp(header, FS_MAGIC, 8) != 0) return "not a snapshot";
    if (fs_u32(header + 8) != FS_VERSION) return "made by another version of fastimport";
    file->flags = fs_u32(header + 12);
    if (fs_u64(header + 16) != file->size) return "damaged: not as long as it says";
    file->header_size = fs_u32(header + 32);
    file->identity_offset = fs_u32(header + 40);
    file->identity_size = fs_u32(header + 44);
    file->sums_offset = fs_u32(header + 48);
    file->blocks = fs_u32(header + 52);
    file->tables_start = fs_u64(header + 56);
    file->tables_end = fs_u64(header + 64);
    file->code_start = fs_u64(header + 72);
    file->code_end = fs_u64(header + 80);
    file->uid = fs_u64(header + 88);
    file->created_ns = (int64_t)fs_u64(header + 96);
    file->home_offset = fs_u32(header + 104);
    file->home_size = fs_u32(header + 108);
    const unsigned char *templates = header + 136 + 16 * FS_SECTIONS;
    file->release = fs_u32(templates);
    file->build = fs_u64(templates + 8);
    file->probe_offset = fs_u64(templates + 16);
    file->probe_size = fs_u64(templates + 24);
    file->probe_checksum = fs_u64(templates + 32);
    file->probe_marshalled = fs_u64(templates + 40);
    if (file->probe_marshalled > FS_MAX_CODE) return "damaged: header";
    if (fs_u32(header + 36) != FS_BLOCK || file->header_size < FS_HEADER || file->header_size > file->size) return "damaged: header";
    if (file->identity_size > FS_MAX_IDENTITY || file->identity_offset < FS_HEADER
        || (uint64_t)file->identity_offset + file->identity_size > file->header_size) return "damaged: header";
    if (file->sums_offset < FS_HEADER || (uint64_t)file->sums_offset + 8 * (uint64_t)file->blocks > file->header_size) return "damaged: header";
    if (file->tables_start < file->header_size || file->tables_end < file->tables_start || file->tables_end > file->size
        || (file->tables_end - file->tables_start + FS_BLOCK - 1) / FS_BLOCK != file->blocks) return "damaged: header";
    if (file->code_start < file->tables_end || file->code_end < file->code_start || file->code_end > file->size) return "damaged: header";
    return fs_check_sections(file, header);
}

static inline unsigned char *fs_make_arena(const fs_file *file) {
#ifndef _WIN32
    if (file->guarded) {
        void *made = mmap(NULL, file->tables_end, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
        return made == MAP_FAILED ? NULL : (unsigned char *)made;
    }
#endif
    return (unsigned char *)calloc(1, file->tables_end);
}

/* Check the header of a file whose `mapping`, `size` and `guarded` are set: NULL, or why it is refused. Then fs_close is due. */
static inline const char *fs_open(fs_file *file) {
    unsigned char header[FS_HEADER];
    if (file->size < FS_HEADER || fs_copy(file, 0, header, FS_HEADER) < 0) return "damaged: too short";
    const char *reason = fs_check_header(file, header);
    if (reason != NULL) return reason;
    file->arena = fs_make_arena(file);
    file->states = (unsigned char *)calloc(1, (size_t)file->blocks + 1);
    if (file->arena == NULL || file->states == NULL) return "out of memory";
    if (fs_copy(file, 0, file->arena, file->header_size) < 0) return "damaged: too short";
    if (memcmp(file->arena, header, FS_HEADER) != 0) return "changed while it was opened";
    memset(file->arena + 24, 0, 8); /* where the checksum itself stands */
    if (fs_hash(file->arena, file->header_size, 0) != fs_u64(header + 24)) return "damaged: checksum of the header";
    return NULL;
}

#endif
