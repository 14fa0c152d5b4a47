/* Modules of ours in Python that every installation needs, as code that setup.py compiles into the library. */
#ifndef FASTIMPORT_OWN_MODULES_H
#define FASTIMPORT_OWN_MODULES_H

typedef struct {
    const char *name; /* below the package, dotted */
    const char *file; /* below the package's directory, with slashes */
    int is_package;
    long long source_size;
} fi_own_module;

extern const fi_own_module fi_own_modules[]; /* in the order in which they need each other; the last has no name */
extern const unsigned char fi_own_codes[];   /* a tuple of their code, as marshal writes it: they share names */
extern const long long fi_own_codes_size;
extern const unsigned char fi_own_magic[4];  /* of the bytecode */

#endif
