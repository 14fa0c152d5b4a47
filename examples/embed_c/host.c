/* A program in C that embeds Python: isolated, with a module search path of its own, and fastimport installed before the
 * first import of the application.
 *
 *     host DIRECTORY... -- MODULE ARGUMENTS...
 *
 * The directories become sys.path: the standard library, its lib-dynload, where fastimport is, the application.
 */
#include <fastimport.h>
#include <stdio.h>
#include <string.h>

static PyStatus configure(PyConfig *config, int argc, char **argv, int *application) {
    PyStatus status = PyConfig_SetBytesString(config, &config->program_name, argv[0]);
    config->site_import = 0; /* no site-packages of whoever runs this */
    config->module_search_paths_set = 1;
    for (*application = 1; !PyStatus_Exception(status) && *application < argc; ++*application) {
        if (strcmp(argv[*application], "--") == 0) {
            ++*application;
            return PyConfig_SetBytesArgv(config, argc - *application, argv + *application);
        }
        wchar_t *entry = Py_DecodeLocale(argv[*application], NULL);
        if (entry == NULL) return PyStatus_NoMemory();
        status = PyWideStringList_Append(&config->module_search_paths, entry);
        PyMem_RawFree(entry);
    }
    return PyStatus_Exception(status) ? status : PyStatus_Error("usage: host DIRECTORY... -- MODULE ARGUMENTS...");
}

/* Without fastimport the program works as well: importlib does what it always does. */
static const fastimport_api *speed_up_imports(void) {
    const fastimport_api *api = fastimport_import();
    if (api == NULL || api->install(api, "trusted", "in_place") < 0) {
        fprintf(stderr, "host: going on without fastimport:\n");
        PyErr_Print();
        return NULL;
    }
    return api;
}

/* A question that a host can ask before it decides: no module, spec or loader is made. */
static int show_place(const fastimport_api *api, const char *name) {
    char path[4096];
    int kind, answer = api->find_file(api, name, NULL, path, sizeof path, &kind);
    if (answer < 0) return -1;
    printf("%s: %s%s\n", name, answer == FASTIMPORT_FOUND ? path : answer == FASTIMPORT_ASK ? "(ask importlib)" : "(absent)",
           answer == FASTIMPORT_FOUND && kind & FASTIMPORT_PACKAGE ? ", a package" : "");
    fflush(stdout);
    return 0;
}

static int run(const char *name) {
    const fastimport_api *api = speed_up_imports();
    if (api != NULL && (show_place(api, name) < 0 || show_place(api, "no_such_module") < 0)) return -1;
    PyObject *module = PyImport_ImportModule(name);
    PyObject *result = module == NULL ? NULL : PyObject_CallMethod(module, "main", NULL);
    Py_XDECREF(module);
    Py_XDECREF(result);
    return result == NULL ? -1 : 0;
}

int main(int argc, char **argv) {
    PyConfig config;
    int application;
    PyConfig_InitIsolatedConfig(&config); /* neither environment variables nor the user's site-packages */
    PyStatus status = configure(&config, argc, argv, &application);
    if (!PyStatus_Exception(status)) status = Py_InitializeFromConfig(&config);
    PyConfig_Clear(&config);
    if (PyStatus_Exception(status)) Py_ExitStatusException(status);
    if (application >= argc) {
        fprintf(stderr, "host: no module given\n");
        return 2;
    }
    int failed = run(argv[application]);
    if (failed) PyErr_Print();
    return Py_FinalizeEx() < 0 || failed;
}
