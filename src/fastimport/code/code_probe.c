/* Whether this interpreter is one that is known, and what it wants to be told. See builder.h. */
#define PY_SSIZE_T_CLEAN
#define Py_BUILD_CORE 1
#include "builder.h"

#include "code_layout.h"

/* Auditing ########################################################################################################## */

typedef struct {
    const unsigned char *data;
    uint64_t size, marshalled;
    ft_texts *texts;
} ft_audited;

static PyObject *ft_audit_argument(void *argument) {
    const ft_audited *audited = (const ft_audited *)argument;
    PyObject *bytes = PyBytes_FromStringAndSize(NULL, (Py_ssize_t)audited->marshalled);
    if (bytes == NULL) return NULL;
    if (ft_to_marshal(audited->data, audited->size, audited->texts, (unsigned char *)PyBytes_AS_STRING(bytes),
                      audited->marshalled) == 0)
        return bytes;
    PyErr_SetString(PyExc_ValueError, "damaged: templates");
    Py_DECREF(bytes);
    return NULL;
}

/* Arguments of an event are made by their format, and only for hooks. */
int ft_audit(const unsigned char *data, uint64_t size, uint64_t marshalled, ft_texts *texts) {
    ft_audited audited = {data, size, marshalled, texts};
    return PySys_Audit("marshal.loads", "O&", ft_audit_argument, &audited);
}

/* The interpreter ################################################################################################### */

#if FT_KNOWN_LAYOUT
#include <structmember.h>

#define FT_FIELD(name) {#name, offsetof(PyCodeObject, name)}

/* Where the interpreter itself says that fields are. */
static const char *ft_wrong_member(void) {
    static const struct {
        const char *name;
        size_t offset;
    } expected[] = {FT_FIELD(co_argcount), FT_FIELD(co_posonlyargcount), FT_FIELD(co_kwonlyargcount), FT_FIELD(co_stacksize),
                    FT_FIELD(co_flags),    FT_FIELD(co_names),           FT_FIELD(co_filename),       FT_FIELD(co_name),
                    FT_FIELD(co_qualname), FT_FIELD(co_firstlineno),     FT_FIELD(co_linetable),      FT_FIELD(co_exceptiontable),
                    FT_FIELD(co_consts)};
    if (PyCode_Type.tp_basicsize != (Py_ssize_t)FT_CODE_HEAD || PyCode_Type.tp_itemsize != (Py_ssize_t)sizeof(_Py_CODEUNIT))
        return "size";
    if (PyCode_Type.tp_weaklistoffset != (Py_ssize_t)offsetof(PyCodeObject, co_weakreflist)) return "co_weakreflist";
    for (size_t i = 0; i < sizeof expected / sizeof *expected; i++) {
        PyMemberDef *member = PyCode_Type.tp_members;
        while (member != NULL && member->name != NULL && strcmp(member->name, expected[i].name) != 0) member++;
        if (member == NULL || member->name == NULL || member->offset != (Py_ssize_t)expected[i].offset) return expected[i].name;
    }
    return NULL;
}

#if PY_VERSION_HEX >= 0x030D0000
static int ft_ignore(PyCodeEvent event, PyCodeObject *code) {
    (void)event;
    (void)code;
    return 0;
}

/* Whether watchers are where we look for them. */
static int ft_finds_watchers(PyInterpreterState *interpreter) {
    int before = interpreter->active_code_watchers, watcher = PyCode_AddWatcher(ft_ignore);
    if (watcher < 0) {
        PyErr_Clear();
        return 0;
    }
    int found = interpreter->active_code_watchers == (before | 1 << watcher);
    return PyCode_ClearWatcher(watcher) == 0 && found && interpreter->active_code_watchers == before;
}

/* Whether the counter of versions is where we look for it: two code objects that somebody else makes say so. */
static int ft_finds_versions(PyInterpreterState *interpreter) {
    for (int turn = 0; turn < 2; turn++) {
        uint32_t before = interpreter->func_state.next_version;
        PyCodeObject *code = PyCode_NewEmpty("", "", 1);
        if (code == NULL) {
            PyErr_Clear();
            return 0;
        }
        int found = code->co_version == before && interpreter->func_state.next_version == (before ? before + 1 : 0);
        Py_DECREF(code);
        if (!found) return 0;
    }
    return 1;
}
#endif

const char *ft_unusable(unsigned long release) {
    if (release != PY_VERSION_HEX) return "compiled for another release of Python";
    if (PySys_GetObject("gettotalrefcount") != NULL) return "a debug build of Python";
    if (ft_wrong_member() != NULL) return "an unknown layout of code objects";
#if PY_VERSION_HEX >= 0x030D0000
    PyInterpreterState *interpreter = PyInterpreterState_Get();
    if (ft_hindrance() == NULL && !ft_finds_watchers(interpreter)) return "an unknown layout of the interpreter";
    if (!ft_finds_versions(interpreter)) return "an unknown layout of the interpreter";
#endif
    return NULL;
}

const char *ft_hindrance(void) {
#if PY_VERSION_HEX >= 0x030D0000
    void *data;
    if (PyInterpreterState_Get()->active_code_watchers) return "a code watcher";
    if (PyRefTracer_GetTracer(&data) != NULL) return "a tracer of references"; /* is told of each object */
#endif
    return NULL;
}

#else

const char *ft_unusable(unsigned long release) {
    (void)release;
#if defined(Py_GIL_DISABLED)
    return "a free-threaded build of Python";
#elif PY_VERSION_HEX >= 0x03100000
    return "Python 3.16 or later";
#else
    return "an unknown build of Python";
#endif
}

const char *ft_hindrance(void) { return NULL; }

#endif
