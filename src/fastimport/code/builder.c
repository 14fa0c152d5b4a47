/* See builder.h. */
#define PY_SSIZE_T_CLEAN
#define Py_BUILD_CORE 1
#define FT_MAKES_CODE 1
#include "builder.h"
#include "quicken.h"

#include "code_layout.h"

#if FT_KNOWN_LAYOUT

/* What a thing that can be referred to is. */
enum { FT_IS_NAMES = 1, FT_IS_TUPLE = 2, FT_IS_BYTES = 4, FT_IS_TEXT = 8, FT_IS_CODE = 16, FT_IS_TRACKED = 32 };
enum { FT_MAX_HEIGHT = 20, FT_MAX_VISITS = 10000, FT_SMALL = 128 };

typedef struct {
    ft_stream stream;
    ft_strings *strings;
    PyInterpreterState *interpreter;
    PyObject **known; /* singles, strings, and objects made so far, these each with one reference of ours */
    unsigned char *is;
    uint64_t count;
} ft_module;

#ifdef __SSE2__
#include <emmintrin.h>
#endif

/* Copy a text; whether it is ASCII. By 16, 8 or 4 bytes, the last ones overlapping with those before them. */
static inline int ft_copy_ascii(unsigned char *to, const unsigned char *text, uint64_t size) {
    const unsigned char *last = text + size;
    if (size < 8) {
        if (size >= 4) {
            memcpy(to, text, 4);
            memcpy(to + size - 4, last - 4, 4);
            return ((ft_u32(text) | ft_u32(last - 4)) & 0x80808080) == 0;
        }
        to[0] = text[0], to[size / 2] = text[size / 2], to[size - 1] = last[-1];
        return ((text[0] | text[size / 2] | last[-1]) & 0x80) == 0;
    }
#ifdef __SSE2__
    if (size >= 16) {
        __m128i met = _mm_loadu_si128((const __m128i *)(last - 16));
        _mm_storeu_si128((__m128i *)(to + size - 16), met);
        for (; text < last - 16; text += 16, to += 16) {
            __m128i piece = _mm_loadu_si128((const __m128i *)text);
            _mm_storeu_si128((__m128i *)to, piece);
            met = _mm_or_si128(met, piece);
        }
        return _mm_movemask_epi8(met) == 0;
    }
#endif
    uint64_t bits = ft_u64(last - 8);
    memcpy(to + size - 8, last - 8, 8);
    for (; text < last - 8; text += 8, to += 8) {
        bits |= ft_u64(text);
        memcpy(to, text, 8);
    }
    return (bits & 0x8080808080808080ULL) == 0;
}

/* As marshal makes it: one character is the interpreter's own. What is not ASCII after all becomes what it is. */
static inline PyObject *ft_make_ascii(const unsigned char *text, uint64_t size) {
    if (size < 2) return PyUnicode_FromKindAndData(PyUnicode_1BYTE_KIND, text, (Py_ssize_t)size);
    PyObject *made = ft_new_ascii(size);
    if (made == NULL || ft_copy_ascii((unsigned char *)((PyASCIIObject *)made + 1), text, size)) return made;
    Py_DECREF(made);
    return PyUnicode_FromKindAndData(PyUnicode_1BYTE_KIND, text, (Py_ssize_t)size);
}

static inline PyObject *ft_make_utf8(const unsigned char *text, uint64_t size) {
    return PyUnicode_DecodeUTF8((const char *)text, (Py_ssize_t)size, "surrogatepass");
}

/* Kept from module to module, so that each is hashed and looked up once. Interning may run other code, which may make it, too. */
static PyObject *ft_make_interned(ft_strings *strings, PyInterpreterState *interpreter, uint32_t number) {
    uint32_t size;
    int is_ascii;
    const unsigned char *text =
        number < strings->count ? strings->texts.find(strings->texts.owner, number, &size, &is_ascii) : NULL;
    if (text == NULL) return NULL;
    PyObject *made = is_ascii ? ft_make_ascii(text, size) : ft_make_utf8(text, size);
    if (made == NULL) return NULL;
    ft_intern(interpreter, &made);
    if (strings->kept[number] == NULL)
        strings->kept[number] = made;
    else
        Py_DECREF(made);
    return strings->kept[number];
}

/* What is kept outlives the module that is being made: it is only borrowed. */
static int ft_find_strings(ft_module *module) {
    const unsigned char *numbers = module->stream.strings, *end = numbers + 4 * (uint64_t)module->stream.string_count;
    PyObject **known = module->known + FT_SINGLE, **kept = module->strings->kept;
    uint32_t limit = module->strings->count;
    memset(module->is + FT_SINGLE, FT_IS_TEXT | FT_IS_NAMES, module->stream.string_count);
    for (; numbers < end; numbers += 4) {
        uint32_t number = ft_u32(numbers) >> 1;
        PyObject *text = number < limit ? kept[number] : NULL;
        if (text == NULL && (text = ft_make_interned(module->strings, module->interpreter, number)) == NULL) return -1;
        *known++ = text;
    }
    return 0;
}

static inline uint64_t ft_read(const unsigned char *at, uint64_t turn, int wide) {
    return wide ? ft_u32(at + 4 * turn) : ft_u16(at + 2 * turn);
}

/* Not tracked yet, and without its items. */
static inline PyObject *ft_new_tuple(Py_ssize_t size) {
    PyTupleObject *tuple = PyObject_GC_NewVar(PyTupleObject, &PyTuple_Type, size);
#if PY_VERSION_HEX >= 0x030E0000
    if (tuple != NULL) tuple->ob_hash = -1;
#endif
    return (PyObject *)tuple;
}

static PyObject *ft_drop_tuple(PyObject *tuple, Py_ssize_t filled) {
    for (Py_ssize_t i = filled; i < PyTuple_GET_SIZE(tuple); i++) ((PyTupleObject *)tuple)->ob_item[i] = NULL;
    Py_DECREF(tuple);
    return NULL;
}

/* Of interned strings only. */
static FT_INLINE PyObject *ft_make_names(PyObject **names, uint64_t limit, const unsigned char *at, Py_ssize_t size, int wide) {
    if (size == 0) return PyTuple_New(0);
    PyObject *tuple = ft_new_tuple(size);
    if (tuple == NULL) return NULL;
    PyObject **items = ((PyTupleObject *)tuple)->ob_item, **end = items + size;
    for (; items < end; at += wide ? 4 : 2) {
        uint64_t number = ft_read(at, 0, wide) - FT_SINGLE;
        if (number >= limit) return ft_drop_tuple(tuple, size - (end - items));
        *items++ = Py_NewRef(names[number]);
    }
    return tuple;
}

/* Tuples are tracked where the collector would not untrack them at its first visit. */
static FT_INLINE PyObject *ft_make_tuple(const ft_module *module, uint64_t limit, const unsigned char *at, Py_ssize_t size,
                                         int wide, int *seen) {
    if (size == 0) return PyTuple_New(0);
    PyObject *tuple = ft_new_tuple(size);
    if (tuple == NULL) return NULL;
    PyObject **items = ((PyTupleObject *)tuple)->ob_item, **end = items + size, **known = module->known;
    const unsigned char *is = module->is;
    int met = 0;
    for (; items < end; at += wide ? 4 : 2) {
        uint64_t reference = ft_read(at, 0, wide);
        if (reference >= limit) return ft_drop_tuple(tuple, size - (end - items));
        met |= is[reference];
        *items++ = Py_NewRef(known[reference]);
    }
    if (met & FT_IS_TRACKED) PyObject_GC_Track(tuple);
    *seen = met;
    return tuple;
}

/* Marshal's way: for one byte the interpreter's own from 3.14 on, and a new object before. */
static inline PyObject *ft_make_bytes(const unsigned char *data, uint64_t size) {
    if (PY_VERSION_HEX >= 0x030E0000 && size == 1) return PyBytes_FromStringAndSize((const char *)data, 1);
    PyObject *bytes = size ? ft_new_bytes(size) : PyBytes_FromStringAndSize(NULL, 0);
    if (bytes == NULL || size == 0) return bytes;
    if (size <= FT_SMALL)
        ft_copy_ascii((unsigned char *)PyBytes_AS_STRING(bytes), data, size);
    else
        memcpy(PyBytes_AS_STRING(bytes), data, size);
    return bytes;
}

/* Hashing goes down into tuples without a limit of its own. */
static int ft_is_hashable(PyObject *item, int height, int *visits) {
    if (PyCode_Check(item) || height > FT_MAX_HEIGHT || ++*visits > FT_MAX_VISITS) return 0;
    if (PyTuple_CheckExact(item))
        for (Py_ssize_t i = 0; i < PyTuple_GET_SIZE(item); i++)
            if (!ft_is_hashable(PyTuple_GET_ITEM(item, i), height + 1, visits)) return 0;
    return 1;
}

/* Since 3.15 a frozenset is tracked only if something that was added was. Marshal's tuples are, when they are made. */
static inline void ft_track_set(PyObject *set, int has_tuples) {
#if PY_VERSION_HEX >= 0x030F0000
    if (has_tuples && !PyObject_GC_IsTracked(set)) PyObject_GC_Track(set);
#else
    (void)set;
    (void)has_tuples;
#endif
}

static PyObject *ft_make_frozenset(const ft_module *module, uint64_t limit, const unsigned char *at, uint64_t size, int wide) {
    int visits = 0, has_tuples = 0;
    if (size == 0) return PyObject_CallNoArgs((PyObject *)&PyFrozenSet_Type);
    PyObject *set = PyFrozenSet_New(NULL);
    for (uint64_t turn = 0; set != NULL && turn < size; turn++) {
        uint64_t reference = ft_read(at, turn, wide);
        if (reference >= limit || !ft_is_hashable(module->known[reference], 0, &visits) ||
            PySet_Add(set, module->known[reference]) < 0)
            Py_CLEAR(set);
        else
            has_tuples |= module->is[reference] & FT_IS_TUPLE && PyTuple_GET_SIZE(module->known[reference]);
    }
    if (set != NULL) ft_track_set(set, has_tuples);
    return set;
}

/* Of what is no container: compilers make no others. */
static PyObject *ft_make_slice(const ft_module *module, uint64_t limit, const unsigned char *at, int wide) {
    PyObject *parts[FT_SLICE_REFS];
    for (int turn = 0; turn < FT_SLICE_REFS; turn++) {
        uint64_t reference = ft_read(at, (uint64_t)turn, wide);
        if (reference >= limit || module->is[reference] & (FT_IS_TUPLE | FT_IS_TRACKED | FT_IS_CODE)) return NULL;
        parts[turn] = module->known[reference];
    }
    return PySlice_New(parts[0], parts[1], parts[2]);
}

static PyObject *ft_make_long(const ft_object *object) {
    uint64_t count = object->count, size = (count * 15 + 7) / 8;
    if (count == 0) return PyLong_FromLong(0);
    if (ft_u16(object->data + 4 + 2 * (count - 1)) == 0) return NULL;
    unsigned char *bytes = (unsigned char *)PyMem_Calloc(size + 2, 1);
    if (bytes == NULL) return PyErr_NoMemory();
    for (uint64_t turn = 0; turn < count; turn++) {
        uint32_t digit = ft_u16(object->data + 4 + 2 * turn), at = (uint32_t)(turn * 15 / 8), bits = digit << turn * 15 % 8;
        if (digit >> 15) {
            PyMem_Free(bytes);
            return NULL;
        }
        for (int i = 0; i < 3; i++) bytes[at + i] |= (unsigned char)(bits >> 8 * i);
    }
#if PY_VERSION_HEX >= 0x030D0000
    PyObject *made = PyLong_FromUnsignedNativeBytes(bytes, size, Py_ASNATIVEBYTES_LITTLE_ENDIAN);
#else
    PyObject *made = _PyLong_FromByteArray(bytes, size, 1, 0);
#endif
    PyMem_Free(bytes);
    if (made != NULL && ft_u32(object->data) >> 31) Py_SETREF(made, PyNumber_Negative(made));
    return made;
}

static PyObject *ft_make_float(const ft_object *object) {
    double numbers[2] = {0, 0};
    memcpy(numbers, object->data, object->kind == FT_FLOAT ? 8 : 16);
    return object->kind == FT_FLOAT ? PyFloat_FromDouble(numbers[0]) : PyComplex_FromDoubles(numbers[0], numbers[1]);
}

static inline ft_counts ft_count_locals(PyObject *kinds) {
    ft_counts counts = {0, 0, 0, 0};
    for (Py_ssize_t i = 0; i < PyBytes_GET_SIZE(kinds); i++) {
        unsigned char kind = (unsigned char)PyBytes_AS_STRING(kinds)[i];
        if (kind & CO_FAST_LOCAL) {
            counts.locals++;
            counts.cells += (kind & CO_FAST_CELL) != 0;
        } else if (kind & CO_FAST_CELL) {
            counts.cells++;
            counts.plain_cells++;
        } else
            counts.free += (kind & CO_FAST_FREE) != 0;
    }
    return counts;
}

/* The checks of `_PyCode_Validate`; those of types say that all references are what they have to be. */
static FT_INLINE int ft_take_parts(const ft_module *module, uint64_t limit, const ft_object *object, int wide, ft_parts *parts) {
    const unsigned char *fields = object->data;
    int wrong = 0;
#define FT_TAKE(turn, wanted)                                                                                                    \
    do {                                                                                                                         \
        uint64_t reference = ft_read(fields + FT_CODE_FIELDS, turn, wide);                                                       \
        if (reference >= limit) return -1;                                                                                       \
        wrong |= (wanted) & ~module->is[reference];                                                                              \
        parts->objects[turn] = module->known[reference];                                                                         \
    } while (0)
    FT_TAKE(FT_CONSTS, FT_IS_TUPLE);
    FT_TAKE(FT_CODE_NAMES, FT_IS_NAMES | FT_IS_TUPLE);
    FT_TAKE(FT_LOCALS, FT_IS_NAMES | FT_IS_TUPLE);
    FT_TAKE(FT_LOCAL_KINDS, FT_IS_BYTES);
    FT_TAKE(FT_FILENAME, FT_IS_TEXT);
    FT_TAKE(FT_NAME, FT_IS_TEXT);
    FT_TAKE(FT_QUALNAME, FT_IS_TEXT);
    FT_TAKE(FT_LINES, FT_IS_BYTES);
    FT_TAKE(FT_EXCEPTIONS, FT_IS_BYTES);
#undef FT_TAKE
    uint32_t flags = ft_u32(fields + 8);
    if (wrong || object->count % 2 || object->count > INT_MAX || fields[0] < fields[1] || flags >> 31) return -1;
    PyObject *kinds = parts->objects[FT_LOCAL_KINDS];
    if (PyTuple_GET_SIZE(parts->objects[FT_LOCALS]) != PyBytes_GET_SIZE(kinds) || !ft_is_sound(object->code, object->count))
        return -1;
    parts->counts = ft_count_locals(kinds);
    parts->argcount = fields[0];
    parts->posonlyargcount = fields[1];
    parts->kwonlyargcount = fields[2];
    parts->stacksize = (int)ft_u16(fields + 4);
    parts->flags = (int)flags;
    parts->firstlineno = (int)ft_u32(fields + 12);
    parts->code = object->code;
    parts->size = object->count;
    int arguments = fields[0] + fields[2] + ((flags & CO_VARARGS) != 0) + ((flags & CO_VARKEYWORDS) != 0);
    return parts->counts.locals >= arguments ? 0 : -1;
}

static FT_INLINE PyObject *ft_make_code(const ft_module *module, uint64_t limit, const ft_object *object, int wide) {
    ft_parts parts;
    return ft_take_parts(module, limit, object, wide, &parts) < 0 ? NULL : (PyObject *)ft_new_code(module->interpreter, &parts);
}

static PyObject *ft_make_other(const ft_module *module, uint64_t limit, const ft_object *object, int wide) {
    switch (object->kind) {
    case FT_FROZENSET: return ft_make_frozenset(module, limit, object->data, object->count, wide);
    case FT_UTF8: return object->count ? ft_make_utf8(object->data, object->count) : PyUnicode_New(0, 0);
    case FT_SLICE: return ft_make_slice(module, limit, object->data, wide);
    case FT_INT: return PyLong_FromLong((int32_t)ft_u32(object->data));
    case FT_LONG: return ft_make_long(object);
    default: return ft_make_float(object);
    }
}

/* The size of what is most frequent takes one byte; NULL for what doesn't end within the stream. */
static FT_INLINE const unsigned char *ft_sized(const ft_stream *stream, uint64_t width, uint64_t *size) {
    const unsigned char *p = stream->at;
    if (stream->end - p < 6) return NULL; /* a code object follows in any case */
    *size = p[1];
    p += 2;
    if (*size == 0xFF) {
        *size = ft_u32(p);
        p += 4;
    }
    return *size * width <= (uint64_t)(stream->end - p) ? p : NULL;
}

static FT_INLINE PyObject *ft_make_object(const ft_module *module, ft_stream *stream, uint64_t limit, int wide,
                                          unsigned char *is) {
    ft_object object;
    uint64_t size, width = wide ? 4 : 2;
    const unsigned char *data;
    int kind = stream->at < stream->end ? *stream->at & FT_KIND : 0, seen = 0;
    PyObject *made;
    switch (kind) {
    case FT_NAMES:
        if ((data = ft_sized(stream, width, &size)) == NULL) return NULL;
        stream->at = data + size * width;
        *is = FT_IS_NAMES | FT_IS_TUPLE;
        return ft_make_names(module->known + FT_SINGLE, module->stream.string_count, data, (Py_ssize_t)size, wide);
    case FT_TUPLE:
        if ((data = ft_sized(stream, width, &size)) == NULL) return NULL;
        stream->at = data + size * width;
        made = ft_make_tuple(module, limit, data, (Py_ssize_t)size, wide, &seen);
        *is = (unsigned char)(FT_IS_TUPLE | (seen & FT_IS_TRACKED));
        return made;
    case FT_BYTES:
        if ((data = ft_sized(stream, 1, &size)) == NULL) return NULL;
        stream->at = data + size;
        *is = FT_IS_BYTES;
        return ft_make_bytes(data, size);
    case FT_ASCII:
        if ((data = ft_sized(stream, 1, &size)) == NULL) return NULL;
        stream->at = data + size;
        *is = FT_IS_TEXT;
        return ft_make_ascii(data, size);
    case FT_CODE: *is = FT_IS_CODE; return ft_next(stream, wide, &object) < 0 ? NULL : ft_make_code(module, limit, &object, wide);
    default:
        *is = kind == FT_FROZENSET || kind == FT_SLICE ? FT_IS_TRACKED : kind == FT_UTF8 ? FT_IS_TEXT : 0;
        return ft_next(stream, wide, &object) < 0 ? NULL : ft_make_other(module, limit, &object, wide);
    }
}

static FT_INLINE int ft_make_objects(ft_module *module, int wide) {
    ft_stream stream = module->stream;
    PyObject **known = module->known;
    unsigned char *is = module->is;
    uint64_t count = module->count, end = count + stream.object_count;
    for (; count < end; count++) {
        PyObject *made = ft_make_object(module, &stream, count, wide, is + count);
        if (made == NULL) break;
        known[count] = made;
    }
    module->count = count;
    return count == end && stream.at == stream.end && is[count - 1] == FT_IS_CODE ? 0 : -1;
}

static int ft_make_all(ft_module *module) {
    PyObject *singles[FT_SINGLE] = {Py_None, Py_False, Py_True, Py_Ellipsis};
    memcpy(module->known, singles, sizeof singles);
    memset(module->is, 0, FT_SINGLE);
    if (ft_find_strings(module) < 0) return -1;
    return module->stream.wide ? ft_make_objects(module, 1) : ft_make_objects(module, 0);
}

PyObject *ft_build(const unsigned char *data, uint64_t size, ft_strings *strings) {
    ft_module module = {.strings = strings, .interpreter = PyInterpreterState_Get()};
    if (ft_open(&module.stream, data, size) < 0) return NULL;
    uint64_t first = (uint64_t)FT_SINGLE + module.stream.string_count, places = first + module.stream.object_count;
    module.known = (PyObject **)PyMem_Malloc(places * (sizeof(PyObject *) + 1));
    if (module.known == NULL) return PyErr_NoMemory();
    module.is = (unsigned char *)(module.known + places);
    module.count = first;
    PyObject *code = ft_make_all(&module) < 0 ? NULL : Py_NewRef(module.known[module.count - 1]);
    for (PyObject **at = module.known + first, **end = module.known + module.count; at < end; at++) Py_DECREF(*at);
    PyMem_Free(module.known);
    return code;
}

#else

PyObject *ft_build(const unsigned char *data, uint64_t size, ft_strings *strings) {
    (void)data;
    (void)size;
    (void)strings;
    return NULL;
}

#endif
