/* A file system whose directories never change their times: what stat and fstat say of any directory. To be preloaded. */
#define _GNU_SOURCE
#include <fcntl.h>
#include <sys/stat.h>

static int still(int failed, struct stat *found) {
    struct timespec never = {1000000000, 0};
    if (!failed && S_ISDIR(found->st_mode)) found->st_mtim = found->st_ctim = never;
    return failed;
}
int stat(const char *path, struct stat *found) { return still(fstatat(AT_FDCWD, path, found, 0), found); }
int fstat(int file, struct stat *found) { return still(fstatat(file, "", found, AT_EMPTY_PATH), found); }
int stat64(const char *path, struct stat64 *found) { return stat(path, (struct stat *)found); }
int fstat64(int file, struct stat64 *found) { return fstat(file, (struct stat *)found); }
