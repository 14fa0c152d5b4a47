"""``fastimport build``, ``clean``, and what ``run``, ``verify`` and ``status`` do with a snapshot; other prefixes."""

import json
import os
import shutil
import sys

import pytest
from support import plant
from support.process import python, run_python
from support.snapshots import settle

from fastimport import cli
from fastimport.snapshot import attachment, decode, trust

PROGRAM = """
import sys
try:
    import absent
except ImportError:
    pass
import a.b, plain
print(plain.X, *sys.argv[1:])
"""
TREE = {"lib": {"a": {"__init__.py": "", "b.py": "", "unused.py": ""}, "plain.py": "X = 5"}, "program.py": PROGRAM}


@pytest.fixture
def lib(root):
    plant(root, TREE)
    settle()
    return os.path.join(root, "lib")


def command(*words, **variables):
    return python("-m", "fastimport", *words, **variables)


def done(*words, **variables):
    finished = command(*words, **variables)
    assert (finished.returncode, finished.stderr) == (0, "")
    return finished.stdout


def test_build_and_use(lib, root):
    output = os.path.join(root, "s.fastimport")
    told = json.loads(done("build", "--json", "-o", output, lib))
    assert told["schema"] == "fastimport.build/1"
    assert (told["file"], told["directories"], told["sources"]) == (output, 2, 4)
    assert "2 directories, 4 source files" in done("build", "-o", output, lib)
    for level in ("checked", "trusted", "frozen"):
        code = "import plain, a.b, fastimport; print(fastimport.stats().snapshot_codes >= 3)"
        options = ("--freshness", level, "--snapshot", output)
        assert done("run", *options, "-c", code, PYTHONPATH=lib, PYTHONDONTWRITEBYTECODE="1") == "True\n"
    assert "0 differences" in done("verify", "--snapshot", output, "--level", "frozen", lib)
    found = json.loads(done("run", "--snapshot", output, "-m", "fastimport", "status", "--json"))
    (snapshot,) = [each for each in found["snapshots"] if each["place"] == "in use"]
    assert (snapshot["file"], snapshot["directories"], snapshot["refused"]) == (output, 2, None)


def test_build_from_a_program_keeps_what_it_used(lib, root):
    output = os.path.join(root, "s.fastimport")
    told = done("build", "-o", output, "--from", os.path.join(root, "program.py"), "one", PYTHONPATH=lib)
    assert told.startswith("5 one\n")
    found = done("run", "--snapshot", output, "--freshness", "frozen", "-c", f"""
import fastimport.snapshot.attachment as a, fastimport, os
from fastimport.snapshot import decode
reader = a.attached()[0]
names = [os.path.basename(code.path) for code in decode.codes(reader)]
print(names.index("__init__.py"), "b.py" in names, "plain.py" in names, "unused.py" in names)
print([os.path.basename(path) for path in decode.order(reader) if path.startswith({lib!r})][-3:])
""", PYTHONPATH=lib)  # fmt: skip
    assert "True True False" in found and "['__init__.py', 'b.py', 'plain.py']" in found


def test_build_from_a_program_that_fails_or_vanishes(root):
    output = os.path.join(root, "s.fastimport")
    failed = command("build", "-o", output, "--from", "-c", "raise SystemExit(3)")
    assert (failed.returncode, os.path.exists(output)) == (1, False) and "ended with status 3" in failed.stderr
    vanished = command("build", "-o", output, "--from", "-c", "import os; os._exit(0)")
    assert (vanished.returncode, os.path.exists(output)) == (1, False) and "recorded nothing" in vanished.stderr


@pytest.mark.parametrize(
    ("words", "complaint"),
    [
        (["build", "--from"], "--from takes the rest of the line"),
        (["build", "/nowhere"], "not a directory: /nowhere"),
        (["build", "--root", "here"], "two absolute directories"),
        (["verify", "--level", "slow"], "invalid choice"),
    ],
)
def test_wrong_usage(words, complaint):
    finished = command(*words)
    assert finished.returncode == 2 and complaint in finished.stderr


def test_build_where_nothing_can_be_written(lib):
    finished = command("build", "-o", "/proc/s.fastimport", lib)
    assert finished.returncode == cli.UNCHANGEABLE and finished.stderr.startswith("fastimport build: ")


def test_verify_of_a_refused_and_of_a_wrong_one(lib, root):
    output = os.path.join(root, "s.fastimport")
    done("build", "-o", output, lib)
    os.chmod(output, 0o666)
    finished = command("verify", "--snapshot", output, lib)
    assert finished.returncode == 1 and "refused" in finished.stderr and "others may write" in finished.stderr
    os.chmod(output, 0o644)
    plant(lib, {"new.py": ""})
    assert "snapshot: stale" in done("verify", "--snapshot", output, lib)  # read afresh, so no difference
    finished = command("verify", "--snapshot", output, "--level", "frozen", lib)
    assert finished.returncode == 1 and "new: " in finished.stdout


def test_verify_of_a_changed_source(lib, root):
    """Its spec is the same: only the code that frozen would run is another."""
    output = os.path.join(root, "s.fastimport")
    done("build", "-o", output, lib)
    plant(lib, {"plain.py": "changed = True"})
    words = ("verify", "--snapshot", output, lib, "--top", "plain")
    assert "what is stale is read afresh" in done(*words)
    finished = command(*words, "--level", "frozen")
    assert finished.returncode == 1 and "what is stale is imported as recorded" in finished.stdout


def test_clean(lib, root):
    output = os.path.join(root, "s.fastimport")
    done("build", "-o", output, lib)
    assert json.loads(done("clean", "--json", output)) == {"schema": "fastimport.clean/1", "removed": [output]}
    finished = command("clean", output)
    assert finished.returncode == cli.UNCHANGEABLE and "No such file" in finished.stderr
    cache = plant(os.path.join(root, ".cache", "fastimport"), {"x-1.auto.fastimport": "", "keep": ""})
    assert "1 file removed" in done("clean", "--auto", HOME=root)
    assert os.listdir(cache) == ["keep"]
    finished = command("clean", "--auto", HOME=root, FASTIMPORT_READONLY="1")
    assert finished.returncode == cli.UNCHANGEABLE


# Other prefixes #######################################################################################################


def make_environment(root, name="env"):
    """What ``python -m venv`` makes, and can't be moved but for its scripts."""
    path = os.path.join(root, name)
    site = f"{path}/lib/python{sys.version_info[0]}.{sys.version_info[1]}{getattr(sys, 'abiflags', '')}/site-packages"
    plant(site, {"plain.py": "X = 5", "a": {"__init__.py": "", "b.py": "Y = 6"}})
    os.makedirs(f"{path}/bin")
    os.symlink(os.path.realpath(sys.executable), f"{path}/bin/python")
    source = os.path.dirname(os.path.dirname(cli.__path__[0]))
    plant(path, {"pyvenv.cfg": f"home = {os.path.dirname(os.path.realpath(sys.executable))}\n"})
    plant(site, {"fastimport.pth": source + "\n"})
    settle()
    return path


def in_environment(path, *words, **variables):
    import subprocess

    kept = {k: v for k, v in os.environ.items() if not k.startswith(("PYTHON", "FASTIMPORT"))}
    finished = subprocess.run([f"{path}/bin/python", *words], env=kept | variables, capture_output=True, text=True, timeout=600)
    assert (finished.returncode, finished.stderr) == (0, "")
    return finished.stdout


USE = """
import fastimport, sys
fastimport.install(freshness=sys.argv[1])
import plain, a.b
assert (plain.X, a.b.Y) == (5, 6) and plain.__file__.startswith(sys.prefix) and plain.__spec__.origin == plain.__file__
assert a.b.Y.__class__ is int and plain.__spec__.loader.get_code("plain").co_filename == plain.__file__
print(fastimport.stats().snapshot_codes >= 3, *fastimport.stats().refusals)
"""


def test_environments_own_snapshot_is_used_and_moves_with_it(root):
    """Built without -o, found without being named, also after a move."""
    path = make_environment(root)
    told = json.loads(in_environment(path, "-m", "fastimport", "build", "--json"))
    assert told["file"].startswith(f"{path}/fastimport/")
    for level in ("checked", "trusted", "frozen"):
        assert in_environment(path, "-c", USE, level) == "True\n"
    assert in_environment(path, "-c", USE, "checked", FASTIMPORT_SNAPSHOT="none") == "False\n"
    moved = os.path.join(root, "elsewhere")
    os.rename(path, moved)
    assert in_environment(moved, "-c", USE, "frozen") == "True\n"
    for level in ("checked", "trusted"):
        assert in_environment(moved, "-c", USE, level) == "True\n"
    assert "1 file removed" in in_environment(moved, "-m", "fastimport", "clean", HOME=root)
    assert in_environment(moved, "-c", USE, "checked") == "False\n"


def test_built_here_for_another_root(lib, root):
    """An image is built in one directory and runs in another."""
    output = os.path.join(root, "s.fastimport")
    target = os.path.join(root, "image")
    assert "by content" in done("build", "-o", output, "--root", f"{lib}={target}", lib)
    shutil.move(lib, target)
    options = ("run", "--freshness", "frozen", "--snapshot", output)
    code = "import plain, fastimport; print(plain.__file__, fastimport.stats().snapshot_codes)"
    assert done(*options, "-c", code, PYTHONPATH=target).split()[0] == f"{target}/plain.py"
    assert trust.open_trusted(output)


def test_frozen_build_does_not_believe_times(lib, root):
    """An image tool set all times to one value: the .pyc of another version seems valid, and is not used."""
    python("-c", f"import sys; sys.path.insert(0, {lib!r}); import plain")
    times = os.stat(f"{lib}/plain.py")
    with open(f"{lib}/plain.py", "w") as file:
        file.write("X = 7")
    os.utime(f"{lib}/plain.py", ns=(times.st_atime_ns, times.st_mtime_ns))
    code = "import plain; print(plain.X)"
    assert python("-c", code, PYTHONPATH=lib).stdout == "5\n"  # importlib believes it
    output = os.path.join(root, "s.fastimport")
    done("build", "--by-content", "-o", output, lib)
    assert done("run", "--freshness", "frozen", "--snapshot", output, "-c", code, PYTHONPATH=lib) == "7\n"


def test_doctor_tells_of_a_refused_snapshot(lib, root):
    output = os.path.join(root, "s.fastimport")
    done("build", "-o", output, lib)
    assert json.loads(done("doctor", "--json", "--only", "snapshot", FASTIMPORT_SNAPSHOT=output))["findings"] == []
    os.chmod(output, 0o666)
    found = json.loads(done("doctor", "--json", "--only", "snapshot", FASTIMPORT_SNAPSHOT=output))
    (finding,) = found["findings"]
    assert (finding["kind"], finding["severity"], finding["subject"]) == ("snapshot refused", "warning", output)
    assert "others may write" in finding["text"] and found["facts"]["snapshot"].startswith("refused: ")


def test_build_of_relative_paths(lib, root):
    """As sys.path will have them: whole, without dots."""
    path = os.path.join(root, "s.fastimport")
    finished = python("-m", "fastimport", "build", "-o", path, "./lib", "lib/../lib/a", cwd=root)
    assert finished.returncode == 0
    assert {each.path for each in decode.directories(attachment.open_snapshot(path))} == {lib, f"{lib}/a"}


def test_clean_leaves_other_files_alone(lib, root):
    """A name that was mistyped costs nothing; a damaged snapshot can be removed all the same."""
    output = os.path.join(root, "renamed.data")
    done("build", "-o", output, lib)
    plant(root, {"notes.txt": "mine", "damaged.fastimport": "", "empty": ""})
    for name in ("notes.txt", "empty", "lib", "nowhere"):
        finished = command("clean", os.path.join(root, name))
        assert finished.returncode == 3 and finished.stderr.startswith("fastimport clean: ") and finished.stderr.count("\n") == 1
    done("clean", output, os.path.join(root, "damaged.fastimport"))
    assert sorted(os.listdir(root)) == ["empty", "lib", "notes.txt", "program.py"]


def test_root_of_nothing(lib, root):
    """A mistake in OLD would make a snapshot of the wrong place."""
    finished = command("build", "-o", os.path.join(root, "s.fastimport"), "--root", f"{root}/li=/usr/lib", lib)
    assert finished.returncode == 2 and f"nothing that was recorded is below {root}/li" in finished.stderr
    assert not os.path.exists(os.path.join(root, "s.fastimport"))


@pytest.mark.parametrize("options", [(), ("--json",)])
def test_names_that_the_terminal_can_not_show(lib, root, options):
    """Files have the names that they have."""
    directory = os.path.join(root, os.fsdecode(b"\xff"))
    os.mkdir(directory)
    path = os.path.join(directory, "s.fastimport")
    done("build", *options, "-o", path, lib, PYTHONIOENCODING="ascii")
    done("status", *options, FASTIMPORT_SNAPSHOT=path, PYTHONIOENCODING="ascii")
    done("verify", *options, "--snapshot", path, directory, PYTHONIOENCODING="ascii")
    done("clean", *options, path, PYTHONIOENCODING="ascii")
    assert os.listdir(directory) == []


FAILURES = {
    "status": "raise SystemExit(3)",
    "exception": "import plain; raise ValueError",
    "signal": "import os, signal; os.kill(os.getpid(), signal.SIGTERM)",
    "no end of its own": "import os; os._exit(0)",
}


@pytest.mark.parametrize("failure", FAILURES)
def test_a_program_that_fails_leaves_the_snapshot_as_it_was(lib, root, failure):
    """What it used by then is not what it uses."""
    output = os.path.join(root, "s.fastimport")
    done("build", "-o", output, lib)
    before = os.stat(output)
    finished = command("build", "-o", output, "--from", "-c", FAILURES[failure], PYTHONPATH=lib)
    assert finished.returncode == 1 and "nothing was written" in finished.stderr
    assert os.stat(output) == before and sorted(os.listdir(root)) == ["lib", "program.py", "s.fastimport"]


def test_one_program_does_not_take_the_place_of_the_environments(root):
    """Without -o: made where there is none, never replaced; the program is not even run."""
    path = make_environment(root)
    told = json.loads(in_environment(path, "-m", "fastimport", "build", "--json", "--from", "-c", "import plain"))
    before = os.stat(told["file"])
    finished = run_python(f"{path}/bin/python", "-m", "fastimport", "build", "--from", "-c", "print('run')")
    assert (finished.returncode, finished.stdout) == (2, "") and "-o FILE says where" in finished.stderr
    assert os.stat(told["file"]) == before
    in_environment(path, "-m", "fastimport", "build", "-o", told["file"], "--from", "-c", "import plain")
    assert os.stat(told["file"]) != before
