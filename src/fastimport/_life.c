/* The library's entry: Cython's modules live once in a process, in the interpreter that was there first.
 *
 * After Py_FinalizeEx Cython would hand out the module of the former life, whose functions are gone. Py_Initialize begins another
 * one: there the library can't be imported, which says why, and importlib does the work.
 */
#include <Python.h>

PyObject *fi_init_core(void);

static int is_known = 0, is_over = 0;

static void end(void)
{
    is_over = 1;
}

PyMODINIT_FUNC PyInit__core(void)
{
    if (is_over) {
        PyErr_SetString(PyExc_ImportError, "this process has ended an interpreter that used fastimport");
        return NULL;
    }
    if (!is_known)
        is_known = Py_AtExit(end) == 0;
    return fi_init_core();
}
