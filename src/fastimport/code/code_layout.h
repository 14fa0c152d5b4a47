/* What `_PyCode_New` and `_PyCode_Quicken` do, version by version: for builder.c only, which is compiled with the interpreter's
   internal headers. Other interpreters than these, and other releases than the one compiled for, unmarshal. */
#ifndef FASTIMPORT_CODE_LAYOUT_H
#define FASTIMPORT_CODE_LAYOUT_H

#if !defined(Py_GIL_DISABLED) && !defined(Py_DEBUG) && !defined(Py_TRACE_REFS) && PY_VERSION_HEX < 0x03100000 &&                 \
    !defined(PYPY_VERSION) && !defined(_WIN32) && __BYTE_ORDER__ == __ORDER_LITTLE_ENDIAN__
#define FT_KNOWN_LAYOUT 1
#else
#define FT_KNOWN_LAYOUT 0
#endif

#if FT_KNOWN_LAYOUT
#include <stddef.h>
#undef HAVE_STD_ATOMIC
#include <internal/pycore_code.h>
#if PY_VERSION_HEX >= 0x030E0000
#include <internal/pycore_interpframe.h>
#else
#include <internal/pycore_frame.h>
#endif
#include <internal/pycore_interp.h>

#define FT_CODE_HEAD offsetof(PyCodeObject, co_code_adaptive)

#ifdef FT_MAKES_CODE /* needs builder.h */
#if PY_VERSION_HEX >= 0x030D0000
#include <internal/pycore_opcode_metadata.h>
#include <internal/pycore_opcode_utils.h>
#include <internal/pycore_unicodeobject.h>
#else
#include <opcode.h>
#endif

/* As marshal interns what was interned when it was written. */
static inline void ft_intern(PyInterpreterState *interpreter, PyObject **text) {
#if PY_VERSION_HEX >= 0x030D0000
    _PyUnicode_InternImmortal(interpreter, text);
#else
    (void)interpreter;
    PyUnicode_InternInPlace(text);
#endif
}

/* What the constructors of objects do that have their bytes in themselves, without a call for each step. */
static inline PyObject *ft_new_object(size_t size, PyTypeObject *type) {
    PyObject *made = (PyObject *)PyObject_Malloc(size);
    if (made == NULL) return PyErr_NoMemory();
#if PY_VERSION_HEX >= 0x030E0000 && SIZEOF_VOID_P > 4
    made->ob_refcnt_full = 1; /* flags, too */
#else
    made->ob_refcnt = 1;
#endif
    made->ob_type = type;
    return made;
}

/* `PyUnicode_New` for two ASCII characters and more, which are not there yet. */
static inline PyObject *ft_new_ascii(uint64_t size) {
    PyASCIIObject *made = (PyASCIIObject *)ft_new_object(sizeof(PyASCIIObject) + size + 1, &PyUnicode_Type);
    if (made == NULL) return NULL;
    made->length = (Py_ssize_t)size;
    made->hash = -1;
    memset(&made->state, 0, sizeof made->state);
    made->state.kind = PyUnicode_1BYTE_KIND;
    made->state.compact = made->state.ascii = 1;
#if PY_VERSION_HEX < 0x030C0000
    made->state.ready = 1;
    made->wstr = NULL;
#endif
    ((char *)(made + 1))[size] = 0;
    return (PyObject *)made;
}

/* `PyBytes_FromStringAndSize` for one byte and more, which are not there yet. */
static inline PyObject *ft_new_bytes(uint64_t size) {
    PyBytesObject *made = (PyBytesObject *)ft_new_object(offsetof(PyBytesObject, ob_sval) + size + 1, &PyBytes_Type);
    if (made == NULL) return NULL;
    made->ob_base.ob_size = (Py_ssize_t)size;
    memset((char *)made + sizeof(PyVarObject), -1, sizeof(Py_hash_t)); /* ob_shash, whose name is deprecated */
    made->ob_sval[size] = 0;
    return (PyObject *)made;
}

typedef struct {
    int locals, plain_cells, cells, free;
} ft_counts;

/* All that a code object is made of; `objects` in the order of the templates' references, borrowed. */
typedef struct {
    PyObject *objects[FT_CODE_REFS];
    int argcount, posonlyargcount, kwonlyargcount, stacksize, flags, firstlineno;
    const unsigned char *code;
    uint32_t size;
    ft_counts counts;
} ft_parts;

#if PY_VERSION_HEX >= 0x030C0000 && PY_VERSION_HEX < 0x030D0000

/* 3.12 exports its constructor, and hides the counter that code objects get their version from. */
static inline PyCodeObject *ft_new_code(PyInterpreterState *interpreter, const ft_parts *parts) {
    PyObject *bytecode = PyBytes_FromStringAndSize((const char *)parts->code, parts->size);
    if (bytecode == NULL) return NULL;
    (void)interpreter;
    PyObject *const *objects = parts->objects;
    struct _PyCodeConstructor constructor = {.filename = objects[FT_FILENAME],
                                             .name = objects[FT_NAME],
                                             .qualname = objects[FT_QUALNAME],
                                             .flags = parts->flags,
                                             .code = bytecode,
                                             .firstlineno = parts->firstlineno,
                                             .linetable = objects[FT_LINES],
                                             .consts = objects[FT_CONSTS],
                                             .names = objects[FT_CODE_NAMES],
                                             .localsplusnames = objects[FT_LOCALS],
                                             .localspluskinds = objects[FT_LOCAL_KINDS],
                                             .argcount = parts->argcount,
                                             .posonlyargcount = parts->posonlyargcount,
                                             .kwonlyargcount = parts->kwonlyargcount,
                                             .stacksize = parts->stacksize,
                                             .exceptiontable = objects[FT_EXCEPTIONS]};
    PyCodeObject *code = _PyCode_New(&constructor);
    Py_DECREF(bytecode);
    return code;
}

#else

#if PY_VERSION_HEX >= 0x030D0000
#define FT_OPCODE(unit) ((unit).op.code)
#else
#define FT_OPCODE(unit) _Py_OPCODE(unit)
#endif

/* Whether tracing starts here. In 3.15 a generator expression has such an instruction before it becomes a generator, too. */
static inline int ft_is_start(_Py_CODEUNIT unit) {
#if PY_VERSION_HEX >= 0x030F0000
    return FT_OPCODE(unit) == RESUME && (unit.op.arg & RESUME_OPARG_LOCATION_MASK) != RESUME_AT_GEN_EXPR_START;
#else
    return FT_OPCODE(unit) == RESUME;
#endif
}

/* What is not given but follows, and what starts empty. */
static inline void ft_derive(PyInterpreterState *interpreter, PyCodeObject *code, const ft_counts *counts) {
    _Py_CODEUNIT *instructions = _PyCode_CODE(code);
    Py_ssize_t entry = 0, size = Py_SIZE(code);
    while (entry < size && !ft_is_start(instructions[entry])) entry++;
    code->_co_firsttraceable = (int)entry;
    code->co_nlocals = counts->locals;
    code->co_ncellvars = counts->cells;
    code->co_nfreevars = counts->free;
    code->co_weakreflist = NULL;
    code->co_extra = NULL;
#if PY_VERSION_HEX >= 0x030D0000
    code->co_framesize = code->co_nlocalsplus + code->co_stacksize + FRAME_SPECIALS_SIZE;
    code->co_version = interpreter->func_state.next_version;
    if (interpreter->func_state.next_version != 0) interpreter->func_state.next_version++;
    code->co_executors = NULL;
    code->_co_cached = NULL;
    code->_co_instrumentation_version = 0;
    code->_co_monitoring = NULL;
#else
    (void)interpreter;
    code->co_nplaincellvars = counts->plain_cells;
    code->co_warmup = QUICKENING_INITIAL_WARMUP_VALUE;
    code->_co_linearray_entry_size = 0;
    code->_co_code = NULL;
    code->_co_linearray = NULL;
#endif
}

static inline PyCodeObject *ft_new_code(PyInterpreterState *interpreter, const ft_parts *parts) {
    PyCodeObject *code = PyObject_NewVar(PyCodeObject, &PyCode_Type, parts->size / 2);
    if (code == NULL) return NULL;
    code->co_consts = Py_NewRef(parts->objects[FT_CONSTS]);
    code->co_names = Py_NewRef(parts->objects[FT_CODE_NAMES]);
    code->co_localsplusnames = Py_NewRef(parts->objects[FT_LOCALS]);
    code->co_localspluskinds = Py_NewRef(parts->objects[FT_LOCAL_KINDS]);
    code->co_filename = Py_NewRef(parts->objects[FT_FILENAME]);
    code->co_name = Py_NewRef(parts->objects[FT_NAME]);
    code->co_qualname = Py_NewRef(parts->objects[FT_QUALNAME]);
    code->co_linetable = Py_NewRef(parts->objects[FT_LINES]);
    code->co_exceptiontable = Py_NewRef(parts->objects[FT_EXCEPTIONS]);
    code->co_argcount = parts->argcount;
    code->co_posonlyargcount = parts->posonlyargcount;
    code->co_kwonlyargcount = parts->kwonlyargcount;
#if PY_VERSION_HEX >= 0x030E0000
    PyObject **texts[] = {&code->co_filename, &code->co_name, &code->co_qualname};
    for (int turn = 0; turn < 3; turn++)
        if (!PyUnicode_CHECK_INTERNED(*texts[turn])) _PyUnicode_InternMortal(interpreter, texts[turn]);
    code->_co_unique_id = 0; /* of free-threaded builds */
    code->co_stacksize = parts->stacksize ? parts->stacksize : 1;
#else
    code->co_stacksize = parts->stacksize;
#endif
    code->co_flags = parts->flags;
    code->co_firstlineno = parts->firstlineno;
    code->co_nlocalsplus = (int)PyTuple_GET_SIZE(code->co_localsplusnames);
    memcpy(code->co_code_adaptive, parts->code, parts->size);
    ft_derive(interpreter, code, &parts->counts);
    return code;
}
#endif
#endif
#endif
#endif
