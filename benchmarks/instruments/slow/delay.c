/* A library to preload where FUSE can't be had: calls of libc that name a file below DELAY_PREFIXES (a list with ":")
   take DELAY_US longer, and are counted in the file DELAY_COUNTS. The caller gives all three.

   It sees less than delayfs.c: not what the dynamic loader does, not system calls that bypass libc, no relative paths,
   and no reads. */
#define _GNU_SOURCE

#include "operations.h"

#include <dirent.h>
#include <dlfcn.h>
#include <errno.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

enum { DESCRIPTORS = 1 << 16 };

static const char *prefixes;
static char is_slow_descriptor[DESCRIPTORS];

__attribute__((constructor)) static void read_settings(void) {
    const char *path = getenv("DELAY_COUNTS"), *latency = getenv("DELAY_US");
    if (path != NULL && latency != NULL && map_counts(path) == 0) {
        prefixes = getenv("DELAY_PREFIXES");
        latency_us = atol(latency);
    }
}

static int is_below(const char *path, const char *prefix, size_t length) {
    return strncmp(path, prefix, length) == 0 && (path[length] == '/' || path[length] == '\0');
}

static int is_slow(const char *path) {
    for (const char *prefix = prefixes; prefix != NULL && path != NULL && *prefix;) {
        size_t length = strcspn(prefix, ":");
        if (length && is_below(path, prefix, length))
            return 1;
        prefix += length + (prefix[length] == ':');
    }
    return 0;
}

static int is_slow_fd(int fd) { return fd >= 0 && fd < DESCRIPTORS && is_slow_descriptor[fd]; }

static int is_slow_at(int fd, const char *path) {
    if (path != NULL && (path[0] == '/' || fd == AT_FDCWD))
        return is_slow(path);
    return is_slow_fd(fd);
}

static int keep(int fd, int slow) {
    if (fd >= 0 && fd < DESCRIPTORS)
        is_slow_descriptor[fd] = (char)slow;
    return fd;
}

/* The function of the next library; an assignment through void * is how POSIX wants it. */
#define NEXT(name, ...)                                                                                                \
    static int (*next)(__VA_ARGS__);                                                                                   \
    if (next == NULL)                                                                                                  \
    *(void **)&next = dlsym(RTLD_NEXT, name)

#define DELAY_STAT(name, type)                                                                                         \
    int name(const char *path, struct type *result) {                                                                  \
        NEXT(#name, const char *, struct type *);                                                                      \
        if (is_slow(path))                                                                                             \
            charge(op_lookup);                                                                                         \
        return next(path, result);                                                                                     \
    }

#define DELAY_FSTAT(name, type)                                                                                        \
    int name(int fd, struct type *result) {                                                                            \
        NEXT(#name, int, struct type *);                                                                               \
        if (is_slow_fd(fd))                                                                                            \
            charge(op_getattr);                                                                                        \
        return next(fd, result);                                                                                       \
    }

#define DELAY_FSTATAT(name, type)                                                                                      \
    int name(int fd, const char *path, struct type *result, int flags) {                                               \
        NEXT(#name, int, const char *, struct type *, int);                                                            \
        if (is_slow_at(fd, path))                                                                                      \
            charge(op_lookup);                                                                                         \
        return next(fd, path, result, flags);                                                                          \
    }

/* The mode is there only if the flags ask for it, but reading it otherwise does no harm in this ABI. */
#define TAKE_MODE(mode, last)                                                                                          \
    va_list rest;                                                                                                      \
    va_start(rest, last);                                                                                              \
    mode_t mode = va_arg(rest, mode_t);                                                                                \
    va_end(rest)

#define DELAY_OPEN(name)                                                                                               \
    int name(const char *path, int flags, ...) {                                                                       \
        NEXT(#name, const char *, int, ...);                                                                           \
        TAKE_MODE(mode, flags);                                                                                        \
        int slow = is_slow(path);                                                                                      \
        if (slow)                                                                                                      \
            charge(op_open);                                                                                           \
        return keep(next(path, flags, mode), slow);                                                                    \
    }

#define DELAY_OPENAT(name)                                                                                             \
    int name(int fd, const char *path, int flags, ...) {                                                               \
        NEXT(#name, int, const char *, int, ...);                                                                      \
        TAKE_MODE(mode, flags);                                                                                        \
        int slow = is_slow_at(fd, path);                                                                               \
        if (slow)                                                                                                      \
            charge(op_open);                                                                                           \
        return keep(next(fd, path, flags, mode), slow);                                                                \
    }

DELAY_STAT(stat, stat)
DELAY_STAT(stat64, stat64)
DELAY_STAT(lstat, stat)
DELAY_STAT(lstat64, stat64)
DELAY_FSTAT(fstat, stat)
DELAY_FSTAT(fstat64, stat64)
DELAY_FSTATAT(fstatat, stat)
DELAY_FSTATAT(fstatat64, stat64)
DELAY_OPEN(open)
DELAY_OPEN(open64)
DELAY_OPENAT(openat)
DELAY_OPENAT(openat64)

int statx(int fd, const char *path, int flags, unsigned mask, struct statx *result) {
    NEXT("statx", int, const char *, int, unsigned, struct statx *);
    if (is_slow_at(fd, path))
        charge(op_lookup);
    return next(fd, path, flags, mask, result);
}

int close(int fd) {
    NEXT("close", int);
    keep(fd, 0);
    return next(fd);
}

/* A listing costs what it costs under FUSE: to open it, and two calls to read it. */
DIR *opendir(const char *path) {
    static DIR *(*next)(const char *);
    if (next == NULL)
        *(void **)&next = dlsym(RTLD_NEXT, "opendir");
    int slow = is_slow(path);
    if (slow)
        charge(op_opendir);
    DIR *directory = next(path);
    if (slow && directory != NULL) {
        keep(dirfd(directory), 1);
        charge(op_readdir);
        charge(op_readdir);
    }
    return directory;
}

int closedir(DIR *directory) {
    NEXT("closedir", DIR *);
    keep(dirfd(directory), 0);
    return next(directory);
}
