/* From templates to ordinary code objects. What a version of CPython does in `_PyCode_New` is in code_layout.h; everything else
   here is public interface, called as `marshal` calls it, so that nothing can tell the result from an unmarshalled one. */
#ifndef FASTIMPORT_BUILDER_H
#define FASTIMPORT_BUILDER_H

#include <Python.h>

#include "templates.h"

/* The strings of a snapshot in this process: those that are interned are made once. `kept` has room for `count`; its references
   are the owner's. */
typedef struct {
    ft_texts texts;
    PyObject **kept;
    uint32_t count;
} ft_strings;

/* A new code object; NULL with an exception if memory is short, NULL without if the templates are damaged. */
PyObject *ft_build(const unsigned char *data, uint64_t size, ft_strings *strings);

/* Raise the event `marshal.loads` with what marshal would read, which is made only if a hook listens; 0, or -1 with its
 * exception. */
int ft_audit(const unsigned char *data, uint64_t size, uint64_t marshalled, ft_texts *texts);

/* Why code can't be built in this interpreter, which says that it is of `release`, or NULL. Leaves no exception. */
const char *ft_unusable(unsigned long release);

/* Why code can't be built at this moment, or NULL. */
const char *ft_hindrance(void);

/* Whether two objects that marshal makes are the same down to the fields; else -1 with the first difference in `where`, a str to
   be extended: a new reference. `met` maps addresses of objects of the one to those of the other. -2 with an exception. */
int ft_compare(PyObject *expected, PyObject *built, PyObject *met, PyObject **where);

#endif
