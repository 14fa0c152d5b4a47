"""The C interface: the example host, the header from C, the .pxd from Cython. Built here, by the compiler of fastimport.

Rules: find_file gives the answers of importlib's PathFinder, or says "ask"; a host without fastimport goes on; what install()
refuses is an exception in C as well.
"""

import importlib
import json
import os
import shlex
import subprocess
import sys
import sysconfig
from importlib import machinery
from pathlib import Path

import pytest
from support.installation import clean_environment
from support.projects import ROOT
from support.trees import plant

import fastimport

EXAMPLE = ROOT / "examples" / "embed_c"
SHARED = bool(sysconfig.get_config_var("Py_ENABLE_SHARED"))
LIBRARY = Path(sysconfig.get_config_var("LIBDIR" if SHARED else "LIBPL") or "", sysconfig.get_config_var("LDLIBRARY") or "-")
NATIVE = """
#define PY_SSIZE_T_CLEAN
#include <fastimport.h>

static PyObject *find_file(PyObject *self, PyObject *arguments) {
    const fastimport_api *api = fastimport_import();
    const char *name;
    PyObject *path = NULL;
    Py_ssize_t room = 4096;
    char buffer[4096] = "";
    int kind = 0, answer;
    if (api == NULL || !PyArg_ParseTuple(arguments, "s|On", &name, &path, &room)) return NULL;
    answer = api->find_file(api, name, path == Py_None ? NULL : path, buffer, (size_t)room, &kind);
    return answer < 0 ? NULL : Py_BuildValue("isi", answer, buffer, kind);
}

static PyObject *install(PyObject *self, PyObject *arguments) {
    const fastimport_api *api = fastimport_import();
    const char *freshness, *registration;
    int before, after;
    if (api == NULL || !PyArg_ParseTuple(arguments, "zz", &freshness, &registration)) return NULL;
    if (api->install(api, freshness, registration) < 0) return NULL;
    before = api->installed(api);
    if (before < 0 || api->uninstall(api) < 0 || (after = api->installed(api)) < 0) return NULL;
    return Py_BuildValue("ii", before, after);
}

static PyMethodDef methods[] = {{"find_file", find_file, METH_VARARGS, NULL}, {"install", install, METH_VARARGS, NULL}, {NULL}};
static struct PyModuleDef definition = {PyModuleDef_HEAD_INIT, "native", NULL, -1, methods};
PyMODINIT_FUNC PyInit_native(void) {
    PyObject *module = PyModule_Create(&definition);
#ifdef Py_GIL_DISABLED
    if (module != NULL) PyUnstable_Module_SetGIL(module, Py_MOD_GIL_NOT_USED);
#endif
    return module;
}
"""
CYTHON = """
# cython: language_level=3, freethreading_compatible=True
cimport fastimport
from fastimport cimport fastimport_api, fastimport_import

def place(str name):
    cdef const fastimport_api *api = fastimport_import()
    cdef char path[4096]
    cdef int kind = 0
    if api.find_file(api, name.encode(), NULL, path, sizeof(path), &kind) == fastimport.FASTIMPORT_FOUND:
        return path.decode(), bool(kind & fastimport.FASTIMPORT_PACKAGE)
    return None
"""
ABSENT, FOUND, ASK = range(3)
SOURCE, BYTECODE, EXTENSION, PACKAGE, NAMESPACE = (1 << bit for bit in range(5))
KINDS = {"SourceFileLoader": SOURCE, "SourcelessFileLoader": BYTECODE, "ExtensionFileLoader": EXTENSION}


def compiled(command, directory):
    done = subprocess.run(command, cwd=directory, capture_output=True, text=True, env=clean_environment(), check=False)
    assert done.returncode == 0, done.stdout + done.stderr


def compile_extension(source, target):
    compiler = shlex.split(sysconfig.get_config_var("LDSHARED") or "cc -shared")
    options = ["-fPIC", "-O1", "-Wall", f"-I{fastimport.get_include()}", f"-I{sysconfig.get_path('include')}"]
    compiled([*compiler, *options, "-o", target, source], source.parent)


@pytest.fixture(scope="module")
def native(tmp_path_factory):
    """A module in C whose functions are those of the header."""
    directory = tmp_path_factory.mktemp("native")
    (directory / "native.c").write_text(NATIVE, encoding="utf-8")
    target = directory / f"native{machinery.EXTENSION_SUFFIXES[0]}"
    compile_extension(directory / "native.c", target)
    spec = importlib.util.spec_from_file_location("native", target)
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


@pytest.fixture
def tree(tmp_path, monkeypatch):
    plant(
        tmp_path,
        {
            "one": {
                "plain.py": "",
                "package": {"__init__.py": "", "sub.py": "", "deep": {"__init__.py": ""}},
                "space": {},
                "both": {},
            },
            "two": {
                "plain.py": "",
                "both.py": "",
                "compiled.pyc": "",
                "both": {"__init__.py": ""},
                "\xe9t\xe9.py": "",
                "space": {},
            },
            f"native{machinery.EXTENSION_SUFFIXES[-1]}": "",
        },
    )
    path = [str(tmp_path / "one"), str(tmp_path / "missing"), str(tmp_path / "two"), str(tmp_path)]
    monkeypatch.setattr(sys, "path", [*path, *sys.path])
    return tmp_path


def importlibs_answer(name, path):
    spec = machinery.PathFinder.find_spec(name, path)
    if spec is None:
        return ABSENT, "", 0
    if spec.origin is None:
        return FOUND, spec.submodule_search_locations[0], NAMESPACE
    return FOUND, spec.origin, KINDS[type(spec.loader).__name__] | (PACKAGE if spec.submodule_search_locations else 0)


@pytest.mark.parametrize("warm", [False, True])
def test_find_file_gives_importlibs_answers(native, tree, warm):
    for name in (
        "plain",
        "package",
        "space",
        "both",
        "compiled",
        "native",
        "\xe9t\xe9",
        "absent",
        "json",
        "email",
        "\U0001f40d",
        "",
    ):
        expected = importlibs_answer(name, None) if warm else None
        answer = native.find_file(name)
        assert answer == (expected or importlibs_answer(name, None)), name
    inside = [str(tree / "one" / "package")]
    for name in ("package.sub", "package.deep", "package.absent"):
        assert native.find_file(name, inside) == importlibs_answer(name, inside)


def test_find_file_follows_what_changes(native, tree):
    assert native.find_file("fresh")[0] == ABSENT
    (tree / "one" / "fresh.py").write_text("", encoding="utf-8")
    importlib.invalidate_caches()
    assert native.find_file("fresh") == (FOUND, str(tree / "one" / "fresh.py"), SOURCE)


def test_submodules_are_found_by_the_path_of_an_imported_package(native, tree):
    assert native.find_file("package.sub")[0] == ASK
    try:
        importlib.import_module("package")
        assert native.find_file("package.sub") == (FOUND, str(tree / "one" / "package" / "sub.py"), SOURCE)
        importlib.import_module("space")
        assert native.find_file("space.any")[0] == ASK, "a namespace path has to be asked"
    finally:
        sys.modules.pop("package", None)
        sys.modules.pop("space", None)


def test_what_is_not_a_plain_directory_is_importlibs(native, tree, monkeypatch):
    monkeypatch.setattr(sys, "path_hooks", [lambda entry: object(), *sys.path_hooks])
    assert native.find_file("plain", [str(tree / "foreign"), *sys.path])[0] == ASK
    assert native.find_file("plain", "abc")[0] == ASK
    monkeypatch.setattr(machinery.FileFinder, "find_spec", lambda self, name, target=None: None)
    assert native.find_file("plain")[0] == ASK


def test_a_buffer_that_is_too_small_is_an_error(native, tree):
    with pytest.raises(ValueError, match="the buffer has 5 bytes, the path needs"):
        native.find_file("plain", None, 5)


@pytest.mark.parametrize("settings", [(None, None), ("trusted", None), ("checked", "in_place")])
def test_install_and_uninstall(native, settings):
    assert native.install(*settings) == (1, 0)


def test_what_install_refuses_is_an_exception(native):
    with pytest.raises(ValueError, match="freshness must be"):
        native.install("stale", None)


def test_cimport(tmp_path, monkeypatch):
    """The .pxd and the header lie where fastimport.get_include() and the package say."""
    (tmp_path / "places.pyx").write_text(CYTHON, encoding="utf-8")
    package = Path(fastimport.__file__).parent.parent
    compiled([sys.executable, "-m", "cython", "-I", package, "-3", "places.pyx"], tmp_path)
    compile_extension(tmp_path / "places.c", tmp_path / f"places{machinery.EXTENSION_SUFFIXES[0]}")
    monkeypatch.syspath_prepend(str(tmp_path))
    places = importlib.import_module("places")
    try:
        assert places.place("json") == (importlib.util.find_spec("json").origin, True)
        assert places.place("absent") is None
    finally:
        del sys.modules["places"]


def host_program(directory, sources):
    """A program that embeds Python, made as the example says."""
    if not LIBRARY.is_file():
        pytest.skip(f"this Python has no library to embed: {LIBRARY}")
    compiled(["make", "-f", EXAMPLE / "Makefile", f"VPATH={sources}", f"PYTHON={sys.executable}", "host"], directory)
    return directory / "host"


@pytest.fixture(scope="module")
def host(tmp_path_factory):
    return host_program(tmp_path_factory.mktemp("host"), EXAMPLE)


LIVES = """
#include <Python.h>

static int live(const char *program, const char *code) {
    PyConfig config;
    PyStatus status;
    int failed;
    PyConfig_InitPythonConfig(&config);
    status = PyConfig_SetBytesString(&config, &config.program_name, program);
    if (!PyStatus_Exception(status)) status = Py_InitializeFromConfig(&config);
    PyConfig_Clear(&config);
    if (PyStatus_Exception(status)) return 2;
    failed = PyRun_SimpleString(code);
    return Py_FinalizeEx() < 0 || failed;
}

int main(int count, char **words) {
    return count < 3 ? 2 : live(words[1], words[2]) || live(words[1], words[2]) || live(words[1], words[2]);
}
"""
EACH_LIFE = """
import fastimport
fastimport.install(collector="deferred", arenas="huge")
import xml.dom.minidom
print(fastimport.installed(), *fastimport.stats().refusals, flush=True)
assert fastimport.resolve_name(".b", "a") == "a.b" and fastimport.describe()["active"] == fastimport.installed()
"""


def test_an_interpreter_that_is_begun_anew_in_its_process_has_importlib(tmp_path):
    """Py_FinalizeEx, then Py_Initialize: what Cython compiled lives once in a process."""
    (tmp_path / "host.c").write_text(LIVES, encoding="utf-8")
    words = [host_program(tmp_path, tmp_path), sys.executable, EACH_LIFE]
    done = subprocess.run(words, capture_output=True, text=True, env=clean_environment(), check=False)
    assert (done.returncode, done.stderr) == (0, "")
    reason = "compiled module: this process has ended an interpreter that used fastimport"
    first, *later = done.stdout.splitlines()
    assert first.startswith("True")
    assert later == [f"False {reason}"] * 2


def run_host(host, *search_path):
    stdlib = (sysconfig.get_path("stdlib"), sysconfig.get_config_var("DESTSHARED"))
    command = [host, *stdlib, *map(str, search_path), EXAMPLE / "application", "--", "product"]
    return subprocess.run(command, capture_output=True, text=True, env=clean_environment(PYTHONPATH="/nowhere"), check=False)


def test_the_example_host_imports_its_application_through_fastimport(host):
    done = run_host(host, os.path.dirname(os.path.dirname(fastimport.__file__)))
    assert (done.returncode, done.stderr) == (0, "")
    place, absent, said = done.stdout.splitlines()
    assert place == f"product: {EXAMPLE / 'application' / 'product' / '__init__.py'}, a package"
    assert absent == "no_such_module: (absent)"
    assert json.loads(said) == {"installed": True, "isolated": 1, "found": True, "parts": 3}


def test_the_example_host_goes_on_without_fastimport(host, tmp_path):
    (tmp_path / "fastimport.py").write_text("raise ImportError('on purpose')\n", encoding="utf-8")
    done = run_host(host, tmp_path)
    assert "going on without fastimport" in done.stderr
    assert "on purpose" in done.stderr
    assert done.returncode == 1, "the example's application needs it for its report; the host itself came that far"
