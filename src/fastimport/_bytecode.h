/* Leaf helpers of _bytecode.pyx: reading files. Called without the GIL. */
#ifndef FASTIMPORT_BYTECODE_H
#define FASTIMPORT_BYTECODE_H

#include <Python.h>
#include <marshal.h>

int fb_open_code_is_hooked(unsigned long release); /* _open_code_hook.c */

#ifndef _WIN32
#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>
#define FB_OPEN_FLAGS (O_RDONLY | O_CLOEXEC)
#else
#define FB_OPEN_FLAGS 0
#endif

/* Size and modification time of a file as the header of a .pyc has them: importlib takes int() of a float. */
static inline int fb_source_stamp(const char *path, unsigned int *mtime, unsigned int *size) {
#ifndef _WIN32
    struct stat st;
    if (stat(path, &st) != 0) return -1;
#if defined(__APPLE__)
    double time = (double)st.st_mtimespec.tv_sec + 1e-9 * (double)st.st_mtimespec.tv_nsec;
#else
    double time = (double)st.st_mtim.tv_sec + 1e-9 * (double)st.st_mtim.tv_nsec;
#endif
    *mtime = (unsigned int)(long long)time;
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

/* Reads to the end of a regular file, which is where it reads short. The bytes are malloc'ed; NULL if anything is odd. */
static inline char *fb_read_all(int file, Py_ssize_t *size) {
#ifndef _WIN32
    size_t room = 65536, used = 0;
    char *data = (char *)malloc(room);
    while (data != NULL) {
        ssize_t count = read(file, data + used, room - used);
        if (count < 0) break;
        used += (size_t)count;
        if (used < room) {
            *size = (Py_ssize_t)used;
            return data;
        }
        char *larger = (char *)realloc(data, room *= 4);
        if (larger == NULL) break;
        data = larger;
    }
    free(data);
#else
    (void)file; (void)size;
#endif
    return NULL;
}

static inline unsigned int fb_uint32(const char *bytes) {
    const unsigned char *b = (const unsigned char *)bytes;
    return (unsigned int)b[0] | (unsigned int)b[1] << 8 | (unsigned int)b[2] << 16 | (unsigned int)b[3] << 24;
}

#endif
