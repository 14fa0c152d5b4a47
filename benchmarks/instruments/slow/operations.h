/* What a slow file system charges for, and where it counts: shared by delayfs.c and delay.c.

   The counts are an array of 64-bit integers in a file that both this program and its caller map. The caller reads
   the names of OPERATIONS from this file. */
#ifndef OPERATIONS_H
#define OPERATIONS_H

#include <fcntl.h>
#include <stdint.h>
#include <sys/mman.h>
#include <time.h>
#include <unistd.h>

#define OPERATIONS(X) X(lookup) X(getattr) X(open) X(read) X(opendir) X(readdir) X(readlink)

#define AS_CONSTANT(name) op_##name,
enum operation { OPERATIONS(AS_CONSTANT) op_count };

static uint64_t *counts;
static long latency_us;

static inline int map_counts(const char *path) {
    int fd = open(path, O_RDWR | O_CLOEXEC);
    if (fd < 0)
        return -1;
    void *mapped = mmap(NULL, op_count * sizeof *counts, PROT_READ | PROT_WRITE, MAP_SHARED, fd, 0);
    close(fd);
    if (mapped == MAP_FAILED)
        return -1;
    counts = mapped;
    return 0;
}

static inline void charge(enum operation operation) {
    struct timespec left = {latency_us / 1000000, latency_us % 1000000 * 1000};
    __atomic_add_fetch(&counts[operation], 1, __ATOMIC_RELAXED);
    if (latency_us)
        while (nanosleep(&left, &left) != 0)
            ;
}

#endif
