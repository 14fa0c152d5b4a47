"""The compiled modules and their build modes; everything else is in pyproject.toml.

FASTIMPORT_BUILD chooses the mode:

* ``release`` (default): optimised, no checks of our own code;
* ``debug``: C assertions, index and None checks, object counters, no optimisation;
* ``trace``: release, with line tracing for coverage and profilers.

All modules are in one library, which is named after the first of them; a module that does not compile fails the build: there is
no second implementation to fall back on. Cython runs only when something is compiled, so that asking for metadata or making an
sdist stays quick.
"""

import marshal
import os
from glob import glob
from importlib.util import MAGIC_NUMBER

from setuptools import Extension, setup
from setuptools.command.build_ext import build_ext

MODULES = (
    "_core",
    "finding._resolver",
    "finding._tables",
    "finding._index",
    "finding._names",
    "finding._lazy",
    "code._arenas",
    "code._bytecode",
    "code._collector",
    "code._ready",
    "snapshot._reader",
    "snapshot._stamps",
    "snapshot._templates",
    "hosting._capi",
)
IN_CODE = ("_open_code_hook", "_method", "builder", "code_compare", "code_probe", "quicken")
C_SOURCES = ("src/fastimport/_life.c", *(f"src/fastimport/code/{name}.c" for name in IN_CODE))
# What every installation needs in Python, in the order in which it is needed: its bytecode is in the library, too.
OWN_MODULES = (
    "stand_in",
    "settings",
    "finding.__init__",
    "finding.importlib_frames",
    "code.__init__",
    "finding.loader",
    "finding.search_methods",
    "finding.finder",
    "activation",
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
    # Plain functions, with signatures that inspect reads: Cython's own cost each start 250,000 instructions more.
    "binding": False,
    "embedsignature": True,
    "embedsignature.format": "clinic",
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


def own_modules():
    """The C source of OWN_MODULES: see _own_modules.h."""
    codes, rows = [], []
    for module in OWN_MODULES:
        file = module.replace(".", "/") + ".py"
        with open(f"src/fastimport/{file}", "rb") as stream:
            text = stream.read()
        codes.append(compile(text, file, "exec", dont_inherit=True, optimize=0))
        name, is_package = module.removesuffix(".__init__"), int(module.endswith(".__init__"))
        rows.append(f'{{"{name}", "{file}", {is_package}, {len(text)}}},')
    # Twice: what is written of code depends on how many references there are to its parts.
    data = marshal.dumps(marshal.loads(marshal.dumps(tuple(codes))))
    table = ["const fi_own_module fi_own_modules[] = {", *rows, "{0}};", _bytes("fi_own_codes", data)]
    table += [f"const long long fi_own_codes_size = {len(data)};", _bytes("fi_own_magic", MAGIC_NUMBER)]
    return "\n".join(['#include "_own_modules.h"', *table, ""])


def _bytes(name, data):
    return f"const unsigned char {name}[] = {{{','.join(map(str, data))}}};"


class BuildLibrary(build_ext):
    """Compiles each module as one of its own, and links them together."""

    def build_extension(self, ext):
        """The C goes to the build directory, so that modes do not mix in the source tree."""
        from Cython.Build import cythonize

        modules = [Extension(f"fastimport.{name}", [source(name)]) for name in MODULES]
        made = cythonize(modules, build_dir=self.build_temp, compiler_directives=DIRECTIVES, force=True, quiet=True)
        own = os.path.join(self.build_temp, "own_modules.c")
        with open(own, "w", encoding="ascii") as file:
            file.write(own_modules())
        ext.sources = [c for module in made for c in module.sources] + [*C_SOURCES, own]
        super().build_extension(ext)


library = Extension(
    f"fastimport.{MODULES[0]}",
    [*map(source, MODULES), *C_SOURCES],
    depends=sorted(path for end in ("h", "pxd", "pxi") for path in glob(f"src/fastimport/**/*.{end}", recursive=True)),
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
