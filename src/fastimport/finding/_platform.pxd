# Declarations of _platform.h and of the C API that Cython does not declare. Functions without `noexcept` or `except` return new
# references and raise on NULL; pointers are borrowed from their arguments.

cdef extern from "Python.h":
    int PySys_Audit(const char *event, const char *format, ...) except -1
    object PyObject_GenericGetDict(object instance, void *context)
    object PyUnicode_EncodeFSDefault(object text)
    object PyUnicode_DecodeFSDefaultAndSize(const char *data, Py_ssize_t size)
    Py_ssize_t PyUnicode_FindChar(object text, Py_UCS4 character, Py_ssize_t start, Py_ssize_t end, int direction) except -2
    object PyUnicode_Substring(object text, Py_ssize_t start, Py_ssize_t end)

cdef extern from "_platform.h":
    enum: FI_POSIX
    enum: FI_PLAIN
    enum: FI_OTHER
    object fi_get(object dictionary, object key, object fallback)
    object fi_item(object sequence, Py_ssize_t index, object fallback)
    bint fi_same_items(object sequence, object known) noexcept
    bint fi_same_pairs(object pairs, object known) noexcept
    bint fi_same_details(object details, object known) noexcept
    int fi_add_watcher() except -1
    int fi_watch(int watcher, object dictionary) except -1
    void fi_unwatch(int watcher, object dictionary) noexcept
    void fi_clear_watcher(int watcher) noexcept
    unsigned long long fi_dict_changes(object dictionary) noexcept
    unsigned long long fi_dicts_changes(object dictionaries) noexcept
    void fi_count(long change) noexcept
    long fi_counted() noexcept
    object fi_new(object cls, object no_arguments)
    unsigned int fi_type_tag(object cls) noexcept
    const char *fi_ascii(object text, Py_ssize_t *length) noexcept
    Py_ssize_t fi_compose(char *buffer, size_t size, const char *directory, Py_ssize_t length,
                          const char *name, Py_ssize_t added) noexcept

cdef extern from "_platform.h" nogil:
    ctypedef struct fi_stamp:
        double mtime
        long long mtime_ns, ctime_ns
        unsigned long long device, inode
        unsigned long links
    ctypedef struct fi_listing:
        char *data
        size_t used, room
    int fi_stat_dir(const char *path, fi_stamp *stamp) noexcept
    int fi_is_file(const char *path) noexcept
    int fi_is_dir(const char *path) noexcept
    void *fi_open_dir(const char *path) noexcept
    int fi_stat_open_dir(void *directory, fi_stamp *stamp) noexcept
    void fi_close_dir(void *directory) noexcept
    int fi_getcwd(char *buffer, size_t size) noexcept
    int fi_read_dir(void *directory, const char **suffixes, int count, int resolve, int whole, fi_listing *names) noexcept
    long long fi_now_ns() noexcept
