/* Mutates a snapshot and asks the reader for everything, under sanitizers:

       cc -g -O1 -fsanitize=address,undefined -fno-sanitize-recover=all -I src/fastimport/snapshot -o driver tests/fuzz/snapshot_driver.c
       ./driver SNAPSHOT COUNT [SEED]

   Two of three files get their checksums put right after the damage, so that the checks of bounds are reached. Prints how many were
   opened; a crash or a sanitizer's report is the failure. */
#include "snapshot_format.h"

#include <stdio.h>

static uint64_t state;
static uint64_t random_below(uint64_t limit) {
    state ^= state << 13, state ^= state >> 7, state ^= state << 17;
    return limit ? state % limit : 0;
}

static void put(unsigned char *p, uint64_t value, int bytes) {
    for (int i = 0; i < bytes; i++) p[i] = (unsigned char)(value >> 8 * i);
}

/* Values that break arithmetic are likelier than others. */
static uint64_t nasty(void) {
    static const uint64_t values[] = {0, 1, 2, 0x7F, 0xFF, 0x100, 0xFFFF, 0x7FFFFFFF, 0x80000000, 0xFFFFFFFF, 0xFFFFFFFE, 0x100000000ULL,
                                      0x7FFFFFFFFFFFFFFFULL, 0x8000000000000000ULL, 0xFFFFFFFFFFFFFFFFULL, FS_BLOCK, FS_HEADER};
    return random_below(3) ? values[random_below(sizeof values / sizeof *values)] : random_below(1 << 20);
}

static uint64_t mutate(unsigned char *data, uint64_t size, uint64_t tables_end) {
    for (uint64_t turns = 1 + random_below(6); turns; turns--) {
        uint64_t limit = random_below(4) ? tables_end : size, at = random_below(limit);
        switch (random_below(5)) {
        case 0: data[at] ^= (unsigned char)(1 << random_below(8)); break;
        case 1: data[at] = (unsigned char)random_below(256); break;
        case 2: at &= ~(uint64_t)3; if (at + 4 <= size) put(data + at, nasty(), 4); break;
        case 3: at = random_below(FS_HEADER) & ~(uint64_t)3; if (at + 8 <= size) put(data + at, nasty(), random_below(2) ? 4 : 8); break;
        default: { uint64_t from = random_below(limit), count = random_below(64);
                   if (at + count <= size && from + count <= size) memmove(data + at, data + from, count); }
        }
    }
    return random_below(8) ? size : random_below(size + 1);
}

static void repair(unsigned char *data, uint64_t size) {
    if (size < FS_HEADER) return;
    if (random_below(4)) put(data + 16, size, 8);
    uint64_t sums = fs_u32(data + 48), blocks = fs_u32(data + 52), start = fs_u64(data + 56), end = fs_u64(data + 64), header = fs_u32(data + 32);
    if (start < end && end <= size && sums < size)
        for (uint64_t block = 0; block < blocks && start + block * FS_BLOCK < end && sums + 8 * block + 8 <= size; block++) {
            uint64_t at = start + block * FS_BLOCK, count = end - at < FS_BLOCK ? end - at : FS_BLOCK;
            put(data + sums + 8 * block, ft_sum(data + at, count, block), 8);
        }
    if (header > size) return;
    put(data + 24, 0, 8);
    put(data + 24, fs_hash(data, header, 0), 8);
}

static const char *const names[] = {"m", "p", "c", "__init__", "absent", "", "space", "\xc3\xa9", "m.py"};

static void ask_directory(fs_file *file, uint64_t index) {
    fs_dir directory;
    fs_name name;
    if (fs_get_dir(file, index, &directory) < 0) return;
    fs_text(file, directory.path, directory.path_size);
    for (size_t i = 0; i < sizeof names / sizeof *names; i++) fs_find_name(file, &directory, names[i], strlen(names[i]), &name);
    uint64_t total = (uint64_t)directory.name_count + directory.other_count;
    for (uint64_t i = 0; i < total && fs_get_name(file, directory.names + i, &name) == 0; i++) fs_text(file, name.text, name.size);
}

static volatile uint64_t sink;

static void ask_code(fs_file *file, uint64_t index) {
    fs_code code;
    if (fs_get_code(file, index, &code) < 0) return;
    const char *path = fs_text(file, code.path, code.path_size);
    if (path != NULL) fs_find_below(file, FS_CODES, code.root, path, code.path_size);
    unsigned char *data = fs_marshalled(file, &code, fs_read_code(file, &code));
    if (data != NULL && code.marshalled > 0) sink += data[code.marshalled - 1];
    free(data);
}

static void ask_paths(fs_file *file) {
    fs_path path;
    fs_merged merged;
    for (uint64_t i = 0; i < 16 && fs_get_path(file, i, &path) == 0; i++) {
        const unsigned char *numbers = fs_records(file, FS_PATH_DIRS, path.dirs, path.dir_count);
        for (uint64_t j = 0; numbers != NULL && j < path.dir_count; j++) sink += fs_u32(numbers + 4 * j);
        for (size_t j = 0; j < sizeof names / sizeof *names; j++)
            if (fs_find_merged(file, &path, names[j], strlen(names[j]), &merged) >= 0) {
                const unsigned char *positions = fs_records(file, FS_POSITIONS, merged.positions, merged.count);
                for (uint64_t k = 0; positions != NULL && k < merged.count; k++) sink += fs_u32(positions + 4 * k);
            }
    }
}

static int try_one(const unsigned char *data, uint64_t size) {
    fs_file file;
    memset(&file, 0, sizeof file);
    unsigned char *copy = malloc(size ? size : 1);
    memcpy(copy, data, size);
    file.mapping = copy;
    file.size = size;
    int opened = fs_open(&file) == NULL;
    if (opened) {
        for (uint32_t root = 0; root < file.counts[FS_ROOTS]; root++) {
            const unsigned char *record = fs_records(&file, FS_ROOTS, root, 1);
            const char *text = record ? fs_text(&file, fs_u32(record), fs_u32(record + 4)) : NULL;
            if (text == NULL) continue;
            uint32_t length = fs_u32(record + 4);
            file.roots[root].path = malloc((size_t)length + 1);
            memcpy(file.roots[root].path, text, length);
            file.roots[root].length = length;
        }
        for (size_t i = 0; i < sizeof names / sizeof *names; i++) {
            fs_find(&file, FS_DIRS, names[i], strlen(names[i]));
            fs_find(&file, FS_CODES, "/lib/m.py", 9);
        }
        for (uint64_t i = 0; i < file.counts[FS_DIRS] && i < 64; i++) ask_directory(&file, i);
        for (uint64_t i = 0; i < file.counts[FS_CODES] && i < 64; i++) ask_code(&file, i);
        ask_paths(&file);
    }
    fs_close(&file);
    return opened;
}

int main(int count, char **arguments) {
    if (count < 3) return 2;
    static unsigned char original[1 << 22], data[1 << 22];
    FILE *stream = fopen(arguments[1], "rb");
    uint64_t size = stream ? fread(original, 1, sizeof original, stream) : 0;
    if (size < FS_HEADER || try_one(original, size) != 1) return 2;
    state = count > 3 ? strtoull(arguments[3], NULL, 10) | 1 : 1;
    long turns = strtol(arguments[2], NULL, 10), opened = 0;
    for (long turn = 0; turn < turns; turn++) {
        memcpy(data, original, size);
        uint64_t kept = mutate(data, size, fs_u64(original + 64));
        if (random_below(3)) repair(data, kept);
        opened += try_one(data, kept);
    }
    printf("%ld of %ld opened\n", opened, turns);
    return 0;
}
