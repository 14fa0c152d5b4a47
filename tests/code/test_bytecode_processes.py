"""Switches of the interpreter, and open_code hooks: the same program in a process with fastimport and in one without."""

import importlib.util
import os
import py_compile
import re
import shutil
import subprocess
import sysconfig

import pytest
from support.loading import MTIME, SOURCE, both, files_below, write_source
from support.process import python

INSTALL = "import fastimport; fastimport.install(); assert fastimport.installed() or sys.flags.verbose\n"
HASH_BASED = {"checked": py_compile.PycInvalidationMode.CHECKED_HASH, "unchecked": py_compile.PycInvalidationMode.UNCHECKED_HASH}


class Runs:
    """A program run without and with fastimport, over a directory that is made for each."""

    def __init__(self, directory):
        self.directory = os.fspath(directory)

    def run(self, prepare, program, *switches, before="", **variables):
        """Output, errors and files of both runs, in that order: importlib's, ours."""
        return [self.run_one(prepare, before + first + program, switches, variables) for first in ("", INSTALL)]

    def run_one(self, prepare, program, switches, variables):
        shutil.rmtree(self.directory, ignore_errors=True)
        os.mkdir(self.directory)
        prepare(self.directory)
        path = f"import sys; sys.path.insert(0, {self.directory!r})\n"
        completed = python(*switches, "-c", path + program, cwd=self.directory, **variables)
        assert completed.returncode == 0, completed.stderr
        written = files_below(self.directory).items()
        return completed.stdout, completed.stderr, {name: data for name, data in written if "fastimport" not in name}

    def agree(self, prepare, program, *switches, **variables):
        """What both runs gave, which must be equal."""
        stock, candidate = self.run(prepare, program, *switches, **variables)
        assert candidate == stock
        return stock


@pytest.fixture
def runs(tmp_path, pytestconfig):
    if pytestconfig.getoption("--candidate") == "stock":
        pytest.skip("processes are run with fastimport")
    return Runs(tmp_path / "tree")


@pytest.mark.parametrize("switch", ["default", "always", "never"])
@pytest.mark.parametrize("mode", HASH_BASED)
@pytest.mark.parametrize("changed", [False, True])
def test_check_hash_based_pycs(runs, switch, mode, changed):
    def prepare(directory):
        path = write_source(directory, "VALUE = 'old'\n")
        py_compile.compile(path, invalidation_mode=HASH_BASED[mode])
        if changed:
            write_source(directory, "VALUE = 'new'\n")

    output, _, _ = runs.agree(prepare, "import m; print(m.VALUE)", "--check-hash-based-pycs", switch)
    checked = switch == "always" or (switch == "default" and mode == "checked")
    assert output == ("new\n" if changed and checked else "old\n")


@pytest.mark.parametrize("optimize", ["", "-O", "-OO"])
@pytest.mark.parametrize("fresh", [False, True])
def test_optimisation(runs, optimize, fresh):
    """Each level has a file of its own."""

    def prepare(directory):
        path = write_source(directory, "'doc'\nassert 0, 'asserted'\n")
        if not fresh:
            for level in (0, 1, 2):
                py_compile.compile(path, optimize=level)

    program = "try:\n import m\nexcept AssertionError as e:\n print(e)\nelse:\n print(m.__doc__, m.__spec__.cached)"
    output, _, files = runs.agree(prepare, program, *filter(None, [optimize]))
    assert output.startswith({"": "asserted", "-O": "doc", "-OO": "None"}[optimize])
    assert len(files) == (2 if fresh else 4)


@pytest.mark.parametrize("prepare", [both, write_source], ids=["valid", "none"])
@pytest.mark.parametrize("variables", [{"PYTHONDONTWRITEBYTECODE": "1"}, {"PYTHONPYCACHEPREFIX": "elsewhere"}], ids=str)
def test_environment(runs, prepare, variables):
    runs.agree(prepare, "import m; print(m.__spec__.cached, list(vars(m)))", **variables)


def about_module(text, directory):
    """The lines that speak of the module m, without addresses."""
    wanted = re.compile(rf"{re.escape(directory)}/(__pycache__/)?m\b|'m'")
    return [re.sub(r"0x[0-9a-f]+|(?<=pyc\.)\d+", "", line) for line in text.splitlines() if wanted.search(line)]


@pytest.mark.parametrize("switch", ["-v", "-vv"])
@pytest.mark.parametrize("prepare", [both, write_source], ids=["valid", "none"])
def test_verbose(runs, prepare, switch):
    """All that importlib tells about reading, matching and writing."""
    program = "import m, sys; print(type(m.__loader__).__subclasses__() or '')"
    stock, candidate = runs.run(prepare, program, switch)
    lines = about_module(stock[1], runs.directory)
    assert any("code object from" in line for line in lines)
    assert about_module(candidate[1], runs.directory) == lines


def test_import_time(runs):
    """-X importtime names the same modules, nested alike."""

    def prepare(directory):
        both(directory, "m", "import b\n")
        both(directory, "b")

    stock, candidate = runs.run(prepare, "sys.stderr.write('MARK\\n'); import m", "-X", "importtime")

    def names(errors):
        return [line.rpartition("|")[2] for line in errors.partition("MARK")[2].splitlines()]

    assert names(candidate[1]) == names(stock[1])
    assert [name.strip() for name in names(stock[1]) if name.strip()][-2:] == ["b", "m"]


HOOK = """
#include <Python.h>
static PyObject *refused, *seen;
static PyObject *hook(PyObject *path, void *data) {
    if (PyList_Append(seen, path) < 0) return NULL;
    int refuse = PySequence_Contains(refused, path);
    if (refuse < 0) return NULL;
    if (refuse) { PyErr_SetString(PyExc_OSError, "refused"); return NULL; }
    PyObject *io = PyImport_ImportModule("_io");
    PyObject *file = io ? PyObject_CallMethod(io, "open", "Os", path, "rb") : NULL;
    Py_XDECREF(io);
    return file;
}
static PyObject *set(PyObject *self, PyObject *args) {
    if (!PyArg_ParseTuple(args, "OO", &seen, &refused)) return NULL;
    Py_INCREF(seen); Py_INCREF(refused);
    if (PyFile_SetOpenCodeHook(hook, NULL) < 0) return NULL;
    Py_RETURN_NONE;
}
static PyMethodDef methods[] = {{"set", set, METH_VARARGS, NULL}, {NULL, NULL, 0, NULL}};
static struct PyModuleDef module = {PyModuleDef_HEAD_INIT, "open_code_hook", NULL, -1, methods};
PyMODINIT_FUNC PyInit_open_code_hook(void) {
    PyObject *made = PyModule_Create(&module);
#ifdef Py_GIL_DISABLED
    if (made) PyUnstable_Module_SetGIL(made, Py_MOD_GIL_NOT_USED);
#endif
    return made;
}
"""


@pytest.fixture(scope="module")
def hook_directory(tmp_path_factory):
    """Where a module is that sets an open_code hook: only C can, and only once per process."""
    directory = tmp_path_factory.mktemp("hook")
    source = directory / "open_code_hook.c"
    source.write_text(HOOK)
    target = directory / f"open_code_hook{sysconfig.get_config_var('EXT_SUFFIX')}"
    include = [f"-I{sysconfig.get_path(name)}" for name in ("include", "platinclude")]
    subprocess.run(["cc", "-shared", "-fPIC", "-w", *include, str(source), "-o", str(target)], check=True, capture_output=True)
    return os.fspath(directory)


@pytest.mark.parametrize("moment", ["before", "after"])
@pytest.mark.parametrize("refuse", [False, True])
def test_open_code_hook_sees_all_bytecode(runs, hook_directory, moment, refuse):
    """Set before fastimport is installed or after: every file of code goes through it (PEP 578)."""

    def prepare(directory):
        both(directory, "m", "import b\nX = 1\n")
        both(directory, "b", SOURCE)

    cached = importlib.util.cache_from_source(os.path.join(runs.directory, "m.py"))
    refused = [cached] if refuse else []
    set_hook = f"sys.path.append({hook_directory!r}); import open_code_hook; seen = []; open_code_hook.set(seen, {refused!r})\n"
    show = f"import m; print([name for name in seen if name.startswith({runs.directory!r})])"
    order = {"before": set_hook} if moment == "before" else {}
    output, _, _ = runs.agree(prepare, ("" if order else set_hook) + show, **order)
    assert cached in output
    assert output.count(".py'") == refuse


def test_source_of_the_far_future(runs):
    """Beyond 2**32 seconds the header has what is left."""
    runs.agree(lambda directory: both(directory, mtime=2**32 + MTIME), "import m; print(m.NUMBERS)")
