/* A file system whose directory entries have wrong types: directories for files, files for directories and for links. To be preloaded. */
#define _GNU_SOURCE
#include <dirent.h>
#include <dlfcn.h>
#include <stdint.h>
#include <sys/syscall.h>

static struct dirent64 *lie(struct dirent64 *entry) {
    if (entry) entry->d_type = entry->d_type == DT_REG ? DT_DIR : DT_REG;
    return entry;
}
struct dirent64 *readdir64(DIR *directory) {
    static struct dirent64 *(*real)(DIR *);
    if (!real) real = (struct dirent64 *(*)(DIR *))dlsym(RTLD_NEXT, "readdir64");
    return lie(real(directory));
}
struct dirent *readdir(DIR *directory) { return (struct dirent *)readdir64(directory); }

/* The same where the entries are asked of the kernel itself. */
struct kernel_entry {
    uint64_t inode;
    int64_t next;
    uint16_t length;
    unsigned char type;
};

long syscall(long number, long a, long b, long c, long d, long e, long f) {
    static long (*real)(long, ...);
    if (!real) real = (long (*)(long, ...))dlsym(RTLD_NEXT, "syscall");
    long size = real(number, a, b, c, d, e, f);
    if (number == SYS_getdents64)
        for (long at = 0; at < size; at += ((struct kernel_entry *)(b + at))->length) {
            struct kernel_entry *entry = (struct kernel_entry *)(b + at);
            entry->type = entry->type == DT_REG ? DT_DIR : DT_REG;
        }
    return size;
}
