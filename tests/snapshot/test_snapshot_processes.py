"""Many processes around one file: writers and readers at once, killed writers, full disks, files changed under a mapping."""

import os
import random
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest
from support import plant
from support.process import python
from support.snapshots import contents_of, encoded, settle

from fastimport.snapshot import attachment, store

WORKER = str(Path(__file__).parents[1] / "isolated" / "snapshot_worker.py")
SANDBOX = str(Path(__file__).parents[1] / "isolated" / "sandboxed.py")
TREE = {f"m{i}.py": f"NUMBER = {i}\nTEXT = {str(i)[0] * 3000!r}\n" for i in range(20)}
PROCESSES = 20
CAN_NOT = 77


@pytest.fixture
def library(root):
    plant(root, {"lib": TREE})
    settle()
    return os.path.join(root, "lib")


@pytest.fixture
def snapshot(library, root):
    os.mkdir(os.path.join(root, "kept"))
    path = os.path.join(root, "kept", "s.fastimport")
    store.save(contents_of([library]), path)
    return path


def start(what, snapshot, library, times=1, before=(), **options):
    environment = {k: v for k, v in os.environ.items() if not k.startswith(("PYTHON", "FASTIMPORT"))}
    command = [sys.executable, "-W", "error", *before, WORKER, what, snapshot, library, str(times)]
    return subprocess.Popen(command, env=environment, stderr=subprocess.PIPE, text=True, **options)


def ended_well(processes):
    for process in processes:
        _, complaints = process.communicate(timeout=120)
        assert (process.returncode, complaints) == (0, "")


def left_behind(snapshot):
    return sorted(set(os.listdir(os.path.dirname(snapshot))) - {os.path.basename(snapshot)})


def test_twenty_writers_and_twenty_readers(snapshot, library):
    """Every import of every reader is right, and the last file is whole."""
    processes = [start("write", snapshot, library, 3) for _ in range(PROCESSES)]
    processes += [start("read", snapshot, library, 6) for _ in range(PROCESSES)]
    ended_well(processes)
    assert left_behind(snapshot) == []
    assert attachment.open_snapshot(snapshot).facts()[5][2] >= 1


def test_killed_writers(snapshot, library):
    """At any moment: the file is the old one or a new one, and what was left behind goes with the next writer."""
    source = random.Random(4)
    for _ in range(8):
        process = start("kill", snapshot, library)
        time.sleep(0.15 + source.random() * 0.25)
        process.kill()
        process.communicate()
        ended_well([start("read", snapshot, library, 1)])
    descriptor = os.open(os.path.join(os.path.dirname(snapshot), ".x.1.ab.fastimport-temporary"), os.O_CREAT | os.O_WRONLY)
    os.write(descriptor, b"what a killed writer leaves")
    os.close(descriptor)
    assert left_behind(snapshot)
    for name in left_behind(snapshot):  # an empty one may be another writer's who has not locked it yet, for 5 s
        os.utime(os.path.join(os.path.dirname(snapshot), name), (0, 0))
    store.save(contents_of([library]), snapshot)
    assert left_behind(snapshot) == []


def test_a_writer_that_lives_is_left_alone(snapshot, library):
    """Its temporary file is locked."""
    with store._replacing(snapshot + ".2", 0o444) as stream:
        stream.write(b"half")
        stream.flush()
        store.save(contents_of([library]), snapshot)
        assert len(left_behind(snapshot)) == 1
    assert left_behind(snapshot) == ["s.fastimport.2"]


def truncate(path, data):
    os.chmod(path, 0o644)
    os.truncate(path, 0)


def shorten(path, data):
    os.chmod(path, 0o644)
    os.truncate(path, len(data) // 2)


def overwrite(path, data):
    os.chmod(path, 0o644)
    with open(path, "r+b") as file:
        file.write(os.urandom(len(data)))


def replace(path, data):
    other = path + ".other"
    with open(other, "wb") as file:
        file.write(data)
    os.replace(other, path)


@pytest.mark.parametrize("change", [truncate, shorten, overwrite, replace, lambda path, data: os.unlink(path)])
def test_file_changed_while_it_is_mapped(snapshot, library, change):
    """No SIGBUS: the mapping is only read through the kernel, which reports an error. What is missing or damaged is read as if
    there were no snapshot."""
    data = Path(snapshot).read_bytes()
    process = start("hold", snapshot, library, stdin=subprocess.PIPE, stdout=subprocess.PIPE)
    assert process.stdout.readline() == "ready\n"
    change(snapshot, data)
    output, complaints = process.communicate("go\n", timeout=180)
    assert (process.returncode, complaints) == (0, "")
    used, damaged, _ = map(int, output.split())
    unharmed = change not in (truncate, shorten, overwrite)
    assert (used == 30 and damaged == 0) if unharmed else damaged > 0


@pytest.mark.parametrize("change", [truncate, shorten, overwrite, replace])
def test_file_changed_where_the_guarding_call_is_forbidden(snapshot, library, change):
    """A sandbox without process_vm_readv(2): the file was read, so what becomes of it does not matter."""
    data = Path(snapshot).read_bytes()
    process = sandboxed("first", snapshot, library)
    change(snapshot, data)
    output, complaints = process.communicate("go\n", timeout=60)
    assert (process.returncode, complaints, output) == (0, "", "30 0 0\n")


@pytest.mark.parametrize("change", [None, truncate])
def test_guarding_call_forbidden_after_the_snapshot_was_mapped(snapshot, library, change):
    """A server that shuts itself in when it is ready: imports are importlib's then, with no crash."""
    process = sandboxed("later", snapshot, library)
    process.send_signal(signal.SIGUSR1)
    if change is not None:
        change(snapshot, Path(snapshot).read_bytes())
    output, complaints = process.communicate("go\n", timeout=60)
    if process.returncode == CAN_NOT:
        pytest.skip("no right to make a seccomp rule")
    assert (process.returncode, complaints) == (0, "")
    used, damaged, mapped = map(int, output.split())
    assert used == 10 and damaged > 0 and mapped


def sandboxed(when, snapshot, library):
    process = start("hold", snapshot, library, stdin=subprocess.PIPE, stdout=subprocess.PIPE, before=(SANDBOX, when))
    if process.stdout.readline() != "ready\n":
        output, complaints = process.communicate()
        if process.returncode == CAN_NOT:
            pytest.skip("no right to make a seccomp rule")
        raise AssertionError(output + complaints)
    return process


def test_full_disk(snapshot, library, tmp_path):
    """Nothing half-written: the old file stays, the temporary one goes, the error is told."""
    mount = tmp_path / "small"
    mount.mkdir()
    mounted = subprocess.run(["mount", "-t", "tmpfs", "-o", "size=32k,mode=0700", "tmpfs", mount], capture_output=True)
    if mounted.returncode:
        pytest.skip("no right to mount a small tmpfs")
    try:
        target = str(mount / "s.fastimport")
        small = contents_of([os.path.join(library, "nothing")])
        store.save(small, target)
        before = Path(target).read_bytes()
        with pytest.raises(OSError, match="No space left on device"):
            store.save(contents_of([library]), target)
        assert (Path(target).read_bytes(), os.listdir(mount)) == (before, ["s.fastimport"])
        done = python("-m", "fastimport", "build", "-o", target, library)
        assert done.returncode == 3 and "No space left" in done.stderr and done.stderr.count("\n") == 1
    finally:
        subprocess.run(["umount", mount], check=True)


@pytest.mark.parametrize("mode", [0o500, 0o555])
def test_read_only_directory(library, root, mode):
    """Used if it is there, never written."""
    directory = plant(os.path.join(root, "readonly"), {})
    path = os.path.join(directory, "s.fastimport")
    with open(path, "wb") as file:
        file.write(encoded(contents_of([library])))
    os.chmod(directory, mode)
    try:
        attachment.open_snapshot(path)
        if os.geteuid():
            with pytest.raises(OSError, match="Permission denied"):
                store.save(contents_of([library]), path)
    finally:
        os.chmod(directory, 0o700)


def test_readonly_setting(library, root, monkeypatch):
    monkeypatch.setenv("FASTIMPORT_READONLY", "1")
    with pytest.raises(OSError, match="FASTIMPORT_READONLY is set"):
        store.save(contents_of([library]), os.path.join(root, "s.fastimport"))
    assert os.listdir(root) == ["lib"]


def test_nothing_is_written_where_it_would_be_refused(library, root):
    os.chmod(root, 0o777)
    with pytest.raises(OSError, match=r"would be refused.*others may write"):
        store.save(contents_of([library]), os.path.join(root, "s.fastimport"))
