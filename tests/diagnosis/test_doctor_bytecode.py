"""fastimport doctor: bytecode. importlib's own checks are the oracle for what it would do with each file."""

import _imp
import importlib._bootstrap_external as external
import os
import py_compile
import random
import struct
import sys
import types
from importlib.util import MAGIC_NUMBER, cache_from_source, source_hash

import pytest
from support.process import unprivileged
from support.snapshots import contents_of, settle
from support.trees import Link, plant

from fastimport.diagnosis.doctor import bytecode, compile_cost, interpreter, search_path, snapshot_state
from fastimport.diagnosis.doctor.bytecode import FRESH, MISSING, UNCHECKED, UNREADABLE, find, scan, state_of
from fastimport.snapshot import store

UNCHECKED_HASH = py_compile.PycInvalidationMode.UNCHECKED_HASH
CHECKED_HASH = py_compile.PycInvalidationMode.CHECKED_HASH


@pytest.fixture
def root(public_root, monkeypatch):
    monkeypatch.setattr(sys, "path", [public_root])
    monkeypatch.setattr(sys, "dont_write_bytecode", False)
    return public_root


def compiled(root, name, source="x = 1\n", mode=None):
    path = os.path.join(root, name)
    plant(os.path.dirname(path), {os.path.basename(path): source})
    return path, py_compile.compile(path, invalidation_mode=mode or py_compile.PycInvalidationMode.TIMESTAMP)


def importlib_takes(source, cached):
    """Whether importlib would run the bytecode, by its own functions, called as SourceLoader.get_code calls them."""
    try:
        with open(cached, "rb") as file:
            data = file.read()
        about = os.stat(source)
        flags = external._classify_pyc(data, "m", {})
        if not flags & 0b1:
            external._validate_timestamp_pyc(data, int(about.st_mtime), about.st_size, "m", {})
        elif _imp.check_hash_based_pycs != "never" and (flags & 0b10 or _imp.check_hash_based_pycs == "always"):
            with open(source, "rb") as file:
                external._validate_hash_pyc(data, source_hash(file.read()), "m", {})
    except (OSError, ImportError, EOFError):
        return False
    return True


@pytest.mark.parametrize("check", ["default", "always", "never"])
def test_states_are_importlibs_for_every_header(root, monkeypatch, check):
    """Seeded random headers around the right one, timestamped and hashed."""
    monkeypatch.setattr(_imp, "check_hash_based_pycs", check)
    path, cached = compiled(root, "m.py")
    about, draw = os.stat(path), random.Random(7)
    with open(path, "rb") as file:
        right_hash = source_hash(file.read())
    for _ in range(300):
        flags = draw.choice([0, 1, 2, 3, 4, 1 << 31])
        times = struct.pack("<II", int(about.st_mtime) + draw.choice([0, 0, 1, -1]), about.st_size + draw.choice([0, 0, 5]))
        stamp = draw.choice([times, right_hash, bytes(8)])
        header = draw.choice([MAGIC_NUMBER, MAGIC_NUMBER, b"abcd"]) + struct.pack("<I", flags) + stamp
        with open(cached, "wb") as file:
            file.write(header[: draw.choice([16, 16, 16, 3, 15])])
        state = state_of(path, cached)
        assert (state in (FRESH, UNCHECKED)) == importlib_takes(path, cached), (state, header)
        if state == UNCHECKED:
            assert stamp != right_hash


def kinds(findings):
    return {each.kind: (each.severity, each.details["modules"]) for each in findings}


def test_fresh_bytecode_is_no_finding(root):
    compiled(root, "m.py")
    compiled(root, "h.py", mode=CHECKED_HASH)
    assert list(find()) == []


def test_missing_and_stale_bytecode_that_can_be_written_is_a_notice(root):
    plant(root, {"none.py": "", "pkg": {"__init__.py": "", "inner.py": ""}})
    path, _ = compiled(root, "old.py")
    os.utime(path, (1, 1))
    missing, stale = find()
    assert kinds([missing, stale]) == {"missing": ("notice", 3), "stale": ("notice", 1)}
    assert missing.details["of"] == 4 and "3 of 4 modules (pkg, none) have no bytecode" in missing.text
    assert stale.details["examples"] == [path]


@pytest.mark.parametrize(("seconds", "severity"), [(2.5, "warning"), (0.01, "notice")])
def test_bytecode_that_can_not_be_written_is_a_warning_if_it_costs_anything(root, monkeypatch, seconds, severity):
    """As nobody: root may write everywhere."""
    monkeypatch.setattr(bytecode.compile_cost, "seconds_for", lambda paths: seconds)
    plant(root, {"pkg": {"__init__.py": "", "inner.py": ""}})
    path, _ = compiled(root, "old.py")
    os.utime(path, (1, 1))
    with unprivileged():
        found = list(find())
    assert kinds(found) == {"missing, unwritable": (severity, 2), "stale, unwritable": (severity, 1)}
    assert all(f"compiled at each start; all take {seconds:.1f} s" in each.text for each in found)
    assert all(each.remedy.endswith("-m fastimport build --by-content") for each in found)
    assert "have bytecode made for sources of another time" in found[1].text


def test_bytecode_that_can_not_be_read(root):
    path, cached = compiled(root, "m.py")
    os.chmod(cached, 0)
    with unprivileged():
        assert state_of(path, cached) == UNREADABLE
        assert kinds(find()) == {"unreadable, unwritable": ("notice", 1)}


def test_unchecked_bytecode_of_another_source_is_an_error(root):
    compiled(root, "m.py", mode=UNCHECKED_HASH)
    plant(root, {"m.py": "x = 2\n"})
    (finding,) = find()
    assert (finding.kind, finding.severity) == ("other code", "error")
    assert "importlib runs the old code" in finding.text


def test_bytecode_of_another_python_is_not_taken_for_this_ones(root):
    path, cached = compiled(root, "m.py")
    os.rename(cached, cached.replace(sys.implementation.cache_tag, "cpython-36"))
    assert state_of(path, cached) == MISSING


def test_links_in_a_circle_and_directories_seen_before_are_left_out(root):
    plant(root, {"a": {"m.py": "", "back": Link("..")}, "b": Link("a"), "not-a-package": {"x.py": ""}})
    seen = set()
    assert scan(root, seen).sources == 1
    assert scan(os.path.join(root, "a"), seen).sources == 0


def test_of_the_current_directory_only_packages_are_entered(root, monkeypatch):
    plant(root, {"pkg": {"__init__.py": ""}, "data": {"x.py": ""}, "m.py": ""})
    monkeypatch.chdir(root)
    monkeypatch.setattr(sys, "path", [""])
    (finding,) = find()
    assert finding.details["of"] == 2


def test_pycache_prefix_is_honoured(root, tmp_path, monkeypatch):
    monkeypatch.setattr(sys, "pycache_prefix", str(tmp_path / "prefix"))
    path, cached = compiled(root, "m.py")
    assert cached.startswith(str(tmp_path)) and cached == cache_from_source(path)
    assert list(find()) == []


def test_an_entry_that_is_gone_or_no_directory_is_left_out(root, monkeypatch):
    plant(root, {"file": ""})
    monkeypatch.setattr(sys, "path", ["/nowhere/at/all", f"{root}/file", 7])
    assert list(find()) == []


def test_progress_names_the_entry(root):
    seen = []
    list(bytecode.find(seen.append))
    assert seen == [f"bytecode: {root}"]


def test_the_search_path_family_has_the_advice_of_paths(root, monkeypatch):
    plant(root, {"spam.py": "", "link": Link(".")})
    monkeypatch.setattr(sys, "path", [root, f"{root}/link", "/nowhere/at/all"])
    found = {each.kind: each for each in search_path.find()}
    assert set(found) == {"duplicate", "missing"}
    assert found["duplicate"].severity == "warning" and found["duplicate"].details["entry"] == 1
    assert found["missing"]._asdict() | {"details": None} == {
        "kind": "missing",
        "severity": "notice",
        "subject": "/nowhere/at/all",
        "text": "does not exist",
        "remedy": "take it off PYTHONPATH, or out of the .pth file that adds it",
        "details": None,
    }


def test_a_slow_file_system_does_not_keep_anybody_waiting(root, monkeypatch):
    """With no patience at all nothing is looked at, and that is said, with what looks at everything."""
    monkeypatch.setattr(sys, "path", [root])
    [finding] = bytecode.find(patience=0.0)
    assert (finding.kind, finding.severity, finding.details["left"]) == ("not examined", "notice", 1)
    assert f"compileall -q {root}" in finding.remedy


def test_where_nothing_is_written_nothing_is_kept(root, monkeypatch):
    """PYTHONDONTWRITEBYTECODE: it is not said of the same module that it is compiled once, and at each start."""
    plant(root, {"pkg": {"__init__.py": "", "inner.py": ""}})
    monkeypatch.setattr(sys, "dont_write_bytecode", True)
    monkeypatch.setattr(sys, "flags", interpreter_flags(dont_write_bytecode=1))
    found = [*find(), *interpreter.find()]
    assert [each.kind for each in found] == ["missing, unwritable", "bytecode is not written"]
    for each in found:
        assert "compiled at each start" in each.text and "kept" not in each.text
        assert each.remedy.endswith(f"{sys.executable} -m fastimport build --by-content")


def test_nothing_is_amiss_where_a_snapshot_has_the_code(root, monkeypatch):
    """Neither is anybody told to undo the cure."""
    plant(root, {"pkg": {"__init__.py": "", "inner.py": ""}})
    snapshot = os.path.join(root, "s.fastimport")
    settle()
    store.save(contents_of([root], by_content=True), snapshot)
    monkeypatch.setenv("FASTIMPORT_SNAPSHOT", snapshot)
    monkeypatch.setattr(sys, "dont_write_bytecode", True)
    monkeypatch.setattr(sys, "flags", interpreter_flags(dont_write_bytecode=1))
    found = [*find(), *interpreter.find(), *snapshot_state.find()]
    assert {each.severity for each in found} == {"notice"}
    assert [each for each in found if each.kind == "bytecode is not written" and snapshot in each.text]
    assert not [each for each in found if "compiled at each start" in each.text or "without --by-content" in each.remedy]


def interpreter_flags(**changed):
    """sys.flags is of a type that can't be made."""
    names = [name for name in dir(sys.flags) if not name.startswith(("_", "n_")) and name not in ("count", "index")]
    return types.SimpleNamespace(**{name: getattr(sys.flags, name) for name in names} | changed)


CAUSES = {
    "times": (lambda path, cached: os.utime(path, (1, 1)), "made for sources of another time (unpacked or copied since)"),
    "size": (lambda path, cached: plant(os.path.dirname(path), {"m.py": "x = 1000\n"}), "does not fit (another source"),
    "damage": (lambda path, cached: os.truncate(cached, 7), "does not fit (another source"),
    "gone": (lambda path, cached: os.unlink(cached), "have no bytecode"),
}


@pytest.mark.parametrize("cause", CAUSES)
def test_the_cause_is_named(root, monkeypatch, cause):
    path, cached = compiled(root, "m.py")
    change, words = CAUSES[cause]
    change(path, cached)
    monkeypatch.setattr(sys, "dont_write_bytecode", True)
    (finding,) = find()
    assert words in finding.text and finding.remedy


def test_the_cost_is_measured(root, monkeypatch):
    """In proportion to what there is to compile, and not for longer than the patience."""
    plant(root, {"small.py": "x = 1\n", "large.py": "".join(f"def f{n}(a, b): return [a, b, {n}]\n" for n in range(3000))})
    small, large = (compile_cost.seconds_for([f"{root}/{name}.py"]) for name in ("small", "large"))
    assert 0 < small < large
    assert compile_cost.seconds_for([f"{root}/large.py"] * 100) > 20 * large
    assert compile_cost.seconds_for([f"{root}/nowhere.py"]) == compile_cost.seconds_for([]) == 0


@pytest.mark.parametrize("part", [False, True])
def test_what_a_snapshot_cures_is_no_warning(root, monkeypatch, part):
    """Not compiled any more, whatever becomes of the times; what the snapshot lacks is told."""
    plant(root, {"pkg": {"__init__.py": "", "inner.py": "x = 1\n"}})
    snapshot = os.path.join(root, "s.fastimport")
    monkeypatch.setattr(sys, "dont_write_bytecode", True)
    monkeypatch.setattr(bytecode, "WORTH_A_WARNING", 0)
    settle()
    store.save(contents_of([root], by_content=True), snapshot)
    monkeypatch.setenv("FASTIMPORT_SNAPSHOT", snapshot)
    os.utime(f"{root}/pkg/inner.py", (1, 1))
    if part:
        plant(root, {"pkg": {"inner.py": "x = 2\n"}})
    (finding,) = find()
    os.unlink(snapshot)
    assert finding.details["from_snapshot"] == (1 if part else 2)
    assert (finding.severity, bool(finding.remedy)) == (("warning", True) if part else ("notice", False))
    assert snapshot in finding.text and ("of compiling are saved" in finding.text) != part
