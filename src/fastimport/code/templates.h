/* Code as templates: what a snapshot keeps instead of marshalled bytes (docs/snapshots.md). Plain C without Python, so that it
   can be fuzzed alone: reading with every check, and the way back to the very bytes that `marshal` would read.

   The objects of a module stand in post-order, each before whatever refers to it; a reference is a number: 0 to 3 are None,
   False, True and Ellipsis, then come the module's interned strings, which it shares with others, then the objects. The last is
   its code. */
#ifndef FASTIMPORT_TEMPLATES_H
#define FASTIMPORT_TEMPLATES_H

#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#if defined(__GNUC__)
#define FT_INLINE inline __attribute__((always_inline)) /* one version for each width of references */
#else
#define FT_INLINE inline
#endif

enum { FT_TUPLE = 1, FT_BYTES, FT_INT, FT_LONG, FT_FLOAT, FT_COMPLEX, FT_FROZENSET, FT_CODE, FT_NAMES, FT_ASCII, FT_UTF8, FT_SLICE };
enum {
    FT_KIND = 0x0F,
    FT_CODE_REF = 0x40,
    FT_REF = 0x80
}; /* of a tag; the last two are marshal's FLAG_REF, of co_code and of the object */
enum { FT_SINGLE = 4, FT_HEADER = 8, FT_CODE_FIELDS = 20, FT_MAX_DEPTH = 1000, FT_SLICE_REFS = 3 };
enum {
    FT_CONSTS,
    FT_CODE_NAMES,
    FT_LOCALS,
    FT_LOCAL_KINDS,
    FT_FILENAME,
    FT_NAME,
    FT_QUALNAME,
    FT_LINES,
    FT_EXCEPTIONS,
    FT_CODE_REFS
};

static inline uint32_t ft_u16(const unsigned char *p) { return (uint32_t)p[0] | (uint32_t)p[1] << 8; }
static inline uint32_t ft_u32(const unsigned char *p) {
    return (uint32_t)p[0] | (uint32_t)p[1] << 8 | (uint32_t)p[2] << 16 | (uint32_t)p[3] << 24;
}
static inline uint64_t ft_u64(const unsigned char *p) { return (uint64_t)ft_u32(p) | (uint64_t)ft_u32(p + 4) << 32; }

/* Both halves of a product, one folded into the other. */
static inline uint64_t ft_fold(uint64_t a, uint64_t b) {
#ifdef __SIZEOF_INT128__
    unsigned __int128 product = (unsigned __int128)a * b;
    return (uint64_t)product ^ (uint64_t)(product >> 64);
#else
    uint64_t low = (a & 0xFFFFFFFF) * (b & 0xFFFFFFFF), left = (a >> 32) * (b & 0xFFFFFFFF), right = (a & 0xFFFFFFFF) * (b >> 32);
    uint64_t middle = (low >> 32) + (left & 0xFFFFFFFF) + (right & 0xFFFFFFFF);
    uint64_t high = (a >> 32) * (b >> 32) + (left >> 32) + (right >> 32) + (middle >> 32);
    return ((middle << 32) | (low & 0xFFFFFFFF)) ^ high;
#endif
}

#define FT_K1 0xA0761D6478BD642FULL
#define FT_K2 0xE7037ED1A0B428DBULL
#define FT_K3 0x8EBC6AF09C88C6E3ULL
#define FT_K4 0x589965CC75374CC3ULL

/* The checksum of code and tables: four lanes of folded products, 0.4 instructions a byte where XXH64 takes 0.9. */
static inline uint64_t ft_sum(const void *data, uint64_t size, uint64_t seed) {
    const unsigned char *p = (const unsigned char *)data;
    uint64_t a = seed ^ FT_K1, b = seed ^ FT_K2, c = seed ^ FT_K3, d = seed ^ FT_K4, left = size;
    for (; left >= 64; left -= 64, p += 64) {
        a = ft_fold(ft_u64(p) ^ FT_K1, ft_u64(p + 8) ^ a);
        b = ft_fold(ft_u64(p + 16) ^ FT_K2, ft_u64(p + 24) ^ b);
        c = ft_fold(ft_u64(p + 32) ^ FT_K3, ft_u64(p + 40) ^ c);
        d = ft_fold(ft_u64(p + 48) ^ FT_K4, ft_u64(p + 56) ^ d);
    }
    a = ft_fold(a ^ FT_K2, b ^ FT_K3) ^ ft_fold(c ^ FT_K4, d ^ FT_K1);
    for (; left >= 16; left -= 16, p += 16) a = ft_fold(ft_u64(p) ^ FT_K1, ft_u64(p + 8) ^ a);
    if (left) {
        unsigned char rest[16] = {0};
        memcpy(rest, p, left);
        a = ft_fold(ft_u64(rest) ^ FT_K1, ft_u64(rest + 8) ^ a);
    }
    return ft_fold(a ^ FT_K2, size ^ FT_K3);
}

/* The interned strings of all modules of a snapshot. `find` gives the bytes of one, or NULL if there is none or it is damaged.
   `caches` is how many cache entries follow each of the 256 instructions; the first of them has been set to what the interpreter
   starts with. */
typedef struct {
    const unsigned char *(*find)(void *owner, uint32_t number, uint32_t *size, int *is_ascii);
    void *owner;
    const unsigned char *caches;
} ft_texts;

typedef struct {
    const unsigned char *at, *end; /* what is left */
    const unsigned char *strings;  /* u32 each: number of the text << 1 | marshal's FLAG_REF */
    uint32_t string_count, object_count;
    int wide; /* references take 4 bytes, not 2 */
} ft_stream;

static inline int ft_open(ft_stream *stream, const unsigned char *data, uint64_t size) {
    if (size < FT_HEADER) return -1;
    stream->string_count = ft_u32(data);
    stream->object_count = ft_u32(data + 4);
    if (stream->object_count == 0 || stream->string_count > (size - FT_HEADER) / 4) return -1;
    stream->strings = data + FT_HEADER;
    stream->at = stream->strings + 4 * (uint64_t)stream->string_count;
    stream->end = data + size;
    if (stream->object_count > (uint64_t)(stream->end - stream->at)) return -1; /* none takes less than a byte */
    stream->wide = (uint64_t)FT_SINGLE + stream->string_count + stream->object_count > 0xFFFF;
    return 0;
}

typedef struct {
    uint32_t kind, flags;      /* of the tag */
    uint32_t count;            /* items, bytes, or digits */
    const unsigned char *data; /* the bytes, the number, the references, or the fields of a code */
    const unsigned char *code; /* `count` bytes of bytecode */
} ft_object;

static inline uint32_t ft_reference(const ft_stream *stream, const unsigned char *references, uint64_t turn) {
    return stream->wide ? ft_u32(references + 4 * turn) : ft_u16(references + 2 * turn);
}

/* One object; -1 if it does not end within the stream. What it refers to is not looked at. */
static FT_INLINE int ft_next(ft_stream *stream, int wide, ft_object *object) {
    const unsigned char *p = stream->at;
    uint64_t left = (uint64_t)(stream->end - p), size, head;
    if (left < 2) return -1;
    object->kind = *p & FT_KIND;
    object->flags = *p & (FT_REF | FT_CODE_REF);
    object->count = p[1];
    head = 1;
    switch (object->kind) {
    case FT_TUPLE:
    case FT_NAMES:
    case FT_FROZENSET:
    case FT_BYTES:
    case FT_ASCII:
    case FT_UTF8:
        head = 2;
        if (object->count == 0xFF) {
            head = 6;
            if (left < head) return -1;
            object->count = ft_u32(p + 2);
        }
        size = (uint64_t)object->count * (object->kind == FT_BYTES || object->kind >= FT_ASCII ? 1 : wide ? 4 : 2);
        break;
    case FT_CODE:
        if (left < 1 + FT_CODE_FIELDS) return -1;
        object->count = ft_u32(p + 1 + 16);
        object->code = p + 1 + FT_CODE_FIELDS + FT_CODE_REFS * (wide ? 4 : 2);
        size = FT_CODE_FIELDS + (uint64_t)FT_CODE_REFS * (wide ? 4 : 2) + object->count;
        break;
    case FT_SLICE: size = (uint64_t)FT_SLICE_REFS * (wide ? 4 : 2); break;
    case FT_INT: size = 4; break;
    case FT_LONG:
        if (left < 5) return -1;
        object->count = ft_u32(p + 1);
        object->count = object->count >> 31 ? 0 - object->count : object->count;
        size = 4 + 2 * (uint64_t)object->count;
        break;
    case FT_FLOAT: size = 8; break;
    case FT_COMPLEX: size = 16; break;
    default: return -1;
    }
    if (left - head < size) return -1;
    object->data = p + head;
    stream->at = p + head + size;
    return 0;
}

/* The way back #######################################################################################################

   marshal writes an object where it is first met, children after the parent's tag, and a number for those met before. */

typedef struct {
    const ft_stream *stream;
    ft_texts *texts;
    ft_object *objects;
    uint32_t *numbers; /* of what has FLAG_REF: marshal's number + 1, when it was met */
    uint32_t next;
    unsigned char *out;
    uint64_t used, room;
} ft_marshal;

static inline unsigned char *ft_room(ft_marshal *m, uint64_t size) {
    if (size > m->room - m->used) return NULL;
    unsigned char *p = m->out + m->used;
    m->used += size;
    return p;
}
static inline void ft_put(unsigned char *p, uint64_t value, int bytes) {
    for (int i = 0; i < bytes; i++) p[i] = (unsigned char)(value >> 8 * i);
}
static inline int ft_write(ft_marshal *m, const void *data, uint64_t size) {
    unsigned char *p = ft_room(m, size);
    if (p == NULL) return -1;
    memcpy(p, data, size);
    return 0;
}
static inline int ft_tagged(ft_marshal *m, int tag, uint64_t value, int bytes) {
    unsigned char *p = ft_room(m, 1 + (uint64_t)bytes);
    if (p == NULL) return -1;
    p[0] = (unsigned char)tag;
    ft_put(p + 1, value, bytes);
    return 0;
}

static inline int ft_marshal_text(ft_marshal *m, const unsigned char *text, uint32_t size, int is_ascii, int is_interned,
                                  int flag) {
    int tag = !is_ascii ? (is_interned ? 't' : 'u') : size < 256 ? (is_interned ? 'Z' : 'z') : is_interned ? 'A' : 'a';
    if (ft_tagged(m, tag | flag, size, is_ascii && size < 256 ? 1 : 4) < 0) return -1;
    return ft_write(m, text, size);
}

static inline int ft_marshal_interned(ft_marshal *m, uint32_t string, int flag) {
    uint32_t size;
    int is_ascii;
    const unsigned char *text =
        m->texts->find(m->texts->owner, ft_u32(m->stream->strings + 4 * (uint64_t)string) >> 1, &size, &is_ascii);
    return text == NULL ? -1 : ft_marshal_text(m, text, size, is_ascii, 1, flag);
}

/* Caches are empty in marshalled bytecode. */
static inline void ft_clear_caches(unsigned char *code, uint64_t size, const unsigned char *caches) {
    for (uint64_t at = 0; at + 4 <= size; at += 2) {
        unsigned count = caches[code[at]];
        if (count) memset(code + at + 2, 0, 2);
        at += 2 * (uint64_t)count;
    }
}

static inline int ft_marshal_reference(ft_marshal *m, uint32_t reference, int depth);

static inline int ft_marshal_items(ft_marshal *m, const ft_object *object, uint32_t count, int depth) {
    for (uint32_t turn = 0; turn < count; turn++)
        if (ft_marshal_reference(m, ft_reference(m->stream, object->data, turn), depth) < 0) return -1;
    return 0;
}

static inline int ft_marshal_code(ft_marshal *m, const ft_object *object, int flag, int depth) {
    const unsigned char *fields = object->data, *references = fields + FT_CODE_FIELDS;
    unsigned char *p = ft_room(m, 1 + 20);
    if (p == NULL) return -1;
    p[0] = (unsigned char)('c' | flag);
    for (int i = 0; i < 3; i++) ft_put(p + 1 + 4 * i, fields[i], 4);
    ft_put(p + 13, ft_u16(fields + 4), 4);
    memcpy(p + 17, fields + 8, 4);
    if (object->flags & FT_CODE_REF) m->next++;
    if (ft_tagged(m, 's' | (object->flags & FT_CODE_REF ? 0x80 : 0), object->count, 4) < 0) return -1;
    if (ft_write(m, object->code, object->count) < 0) return -1;
    if (m->texts->caches != NULL) ft_clear_caches(m->out + m->used - object->count, object->count, m->texts->caches);
    for (uint32_t turn = 0; turn < FT_CODE_REFS; turn++) {
        if (turn == FT_LINES && ft_write(m, fields + 12, 4) < 0) return -1;
        if (ft_marshal_reference(m, ft_reference(m->stream, references, turn), depth) < 0) return -1;
    }
    return 0;
}

static inline int ft_marshal_object(ft_marshal *m, const ft_object *object, int flag, int depth) {
    if (depth > FT_MAX_DEPTH) return -1;
    switch (object->kind) {
    case FT_TUPLE:
    case FT_NAMES:
        if (ft_tagged(m, (object->count < 256 ? ')' : '(') | flag, object->count, object->count < 256 ? 1 : 4) < 0) return -1;
        return ft_marshal_items(m, object, object->count, depth + 1);
    case FT_FROZENSET:
        return ft_tagged(m, '>' | flag, object->count, 4) < 0 ? -1 : ft_marshal_items(m, object, object->count, depth + 1);
    case FT_SLICE: return ft_tagged(m, ':' | flag, 0, 0) < 0 ? -1 : ft_marshal_items(m, object, FT_SLICE_REFS, depth + 1);
    case FT_BYTES: return ft_tagged(m, 's' | flag, object->count, 4) < 0 ? -1 : ft_write(m, object->data, object->count);
    case FT_ASCII:
    case FT_UTF8: return ft_marshal_text(m, object->data, object->count, object->kind == FT_ASCII, 0, flag);
    case FT_INT: return ft_tagged(m, 'i' | flag, ft_u32(object->data), 4);
    case FT_LONG:
        return ft_tagged(m, 'l' | flag, ft_u32(object->data), 4) < 0 ? -1
                                                                     : ft_write(m, object->data + 4, 2 * (uint64_t)object->count);
    case FT_FLOAT: return ft_tagged(m, 'g' | flag, ft_u64(object->data), 8);
    case FT_COMPLEX: return ft_tagged(m, 'y' | flag, ft_u64(object->data), 8) < 0 ? -1 : ft_write(m, object->data + 8, 8);
    default: return ft_marshal_code(m, object, flag, depth + 1);
    }
}

static inline int ft_marshal_reference(ft_marshal *m, uint32_t reference, int depth) {
    if (reference < FT_SINGLE) return ft_write(m, "NFT." + reference, 1);
    uint32_t place = reference - FT_SINGLE, strings = m->stream->string_count;
    if (place >= (uint64_t)strings + m->stream->object_count) return -1;
    int flagged = place < strings ? (int)(ft_u32(m->stream->strings + 4 * (uint64_t)place) & 1)
                                  : (m->objects[place - strings].flags & FT_REF) != 0;
    if (flagged) {
        if (m->numbers[place]) return ft_tagged(m, 'r', m->numbers[place] - 1, 4);
        m->numbers[place] = ++m->next;
    }
    return place < strings ? ft_marshal_interned(m, place, flagged ? 0x80 : 0)
                           : ft_marshal_object(m, &m->objects[place - strings], flagged ? 0x80 : 0, depth);
}

/* Write what marshal would read, exactly `size` bytes, to `out`; -1 if the templates are damaged or memory is short. */
static inline int ft_to_marshal(const unsigned char *data, uint64_t length, ft_texts *texts, unsigned char *out, uint64_t size) {
    ft_stream stream;
    if (ft_open(&stream, data, length) < 0) return -1;
    uint64_t places = (uint64_t)stream.string_count + stream.object_count;
    ft_object *objects = (ft_object *)malloc(stream.object_count * sizeof(ft_object));
    uint32_t *numbers = (uint32_t *)calloc(places, sizeof(uint32_t));
    ft_marshal m = {&stream, texts, objects, numbers, 0, out, 0, size};
    int failed = objects == NULL || numbers == NULL;
    for (uint32_t turn = 0; !failed && turn < stream.object_count; turn++)
        failed = ft_next(&stream, stream.wide, &objects[turn]) < 0;
    failed = failed || stream.at != stream.end || ft_marshal_reference(&m, (uint32_t)(FT_SINGLE + places - 1), 0) < 0 ||
             m.used != size;
    free(objects);
    free(numbers);
    return failed ? -1 : 0;
}

#endif
