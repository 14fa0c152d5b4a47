/* Leaf helpers of _resolver.pyx: the file-system calls, and the differences between C APIs of CPython versions.
   Nothing here keeps state. Functions that touch the file system are called without the GIL. */
#ifndef FASTIMPORT_PLATFORM_H
#define FASTIMPORT_PLATFORM_H

#include <Python.h>
#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <time.h>

#ifndef _WIN32
#include <dirent.h>
#include <fcntl.h>
#include <unistd.h>
#if defined(__linux__)
#include <stdint.h>
#include <sys/syscall.h>
#endif
#define FI_POSIX 1
#else
#define FI_POSIX 0
#endif

#ifndef FASTIMPORT_DEBUG
#define FASTIMPORT_DEBUG 0
#endif

/* Objects alive, counted in debug builds: what tests assert to be as before. -1 in others. */
#if FASTIMPORT_DEBUG && !defined(_MSC_VER)
static long fi_alive = 0;
static inline void fi_count(long change) { __atomic_add_fetch(&fi_alive, change, __ATOMIC_RELAXED); }
static inline long fi_counted(void) { return __atomic_load_n(&fi_alive, __ATOMIC_RELAXED); }
#else
static inline void fi_count(long change) { (void)change; }
static inline long fi_counted(void) { return -1; }
#endif

typedef struct {
    double mtime; /* as os.stat gives it: a float, so that it equals what FileFinder remembered */
    long long mtime_ns, ctime_ns;
    unsigned long long device, inode;
    unsigned long links;
} fi_stamp;

/* One record per name: kind (1 byte), believed (1 byte), the name, NUL. */
typedef struct {
    char *data;
    size_t used, room;
} fi_listing;

enum { FI_PLAIN = 0, FI_OTHER = 255 };

#if FI_POSIX

#if defined(__APPLE__)
#define FI_MTIM st_mtimespec
#define FI_CTIM st_ctimespec
#else
#define FI_MTIM st_mtim
#define FI_CTIM st_ctim
#endif

static inline void fi_fill_stamp(const struct stat *st, fi_stamp *stamp) {
    stamp->mtime = (double)st->FI_MTIM.tv_sec + 1e-9 * (double)st->FI_MTIM.tv_nsec;
    stamp->mtime_ns = (long long)st->FI_MTIM.tv_sec * 1000000000LL + st->FI_MTIM.tv_nsec;
    stamp->ctime_ns = (long long)st->FI_CTIM.tv_sec * 1000000000LL + st->FI_CTIM.tv_nsec;
    stamp->device = (unsigned long long)st->st_dev;
    stamp->inode = (unsigned long long)st->st_ino;
    stamp->links = (unsigned long)st->st_nlink;
}

/* 1: a directory; 0: something else; -1: stat failed (the stamp then says so as FileFinder does: mtime -1). */
static inline int fi_stat_dir(const char *path, fi_stamp *stamp) {
    struct stat st;
    if (stat(path, &st) != 0) {
        memset(stamp, 0, sizeof *stamp);
        stamp->mtime = -1.0;
        return -1;
    }
    fi_fill_stamp(&st, stamp);
    return S_ISDIR(st.st_mode) ? 1 : 0;
}

static inline int fi_is_file(const char *path) {
    struct stat st;
    return stat(path, &st) == 0 && S_ISREG(st.st_mode);
}

static inline int fi_is_dir(const char *path) {
    struct stat st;
    return stat(path, &st) == 0 && S_ISDIR(st.st_mode);
}

static inline int fi_getcwd(char *buffer, size_t size) { return getcwd(buffer, size) != NULL; }

/* Whether the name is of the type that its place in the name demands: plain names directories, suffixed ones regular files.
   A symbolic link, or a type that the file system does not tell, is asked for only when `resolve` is set. */
static inline int fi_believed(int dir, const char *name, int type, int kind, int resolve) {
    int wanted = kind == FI_PLAIN ? S_IFDIR : S_IFREG;
#ifdef DT_UNKNOWN
    if (type == DT_DIR) return wanted == S_IFDIR;
    if (type == DT_REG) return wanted == S_IFREG;
    if (type != DT_LNK && type != DT_UNKNOWN) return 0;
#else
    (void)type;
#endif
    struct stat st;
    return resolve && fstatat(dir, name, &st, 0) == 0 && (int)(st.st_mode & S_IFMT) == wanted;
}

static inline int fi_append(fi_listing *list, int kind, int believed, const char *name, size_t length) {
    size_t needed = list->used + length + 3;
    if (needed > list->room) {
        size_t room = list->room ? list->room : 4096;
        while (room < needed) room *= 2;
        char *data = (char *)realloc(list->data, room);
        if (data == NULL) return -1;
        list->data = data;
        list->room = room;
    }
    char *record = list->data + list->used;
    record[0] = (char)kind;
    record[1] = (char)believed;
    memcpy(record + 2, name, length + 1);
    list->used = needed;
    return 0;
}

/* Kind of a name: FI_PLAIN without a dot, the number of its suffix plus one, or FI_OTHER.
   The last component of a module name has no dot, so a suffix starts at the first one. */
static inline int fi_kind(const char *name, const char *const *suffixes, int count) {
    const char *dot = strchr(name, '.');
    if (dot == NULL) return FI_PLAIN;
    for (int i = 0; i < count; i++)
        if (strcmp(dot, suffixes[i]) == 0) return i + 1;
    return FI_OTHER;
}

static inline int fi_add_name(int dir, const char *name, int type, const char *const *suffixes, int count, int resolve, fi_listing *list) {
    if (name[0] == '.' && (name[1] == 0 || (name[1] == '.' && name[2] == 0))) return 0;
    int kind = fi_kind(name, suffixes, count);
    int believed = kind != FI_OTHER && fi_believed(dir, name, type, kind, resolve);
    return fi_append(list, kind, believed, name, strlen(name));
}

/* Directories are opened, stamped if asked, and read. fi_read_dir gives 0, the errno of the read that failed, or EFBIG: more than
   one buffer of names, and not `whole`. */
#define FI_BUFFER 32768
#if defined(__linux__)

/* Without opendir, whose own fstat is one call too many. A handle is the descriptor plus one. */
struct fi_dirent {
    uint64_t inode;
    int64_t offset;
    unsigned short length;
    unsigned char type;
    char name[];
};

static inline int fi_descriptor(void *dir) { return (int)(intptr_t)dir - 1; }
static inline void *fi_open_dir(const char *path) {
    return (void *)(intptr_t)(open(path, O_RDONLY | O_NONBLOCK | O_CLOEXEC | O_DIRECTORY) + 1);
}
static inline void fi_close_dir(void *dir) { close(fi_descriptor(dir)); }
static inline int fi_read_dir(void *dir, const char *const *suffixes, int count, int resolve, int whole, fi_listing *list) {
    _Alignas(8) char buffer[FI_BUFFER];
    for (int chunk = 0;; chunk++) {
        long size = syscall(SYS_getdents64, fi_descriptor(dir), buffer, sizeof buffer);
        if (size < 0 && errno != ENOENT) return errno; /* ENOENT: removed since it was opened, so at its end */
        if (size <= 0) return 0;
        if (chunk && !whole) return EFBIG;
        for (long at = 0; at < size;) {
            const struct fi_dirent *entry = (const struct fi_dirent *)(buffer + at);
            if (fi_add_name(fi_descriptor(dir), entry->name, entry->type, suffixes, count, resolve, list) < 0) return ENOMEM;
            at += entry->length;
        }
    }
}

#else

static inline int fi_descriptor(void *dir) { return dirfd((DIR *)dir); }
static inline void *fi_open_dir(const char *path) { return (void *)opendir(path); }
static inline void fi_close_dir(void *dir) { closedir((DIR *)dir); }
static inline int fi_read_dir(void *dir, const char *const *suffixes, int count, int resolve, int whole, fi_listing *list) {
    for (;;) {
        if (list->used > FI_BUFFER / 2 && !whole) return EFBIG;
        errno = 0;
        struct dirent *entry = readdir((DIR *)dir);
        if (entry == NULL) return errno;
#ifdef DT_UNKNOWN
        int type = entry->d_type;
#else
        int type = 0;
#endif
        if (fi_add_name(fi_descriptor(dir), entry->d_name, type, suffixes, count, resolve, list) < 0) return ENOMEM;
    }
}

#endif

static inline int fi_stat_open_dir(void *dir, fi_stamp *stamp) {
    struct stat st;
    if (fstat(fi_descriptor(dir), &st) != 0) return -1;
    fi_fill_stamp(&st, stamp);
    return 0;
}

#else /* not POSIX: the resolver declines every question there, see Resolver.reason */

static inline int fi_stat_dir(const char *path, fi_stamp *stamp) { (void)path; memset(stamp, 0, sizeof *stamp); stamp->mtime = -1.0; return -1; }
static inline int fi_is_file(const char *path) { (void)path; return 0; }
static inline int fi_is_dir(const char *path) { (void)path; return 0; }
static inline void *fi_open_dir(const char *path) { (void)path; errno = ENOSYS; return NULL; }
static inline void fi_close_dir(void *dir) { (void)dir; }
static inline int fi_getcwd(char *buffer, size_t size) { (void)buffer; (void)size; return 0; }
static inline int fi_stat_open_dir(void *dir, fi_stamp *stamp) { (void)dir; (void)stamp; return -1; }
static inline int fi_read_dir(void *h, const char *const *s, int c, int r, int w, fi_listing *l) { (void)h; (void)s; (void)c; (void)r; (void)w; (void)l; return ENOSYS; }

#endif

/* Writes directory + "/" + name; the length, or -1 if `room` bytes beyond it would not fit. */
static inline Py_ssize_t fi_compose(char *buffer, size_t size, const char *directory, Py_ssize_t length, const char *name, Py_ssize_t added) {
    while (length && directory[length - 1] == '/') length--;
    if ((size_t)(length + added) + 300 > size) return -1;
    memcpy(buffer, directory, (size_t)length);
    buffer[length] = '/';
    memcpy(buffer + length + 1, name, (size_t)added);
    buffer[length + added + 1] = 0;
    return length + added + 1;
}

static inline long long fi_now_ns(void) {
    struct timespec now;
    timespec_get(&now, TIME_UTC);
    return (long long)now.tv_sec * 1000000000LL + now.tv_nsec;
}

/* The value under a key, or the fallback: a new reference either way, NULL only with an exception set. */
static inline PyObject *fi_get(PyObject *dict, PyObject *key, PyObject *fallback) {
#if PY_VERSION_HEX >= 0x030D0000
    PyObject *value;
    int found = PyDict_GetItemRef(dict, key, &value);
    if (found < 0) return NULL;
    return found ? value : Py_NewRef(fallback);
#else
    PyObject *value = PyDict_GetItemWithError(dict, key);
    if (value == NULL && PyErr_Occurred()) return NULL;
    return Py_NewRef(value ? value : fallback);
#endif
}

/* An item of an exact list or tuple that may shrink under our feet: the fallback when it is not there. */
static inline PyObject *fi_item(PyObject *sequence, Py_ssize_t index, PyObject *fallback) {
    if (PyTuple_CheckExact(sequence))
        return Py_NewRef(index < PyTuple_GET_SIZE(sequence) ? PyTuple_GET_ITEM(sequence, index) : fallback);
#if PY_VERSION_HEX >= 0x030D0000
    if (index < PyList_GET_SIZE(sequence)) {
        PyObject *item = PyList_GetItemRef(sequence, index);
        if (item != NULL) return item;
        PyErr_Clear();
    }
    return Py_NewRef(fallback);
#else
    return Py_NewRef(index < PyList_GET_SIZE(sequence) ? PyList_GET_ITEM(sequence, index) : fallback);
#endif
}

/* Whether an exact list or tuple holds the very objects of a tuple. */
static inline int fi_same_items(PyObject *sequence, PyObject *known) {
    Py_ssize_t count = PyTuple_GET_SIZE(known);
    if (PyTuple_CheckExact(sequence))
        return PyTuple_GET_SIZE(sequence) == count
            && memcmp(((PyTupleObject *)sequence)->ob_item, ((PyTupleObject *)known)->ob_item, (size_t)count * sizeof(PyObject *)) == 0;
    int same;
#ifdef Py_GIL_DISABLED
    Py_BEGIN_CRITICAL_SECTION(sequence);
#endif
    same = PyList_GET_SIZE(sequence) == count
        && memcmp(((PyListObject *)sequence)->ob_item, ((PyTupleObject *)known)->ob_item, (size_t)count * sizeof(PyObject *)) == 0;
#ifdef Py_GIL_DISABLED
    Py_END_CRITICAL_SECTION();
#endif
    return same;
}

/* Whether a list of (suffix, loader) pairs consists of the very objects of a tuple of pairs. */
static inline int fi_same_pairs(PyObject *list, PyObject *known) {
    Py_ssize_t count = PyTuple_GET_SIZE(known);
    int same = 0;
#ifdef Py_GIL_DISABLED
    Py_BEGIN_CRITICAL_SECTION(list);
#endif
    if (PyList_GET_SIZE(list) == count) {
        same = 1;
        for (Py_ssize_t i = 0; same && i < count; i++) {
            PyObject *pair = PyList_GET_ITEM(list, i), *other = PyTuple_GET_ITEM(known, i);
            same = pair == other || (PyTuple_CheckExact(pair) && PyTuple_GET_SIZE(pair) == 2
                && PyTuple_GET_ITEM(pair, 0) == PyTuple_GET_ITEM(other, 0) && PyTuple_GET_ITEM(pair, 1) == PyTuple_GET_ITEM(other, 1));
        }
    }
#ifdef Py_GIL_DISABLED
    Py_END_CRITICAL_SECTION();
#endif
    return same;
}

/* Whether loader details, a tuple of (loader, list of suffixes), say the same as a tuple of (suffix, loader), by identity: the lists
   are those of importlib.machinery, which programs change. */
static inline int fi_same_details(PyObject *details, PyObject *known) {
    Py_ssize_t count = PyTuple_GET_SIZE(known), at = 0;
    int same = PyTuple_CheckExact(details);
    for (Py_ssize_t i = 0; same && i < PyTuple_GET_SIZE(details); i++) {
        PyObject *group = PyTuple_GET_ITEM(details, i);
        same = PyTuple_CheckExact(group) && PyTuple_GET_SIZE(group) == 2 && PyList_CheckExact(PyTuple_GET_ITEM(group, 1));
        if (!same) break;
        PyObject *loader = PyTuple_GET_ITEM(group, 0), *suffixes = PyTuple_GET_ITEM(group, 1);
#ifdef Py_GIL_DISABLED
        Py_BEGIN_CRITICAL_SECTION(suffixes);
#endif
        for (Py_ssize_t j = 0; same && j < PyList_GET_SIZE(suffixes); j++, at++) {
            PyObject *pair = at < count ? PyTuple_GET_ITEM(known, at) : NULL;
            same = pair && PyList_GET_ITEM(suffixes, j) == PyTuple_GET_ITEM(pair, 0) && loader == PyTuple_GET_ITEM(pair, 1);
        }
#ifdef Py_GIL_DISABLED
        Py_END_CRITICAL_SECTION();
#endif
    }
    return same && at == count;
}

/* How often values of a watched dictionary were exchanged or removed. Up to 3.11 by its version, which counts additions as well;
   from 3.12 by PEP 699's watchers, whose callback knows no more than the event, so the count is one for the process: others'
   changes are taken for ours, never the reverse. */
#if PY_VERSION_HEX < 0x030C0000
static inline int fi_add_watcher(void) { return 0; }
static inline int fi_watch(int watcher, PyObject *dict) { (void)watcher; (void)dict; return 0; }
static inline void fi_unwatch(int watcher, PyObject *dict) { (void)watcher; (void)dict; }
static inline void fi_clear_watcher(int watcher) { (void)watcher; }
static inline unsigned long long fi_dict_changes(PyObject *dict) { return ((PyDictObject *)dict)->ma_version_tag; }
/* Versions only grow. */
static inline unsigned long long fi_dicts_changes(PyObject *dicts) {
    unsigned long long sum = 0;
    for (Py_ssize_t i = 0; i < PyList_GET_SIZE(dicts); i++) sum += fi_dict_changes(PyList_GET_ITEM(dicts, i));
    return sum;
}
#else
static unsigned long long fi_changes = 0;
static int fi_on_change(PyDict_WatchEvent event, PyObject *dict, PyObject *key, PyObject *value) {
    (void)dict; (void)key; (void)value;
#if defined(_MSC_VER)
    if (event != PyDict_EVENT_ADDED) fi_changes++;
#else
    if (event != PyDict_EVENT_ADDED) __atomic_add_fetch(&fi_changes, 1, __ATOMIC_RELAXED);
#endif
    return 0;
}
/* The last one that is free: the first ones stay for those who know them by their numbers, as CPython's own tests do. */
static inline int fi_add_watcher(void) {
    int taken[16], count = 0;
    while (count < 16 && (taken[count] = PyDict_AddWatcher(fi_on_change)) >= 0) count++;
    if (count == 0) return -1;
    if (count < 16) PyErr_Clear();
    for (int i = 0; i < count - 1; i++)
        if (PyDict_ClearWatcher(taken[i]) < 0) PyErr_Clear();
    return taken[count - 1];
}
static inline int fi_watch(int watcher, PyObject *dict) { return PyDict_Watch(watcher, dict); }
/* These two are called while an object is deallocated. */
static inline void fi_unwatch(int watcher, PyObject *dict) {
    if (PyDict_Unwatch(watcher, dict) < 0) PyErr_Clear();
}
static inline void fi_clear_watcher(int watcher) {
    if (PyDict_ClearWatcher(watcher) < 0) PyErr_Clear();
}
static inline unsigned long long fi_dicts_changes(PyObject *dicts) { (void)dicts; return fi_changes; }
static inline unsigned long long fi_dict_changes(PyObject *dict) { (void)dict; return fi_changes; }
#endif

/* object.__new__(cls), which is what the pinned classes have. */
static inline PyObject *fi_new(PyObject *cls, PyObject *no_arguments) {
    return ((PyTypeObject *)cls)->tp_new((PyTypeObject *)cls, no_arguments, NULL);
}

static inline unsigned int fi_type_tag(PyObject *cls) { return ((PyTypeObject *)cls)->tp_version_tag; }

/* The bytes of an ASCII string without a copy, or NULL. */
static inline const char *fi_ascii(PyObject *text, Py_ssize_t *length) {
    if (!PyUnicode_IS_COMPACT_ASCII(text)) return NULL;
    *length = PyUnicode_GET_LENGTH(text);
    return (const char *)PyUnicode_1BYTE_DATA(text);
}

#endif
