/* A file system whose directory entries have wrong types: directories for files, files for directories and for links. To be preloaded. */
#define _GNU_SOURCE
#include <dirent.h>
#include <dlfcn.h>

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
