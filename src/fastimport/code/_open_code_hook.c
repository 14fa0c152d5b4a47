/* Whether an embedding program has installed an open_code hook (PEP 578): then code may only be read through io.open_code. CPython
   offers no public way to ask, so this file, and no other, is compiled with the interpreter's internal headers. The place of the
   hook may differ between releases: on another one than we were compiled for, the answer is -1, unknown. */
#define Py_BUILD_CORE 1
#include <Python.h>
#include <internal/pycore_runtime.h>

#if defined(__GNUC__)
__attribute__((visibility("hidden")))
#endif
int fb_open_code_is_hooked(unsigned long release) {
    if (release != PY_VERSION_HEX) return -1;
    return _PyRuntime.open_code_hook != NULL;
}
