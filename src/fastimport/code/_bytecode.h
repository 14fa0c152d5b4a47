/* Leaf helpers of _bytecode.pyx: reading files. Called without the GIL. */
#ifndef FASTIMPORT_BYTECODE_H
#define FASTIMPORT_BYTECODE_H

#include <Python.h>
#include <marshal.h>
#include <stdlib.h>

int fb_open_code_is_hooked(unsigned long release); /* _open_code_hook.c */

#ifndef _WIN32
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>
#define FB_OPEN_FLAGS (O_RDONLY | O_CLOEXEC)
#else
#define FB_OPEN_FLAGS 0
#endif

/* A modification time as the header of a .pyc has it: importlib takes int() of a float. */
static inline unsigned int fb_seconds(long long seconds, long long nanoseconds) {
    return (unsigned int)(long long)((double)seconds + 1e-9 * (double)nanoseconds);
}

static inline unsigned int fb_seconds_of(long long time_ns) {
    long long rest = time_ns % 1000000000;
    if (rest < 0) rest += 1000000000;
    return fb_seconds((time_ns - rest) / 1000000000, rest);
}

/* Size and modification time of a file as the header of a .pyc has them. */
static inline int fb_source_stamp(const char *path, unsigned int *mtime, unsigned int *size) {
#ifndef _WIN32
    struct stat st;
    if (stat(path, &st) != 0) return -1;
#if defined(__APPLE__)
    *mtime = fb_seconds(st.st_mtimespec.tv_sec, st.st_mtimespec.tv_nsec);
#else
    *mtime = fb_seconds(st.st_mtim.tv_sec, st.st_mtim.tv_nsec);
#endif
    *size = (unsigned int)st.st_size;
    return 0;
#else
    (void)path; (void)mtime; (void)size;
    return -1;
#endif
}

static inline int fb_open(const char *path) {
#ifndef _WIN32
    return open(path, FB_OPEN_FLAGS);
#else
    (void)path;
    return -1;
#endif
}

static inline void fb_close(int file) {
#ifndef _WIN32
    close(file);
#else
    (void)file;
#endif
}

/* Memory to read into. One is kept from file to file: malloc would ask the kernel for the larger ones each time. */
typedef struct {
    size_t room;
    char data[];
} fb_buffer;

#define FB_FIRST_ROOM (256u << 10)
#define FB_KEPT_ROOM (1u << 20)

static inline fb_buffer *fb_exchange(fb_buffer **spare, fb_buffer *buffer) {
#ifndef _WIN32
    return __atomic_exchange_n(spare, buffer, __ATOMIC_ACQ_REL);
#else
    (void)spare; (void)buffer;
    return NULL;
#endif
}

static inline fb_buffer *fb_resize(fb_buffer *buffer, size_t room) {
    fb_buffer *resized = (fb_buffer *)realloc(buffer, sizeof(fb_buffer) + room);
    if (resized == NULL) free(buffer);
    else resized->room = room;
    return resized;
}

static inline void fb_keep(fb_buffer **spare, fb_buffer *buffer) {
    if (buffer != NULL && buffer->room <= FB_KEPT_ROOM) buffer = fb_exchange(spare, buffer);
    free(buffer);
}

/* Reads to the end of a regular file, which is where it reads short; NULL if anything is odd. The buffer is the caller's. */
static inline fb_buffer *fb_read_all(int file, fb_buffer **spare, Py_ssize_t *size) {
#ifndef _WIN32
    size_t used = 0;
    fb_buffer *buffer = fb_exchange(spare, NULL);
    if (buffer == NULL) buffer = fb_resize(NULL, FB_FIRST_ROOM);
    while (buffer != NULL) {
        ssize_t count = read(file, buffer->data + used, buffer->room - used);
        if (count < 0) break;
        used += (size_t)count;
        if (used < buffer->room) {
            *size = (Py_ssize_t)used;
            return buffer;
        }
        buffer = fb_resize(buffer, buffer->room * 4);
    }
    free(buffer);
#else
    (void)file; (void)spare; (void)size;
#endif
    return NULL;
}

/* The first `size` bytes of a file; -1 if it hasn't as many. */
static inline int fb_read_start(const char *path, char *start, size_t size) {
#ifndef _WIN32
    int file = open(path, FB_OPEN_FLAGS | O_NONBLOCK);
    ssize_t count = file < 0 ? -1 : read(file, start, size);
    if (file >= 0) close(file);
    return count == (ssize_t)size ? 0 : -1;
#else
    (void)path; (void)start; (void)size;
    return -1;
#endif
}

/* Whether a file can be made at `path`, or the directory that it is to be in: what importlib would try in vain isn't tried. Where
   access() would answer for another user than the one that writes, it is. */
static inline int fb_may_write(const char *path) {
#ifndef _WIN32
    char directory[PATH_MAX];
    size_t size = strlen(path);
    if (size >= sizeof directory || getuid() != geteuid() || getgid() != getegid()) return 1;
    memcpy(directory, path, size + 1);
    for (int level = 0; level < 2; level++) {
        char *slash = strrchr(directory, '/');
        if (slash == NULL || slash == directory) return 1;
        *slash = '\0';
        if (access(directory, W_OK | X_OK) == 0) return 1;
        if (errno != ENOENT) return 0;
    }
    return 0;
#else
    (void)path;
    return 1;
#endif
}

static inline unsigned int fb_uint32(const char *bytes) {
    const unsigned char *b = (const unsigned char *)bytes;
    return (unsigned int)b[0] | (unsigned int)b[1] << 8 | (unsigned int)b[2] << 16 | (unsigned int)b[3] << 24;
}

#endif
