"""The process that makes an automatic snapshot: started where it can work and may write, one at a time, and not for ever."""

import os
import shutil
import stat
import subprocess
import sys
import time

import pytest
from support import plant
from support.process import NOBODY, python, run_python
from support.snapshots import settle

import fastimport
from fastimport.snapshot import attempts, builder, decode, places, recording, trust
from fastimport.snapshot.attachment import open_snapshot

needs_root = pytest.mark.skipif(os.geteuid() != 0, reason="only root can give files away")
HERE = os.path.dirname(os.path.dirname(fastimport.__file__))


@pytest.fixture
def snapshot(root):
    return os.path.join(root, "cache", "fastimport", "p.auto.fastimport")


@pytest.fixture
def spawned(monkeypatch):
    calls = []
    monkeypatch.setattr(os, "posix_spawn", lambda *arguments, **options: calls.append(arguments))
    return calls


def awaited(condition, seconds=60):
    deadline = time.monotonic() + seconds
    while not condition() and time.monotonic() < deadline:
        time.sleep(0.02)
    return condition()


# Where #################################################################################################################


@needs_root
@pytest.mark.parametrize("there", [(), (".cache",), (".cache", "fastimport")], ids=len)
def test_nothing_is_made_in_the_home_of_another_user(root, there, spawned):
    """sudo that keeps HOME: what root makes there, its owner can't use any more."""
    home = os.path.join(root, "house")
    os.makedirs(os.path.join(home, *there))
    for directory, _, _ in os.walk(home):
        os.chown(directory, 1001, 1001)
    before = sorted(path for path, _, _ in os.walk(home))
    with pytest.raises(trust.Refused, match="belongs to user 1001"):
        builder.start(f"{home}/.cache/fastimport/p.auto.fastimport", b"")
    assert sorted(path for path, _, _ in os.walk(home)) == before and not spawned


@needs_root
def test_it_is_told_when_the_program_starts(root):
    home = os.path.join(root, "house")
    os.mkdir(home)
    os.chown(home, 1001, 1001)
    code = "import fastimport; fastimport.install(snapshot='auto'); print(*fastimport.stats().refusals)"
    assert "belongs to user 1001" in python("-c", code, HOME=home).stdout
    assert os.listdir(home) == []


@needs_root
@pytest.mark.parametrize("directory", ["house", "link"])
def test_behind_a_link_of_another_user(root, directory, spawned):
    os.mkdir(f"{root}/house")
    os.symlink(f"{root}/house", f"{root}/link")
    os.lchown(f"{root}/link", NOBODY, NOBODY)
    refused = directory == "link"
    try:
        builder.start(f"{root}/{directory}/cache/p.auto.fastimport", b"")
    except trust.Refused:
        assert refused
    assert os.path.exists(f"{root}/house/cache") != refused


@pytest.mark.parametrize("mask", [0o000, 0o022, 0o077, 0o777])
@pytest.mark.parametrize("mode", [0o700, 0o755])
def test_directories_have_their_mode_whatever_the_umask(root, mask, mode):
    """One that others may write to would be refused for ever; one that nobody may enter is of no use."""
    before = os.umask(mask)
    try:
        trust.make_directory(f"{root}/a/b/c", mode)
    finally:
        os.umask(before)
    for path in ("a", "a/b", "a/b/c"):
        assert stat.S_IMODE(os.stat(f"{root}/{path}").st_mode) == mode


def test_directories_that_are_there_keep_their_mode(root):
    os.mkdir(f"{root}/a")
    os.chmod(f"{root}/a", 0o750)
    trust.make_directory(f"{root}/a/b", 0o700)
    assert stat.S_IMODE(os.stat(f"{root}/a").st_mode) == 0o750


@pytest.mark.parametrize("mask", ["0", "0077"])
def test_the_environments_own_directory_is_for_all_its_users(root, mask):
    """`fastimport build` by an administrator who keeps his files to himself."""
    plant(root, {"lib": {"m.py": ""}})
    code = (
        f"import os, sys; os.umask(0o{mask}); sys.prefix = {root!r}; from fastimport.cli import main; main(['build', {root!r}])"
    )
    assert python("-c", code).returncode == 0
    assert stat.S_IMODE(os.stat(f"{root}/fastimport").st_mode) == 0o755


# What is started #######################################################################################################


@pytest.mark.parametrize("variable", ["LD_LIBRARY_PATH", "LD_PRELOAD", "PYTHONHOME", "PYTHONPLATLIBDIR"])
def test_it_starts_with_what_its_parent_needed(monkeypatch, variable):
    """An interpreter that is found through a variable (modules of a cluster) is found again."""
    monkeypatch.setenv(variable, "/some/where")
    monkeypatch.setenv("PYTHONPATH", "/elsewhere")
    assert builder.environment()[variable] == "/some/where" and "PYTHONPATH" not in builder.environment()
    words = builder.command("/p")
    assert ("-I" in words) == (not variable.startswith("PYTHON")) and ("-P" in words) != ("-I" in words)


@pytest.mark.parametrize("home", [False, True])
def test_the_command_starts(root, home):
    """And finds fastimport, isolated from the current directory and the user's own."""
    plant(root, {"sys.py": "raise SystemExit('mine')", "json.py": "raise SystemExit('mine')"})
    variables = {"PYTHONHOME": f"{sys.base_prefix}:{sys.base_exec_prefix}"} if home else {}
    code = "import sys; from fastimport.snapshot import builder; print(builder.command('/p')[1:], builder.environment())"
    done = python("-c", f"import sys; sys.path.insert(0, {HERE!r}); {code}", **variables)
    words, environment = done.stdout.split("] ")
    assert ("-I" in words) != home and ("PYTHONHOME" in environment) == home
    isolated = ("-s", "-P") if home else ("-I",)
    again = run_python(sys.executable, *isolated, "-S", "-c", "import json; print(json.__file__)", cwd=root, **variables)
    assert again.returncode == 0 and root not in again.stdout


PYTHONS = ["python", "python3", "python3.11", "python3.13t", "python3.12-dbg", "pythonw.exe", "Python"]
OTHERS = ["python-editor", "pythonista", "python3-host", "ipython", "uwsgi", "python.sh", "mypython3", ""]


@pytest.mark.parametrize("name", [*PYTHONS, *OTHERS])
def test_what_is_the_name_of_a_python(name):
    assert builder.is_name_of_python(name) == (name in PYTHONS)


@pytest.mark.parametrize("sign", [True, "macosx_app", "dll"])
def test_frozen_applications_are_not_started_again(monkeypatch, snapshot, spawned, sign):
    """With "-I -S -c" they would open a window."""
    monkeypatch.setattr(sys, "frozen", sign, raising=False)
    builder.start(snapshot, b"")
    assert not spawned and not os.path.exists(os.path.dirname(snapshot))


@pytest.mark.parametrize("running", ["/usr/sbin/apache2", "/usr/lib/python-editor", "/srv/app.bin (deleted)"])
def test_a_host_program_that_calls_itself_python_is_not_started(monkeypatch, snapshot, spawned, running):
    """Py_SetProgramName("python3") in a program that is none."""
    true = os.readlink
    monkeypatch.setattr(os, "readlink", lambda path, **more: running if path == "/proc/self/exe" else true(path, **more))
    builder.start(snapshot, b"")
    assert not spawned


# How often #############################################################################################################


def test_one_at_a_time(snapshot, spawned):
    """Eight programs that end together need one builder."""
    os.makedirs(os.path.dirname(snapshot), mode=0o700)
    lock = attempts.begin(snapshot)
    for _ in range(8):
        builder.start(snapshot, b"")
    assert not spawned
    os.close(lock)
    builder.start(snapshot, b"")
    assert len(spawned) == 1


def test_another_has_made_it_meanwhile(snapshot, spawned):
    os.makedirs(os.path.dirname(snapshot), mode=0o700)
    with open(snapshot, "wb"):
        pass
    builder.start(snapshot, b"", recording.is_old)
    assert not spawned and os.listdir(os.path.dirname(snapshot)) == ["p.auto.fastimport"]


def test_what_fails_is_not_tried_for_ever(snapshot, spawned):
    """Three times, then a day later."""
    for _ in range(5):
        builder.start(snapshot, b"")
    assert len(spawned) == attempts.MOST
    assert "failed 3 times" in attempts.failure(snapshot)
    old = time.time() - attempts.PATIENCE_S - 1
    os.utime(snapshot + places.ATTEMPT_ENDING, (old, old))
    builder.start(snapshot, b"")
    assert len(spawned) == attempts.MOST + 1 and attempts.failure(snapshot) is None


FAILING = """
import sys, fastimport
fastimport.install(snapshot="auto")
sys.executable = sys.argv[1]
print(*fastimport.stats().refusals)
"""


def test_a_builder_that_can_not_start_is_told_of(root):
    """Counted where somebody looks, and not started again."""
    broken = os.path.join(root, "python3")
    with open(broken, "w") as file:
        file.write(f"#!/bin/sh\necho started >> {root}/log\nexit 127\n")
    os.chmod(broken, 0o755)
    told = []
    for _ in range(5):
        told.append(python("-c", FAILING, broken, HOME=root).stdout)
        time.sleep(0.2)
    with open(f"{root}/log") as file:
        assert file.read().count("started") == attempts.MOST
    assert told[0] == "\n" and "failed 3 times" in told[-1]
    assert "1 file removed" in python("-m", "fastimport", "clean", "--auto", HOME=root).stdout
    assert python("-c", FAILING, broken, HOME=root).stdout == "\n"


# For which program #####################################################################################################


def key_of(*words, cwd=None, **variables):
    return python(*words, cwd=cwd, **variables).stdout.strip()


@pytest.mark.parametrize("difference", ["directory", "PYTHONPATH"])
def test_two_projects_with_a_module_of_the_same_name(root, difference):
    main = "from fastimport.snapshot import places; print(places.program_key())"
    plant(root, {"one": {"app": {"__main__.py": main}}, "two": {"app": {"__main__.py": main}}, "empty": {}})
    if difference == "directory":
        keys = [key_of("-m", "app", cwd=f"{root}/{name}") for name in ("one", "two", "one")]
    else:
        keys = [key_of("-m", "app", cwd=f"{root}/empty", PYTHONPATH=f"{root}/{name}") for name in ("one", "two", "one")]
    assert keys[0].startswith("app-") and keys[0] == keys[2] != keys[1]


SPAWNED = [
    "from multiprocessing.spawn import spawn_main; spawn_main(tracker_fd={0}, pipe_handle={1})",
    "from billiard.spawn import spawn_main; spawn_main(pipe_handle={0})",
    "from multiprocessing.resource_tracker import main;main({0})",
]


@pytest.mark.parametrize("code", SPAWNED)
def test_workers_are_one_program(monkeypatch, code):
    """Whatever the numbers of their pipes are."""
    keys = set()
    for numbers in ((5, 7), (11, 130), (5, 8)):
        monkeypatch.setattr(sys, "orig_argv", ["python", "-c", code.format(*numbers), "--multiprocessing-fork"])
        keys.add(places.program_key())
    assert len(keys) == 1


MANAGE = """
import sys, fastimport
sys.path.insert(0, sys.argv[2])
fastimport.install(snapshot="auto")
before = fastimport.stats().snapshot_codes
for number in range(8):
    __import__(f"{sys.argv[1]}{number}")
print(fastimport.stats().snapshot_codes - before)
"""


def test_commands_of_one_program_share_a_snapshot(root):
    """manage.py a, manage.py b: what the one recorded, the other keeps; what is gone is not kept."""
    plant(root, {"lib": {f"{command}{number}.py": "" for command in "ab" for number in range(8)}, "manage.py": MANAGE})
    settle()

    def run(command):
        return python(f"{root}/manage.py", command, f"{root}/lib", HOME=root).stdout.strip()

    def renewed(command):
        cache = f"{root}/.cache/fastimport"
        for name in os.listdir(cache) if os.path.isdir(cache) else ():
            os.utime(f"{cache}/{name}", (1, 1))
        run(command)
        assert awaited(lambda: os.path.isdir(cache) and {name.rpartition(".")[2] for name in os.listdir(cache)} == {"fastimport"})
        assert awaited(lambda: all(os.stat(f"{cache}/{name}").st_mtime > 1 for name in os.listdir(cache)))

    renewed("a")
    assert (run("a"), run("b")) == ("8", "0")
    renewed("b")
    assert (run("a"), run("b"), run("a"), run("b")) == ("8", "8", "8", "8")
    (name,) = os.listdir(f"{root}/.cache/fastimport")
    os.unlink(f"{root}/lib/a0.py")
    os.unlink(f"{root}/lib/b1.py")
    plant(root, {"lib": {f"b{number}.py": "" for number in range(8)}})
    renewed("b")
    codes = {os.path.basename(code.path) for code in decode.codes(open_snapshot(f"{root}/.cache/fastimport/{name}"))}
    assert "a0.py" not in codes and {"a1.py", "b1.py"} <= codes


def test_programs_that_end_together_need_one_builder(root):
    """No stampede: the others find it locked, or made."""
    settle()
    words = [sys.executable, "-c", "import fastimport; fastimport.install(snapshot='auto'); import csv"]
    kept = {name: value for name, value in os.environ.items() if not name.startswith(("PYTHON", "FASTIMPORT"))} | {"HOME": root}
    running = [subprocess.Popen(words, env=kept) for _ in range(8)]
    assert [each.wait() for each in running] == [0] * 8
    cache = f"{root}/.cache/fastimport"
    assert awaited(lambda: [name.rpartition(".")[2] for name in os.listdir(cache)] == ["fastimport"])
    shutil.rmtree(cache)
