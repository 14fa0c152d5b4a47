/* Methods that are tried before those of importlib. */
#ifndef FASTIMPORT_METHOD_H
#define FASTIMPORT_METHOD_H

#include <Python.h>

PyObject *fb_method_type(void); /* _method.c */

#endif
