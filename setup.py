"""The compiled modules and their build modes; everything else is in pyproject.toml.

FASTIMPORT_BUILD chooses the mode:

* ``release`` (default): optimised, no checks of our own code;
* ``debug``: C assertions, index and None checks, object counters, no optimisation;
* ``trace``: release, with line tracing for coverage and profilers.

All modules are in one library, which is named after the first of them; a module that does not compile fails the build: there is
no second implementation to fall back on. Cython runs only when something is compiled, so that asking for metadata or making an
sdist stays quick.
"""

import os
from glob import glob

from setuptools import Extension, setup
from setuptools.command.build_ext import build_ext

MODULES = (
    "_core",
    "finding._resolver",
    "finding._tables",
    "finding._index",
    "finding._names",
    "finding._lazy",
    "code._bytecode",
    "code._collector",
    "code._ready",
    "snapshot._reader",
    "snapshot._stamps",
    "snapshot._templates",
    "hosting._capi",
)
C_SOURCES = tuple(
    f"src/fastimport/code/{name}.c"
    for name in ("_open_code_hook", "_method", "builder", "code_compare", "code_probe", "quicken")
)
HEADERS = ("finding", "code", "snapshot", "hosting/include")
MODES = ("release", "debug", "trace")

mode = os.environ.get("FASTIMPORT_BUILD", "release")
if mode not in MODES:
    raise SystemExit(f"FASTIMPORT_BUILD={mode!r}: must be one of {', '.join(MODES)}")
debug = mode == "debug"
trace = mode == "trace"

DIRECTIVES = {
    "language_level": 3,
    "boundscheck": debug,
    "nonecheck": debug,
    "initializedcheck": debug,
    "wraparound": False,
    "auto_pickle": False,
    "autotestdict": False,
    "embedsignature": True,
    "freethreading_compatible": True,
    # One interpreter of a process may load a module; in others importlib does the work, and stats() says so. Cython can give each
    # interpreter a state of its own (CYTHON_USE_MODULE_STATE with CYTHON_USE_TYPE_SPECS): it works; look-ups take 25 % longer.
    "subinterpreters_compatible": "no",
    "linetrace": trace,
}

# Python's own flags come first on the command line: -UNDEBUG has to undo their -DNDEBUG.
# Hidden visibility leaves PyInit_* as the only exported symbol, and the loader less to do.
if os.name == "nt":
    flags = ["/Od", "/Zi", "/UNDEBUG"] if debug else []
else:
    flags = ["-fvisibility=hidden", *(["-O0", "-g", "-UNDEBUG"] if debug else ["-O2", "-g0"])]

macros = [("FASTIMPORT_DEBUG", str(int(debug)))]
if not debug:
    macros.append(("CYTHON_WITHOUT_ASSERTIONS", "1"))
if trace:
    # From 3.13 on Cython then reports lines to sys.monitoring, before that to the trace function.
    macros.append(("CYTHON_TRACE", "1"))


def source(name):
    """The Cython source of a module."""
    return f"src/fastimport/{name.replace('.', '/')}.pyx"


class BuildLibrary(build_ext):
    """Compiles each module as one of its own, and links them together."""

    def build_extension(self, ext):
        """The C goes to the build directory, so that modes do not mix in the source tree."""
        from Cython.Build import cythonize

        modules = [Extension(f"fastimport.{name}", [source(name)]) for name in MODULES]
        made = cythonize(modules, build_dir=self.build_temp, compiler_directives=DIRECTIVES, force=True, quiet=True)
        ext.sources = [c for module in made for c in module.sources] + list(C_SOURCES)
        super().build_extension(ext)


library = Extension(
    f"fastimport.{MODULES[0]}",
    [*map(source, MODULES), *C_SOURCES],
    depends=sorted(glob("src/fastimport/**/*.h", recursive=True) + glob("src/fastimport/**/*.pxd", recursive=True)),
    include_dirs=[f"src/fastimport/{room}" for room in HEADERS],
    extra_compile_args=flags,
    define_macros=macros,
)

setup(
    ext_modules=[library],
    cmdclass={"build_ext": BuildLibrary},
    # A mode does not show in a timestamp, so what an earlier one left is never taken for built.
    options={"build_ext": {"force": True}},
)
