"""Slow file systems and peers under benchmarks/: they do what their tables say, on the smallest case."""

import contextlib
import importlib
import os
import subprocess
import sys
from pathlib import Path

import pytest

BENCHMARKS = Path(__file__).parents[2] / "benchmarks"
SCRIPTS = ("generate", "peers", "slow_file_systems")

linux_only = pytest.mark.skipif(sys.platform != "linux", reason="FUSE and LD_PRELOAD as Linux has them")


@pytest.fixture
def script(monkeypatch):
    """Loads a script of benchmarks/ as a module."""
    monkeypatch.syspath_prepend(str(BENCHMARKS))
    return importlib.import_module


@pytest.fixture
def delayfs(script, tmp_path):
    """The module, and the compiled file system if this machine can have it."""
    slow = script("instruments.slow_interpreter")
    try:
        program = slow.compile_delayfs(tmp_path)
        with slow.mounted(program, tmp_path, slow.Slowness(0)):
            pass
    except slow.Unavailable as reason:
        pytest.skip(f"no slow file system by FUSE was tested: {reason}")
    return slow, program


@linux_only
@pytest.mark.parametrize("call", ["stat", "absent", "open", "directory", "listing", "descriptor"])
def test_each_system_call_pays_once_and_is_counted(delayfs, tmp_path, call):
    """Once for each call that asks; a listing is one to open, one to stat its descriptor, two to read."""
    slow, program = delayfs
    (tmp_path / "tree").mkdir()
    (tmp_path / "tree" / "file").write_text("text")
    with slow.mounted(program, tmp_path, slow.Slowness(0.0001)) as (mount, counts):
        tree = f"{mount}{tmp_path}/tree"
        assert Path(tree, "file").read_text() == "text"
        with open(f"{tree}/file") as file:
            calls = {
                "stat": (lambda: os.stat(f"{tree}/file"), {"lookup": 1}),
                "absent": (lambda: os.path.lexists(f"{tree}/absent"), {"lookup": 1}),
                "open": (lambda: os.close(os.open(f"{tree}/file", os.O_RDONLY)), {"lookup": 1}),
                "directory": (lambda: os.stat(tree), {"getattr": 1}),
                "listing": (lambda: os.listdir(tree), {"opendir": 1, "getattr": 1, "readdir": 2}),
                "descriptor": (lambda: os.fstat(file.fileno()), {"getattr": 1}),
            }
            act, expected = calls[call]
            counts.reset()
            act()
            assert {name: count for name, count in counts.read().items() if count} == expected


@linux_only
def test_the_set_latency_is_waited_for(delayfs, tmp_path):
    slow, program = delayfs
    with slow.under_fuse(program, slow.Slowness(0.002)) as interpreter:
        assert interpreter.measured_latency() >= 0.002


@linux_only
def test_an_interpreter_on_the_mount_takes_its_files_from_there(delayfs):
    slow, program = delayfs
    with slow.under_fuse(program, slow.Slowness(0)) as interpreter:
        code = "import sys, json; print(sys.prefix, json.__file__, sep='\\n')"
        done = subprocess.run([interpreter.python, "-c", code], capture_output=True, text=True, check=True)
        places = done.stdout.splitlines()
    assert [place.startswith(interpreter.root) for place in places] == [True, True]


@linux_only
def test_nothing_can_be_written_through_the_mount(delayfs, tmp_path):
    """Deleting the directory around a mount that stayed must do no harm."""
    slow, program = delayfs
    (tmp_path / "file").write_text("text")
    with slow.mounted(program, tmp_path, slow.Slowness(0)) as (mount, _):
        for act in (os.unlink, lambda path: os.open(path, os.O_WRONLY)):
            with pytest.raises(OSError, match="Read-only"):
                act(f"{mount}{tmp_path}/file")
    assert (tmp_path / "file").read_text() == "text"


@linux_only
def test_the_interposed_library_counts_calls_below_its_prefixes_only(script, tmp_path):
    slow = script("instruments.slow_interpreter")
    try:
        library = slow.compile_library(tmp_path)
    except slow.Unavailable as reason:
        pytest.skip(f"no interposed library was tested: {reason}")
    code = "import os, sys; [os.path.exists(sys.argv[1]) for _ in range(1000)]"
    with slow.under_library(library, slow.Slowness(0)) as interpreter:
        totals = []
        for path in (os.path.join(sys.prefix, "absent"), sys.prefix + "-absent", os.path.join(sys.prefix, "absent")):
            interpreter.counts.reset()
            environment = {**os.environ, **interpreter.variables}
            subprocess.run([interpreter.python, "-c", code, path], env=environment, check=True)
            totals.append(interpreter.counts.read()["lookup"])
    assert totals[0] - totals[1] == 1000
    assert totals[0] == totals[2]


def test_a_server_for_few_at_once_makes_many_processes_wait_longer(script):
    """The formula of the column "x latency"."""
    module, cases = script("slow_file_systems"), script("instruments.slow_cases")
    side = module.Side("stock", 1, [], 0, [1.0], [{"lookup": 3200}], None)
    waits = []
    for servers in (64, 8):
        slowness = module.Slowness(0.001, servers=servers)
        case = module.Case("processes", cases.DJANGO_ADMIN, slowness, 1, processes=32)
        waits.append(next(module.rows(case, [side]))[6])
    assert waits == ["0.10 s", "0.40 s"]


@pytest.fixture
def results(script, tmp_path, monkeypatch):
    """Five modules, every side that is quickly prepared."""
    peers, sides = script("peers"), script("instruments.peer_sides")
    builder = sides.Builder
    monkeypatch.setattr(peers, "PEERS", (builder.checked, builder.trusted, builder.zipimport, builder.quickimport, builder.lazy))
    with contextlib.redirect_stderr(None):
        return peers, peers.compare(peers.generated(tmp_path / "tree", 5), tmp_path, pairs=2)


def test_peers_import_the_same_five_modules(results):
    """And the package that holds them."""
    _, found = results
    assert {"importlib", "fastimport checked", "fastimport trusted", "zipimport"} <= found.times.keys()
    assert set(found.modules.values()) == {6}
    assert {len(times.imports) for times in found.times.values()} == {2}


def test_a_peer_that_cannot_run_is_in_the_table_with_its_reason(results):
    peers, found = results
    assert "quickimport" in found.absent
    (row,) = (row for row in peers.table(found).rows if row[0] == "quickimport")
    assert "can't run here" in row
    assert any(f"quickimport: can't run here: {found.absent['quickimport']}" in reason for reason in peers.reasons(found))


def test_a_side_that_imports_something_else_is_refused(script, tmp_path):
    peers, sides = script("peers"), script("instruments.peer_sides")
    builder = sides.Builder(peers.generated(tmp_path / "tree", 2), tmp_path)
    with pytest.raises(AssertionError):
        peers._checked(builder.importlib(), {"application": "application/__init__"}, builder.tree)
