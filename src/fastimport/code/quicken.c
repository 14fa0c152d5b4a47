/* See quicken.h. The tables of instructions are defined here, for all. */
#define Py_BUILD_CORE 1
#include <Python.h>

#include "quicken.h"

#include "code_layout.h"

#if FT_KNOWN_LAYOUT
#if PY_VERSION_HEX >= 0x030D0000
#if PY_VERSION_HEX < 0x030F0000
#define NEED_OPCODE_METADATA
#endif
#include <internal/pycore_interp.h>
#include <internal/pycore_opcode_metadata.h>
#else
#define NEED_OPCODE_TABLES
#include <internal/pycore_opcode.h>
#include <opcode.h>
#endif

#ifdef __SSE2__
#include <emmintrin.h>
#endif

enum { FT_MAX_CACHES = 12 };

/* Instructions that only the interpreter makes. */
#ifndef ENTER_EXECUTOR
#define ENTER_EXECUTOR 255
#endif
#ifndef MIN_INSTRUMENTED_OPCODE
#define MIN_INSTRUMENTED_OPCODE 255
#endif
static inline int ft_is_made(unsigned char opcode) { return opcode >= MIN_INSTRUMENTED_OPCODE || opcode == ENTER_EXECUTOR; }

/* Whether a byte in the place of an opcode is that of such an instruction. */
static int ft_may_have_made(const unsigned char *code, uint64_t size) {
    int found = 0;
#ifdef __SSE2__
    __m128i least = _mm_set1_epi16((short)(0xFF00 | (MIN_INSTRUMENTED_OPCODE - 1))), executor = _mm_set1_epi16(ENTER_EXECUTOR);
    __m128i opcodes = _mm_set1_epi16(0x00FF), met = _mm_setzero_si128();
    for (; size >= 16; size -= 16, code += 16) {
        __m128i piece = _mm_loadu_si128((const __m128i *)code);
        met = _mm_or_si128(met, _mm_subs_epu8(piece, least));
        met = _mm_or_si128(met, _mm_cmpeq_epi16(_mm_and_si128(piece, opcodes), executor));
    }
    found = _mm_movemask_epi8(_mm_cmpeq_epi8(met, _mm_setzero_si128())) != 0xFFFF;
#endif
    for (; size >= 2; size -= 2, code += 2) found |= ft_is_made(code[0]);
    return found;
}

static inline unsigned ft_caches_of(unsigned char opcode) { return _PyOpcode_Caches[_PyOpcode_Deopt[opcode]]; }

/* In 3.15 the counter behind RESUME looks like an instruction that only the interpreter makes, in all code: what comes first, to
   that counter, is gone through exactly. How many units that is, or -1. */
static int64_t ft_sound_start(const unsigned char *code, uint64_t units) {
#if PY_VERSION_HEX >= 0x030F0000
    for (uint64_t at = 0; at < units; at++) {
        unsigned char opcode = code[2 * at];
        if (ft_is_made(opcode) || at + ft_caches_of(opcode) >= units) return -1;
        at += ft_caches_of(opcode);
        if (opcode == RESUME) return (int64_t)at + 1;
    }
    return (int64_t)units;
#else
    (void)code;
    (void)units;
    return 0;
#endif
}

int ft_is_sound(const unsigned char *code, uint64_t size) {
    int64_t start = ft_sound_start(code, size / 2);
    if (start < 0) return 0;
    code += 2 * start;
    size -= 2 * (uint64_t)start;
    uint64_t units = size / 2, first = units > FT_MAX_CACHES ? units - FT_MAX_CACHES : 0;
    int suspicious = ft_may_have_made(code, size);
    for (uint64_t at = first; at < units; at++) suspicious |= at + ft_caches_of(code[2 * at]) >= units;
    if (!suspicious) return 1;
    for (uint64_t at = 0; at < units; at++) {
        unsigned char opcode = code[2 * at];
        if (ft_is_made(opcode) || at + ft_caches_of(opcode) >= units) return 0;
        at += ft_caches_of(opcode);
    }
    return 1;
}

#else

int ft_is_sound(const unsigned char *code, uint64_t size) {
    (void)code;
    (void)size;
    return 1;
}

#endif

/* 3.11 quickens what has run a few times; 3.12's own constructor does it. */
#if FT_KNOWN_LAYOUT && PY_VERSION_HEX >= 0x030D0000

void ft_quicken(unsigned char *bytes, uint64_t size) {
    _Py_CODEUNIT unit;
    for (uint64_t at = 0; at + 4 <= size; at += 2) {
        int opcode = bytes[at], caches = _PyOpcode_Caches[opcode];
        if (!caches) continue;
        switch (opcode) {
#if PY_VERSION_HEX >= 0x030F0000
        case JUMP_BACKWARD: unit.counter = initial_jump_backoff_counter(&PyInterpreterState_Get()->opt_config); break;
        case RESUME: unit.counter = initial_resume_backoff_counter(&PyInterpreterState_Get()->opt_config); break;
#else
        case JUMP_BACKWARD: unit.counter = initial_jump_backoff_counter(); break;
#endif
        case POP_JUMP_IF_FALSE:
        case POP_JUMP_IF_TRUE:
        case POP_JUMP_IF_NONE:
        case POP_JUMP_IF_NOT_NONE: unit.cache = 0x5555; break;
        default: unit.counter = adaptive_counter_warmup();
        }
        memcpy(bytes + at + 2, &unit, 2);
        at += 2 * (uint64_t)caches;
    }
}

const unsigned char *ft_caches(void) { return _PyOpcode_Caches; }

#else

void ft_quicken(unsigned char *code, uint64_t size) {
    (void)code;
    (void)size;
}

const unsigned char *ft_caches(void) { return NULL; }

#endif
