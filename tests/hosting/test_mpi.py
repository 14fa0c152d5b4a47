"""``fastimport.mpi.install`` under a real mpiexec: one rank reads, four import, each another set in another order.

Rules: no deadlock, whoever imports what; no file-system call for pure modules after installation; a root without a snapshot is an
error on every rank; nothing is left in shared memory.
"""

import importlib.util
import os
import re
import shutil
import subprocess
import sys
from pathlib import Path

import pytest
from support.components import FILE_CALL, needs, run
from support.installation import clean_environment
from support.trees import plant

pytestmark = [
    needs("mpi4py"),
    pytest.mark.skipif(importlib.util.find_spec("fastimport.snapshot") is None, reason="this version has no snapshots"),
]
RANKS, MODULES = 4, 40
PROGRAM = """
import importlib, os, random, sys, tempfile
from mpi4py import MPI
import fastimport
from fastimport.hosting import mpi

tree, snapshot = sys.argv[1:]
rank = MPI.COMM_WORLD.rank
import fastimport.snapshot.api, fastimport.snapshot.decode
calls = fastimport.stats()
sys.path[:] = [tree, tree]
if "NO_ROOM" in os.environ:
    mpi.SHARED_MEMORY = tempfile.tempdir = "/nowhere"
try:
    mpi.install(root=1, snapshot=snapshot or None)
except mpi.SnapshotError as error:
    print(rank, "refused:", error, flush=True)
    sys.exit()
names = [f"pure{{number}}" for number in range({modules})] + ["package.sub", "package"]
random.Random(rank).shuffle(names)
calls = fastimport.stats()
os.access("/begin", 0)
for name in names[rank * 3:]:
    importlib.import_module(name)
os.access("/end", 0)
now = fastimport.stats()
right = all(sys.modules[name].__name__ == name for name in names[rank * 3:])
extensions = [os.path.basename(path) for path in mpi.extension_modules()]
print(rank, right, fastimport.installed(), now.stat_calls - calls.stat_calls, now.scans - calls.scans, now.refusals, extensions,
      flush=True)
"""
LAUNCHERS = [name for name in ("mpiexec.openmpi", "mpiexec.mpich", "mpiexec") if shutil.which(name)]
if len(LAUNCHERS) > 1:
    LAUNCHERS.remove("mpiexec")  # one of the others under its short name


def kind_of(launcher):
    said = subprocess.run([launcher, "--version"], capture_output=True, text=True, check=False).stdout
    return "openmpi" if "Open MPI" in said or "OpenRTE" in said else "mpich"


def launch(launcher, *words, cwd, **variables):
    kind = kind_of(launcher)
    options = ["--oversubscribe", *(["--allow-run-as-root"] if os.geteuid() == 0 else [])] if kind == "openmpi" else []
    command = [launcher, *options, "-n", str(RANKS), *map(str, words)]
    if kind == "mpich":
        variables["LD_LIBRARY_PATH"] = mpich_as_wheels_know_it(cwd)
    return run(command, cwd=cwd, MPI4PY_MPIABI=kind, OMPI_MCA_btl_vader_single_copy_mechanism="none", **variables)


def mpich_as_wheels_know_it(directory):
    """A directory in which MPICH's library has the name that mpi4py's wheels look for: Debian gives it another one."""
    named = directory / "mpich"
    if not named.exists():
        named.mkdir()
        ldconfig = shutil.which("ldconfig", path=f"{os.environ.get('PATH', '')}:/sbin:/usr/sbin")
        known = subprocess.run([ldconfig, "-p"], capture_output=True, text=True, check=False).stdout if ldconfig else ""
        found = re.search(r"^\s*libmpich\.so\.12 .*=> (.*)$", known, re.MULTILINE)
        if found:
            (named / "libmpi.so.12").symlink_to(found[1])
    return f"{named}:{os.environ.get('LD_LIBRARY_PATH', '')}".rstrip(":")


@pytest.fixture(params=LAUNCHERS or [pytest.param(None, marks=pytest.mark.skip(reason="no mpiexec on PATH"))])
def launcher(request, tmp_path):
    works = launch(request.param, sys.executable, "-c", "from mpi4py import MPI; print(MPI.COMM_WORLD.size)", cwd=tmp_path)
    if works.stdout.split() != [str(RANKS)] * RANKS:
        pytest.skip(f"mpi4py does not work with {request.param} here: {works.stderr.strip()[-200:]}")
    return request.param


@pytest.fixture
def job(tmp_path):
    tree = {f"pure{number}.py": f"VALUE = {number}" for number in range(MODULES)}
    tree |= {"package": {"__init__.py": "", "sub.py": ""}, f"native{importlib.machinery.EXTENSION_SUFFIXES[0]}": ""}
    plant(tmp_path, {"tree": tree, "program.py": PROGRAM.format(modules=MODULES)})
    return tmp_path


def in_shared_memory():
    shared = Path("/dev/shm")
    return {path.name for path in shared.iterdir() if path.name.startswith("fastimport-")} if shared.is_dir() else set()


def answers(done):
    """What each rank said, by rank."""
    assert done.returncode == 0, done.stdout + done.stderr
    said = dict(re.findall(r"^(\d) (.*)$", done.stdout, re.MULTILINE))
    assert sorted(said) == [str(rank) for rank in range(RANKS)], done.stdout + done.stderr
    return said


def built(job):
    """A snapshot from a file, made before the job."""
    path = job / "made" / "snapshot"
    path.parent.mkdir(mode=0o700)
    words = [sys.executable, "-m", "fastimport", "build", "--by-content", "-o", path, job / "tree"]
    subprocess.run(words, check=True, capture_output=True, env=clean_environment())
    return path


@pytest.mark.parametrize("source", ["built by the root", "read from a file"])
def test_all_ranks_import_from_what_one_has_read(launcher, job, source):
    before = in_shared_memory()
    snapshot = built(job) if source == "read from a file" else ""
    done = launch(launcher, sys.executable, "program.py", job / "tree", snapshot, cwd=job)
    extension = f"native{importlib.machinery.EXTENSION_SUFFIXES[0]}"
    assert answers(done) == {str(rank): f"True True 0 0 {{}} ['{extension}']" for rank in range(RANKS)}
    assert in_shared_memory() == before


@pytest.mark.skipif(shutil.which("strace") is None, reason="no strace to count system calls with")
def test_no_rank_asks_the_file_system_for_a_pure_module(launcher, job):
    (job / "traces").mkdir()
    done = launch(
        launcher,
        "strace",
        "-ff",
        "-qq",
        "-o",
        job / "traces" / "t",
        sys.executable,
        "program.py",
        job / "tree",
        built(job),
        cwd=job,
    )
    if "ptrace" in done.stderr:
        pytest.skip("strace may not trace here")
    answers(done)
    counted = 0
    for path in (job / "traces").iterdir():
        text = path.read_text(encoding="utf-8", errors="replace")
        if '"/begin"' in text:
            lines = text.split('"/begin"')[1].split('"/end"')[0].splitlines()[1:-1]
            assert [line for line in lines if FILE_CALL.match(line)] == []
            counted += 1
    assert counted == RANKS


def test_a_root_without_snapshot_is_an_error_on_every_rank(launcher, job):
    done = launch(launcher, sys.executable, "program.py", job / "tree", job / "missing", cwd=job)
    for said in answers(done).values():
        assert said.startswith("refused: rank 1: Refused: ")
        assert "missing" in said


def test_a_node_without_room_imports_by_importlib_and_says_so(launcher, job):
    done = launch(launcher, sys.executable, "program.py", job / "tree", "", cwd=job, NO_ROOM="1")
    for said in answers(done).values():
        assert said.startswith("True False 0 0 {'mpi: no room for the snapshot on this node")


def test_switched_off_nobody_waits_and_importlib_imports(launcher, job):
    done = launch(launcher, sys.executable, "program.py", job / "tree", "", cwd=job, FASTIMPORT="0")
    assert all(said.startswith("True False 0 0") for said in answers(done).values())
