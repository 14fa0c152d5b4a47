/* Mutates templates and makes code of them, in interpreters of its own, under sanitizers (damage.py compiles and runs it):

       PYTHONMALLOC=malloc ./builder_driver CORPUS COUNT [SEED]

   The corpus: how many texts, and of each 4 bytes of size, whether it is ASCII, and the bytes; how many modules, and of each 4 bytes of
   size, 4 of its size when marshalled, and the templates. Each try has its input in blocks of just that size, so that a read outside is
   seen. Prints how many were made; a crash or a sanitizer's report is the failure. */
#define PY_SSIZE_T_CLEAN
#include "builder.h"
#include "quicken.h"

enum { MAX_TEXTS = 4096, MAX_MODULES = 64 };

typedef struct {
    unsigned char *data;
    uint32_t size, marshalled;
    int is_ascii;
} block;

static block texts[MAX_TEXTS], modules[MAX_MODULES];
static uint32_t text_count, module_count;

static uint64_t state;
static uint64_t random_below(uint64_t limit) {
    state ^= state << 13, state ^= state >> 7, state ^= state << 17;
    return limit ? state % limit : 0;
}

static int read_u32(FILE *stream, uint32_t *value) {
    unsigned char bytes[4];
    if (fread(bytes, 1, 4, stream) != 4) return -1;
    *value = ft_u32(bytes);
    return 0;
}

static int read_blocks(FILE *stream, block *blocks, uint32_t *count, uint32_t limit, int are_texts) {
    uint32_t second;
    if (read_u32(stream, count) < 0 || *count > limit) return -1;
    for (uint32_t i = 0; i < *count; i++) {
        if (read_u32(stream, &blocks[i].size) < 0 || read_u32(stream, &second) < 0) return -1;
        if (are_texts) blocks[i].is_ascii = (int)second; else blocks[i].marshalled = second;
        blocks[i].data = malloc(blocks[i].size ? blocks[i].size : 1);
        if (fread(blocks[i].data, 1, blocks[i].size, stream) != blocks[i].size) return -1;
    }
    return 0;
}

static const unsigned char *find(void *owner, uint32_t number, uint32_t *size, int *is_ascii) {
    (void)owner;
    if (number >= text_count) return NULL;
    *size = texts[number].size;
    *is_ascii = texts[number].is_ascii;
    return texts[number].data;
}

/* Values that break arithmetic, kinds and the numbers of things that are there are likelier than others. */
static unsigned char nasty(void) {
    static const unsigned char values[] = {0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 0x40, 0x48, 0x7F, 0x80, 0x88, 0xC8, 0xFE, 0xFF};
    return values[random_below(sizeof values)];
}

static uint32_t mutate(unsigned char *data, uint32_t size) {
    for (uint64_t turns = 1 + random_below(4); turns; turns--) {
        uint64_t at = random_below(size), from = random_below(size), count = random_below(32);
        switch (random_below(6)) {
        case 0: data[at] ^= (unsigned char)(1 << random_below(8)); break;
        case 1: data[at] = (unsigned char)random_below(256); break;
        case 2: data[at] = nasty(); break;
        case 3: for (uint64_t i = 0; i < 4 && at + i < size; i++) data[at + i] = nasty() & (random_below(2) ? 0xFF : 0); break;
        case 4: if (at + 2 <= size && from + 2 <= size) memmove(data + at, data + from, 2); break;
        default: if (at + count <= size && from + count <= size) memmove(data + at, data + from, count);
        }
    }
    return random_below(16) ? size : (uint32_t)random_below(size + 1);
}

/* Everything that reads fields, and nothing that runs the code: what a compiler would not have made, the interpreter may not run. */
static int use(PyObject *code) {
    static const char *const names[] = {"co_code", "co_varnames", "co_cellvars", "co_freevars", "co_name", "co_qualname", "co_filename",
                                        "co_consts", "co_names", "co_linetable", "co_exceptiontable", "_varname_from_oparg"};
    for (size_t i = 0; i < sizeof names / sizeof *names; i++) Py_XDECREF(PyObject_GetAttrString(code, names[i]));
    Py_XDECREF(PyObject_Repr(code));
    PyObject *constants = PyObject_GetAttrString(code, "co_consts"), *method = PyObject_GetAttrString(code, "replace");
    Py_XDECREF(PyObject_Repr(constants));
    if (method != NULL) Py_XDECREF(PyObject_CallNoArgs(method));
    PyErr_Clear();
    Py_ssize_t hash = PyObject_Hash(code);
    int same = PyObject_RichCompareBool(code, code, Py_EQ);
    PyErr_Clear();
    Py_XDECREF(constants);
    Py_XDECREF(method);
    return hash != -1 && same;
}

static int try_one(const block *module, ft_strings *strings, uint32_t kept) {
    unsigned char *data = malloc(kept ? kept : 1);
    memcpy(data, module->data, kept);
    PyObject *code = ft_build(data, kept, strings);
    if (code == NULL) PyErr_Clear();
    unsigned char *out = malloc(module->marshalled);
    volatile int written = ft_to_marshal(data, kept, &strings->texts, out, module->marshalled);
    (void)written;
    free(out);
    free(data);
    int made = code != NULL;
    if (made) use(code);
    Py_XDECREF(code);
    return made;
}

static void forget(ft_strings *strings) {
    for (uint32_t number = 0; number < strings->count; number++) Py_CLEAR(strings->kept[number]);
}

/* One module with a text that is damaged as well, made anew. */
static void damage_text(ft_strings *strings) {
    block *text = &texts[random_below(text_count)], intact = *text;
    text->data = malloc(intact.size ? intact.size : 1);
    memcpy(text->data, intact.data, intact.size);
    if (intact.size) text->size = mutate(text->data, intact.size);
    if (!random_below(4)) text->is_ascii = !text->is_ascii;
    const block *module = &modules[random_below(module_count)];
    forget(strings);
    try_one(module, strings, module->size);
    forget(strings);
    free(text->data);
    *text = intact;
}

static long fuzz(long turns) {
    ft_strings strings = {{find, NULL, ft_caches()}, calloc(text_count + 1, sizeof(PyObject *)), text_count};
    long made = 0;
    for (uint32_t i = 0; i < module_count; i++)
        if (!try_one(&modules[i], &strings, modules[i].size)) return -1;
    for (long turn = 0; turn < turns; turn++) {
        block *intact = &modules[random_below(module_count)], damaged = *intact;
        if (turn % 256 == 255) {
            damage_text(&strings);
            continue;
        }
        damaged.data = malloc(intact->size);
        memcpy(damaged.data, intact->data, intact->size);
        uint32_t kept = mutate(damaged.data, intact->size);
        made += try_one(&damaged, &strings, kept);
        free(damaged.data);
    }
    forget(&strings);
    free(strings.kept);
    return made;
}

int main(int count, char **arguments) {
    if (count < 3) return 2;
    FILE *stream = fopen(arguments[1], "rb");
    if (stream == NULL || read_blocks(stream, texts, &text_count, MAX_TEXTS, 1) < 0 ||
        read_blocks(stream, modules, &module_count, MAX_MODULES, 0) < 0 || !module_count)
        return 2;
    fclose(stream);
    state = count > 3 ? strtoull(arguments[3], NULL, 10) * 2 + 1 : 1;
    long made = 0;
    for (int interpreter = 0; interpreter < 4; interpreter++) { /* one after the other, in one process */
        Py_InitializeEx(0);
        long more = fuzz(strtol(arguments[2], NULL, 10) / 4);
        if (Py_FinalizeEx() < 0 || more < 0) return 3;
        made += more;
    }
    printf("%ld of %s made\n", made, arguments[2]);
    return 0;
}
