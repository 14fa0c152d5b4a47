"""The compiled modules and their build modes; everything else is in pyproject.toml.

FASTIMPORT_BUILD chooses the mode:

* ``release`` (default): optimised, no checks of our own code;
* ``debug``: C assertions and object counters (``_resolver.live_objects()``), no optimisation;
* ``trace``: release, with line tracing for coverage and profilers.
"""

import os

from Cython.Build import cythonize
from setuptools import Extension, setup

MODES = ("release", "debug", "trace")
mode = os.environ.get("FASTIMPORT_BUILD", "release")
if mode not in MODES:
    raise SystemExit(f"FASTIMPORT_BUILD={mode!r}: must be one of {', '.join(MODES)}")

if os.name == "nt":
    compile_args = []
else:
    compile_args = ["-O0", "-g", "-UNDEBUG"] if mode == "debug" else ["-O2"]

macros = [("FASTIMPORT_DEBUG", "1" if mode == "debug" else "0")]
if mode == "trace":
    macros.append(("CYTHON_TRACE", "1"))

directives = {
    "language_level": 3,
    "boundscheck": mode == "debug",
    "wraparound": False,
    "initializedcheck": mode == "debug",
    "embedsignature": True,
    "freethreading_compatible": True,
    "subinterpreters_compatible": "own_gil",
    "linetrace": mode == "trace",
}

modules = ("_resolver",)

setup(
    ext_modules=cythonize(
        [
            Extension(
                f"fastimport.{name}",
                [f"src/fastimport/{name}.pyx"],
                extra_compile_args=compile_args,
                define_macros=macros,
            )
            for name in modules
        ],
        compiler_directives=directives,
        force=True,
    )
)
