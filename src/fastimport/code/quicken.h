/* What has to be known of instructions. The first cache entry behind one starts as a counter, which `_PyCode_Quicken` sets;
   templates have it set already. */
#ifndef FASTIMPORT_QUICKEN_H
#define FASTIMPORT_QUICKEN_H

#include <stdint.h>

/* Set the counters of `size` bytes of bytecode, as the release of CPython does that this was compiled for. */
void ft_quicken(unsigned char *code, uint64_t size);

/* How many cache entries follow each of 256 instructions, where ft_quicken sets any; else NULL. */
const unsigned char *ft_caches(void);

/* Whether `size` bytes can be gone through as the interpreter does when `co_code` is asked for, or the code is hashed: caches end
   with the code, and nothing is an instruction that refers to what only the interpreter makes. */
int ft_is_sound(const unsigned char *code, uint64_t size);

#endif
