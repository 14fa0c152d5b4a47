"""What an MPI job asks of the file system to import, with importlib and with ``fastimport.mpi.install``, counted with strace.

    python benchmarks/mpi_calls.py [--ranks 4] [--launcher mpiexec] [--for-ranks 1024] [--for-nodes 32]

Imports Django's models and admin on every rank (mpi4py and Django have to be installed). Counted are the calls that look
something up: open, stat, access, readlink and the listing of directories; inside `install`, and from there to the end of the
imports, where what is left with it is the dynamic loader's and the program's own. What a larger job asks is these counts
multiplied; it is not measured.
"""

import argparse
import itertools
import json
import os
import re
import subprocess
import sys
import tempfile

MARKS = ("/begin-install", "/begin-imports", "/end")
PROGRAM = """
import json, os, sys, time
from mpi4py import MPI
snapshot, out = sys.argv[1:]
rank = MPI.COMM_WORLD.rank
if snapshot != "importlib":
    import fastimport.mpi
MPI.COMM_WORLD.Barrier()
start = time.perf_counter()
os.access("/begin-install", 0)
if snapshot != "importlib":
    fastimport.mpi.install(snapshot=snapshot)
os.access("/begin-imports", 0)
middle = time.perf_counter()
before = set(sys.modules)
import django, django.conf
django.conf.settings.configure(INSTALLED_APPS=["django.contrib.admin", "django.contrib.auth", "django.contrib.contenttypes",
                                               "django.contrib.messages", "django.contrib.sessions"])
django.setup()
import django.contrib.admin.sites, django.contrib.admin.options, django.core.management.commands.runserver
end = time.perf_counter()
os.access("/end", 0)
specs = [getattr(sys.modules[name], "__spec__", None) for name in set(sys.modules) - before]
origins = [getattr(spec, "origin", None) or "" for spec in specs]
with open(f"{out}.{rank}", "w") as file:
    pure = sum(origin.endswith(".py") for origin in origins)
    extensions = sum(origin.endswith(".so") for origin in origins)
    json.dump([os.getpid(), pure, extensions, middle - start, end - middle, len(sys.path)], file)
"""
CALL = re.compile(r"^(open|openat|stat|lstat|newfstatat|statx|access|faccessat2?|readlink|readlinkat|getdents64)\((.*)$")


def launch(arguments, words, directory):
    """Run a job in `directory`."""
    version = subprocess.run([arguments.launcher, "--version"], capture_output=True, text=True, check=True).stdout
    options, variables = [], dict(os.environ, MPI4PY_MPIABI="mpich")
    if "Open MPI" in version or "OpenRTE" in version:
        options = ["--oversubscribe", *(["--allow-run-as-root"] if os.geteuid() == 0 else [])]
        variables["MPI4PY_MPIABI"] = "openmpi"
    command = [arguments.launcher, *options, "-n", str(arguments.ranks), *words]
    subprocess.run(command, cwd=directory, env=variables, check=True)


def calls_of(path):
    """Calls during `install`, and during the imports; `fstat`, which needs no look-up, is left out."""
    with open(path, encoding="utf-8", errors="replace") as file:
        text = file.read()
    starts = [text.index(f'"{mark}"') for mark in MARKS]
    inside = (text[a:b].splitlines()[1:-1] for a, b in itertools.pairwise(starts))
    return [sum(bool(CALL.match(line)) and ', "", ' not in line for line in lines) for lines in inside]


def said(directory, rank):
    """What a rank wrote at its end."""
    with open(os.path.join(directory, f"said.{rank}"), encoding="utf-8") as file:
        return json.load(file)


def measure(arguments, snapshot):
    """For each rank: what it said, and its calls. A job without strace first: it writes bytecode and gives the times."""
    with tempfile.TemporaryDirectory() as directory:
        with open(os.path.join(directory, "program.py"), "w", encoding="utf-8") as file:
            file.write(PROGRAM)
        words = [sys.executable, "program.py", snapshot, "said"]
        launch(arguments, words, directory)
        launch(arguments, words, directory)
        times = [said(directory, rank)[3:5] for rank in range(arguments.ranks)]
        launch(arguments, ["strace", "-ff", "-qq", "-s", "4096", "-o", "trace", *words], directory)
        found = []
        for rank in range(arguments.ranks):
            pid, pure, extensions, *_, entries = said(directory, rank)
            calls = calls_of(os.path.join(directory, f"trace.{pid}"))
            found.append({"pure": pure, "extensions": extensions, "entries": entries, "calls": calls, "seconds": times[rank]})
        return found


def build(path):
    """A snapshot of what the program uses, run alone."""
    program = os.path.join(os.path.dirname(path), "alone.py")
    with open(program, "w", encoding="utf-8") as file:
        file.write(PROGRAM)
    words = ["-m", "fastimport", "build", "--by-content", "-o", path, "--from", program, "importlib", f"{path}-said"]
    subprocess.run([sys.executable, *words], check=True)


def main():
    """Measure, print, multiply."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--ranks", type=int, default=4)
    parser.add_argument("--launcher", default="mpiexec")
    parser.add_argument("--for-ranks", type=int, default=1024)
    parser.add_argument("--for-nodes", type=int, default=32)
    arguments = parser.parse_args()
    with tempfile.TemporaryDirectory() as directory:
        snapshot = os.path.join(directory, "snapshot")
        build(snapshot)
        size = os.path.getsize(snapshot)
        sides = {"importlib": measure(arguments, "importlib"), "install": measure(arguments, snapshot)}
    for name, ranks in sides.items():
        for number, each in enumerate(ranks):
            install, imports = each["calls"]
            print(
                f"{name:9} rank {number}: install {install:3} calls {each['seconds'][0] * 1e3:6.1f} ms, imports {imports:5} "
                f"calls {each['seconds'][1] * 1e3:7.1f} ms; {each['pure']} pure and {each['extensions']} extension modules"
            )
    stock, root, other = sides["importlib"][0], sides["install"][0]["calls"], sides["install"][-1]["calls"]
    saved = stock["calls"][1] - sides["install"][0]["calls"][1]
    print(f"{saved / stock['pure']:.2f} calls for each pure module are gone ({stock['entries']} entries on sys.path)")
    nodes, ranks = arguments.for_nodes, arguments.for_ranks
    print(f"snapshot: {size / 1e6:.1f} MB, {size * nodes / 1e6:.0f} MB to {nodes} nodes")
    print(f"{ranks} ranks, importlib: {ranks * stock['calls'][1]:,} calls")
    print(f"{ranks} ranks, install: {root[0] + (ranks - 1) * other[0]:,} calls in it, and {ranks * other[1]:,} of the rest")


if __name__ == "__main__":
    main()
