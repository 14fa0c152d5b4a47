"""Damaged templates under sanitizers: compile builder_driver.c for the interpreter that runs this, and let it make code of them.

    python tests/fuzz/damage.py [--count 1000000] [--seed 1]

LDFLAGS may say where else the interpreter's library is, and how to link it.

Exit status: 0 nothing was found, 1 something was, 3 it can't run here (no compiler, no shared libpython, no templates).
"""

import argparse
import marshal
import os
import shutil
import struct
import subprocess
import sys
import sysconfig
import tempfile
from pathlib import Path

from fastimport.code._ready import unusable
from fastimport.snapshot import probe
from fastimport.snapshot._templates import TextTable

HERE = Path(__file__).parent
CODE = HERE.parents[1] / "src" / "fastimport" / "code"
LINKING = os.environ.get("LDFLAGS", "").split()
SANITIZERS = ("-fsanitize=address,undefined", "-fno-sanitize-recover=all")
SOURCES = (
    "X = 1, 'two words', 2**70, 1.5, 3j, b'x', {1, 'é', (2, 3)}\ndef f(a, b=1, *c, d, **e):\n return lambda: a, 'x y'",
    "class C:\n 'Text'\n def m(self): return super().m() in {1, 'é', (2, 3)}\n",
    "def s(a): return a[1:2], a[:'x y', ::-1.5], a[b'x':2**70]",
    "def g(n):\n while n:\n  try: n -= 1\n  except* ValueError: yield n\n",
    "",
)
VALUE = struct.Struct("<I").pack


def obstacle():
    """Why it can't run here, or None."""
    if unusable(sys.hexversion) is not None:
        return "code is not made of templates by this interpreter"
    library = f"{sysconfig.get_config_var('LIBDIR')}/{sysconfig.get_config_var('LDLIBRARY')}"
    if not sysconfig.get_config_var("Py_ENABLE_SHARED") or not (LINKING or os.path.exists(library)):
        return "the interpreter has no shared library"
    return None if shutil.which("cc") else "there is no C compiler"


def write_corpus(file):
    """The probe, which has everything that code can be made of, and small modules, in which damage hits often."""
    table = TextTable()
    marshalled = [probe.marshalled(), *(marshal.dumps(compile(source, "/m.py", "exec")) for source in SOURCES)]
    modules = [(table.encode(data), len(data)) for data in marshalled]
    places, data = table.sections()
    starts = [place for (place,) in struct.iter_unpack("<I", places)]
    ends = [start & 0x7FFFFFFF for start in starts[1:]]
    texts = [(data[start & 0x7FFFFFFF : end], not start >> 31) for start, end in zip(starts, ends)]
    pieces = [VALUE(len(texts)), *(VALUE(len(text)) + VALUE(is_ascii) + text for text, is_ascii in texts)]
    pieces += [VALUE(len(modules)), *(VALUE(len(made)) + VALUE(size) + made for made, size in modules)]
    Path(file).write_bytes(b"".join(pieces))


def compile_driver(target):
    """Compile it, with sanitizers where the compiler has them; whether it has."""
    libraries = sysconfig.get_config_var("LIBDIR")
    sources = [HERE / "builder_driver.c", CODE / "builder.c", CODE / "quicken.c"]
    command = ["cc", "-g", "-O1", "-w", f"-I{CODE}", f"-I{sysconfig.get_path('include')}", "-o", target, *sources]
    command += [*LINKING, f"-L{libraries}", f"-Wl,-rpath,{libraries}", f"-lpython{sysconfig.get_config_var('LDVERSION')}", "-lm"]
    if subprocess.run([*command, *SANITIZERS], capture_output=True, check=False).returncode == 0:
        return True
    subprocess.run(command, check=True)
    return False


def run(directory, count, seed=1):
    """The finished process of the driver."""
    write_corpus(f"{directory}/corpus")
    compile_driver(f"{directory}/driver")
    environment = {
        "PATH": os.environ.get("PATH", ""),
        "PYTHONHOME": sys.base_prefix,
        "PYTHONMALLOC": "malloc",  # each object in a block of its own
        "ASAN_OPTIONS": "detect_leaks=0",  # the interpreter keeps what it has at its end
    }
    command = [f"{directory}/driver", f"{directory}/corpus", str(count), str(seed)]
    return subprocess.run(command, env=environment, capture_output=True, text=True, check=False)


def main():
    """Run it, and say what came of it."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--count", type=int, default=1_000_000)
    parser.add_argument("--seed", type=int, default=1)
    arguments = parser.parse_args()
    if (reason := obstacle()) is not None:
        print(f"can't run: {reason}")
        return 3
    with tempfile.TemporaryDirectory() as directory:
        done = run(directory, arguments.count, arguments.seed)
    print(done.stdout, done.stderr, sep="", end="")
    return int(done.returncode != 0)


if __name__ == "__main__":
    sys.exit(main())
