/* A read-only FUSE file system that shows DIRECTORY under MOUNTPOINT and takes a set time for each operation.

       delayfs DIRECTORY MOUNTPOINT COUNTS LATENCY_US REMEMBER_S THREADS

   With REMEMBER_S 0, every system call that asks about a file or lists a directory pays once, as on a network file
   system without attribute caching:

   - The kernel may remember neither attributes nor what a name leads to. The exceptions are names that lead to
     directories and symbolic links: otherwise a call would pay once for each component of its path, which network
     file systems don't do.
   - The answer to a look-up carries the attributes. What the same thread asks next about the same inode (GETATTR in
     stat, OPEN in open) belongs to the same system call and is free.
   - Data stays in the page cache from one open to the next: a warm cache costs no READ.
   - Ends of use (RELEASE, FORGET) are answered without delay and not counted, as nobody waits for them.

   THREADS requests are served at once; more have to queue. Nodes are kept until the end: it is a benchmark's tool. */
#define _GNU_SOURCE
#define FUSE_USE_VERSION 312

#include "operations.h"

#include <dirent.h>
#include <errno.h>
#include <fuse_lowlevel.h>
#include <limits.h>
#include <pthread.h>
#include <search.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/stat.h>

enum { LOOKUPS = 1 << 16 };

static const double FOREVER = 1e6;
static const char *source;
static double remember_s;

/* Paths, as nodes: the address of the stored string is the node's number. The lock protects the tree. */
static void *paths;
static pthread_mutex_t paths_lock = PTHREAD_MUTEX_INITIALIZER;

/* The node that a thread looked up last, if it has asked nothing since; threads that share a slot pay too much. */
static fuse_ino_t last_lookup[LOOKUPS];

static int compare(const void *a, const void *b) { return strcmp(a, b); }

static const char *path_of(fuse_ino_t node) { return node == FUSE_ROOT_ID ? source : (const char *)node; }

static fuse_ino_t node_of(const char *path) {
    const char *stored = NULL;
    pthread_mutex_lock(&paths_lock);
    char *const *found = tfind(path, &paths, compare);
    if (found != NULL) {
        stored = *found;
    } else if ((stored = strdup(path)) != NULL && tsearch(stored, &paths, compare) == NULL) {
        free((void *)stored);
        stored = NULL;
    }
    pthread_mutex_unlock(&paths_lock);
    return (fuse_ino_t)stored;
}

static fuse_ino_t *slot_of(fuse_req_t request) { return &last_lookup[(unsigned)fuse_req_ctx(request)->pid % LOOKUPS]; }

/* Charges unless this is the second half of a system call whose first half was a look-up. */
static void charge_unless_paid(fuse_req_t request, fuse_ino_t node, enum operation operation) {
    if (__atomic_exchange_n(slot_of(request), 0, __ATOMIC_RELAXED) != node)
        charge(operation);
}

static void charge_always(fuse_req_t request, enum operation operation) {
    __atomic_store_n(slot_of(request), 0, __ATOMIC_RELAXED);
    charge(operation);
}

static void delay_init(void *data, struct fuse_conn_info *connection) {
    (void)data;
    connection->want &= ~(FUSE_CAP_AUTO_INVAL_DATA | FUSE_CAP_READDIRPLUS | FUSE_CAP_READDIRPLUS_AUTO);
    connection->want |= connection->capable & FUSE_CAP_CACHE_SYMLINKS;
}

static void delay_lookup(fuse_req_t request, fuse_ino_t parent, const char *name) {
    struct fuse_entry_param entry = {0};
    char path[PATH_MAX];
    charge_always(request, op_lookup);
    const char *directory = path_of(parent);
    if (snprintf(path, sizeof path, "%s/%s", strcmp(directory, "/") ? directory : "", name) >= (int)sizeof path) {
        fuse_reply_err(request, ENAMETOOLONG);
    } else if (lstat(path, &entry.attr) != 0) {
        if (errno != ENOENT || remember_s == 0) {
            fuse_reply_err(request, errno);
            return;
        }
        entry.entry_timeout = remember_s; /* node 0: the absence may be remembered */
        fuse_reply_entry(request, &entry);
    } else if ((entry.ino = node_of(path)) == 0) {
        fuse_reply_err(request, ENOMEM);
    } else {
        int is_way = S_ISDIR(entry.attr.st_mode) || S_ISLNK(entry.attr.st_mode);
        entry.entry_timeout = is_way ? FOREVER : remember_s;
        entry.attr_timeout = remember_s;
        __atomic_store_n(slot_of(request), entry.ino, __ATOMIC_RELAXED);
        fuse_reply_entry(request, &entry);
    }
}

static void delay_getattr(fuse_req_t request, fuse_ino_t node, struct fuse_file_info *file) {
    struct stat attributes;
    (void)file;
    charge_unless_paid(request, node, op_getattr);
    if (lstat(path_of(node), &attributes) != 0)
        fuse_reply_err(request, errno);
    else
        fuse_reply_attr(request, &attributes, remember_s);
}

static void delay_readlink(fuse_req_t request, fuse_ino_t node) {
    char target[PATH_MAX];
    charge_unless_paid(request, node, op_readlink);
    ssize_t length = readlink(path_of(node), target, sizeof target - 1);
    if (length < 0) {
        fuse_reply_err(request, errno);
        return;
    }
    target[length] = '\0';
    fuse_reply_readlink(request, target);
}

static void delay_open(fuse_req_t request, fuse_ino_t node, struct fuse_file_info *file) {
    charge_unless_paid(request, node, op_open);
    int fd = (file->flags & O_ACCMODE) == O_RDONLY ? open(path_of(node), O_RDONLY | O_CLOEXEC) : (errno = EROFS, -1);
    if (fd < 0) {
        fuse_reply_err(request, errno);
        return;
    }
    file->fh = (uint64_t)fd;
    file->keep_cache = 1;
    file->noflush = 1;
    if (fuse_reply_open(request, file) != 0)
        close(fd);
}

static void delay_read(fuse_req_t request, fuse_ino_t node, size_t size, off_t offset, struct fuse_file_info *file) {
    struct fuse_bufvec data = FUSE_BUFVEC_INIT(size);
    (void)node;
    charge_always(request, op_read);
    data.buf[0].flags = FUSE_BUF_IS_FD | FUSE_BUF_FD_SEEK;
    data.buf[0].fd = (int)file->fh;
    data.buf[0].pos = offset;
    fuse_reply_data(request, &data, FUSE_BUF_SPLICE_MOVE);
}

static void delay_release(fuse_req_t request, fuse_ino_t node, struct fuse_file_info *file) {
    (void)node;
    close((int)file->fh);
    fuse_reply_err(request, 0);
}

static void delay_opendir(fuse_req_t request, fuse_ino_t node, struct fuse_file_info *file) {
    charge_unless_paid(request, node, op_opendir);
    DIR *directory = opendir(path_of(node));
    if (directory == NULL) {
        fuse_reply_err(request, errno);
        return;
    }
    file->fh = (uint64_t)(uintptr_t)directory;
    if (fuse_reply_open(request, file) != 0)
        closedir(directory);
}

static size_t list(fuse_req_t request, DIR *directory, char *buffer, size_t size) {
    size_t used = 0;
    long here = telldir(directory);
    for (struct dirent *entry; (entry = readdir(directory)) != NULL; here = telldir(directory)) {
        struct stat known = {.st_ino = entry->d_ino, .st_mode = DTTOIF(entry->d_type)};
        size_t needed = fuse_add_direntry(request, buffer + used, size - used, entry->d_name, &known, telldir(directory));
        if (needed > size - used) {
            seekdir(directory, here);
            break;
        }
        used += needed;
    }
    return used;
}

static void delay_readdir(fuse_req_t request, fuse_ino_t node, size_t size, off_t offset, struct fuse_file_info *file) {
    DIR *directory = (DIR *)(uintptr_t)file->fh;
    char *buffer = malloc(size);
    (void)node;
    charge_always(request, op_readdir);
    if (buffer == NULL) {
        fuse_reply_err(request, ENOMEM);
        return;
    }
    if (offset != telldir(directory))
        offset ? seekdir(directory, offset) : rewinddir(directory);
    fuse_reply_buf(request, buffer, list(request, directory, buffer, size));
    free(buffer);
}

static void delay_releasedir(fuse_req_t request, fuse_ino_t node, struct fuse_file_info *file) {
    (void)node;
    closedir((DIR *)(uintptr_t)file->fh);
    fuse_reply_err(request, 0);
}

static const struct fuse_lowlevel_ops operations = {
    .init = delay_init,
    .lookup = delay_lookup,
    .getattr = delay_getattr,
    .readlink = delay_readlink,
    .open = delay_open,
    .read = delay_read,
    .release = delay_release,
    .opendir = delay_opendir,
    .readdir = delay_readdir,
    .releasedir = delay_releasedir,
};

static int serve(const char *mountpoint, unsigned threads) {
    char *arguments[] = {"delayfs", "-o", "ro,fsname=delayfs"};
    struct fuse_args args = FUSE_ARGS_INIT(3, arguments);
    struct fuse_session *session = fuse_session_new(&args, &operations, sizeof operations, NULL);
    struct fuse_loop_config *config = fuse_loop_cfg_create();
    int status = 1;
    if (session == NULL || config == NULL)
        return status;
    fuse_loop_cfg_set_max_threads(config, threads);
    fuse_loop_cfg_set_idle_threads(config, threads);
    if (fuse_set_signal_handlers(session) == 0) {
        if (fuse_session_mount(session, mountpoint) == 0) {
            int ended = fuse_session_loop_mt(session, config); /* the signal, an error, or 0 if somebody unmounted it */
            fprintf(stderr, "delayfs: ended with %d\n", ended);
            status = ended < 0;
            fuse_session_unmount(session);
        }
        fuse_remove_signal_handlers(session);
    }
    fuse_session_destroy(session);
    fuse_loop_cfg_destroy(config);
    return status;
}

int main(int argc, char **argv) {
    struct rlimit files;
    if (argc != 7) {
        fprintf(stderr, "usage: delayfs DIRECTORY MOUNTPOINT COUNTS LATENCY_US REMEMBER_S THREADS\n");
        return 2;
    }
    source = argv[1];
    latency_us = atol(argv[4]);
    remember_s = atof(argv[5]);
    if (map_counts(argv[3]) != 0) {
        perror(argv[3]);
        return 1;
    }
    if (getrlimit(RLIMIT_NOFILE, &files) == 0) {
        files.rlim_cur = files.rlim_max;
        setrlimit(RLIMIT_NOFILE, &files);
    }
    prctl(PR_SET_TIMERSLACK, 1UL); /* else each sleep takes 50 us more */
    return serve(argv[2], (unsigned)atoi(argv[6]));
}
