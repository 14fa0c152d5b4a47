/* Whether a source file is the recorded one: by its stamp, or where that says nothing any more, by its content.

   A tree that was unpacked, copied or mounted anew has other stamps and the same files. The hash is what a checked hash-based
   .pyc (PEP 552) relies on as well, one read of the source in place of compiling it. */
#ifndef FASTIMPORT_SOURCE_MATCH_H
#define FASTIMPORT_SOURCE_MATCH_H

#include "stamps.h"

#ifndef _WIN32
#include <fcntl.h>
#endif

enum { FS_CHANGED = 0, FS_SAME = 1, FS_SAME_CONTENT = 2 };
enum { FS_MAX_SOURCE = 64 * 1024 * 1024 }; /* bytes; what is longer has no hash */

#ifndef _WIN32
static inline void fs_take_stamp(const struct stat *st, fs_now *now) {
#if defined(__APPLE__)
    struct timespec modified = st->st_mtimespec, changed = st->st_ctimespec;
#else
    struct timespec modified = st->st_mtim, changed = st->st_ctim;
#endif
    now->device = (uint64_t)st->st_dev;
    now->inode = (uint64_t)st->st_ino;
    now->mtime_ns = (int64_t)modified.tv_sec * 1000000000 + modified.tv_nsec;
    now->ctime_ns = (int64_t)changed.tv_sec * 1000000000 + changed.tv_nsec;
}

/* The hash of the `size` bytes of an open file; 0 where they can't be read. */
static inline uint64_t fs_hash_file(int descriptor, uint64_t size) {
    unsigned char *data = (unsigned char *)malloc(size ? size : 1);
    uint64_t done = 0, hash;
    if (data == NULL) return 0;
    while (done < size) {
        ssize_t got = read(descriptor, data + done, size - done);
        if (got <= 0) break;
        done += (uint64_t)got;
    }
    hash = done == size ? fs_hash(data, size, 0) : 0;
    free(data);
    return hash;
}

/* Whether a file has the recorded size and hash; its modification time before it was read in *now. */
static inline int fs_has_content(const char *path, const fs_code *recorded, fs_now *now) {
    struct stat st;
    int same = 0, descriptor;
    if (recorded->source_hash == 0 || recorded->source_size > FS_MAX_SOURCE) return 0;
    descriptor = open(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK);
    if (descriptor < 0) return 0;
    if (fstat(descriptor, &st) == 0 && S_ISREG(st.st_mode) && (uint64_t)st.st_size == recorded->source_size) {
        fs_take_stamp(&st, now);
        same = fs_hash_file(descriptor, recorded->source_size) == recorded->source_hash;
    }
    close(descriptor);
    return same;
}
#endif

/* Whether a .pyc that was valid for the recorded source would be so for this one: then nobody compiles, and nobody warns. */
static inline int fs_is_same_second(const fs_code *code, const fs_now *now) {
    return code->mtime_ns / 1000000000 == now->mtime_ns / 1000000000;
}

/* How the file at `path` is the recorded source, and its stamp in *now; if it is not, why, in *doubt. Code whose compilation warns is
   importlib's business, unless a .pyc is there. */
static inline int fs_match_source(const char *path, const fs_code *recorded, int has_stamps, fs_systems *systems, int *doubt,
                                  fs_now *now) {
    *doubt = has_stamps ? FS_OTHER : FS_BY_CONTENT;
#ifndef _WIN32
    struct stat st;
    if (recorded->flags & FS_WARNS) {
        *doubt = FS_WARNING;
        return FS_CHANGED;
    }
    if (has_stamps) {
        if (stat(path, &st) != 0 || recorded->source_size != (uint64_t)st.st_size) return FS_CHANGED;
        fs_take_stamp(&st, now);
        *doubt = FS_STAMP_DOUBT(systems, path, recorded, now);
        if (*doubt == 0) return FS_SAME;
    }
    if (recorded->flags & FS_UNTRIED && !(has_stamps && fs_is_same_second(recorded, now))) return FS_CHANGED;
    if (fs_has_content(path, recorded, now)) return FS_SAME_CONTENT;
    *doubt = FS_OTHER;
    return FS_CHANGED;
#else
    (void)path; (void)recorded; (void)has_stamps; (void)systems; (void)now;
    return FS_CHANGED;
#endif
}

#endif
