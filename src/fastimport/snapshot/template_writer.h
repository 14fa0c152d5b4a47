/* From marshalled code to templates (code/templates.h), when a snapshot is made. Nothing is executed or even created: marshal's
   format is read as bytes, so that equal bytecode gives equal templates, whatever the process has done before. What is not
   understood for sure stays marshalled. */
#ifndef FASTIMPORT_TEMPLATE_WRITER_H
#define FASTIMPORT_TEMPLATE_WRITER_H

#include "../code/quicken.h"
#include "../code/templates.h"

typedef struct {
    const unsigned char *data; /* in the marshalled bytes */
    uint32_t size;
    int flags, is_ascii;
    uint32_t number; /* in the table of texts, once it is there */
} fw_string;

typedef struct {
    int kind, flags, checked;
    uint32_t count, first; /* items, and the place of the first among `items`; of a code, its references */
    const unsigned char *data, *code;
    unsigned char fields[FT_CODE_FIELDS];
    uint32_t place; /* in post-order, counted from 1; 0 before it is complete */
} fw_node;

/* References while reading: singles, strings and nodes. */
#define FW_STRING 0x40000000u
#define FW_NODE 0x80000000u
#define FW_NUMBER 0x3FFFFFFFu
#define FW_FAILED 0xFFFFFFFFu

typedef struct {
    const unsigned char *at, *end;
    fw_string *strings;
    fw_node *nodes;
    uint32_t *items, *references;
    uint32_t string_count, node_count, item_count, reference_count, complete;
    uint32_t string_room, node_room, item_room, reference_room;
} fw_reader;

static inline int fw_is_string(uint32_t item) { return (item & 0xC0000000u) == FW_STRING; }

static inline int fw_grow(void **array, uint32_t *room, uint32_t count, uint32_t more, size_t size) {
    if (more > FW_NUMBER - count) return -1;
    if (count + more <= *room) return 0;
    uint32_t wanted = *room ? *room : 256;
    while (wanted < count + more) wanted *= 2;
    void *grown = realloc(*array, wanted * size);
    if (grown == NULL) return -1;
    *array = grown;
    *room = wanted;
    return 0;
}

static inline int fw_refer(fw_reader *r, int flag, uint32_t reference) {
    if (!flag) return 0;
    if (fw_grow((void **)&r->references, &r->reference_room, r->reference_count, 1, sizeof(uint32_t)) < 0) return -1;
    r->references[r->reference_count++] = reference;
    return 0;
}

static inline uint32_t fw_new_node(fw_reader *r, int kind, int flag) {
    if (fw_grow((void **)&r->nodes, &r->node_room, r->node_count, 1, sizeof(fw_node)) < 0) return FW_FAILED;
    memset(&r->nodes[r->node_count], 0, sizeof(fw_node));
    r->nodes[r->node_count].kind = kind;
    r->nodes[r->node_count].flags = flag ? FT_REF : 0;
    if (fw_refer(r, flag, FW_NODE | r->node_count) < 0) return FW_FAILED;
    return r->node_count++;
}

static inline uint32_t fw_complete(fw_reader *r, uint32_t node) {
    r->nodes[node].place = ++r->complete;
    return FW_NODE | node;
}

/* The next `size` bytes; NULL if there are not as many. */
static inline const unsigned char *fw_take(fw_reader *r, uint64_t size) {
    if (size > (uint64_t)(r->end - r->at)) return NULL;
    r->at += size;
    return r->at - size;
}

static inline uint32_t fw_plain(fw_reader *r, int kind, int flag, uint64_t size) {
    uint32_t node = fw_new_node(r, kind, flag);
    const unsigned char *data = fw_take(r, size);
    if (node == FW_FAILED || data == NULL) return FW_FAILED;
    r->nodes[node].data = data;
    return fw_complete(r, node);
}

static inline int fw_is_ascii(const unsigned char *text, uint32_t size) {
    int high = 0;
    for (uint32_t i = 0; i < size; i++) high |= text[i] & 0x80;
    return !high;
}

static inline uint32_t fw_interned(fw_reader *r, uint32_t size, int flag) {
    const unsigned char *text = fw_take(r, size);
    if (text == NULL || fw_grow((void **)&r->strings, &r->string_room, r->string_count, 1, sizeof(fw_string)) < 0)
        return FW_FAILED;
    r->strings[r->string_count] = (fw_string){text, size, flag ? 1 : 0, fw_is_ascii(text, size), 0};
    if (fw_refer(r, flag, FW_STRING | r->string_count) < 0) return FW_FAILED;
    return FW_STRING | r->string_count++;
}

static inline uint32_t fw_text(fw_reader *r, uint32_t size, int interned, int flag) {
    if (interned) return fw_interned(r, size, flag);
    uint32_t made = fw_plain(r, FT_ASCII, flag, size);
    if (made == FW_FAILED) return made;
    fw_node *node = &r->nodes[made & FW_NUMBER];
    if (!fw_is_ascii(node->data, size)) node->kind = FT_UTF8;
    node->count = size;
    return made;
}

static inline uint32_t fw_read(fw_reader *r, int depth);

static inline uint32_t fw_sequence(fw_reader *r, int kind, int flag, uint32_t count, int depth) {
    uint32_t node = fw_new_node(r, kind, flag), first = r->item_count;
    if (node == FW_FAILED || count > (uint64_t)(r->end - r->at)) return FW_FAILED;
    if (fw_grow((void **)&r->items, &r->item_room, r->item_count, count, sizeof(uint32_t)) < 0) return FW_FAILED;
    r->item_count += count;
    int names = kind == FT_TUPLE;
    for (uint32_t turn = 0; turn < count; turn++) {
        uint32_t item = fw_read(r, depth + 1);
        if (item == FW_FAILED) return FW_FAILED;
        r->items[first + turn] = item;
        names &= fw_is_string(item);
    }
    r->nodes[node].kind = names ? FT_NAMES : kind;
    r->nodes[node].count = count;
    r->nodes[node].first = first;
    return fw_complete(r, node);
}

static inline int fw_is(const fw_reader *r, uint32_t item, int kind, int or_kind) {
    if (!(item & FW_NODE)) return 0;
    int found = r->nodes[item & FW_NUMBER].kind;
    return found == kind || found == or_kind;
}

/* Whether loading would intern a string among constants that was not interned when it was written: then what is shared with it
   would depend on what the process has interned before. Compilers intern these. */
static inline int fw_is_settled(fw_reader *r, uint32_t item) {
    if (fw_is(r, item, FT_ASCII, FT_ASCII)) {
        const fw_node *text = &r->nodes[item & FW_NUMBER];
        for (uint32_t i = 0; i < text->count; i++) {
            unsigned char c = text->data[i];
            if (!((c >= '0' && c <= '9') || ((c | 32) >= 'a' && (c | 32) <= 'z') || c == '_')) return 1;
        }
        return 0;
    }
    if (!fw_is(r, item, FT_TUPLE, FT_FROZENSET) || r->nodes[item & FW_NUMBER].checked) return 1;
    fw_node *node = &r->nodes[item & FW_NUMBER];
    node->checked = 1;
    for (uint32_t turn = 0; turn < node->count; turn++)
        if (!fw_is_settled(r, r->items[node->first + turn])) return 0;
    return 1;
}

static inline int fw_is_code_sound(fw_reader *r, const uint32_t *references) {
    if (!fw_is(r, references[FT_CONSTS], FT_TUPLE, FT_NAMES) || !fw_is_settled(r, references[FT_CONSTS])) return 0;
    if (!fw_is(r, references[FT_CODE_NAMES], FT_NAMES, FT_NAMES) || !fw_is(r, references[FT_LOCALS], FT_NAMES, FT_NAMES))
        return 0;
    for (int turn = FT_FILENAME; turn <= FT_QUALNAME; turn++)
        if (!fw_is_string(references[turn]) && !fw_is(r, references[turn], FT_ASCII, FT_UTF8)) return 0;
    for (int turn = FT_LINES; turn <= FT_EXCEPTIONS; turn++)
        if (!fw_is(r, references[turn], FT_BYTES, FT_BYTES)) return 0;
    return fw_is(r, references[FT_LOCAL_KINDS], FT_BYTES, FT_BYTES) &&
           r->nodes[references[FT_LOCAL_KINDS] & FW_NUMBER].count == r->nodes[references[FT_LOCALS] & FW_NUMBER].count;
}

static inline uint32_t fw_code(fw_reader *r, int flag, int depth) {
    uint32_t node = fw_new_node(r, FT_CODE, flag), references[FT_CODE_REFS];
    const unsigned char *head = fw_take(r, 20), *tag, *size, *code, *line = NULL;
    if (node == FW_FAILED || head == NULL || (tag = fw_take(r, 1)) == NULL || (*tag & 0x7F) != 's') return FW_FAILED;
    if (*tag & 0x80 && fw_refer(r, 1, FW_FAILED) < 0)
        return FW_FAILED; /* the bytes are no object afterwards: nothing may refer to them */
    if ((size = fw_take(r, 4)) == NULL || (code = fw_take(r, ft_u32(size))) == NULL) return FW_FAILED;
    unsigned char fields[FT_CODE_FIELDS] = {0};
    for (int i = 0; i < 3; i++) {
        if (ft_u32(head + 4 * i) > 255) return FW_FAILED;
        fields[i] = head[4 * i];
    }
    if (ft_u32(head + 12) > 0xFFFF || ft_u32(size) % 2 || ft_u32(size) >> 30) return FW_FAILED;
    memcpy(fields + 4, head + 12, 2);
    memcpy(fields + 8, head + 16, 4);
    memcpy(fields + 16, size, 4);
    for (int turn = 0; turn < FT_CODE_REFS; turn++) {
        if (turn == FT_LINES && (line = fw_take(r, 4)) == NULL) return FW_FAILED;
        if ((references[turn] = fw_read(r, depth + 1)) == FW_FAILED) return FW_FAILED;
    }
    memcpy(fields + 12, line, 4);
    if (!fw_is_code_sound(r, references)) return FW_FAILED;
    if (fw_grow((void **)&r->items, &r->item_room, r->item_count, FT_CODE_REFS, sizeof(uint32_t)) < 0) return FW_FAILED;
    fw_node *made = &r->nodes[node];
    memcpy(r->items + r->item_count, references, sizeof references);
    memcpy(made->fields, fields, sizeof fields);
    made->first = r->item_count;
    made->count = ft_u32(size);
    made->code = code;
    made->flags |= *tag & 0x80 ? FT_CODE_REF : 0;
    r->item_count += FT_CODE_REFS;
    return fw_complete(r, node);
}

static inline uint32_t fw_long(fw_reader *r, int flag) {
    if (r->end - r->at < 4) return FW_FAILED;
    uint32_t count = ft_u32(r->at), digits = count >> 31 ? 0 - count : count;
    uint32_t made = digits > 1u << 20 ? FW_FAILED : fw_plain(r, FT_LONG, flag, 4 + 2 * (uint64_t)digits);
    if (made != FW_FAILED) r->nodes[made & FW_NUMBER].count = digits;
    return made;
}

static inline uint32_t fw_bytes(fw_reader *r, int flag) {
    const unsigned char *size = fw_take(r, 4);
    uint32_t made = size == NULL ? FW_FAILED : fw_plain(r, FT_BYTES, flag, ft_u32(size));
    if (made != FW_FAILED) r->nodes[made & FW_NUMBER].count = ft_u32(size);
    return made;
}

static inline int fw_is_container(const fw_reader *r, uint32_t item) {
    return fw_is(r, item, FT_TUPLE, FT_NAMES) || fw_is(r, item, FT_FROZENSET, FT_SLICE) || fw_is(r, item, FT_CODE, FT_CODE);
}

/* Of what is no container: no other is made, which reading would have to take care of. */
static inline uint32_t fw_slice(fw_reader *r, int flag, int depth) {
    uint32_t node = fw_new_node(r, FT_SLICE, flag), first = r->item_count;
    if (node == FW_FAILED || fw_grow((void **)&r->items, &r->item_room, first, FT_SLICE_REFS, sizeof(uint32_t)) < 0)
        return FW_FAILED;
    r->item_count += FT_SLICE_REFS;
    for (uint32_t turn = 0; turn < FT_SLICE_REFS; turn++) {
        uint32_t item = fw_read(r, depth + 1);
        if (item == FW_FAILED || fw_is_container(r, item)) return FW_FAILED;
        r->items[first + turn] = item;
    }
    r->nodes[node].first = first;
    return fw_complete(r, node);
}

/* What was met before; not a node that is being read, which only marshal's containers could be. */
static inline uint32_t fw_met(fw_reader *r) {
    const unsigned char *number = fw_take(r, 4);
    if (number == NULL || ft_u32(number) >= r->reference_count) return FW_FAILED;
    uint32_t reference = r->references[ft_u32(number)];
    return reference & FW_NODE && reference != FW_FAILED && r->nodes[reference & FW_NUMBER].place == 0 ? FW_FAILED : reference;
}

/* One object of marshal's; FW_FAILED if it is damaged, of a type that templates don't have, or memory is short. */
static inline uint32_t fw_read(fw_reader *r, int depth) {
    const unsigned char *tag = fw_take(r, 1), *size;
    if (tag == NULL || depth > FT_MAX_DEPTH) return FW_FAILED;
    int flag = *tag & 0x80, type = *tag & 0x7F;
    switch (type) {
    case 'N': return flag ? FW_FAILED : 0;
    case 'F': return flag ? FW_FAILED : 1;
    case 'T': return flag ? FW_FAILED : 2;
    case '.': return flag ? FW_FAILED : 3;
    case 'r': return flag ? FW_FAILED : fw_met(r);
    case 'i': return fw_plain(r, FT_INT, flag, 4);
    case 'g': return fw_plain(r, FT_FLOAT, flag, 8);
    case 'y': return fw_plain(r, FT_COMPLEX, flag, 16);
    case 'l': return fw_long(r, flag);
    case 's': return fw_bytes(r, flag);
    case 'c': return fw_code(r, flag, depth);
    case ':': return fw_slice(r, flag, depth);
    case 'z':
    case 'Z':
    case ')':
        if ((size = fw_take(r, 1)) == NULL) return FW_FAILED;
        return type == ')' ? fw_sequence(r, FT_TUPLE, flag, *size, depth) : fw_text(r, *size, type == 'Z', flag);
    case 'a':
    case 'A':
    case 'u':
    case 't': return (size = fw_take(r, 4)) == NULL ? FW_FAILED : fw_text(r, ft_u32(size), type == 'A' || type == 't', flag);
    case '(':
    case '>':
        if ((size = fw_take(r, 4)) == NULL) return FW_FAILED;
        return fw_sequence(r, type == '(' ? FT_TUPLE : FT_FROZENSET, flag, ft_u32(size), depth);
    default: return FW_FAILED;
    }
}

static inline void fw_close(fw_reader *r) {
    free(r->strings);
    free(r->nodes);
    free(r->items);
    free(r->references);
    memset(r, 0, sizeof *r);
}

/* Read the code of a module; -1 if it has to stay marshalled. Then, and afterwards, fw_close is due. */
static inline int fw_open(fw_reader *r, const unsigned char *data, uint64_t size) {
    memset(r, 0, sizeof *r);
    r->at = data;
    r->end = data + size;
    uint32_t root = size >> 31 ? FW_FAILED : fw_read(r, 0);
    return root != FW_FAILED && r->at == r->end && fw_is(r, root, FT_CODE, FT_CODE) ? 0 : -1;
}

/* Writing ########################################################################################################### */

static inline uint64_t fw_size(const fw_reader *r, int width) {
    uint64_t size = FT_HEADER + 4 * (uint64_t)r->string_count;
    for (uint32_t turn = 0; turn < r->node_count; turn++) {
        const fw_node *node = &r->nodes[turn];
        uint64_t head = node->count < 0xFF ? 2 : 6;
        switch (node->kind) {
        case FT_TUPLE:
        case FT_NAMES:
        case FT_FROZENSET: size += head + (uint64_t)node->count * width; break;
        case FT_BYTES:
        case FT_ASCII:
        case FT_UTF8: size += head + node->count; break;
        case FT_CODE: size += 1 + FT_CODE_FIELDS + (uint64_t)FT_CODE_REFS * width + node->count; break;
        case FT_SLICE: size += 1 + (uint64_t)FT_SLICE_REFS * width; break;
        case FT_LONG: size += 5 + 2 * (uint64_t)node->count; break;
        default: size += 1 + (node->kind == FT_INT ? 4 : node->kind == FT_FLOAT ? 8 : 16);
        }
    }
    return size;
}

static inline int fw_width(const fw_reader *r) { return (uint64_t)FT_SINGLE + r->string_count + r->node_count > 0xFFFF ? 4 : 2; }

static inline unsigned char *fw_put_references(const fw_reader *r, unsigned char *p, const fw_node *node, uint32_t count) {
    int width = fw_width(r);
    for (uint32_t turn = 0; turn < count; turn++, p += width) {
        uint32_t item = r->items[node->first + turn], number = item & FW_NUMBER;
        if (item & FW_NODE)
            item = FT_SINGLE + r->string_count + r->nodes[number].place - 1;
        else if (item & FW_STRING)
            item = FT_SINGLE + number;
        ft_put(p, item, width);
    }
    return p;
}

static inline unsigned char *fw_put_node(const fw_reader *r, unsigned char *p, const fw_node *node) {
    *p++ = (unsigned char)(node->kind | node->flags);
    switch (node->kind) {
    case FT_CODE:
        memcpy(p, node->fields, FT_CODE_FIELDS);
        p = fw_put_references(r, p + FT_CODE_FIELDS, node, FT_CODE_REFS);
        memcpy(p, node->code, node->count);
        ft_quicken(p, node->count);
        return p + node->count;
    case FT_SLICE: return fw_put_references(r, p, node, FT_SLICE_REFS);
    case FT_TUPLE:
    case FT_NAMES:
    case FT_FROZENSET:
    case FT_BYTES:
    case FT_ASCII:
    case FT_UTF8:
        *p++ = (unsigned char)(node->count < 0xFF ? node->count : 0xFF);
        if (node->count >= 0xFF) {
            ft_put(p, node->count, 4);
            p += 4;
        }
        if (node->kind != FT_BYTES && node->kind < FT_ASCII) return fw_put_references(r, p, node, node->count);
        memcpy(p, node->data, node->count);
        return p + node->count;
    default: {
        uint64_t size = node->kind == FT_INT       ? 4
                        : node->kind == FT_FLOAT   ? 8
                        : node->kind == FT_COMPLEX ? 16
                                                   : 4 + 2 * (uint64_t)node->count;
        memcpy(p, node->data, size);
        return p + size;
    }
    }
}

/* Write the templates, fw_size(r, fw_width(r)) bytes, each string having its number; -1 if memory is short. */
static inline int fw_write(const fw_reader *r, unsigned char *out) {
    const fw_node **nodes = (const fw_node **)malloc(r->node_count * sizeof(fw_node *));
    if (nodes == NULL) return -1;
    for (uint32_t turn = 0; turn < r->node_count; turn++) nodes[r->nodes[turn].place - 1] = &r->nodes[turn];
    ft_put(out, r->string_count, 4);
    ft_put(out + 4, r->node_count, 4);
    unsigned char *p = out + FT_HEADER;
    for (uint32_t turn = 0; turn < r->string_count; turn++, p += 4)
        ft_put(p, (uint64_t)r->strings[turn].number << 1 | (uint64_t)r->strings[turn].flags, 4);
    for (uint32_t turn = 0; turn < r->node_count; turn++) p = fw_put_node(r, p, nodes[turn]);
    free((void *)nodes);
    return 0;
}

#endif
