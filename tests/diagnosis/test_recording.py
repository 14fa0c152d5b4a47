"""What a recording says about trees of modules whose story is known."""

import importlib.util
import itertools
import os
import py_compile
import statistics
import struct
import sys
import sysconfig
import time

import pytest
from support.process import NOBODY, unprivileged
from support.startups import by_name, record, record_inside
from support.trees import plant

from fastimport import record as begin
from fastimport.diagnosis.record.model import Recording
from fastimport.diagnosis.report.view import bounds, parts, sums

TREE = {
    "main.py": "import first\ntry:\n    import nowhere.at_all\nexcept ImportError:\n    pass\nimport first.again\n",
    "first": {"__init__.py": "import second\n", "again.py": "from first import second\n"},
    "second.py": "import time\ntime.sleep(0.5)\n",
}


@pytest.fixture
def tree(tmp_path):
    return plant(tmp_path / "tree", TREE)


def test_every_nanosecond_has_one_place(tree):
    recording = record("main.py", cwd=tree)
    assert sum(parts(recording).values()) == recording.total_ns
    for module in recording.modules:
        nested = [each for each in recording.modules if each.parent == module.id]
        assert sum(module.ns.values()) + sum(each.cumulative_ns for each in nested) == module.cumulative_ns
        assert all(module.start_ns <= each.start_ns <= each.end_ns <= module.end_ns for each in nested)


def test_who_imported_what_first_and_from_where(tree):
    modules = by_name(record("main.py", cwd=tree))
    assert modules["second"].parent == modules["first"].id
    assert modules["second"].importer == [f"{tree}/first/__init__.py", 1]
    assert modules["first"].importer == [f"{tree}/main.py", 1]
    first = modules["first"]
    assert (first.finder, first.loader, first.entry) == ("PathFinder", "SourceFileLoader", tree)
    assert first.origin == f"{tree}/first/__init__.py"
    assert modules["first.again"].entry == f"{tree}/first"


def test_time_is_charged_to_the_module_that_spends_it(tree):
    modules = by_name(record("main.py", cwd=tree))
    assert modules["second"].ns["execute"] >= 500_000_000
    assert modules["first"].self_ns < 400_000_000 < modules["first"].cumulative_ns


def test_an_import_that_fails_and_is_caught_is_there_with_its_reason(tree):
    modules = by_name(record("main.py", cwd=tree))
    assert modules["nowhere"].error == "ModuleNotFoundError: No module named 'nowhere'"
    assert modules["nowhere"].form == "absent" and modules["nowhere"].ns["search"] > 0
    assert modules["nowhere.at_all"].importer == [f"{tree}/main.py", 3]
    assert modules["nowhere"].parent == modules["nowhere.at_all"].id


def stale(path, **changes):
    """Bytecode beside the source at `path`, then the header changed."""
    bytecode = py_compile.compile(path, doraise=True)
    with open(bytecode, "rb") as file:
        data = bytearray(file.read())
    for place, value in changes.items():
        start = {"magic": 0, "mtime": 8, "size": 12}[place]
        data[start : start + 4] = struct.pack("<I", (struct.unpack_from("<I", data, start)[0] + value) & 0xFFFFFFFF)
    with open(bytecode, "wb") as file:
        file.write(data)


def test_why_a_module_was_compiled(tmp_path):
    names = ("absent", "magic", "newer", "older", "size", "short", "hashed", "fine")
    directory = plant(tmp_path, {f"{name}.py": "x = 1\n" for name in names} | {"main.py": "import " + ", ".join(names)})
    stale(f"{directory}/magic.py", magic=1)
    stale(f"{directory}/newer.py", mtime=-5)
    stale(f"{directory}/older.py", mtime=5)
    stale(f"{directory}/size.py", size=1)
    stale(f"{directory}/fine.py")
    bytecode = py_compile.compile(f"{directory}/short.py")
    os.truncate(bytecode, 9)
    py_compile.compile(f"{directory}/hashed.py", invalidation_mode=py_compile.PycInvalidationMode.CHECKED_HASH)
    with open(f"{directory}/hashed.py", "a") as file:
        file.write("y = 2\n")
    modules = by_name(record("main.py", cwd=directory))
    assert {name: modules[name].compiled for name in names} == {
        "absent": "no bytecode",
        "magic": "bytecode of another Python version (magic number)",
        "newer": "the source has another modification time (newer by 5 s)",
        "older": "the source has another modification time (older by 5 s)",
        "size": "the source has another size (6 bytes, not 7)",
        "short": "damaged bytecode (reached EOF while reading pyc header of 'short')",
        "hashed": "the source has changed (hash)",
        "fine": None,
    }
    assert {modules[name].written for name in names} == {"written", None}
    assert modules["fine"].form == "bytecode" and modules["fine"].size == os.path.getsize(
        importlib.util.cache_from_source(f"{directory}/fine.py")
    )
    assert (modules["absent"].form, modules["absent"].size) == ("source", 6)
    assert modules["absent"].ns["compile"] > 0 and modules["absent"].ns["write"] > 0
    again = by_name(record("main.py", cwd=directory))
    assert not [name for name in names if again[name].compiled]


def test_bytecode_that_is_not_written_says_so(tree):
    modules = by_name(record("main.py", cwd=tree, PYTHONDONTWRITEBYTECODE="1"))
    assert modules["second"].written == "not written: PYTHONDONTWRITEBYTECODE or -B"


@pytest.mark.skipif(os.name == "nt" or os.geteuid() != 0, reason="needs root, to become somebody who may not write")
def test_bytecode_that_cannot_be_written_says_so(tmp_path, monkeypatch):
    monkeypatch.setattr(sys, "dont_write_bytecode", False)
    directory = plant(tmp_path / "d", {"victim.py": "x = 1", "__pycache__": {}})
    os.chmod(directory, 0o755)
    os.chmod(f"{directory}/__pycache__", 0o555)
    for parent in (tmp_path, *list(tmp_path.parents)[:2]):
        os.chmod(parent, 0o755)
    sys.path.insert(0, directory)
    assert NOBODY
    with begin() as recording, unprivileged():
        import victim  # noqa: F401
    module = by_name(recording.result)["victim"]
    sys.modules.pop("victim")
    assert module.compiled == "no bytecode"
    assert module.written.startswith("could not be written: [Errno 13]")


def test_the_path_entry_that_costs_is_blamed_among_300(tmp_path):
    """One slow entry in the middle: what it costs is its own, and every entry was asked for every name above it."""
    entries = {f"e{number:03}": {} for number in range(300)}
    entries["e299"] = {f"m{number}.py": "" for number in range(20)}
    directory = plant(tmp_path, entries)
    slow = f"{directory}/e150"
    code = f"""
import sys, time
sys.path[:0] = [{directory!r} + f"/e{{n:03}}" for n in range(300)]
sys.addaudithook(lambda event, arguments: event == "os.listdir" and arguments[0] == {slow!r} and time.sleep(0.4))
for number in range(20):
    __import__(f"m{{number}}")
"""
    recording = record("-c", code)
    entries = {entry.path: entry for entry in recording.entries}
    costly = entries.pop(slow)
    assert costly.ns > 4 * statistics.median(entry.ns for entry in entries.values())
    assert costly.listings == 1 and 400_000_000 <= costly.listing_ns <= costly.ns
    for number in range(299):
        entry = costly if number == 150 else entries[f"{directory}/e{number:03}"]
        assert (entry.index, entry.probes, entry.found, entry.listings) == (number, 20, 0, 1)
    assert (entries[f"{directory}/e299"].probes, entries[f"{directory}/e299"].found) == (20, 20)
    costs = sums(recording)  # a collection of garbage that comes meanwhile is a cost of its own
    assert sum(entry.ns for entry in recording.entries) <= costs["search"] + costs.get("collect", 0)
    assert sum(entry.ns for entry in recording.entries) >= 0.5 * sums(recording)["search"]
    assert bounds(recording)[0] == sums(recording)["search"]


def test_names_that_are_there_twice_are_found(tmp_path):
    directory = plant(
        tmp_path, {"a": {"both.py": "", "one.py": ""}, "b": {"both": {"__init__.py": ""}, "two.py": ""}, "c": {"both": {}}}
    )
    code = f"import sys; sys.path[:0] = [{directory!r} + '/a', {directory!r} + '/b', {directory!r} + '/c']; import both, one, two"
    recording = record("-c", code)
    assert [(each.name, each.winner, each.hidden) for each in recording.shadowed] == [
        ("both", f"{directory}/a/both.py", [f"{directory}/b/both/__init__.py"])
    ]


def test_every_form_of_module(tmp_path):
    directory = plant(tmp_path, {"space": {"inner.py": ""}, "source.py": "", "broken.py": "1/0"})
    code = """
import sys
for name in ("_ctypes_test", "_json"):
    try:
        __import__(name)
    except ImportError:
        pass
import zipimport, atexit, space.inner, source
try:
    import broken
except ZeroDivisionError:
    pass
"""
    modules = by_name(record("-c", code, cwd=directory))
    assert modules["atexit"].form == "builtin" and modules["atexit"].finder == "BuiltinImporter"
    assert modules["space"].form == "namespace" and modules["space.inner"].form == "source"
    assert modules["broken"].error == "ZeroDivisionError: division by zero" and modules["broken"].form == "source"
    assert "zipimport" not in modules  # it was there already
    native = [module for module in modules.values() if module.form == "extension"]
    assert all(module.ns["dlopen"] > 0 for module in native)
    assert native or not sysconfig.get_config_var("Py_ENABLE_SHARED")


def test_finders_of_other_makers_are_named_and_timed(tmp_path):
    code = """
import importlib.machinery, importlib.util, sys, time
class Slow:
    def find_spec(self, name, path=None, target=None):
        if name.startswith("made_"):
            time.sleep(0.01)
            return importlib.util.spec_from_loader(name, self)
    def create_module(self, spec):
        return None
    def exec_module(self, module):
        time.sleep(0.02)
sys.meta_path.insert(0, Slow())
import made_up
"""
    recording = record("-c", code)
    module = by_name(recording)["made_up"]
    assert (module.finder, module.loader, module.form) == ("__main__.Slow", "Slow", "other")
    assert module.ns["search"] >= 10_000_000 and module.ns["execute"] >= 20_000_000
    finder = next(each for each in recording.finders if each.name == "__main__.Slow")
    assert finder.found == 1 and finder.ns >= 10_000_000


THREADS = """
import sys, threading
def work(name):
    __import__(name)
workers = [threading.Thread(target=work, args=(name,), name="for " + name) for name in ("slow_one", "slow_two")]
for worker in workers: worker.start()
import threading as again, slow_one
for worker in workers: worker.join()
"""


def test_threads_are_kept_apart_and_waiting_is_not_charged_twice(tmp_path):
    body = "import time\ntime.sleep(0.4)\n"
    directory = plant(tmp_path, {"slow_one.py": body, "slow_two.py": body})
    recording = record("-c", THREADS, cwd=directory)
    modules = by_name(recording)
    names = {thread.id: thread.name for thread in recording.threads}
    assert len(recording.threads) == 3
    assert {names[modules[name].thread] for name in ("slow_one", "slow_two")} <= {"for slow_one", "for slow_two", "MainThread"}
    assert len([module for module in recording.modules if module.name == "slow_one"]) == 1
    assert sum(parts(recording).values()) == recording.total_ns  # the first thread's
    waited = sum(thread.ns.get("wait", 0) for thread in recording.threads)
    waited += sum(module.ns.get("wait", 0) for module in recording.modules)
    assert waited >= 50_000_000  # one of two threads that wanted slow_one
    for thread in recording.threads:
        of_thread = [module for module in recording.modules if module.thread == thread.id and module.parent is None]
        for one, two in itertools.pairwise(of_thread):
            assert one.end_ns <= two.start_ns


def test_the_program_sees_what_it_sees_without_being_recorded(tmp_path):
    """Modules, caches, meta path, path hooks and what functions look like, at the start of the program."""
    look = f"""
import sys
modules = list(sys.modules)
caches = sorted(sys.path_importer_cache)
known = sys.meta_path, sys.path_hooks, sys.path, sys.argv, sys.flags, sys.getrecursionlimit(), sys.gettrace(), sys.getprofile()
with open({str(tmp_path / "seen")!r}, "a") as file:
    print(modules, caches, *[str(item).split(" at 0x")[0] for item in known], list(vars(sys.modules["__main__"])), file=file)
"""
    plant(tmp_path, {"look.py": look, "import_this.py": ""})
    from support.process import python

    for program in (["look.py", "a"], ["-c", look], ["-m", "look"]):
        assert python(*program, cwd=tmp_path).returncode == 0
        record(*program, cwd=tmp_path)
    lines = (tmp_path / "seen").read_text().splitlines()
    assert len(lines) == 6
    for plain, recorded in zip(lines[::2], lines[1::2], strict=True):
        assert recorded == plain


def test_a_block_is_recorded_from_inside():
    with begin("a part") as recording:
        sys.modules.pop("stringprep", None)
        import stringprep  # noqa: F401
    import base64  # noqa: F401

    result = recording.result
    assert isinstance(result, Recording) and result.program == "a part"
    assert [module.name for module in result.modules][:1] == ["stringprep"]
    assert "base64" not in by_name(result)
    assert sum(parts(result).values()) == result.total_ns
    assert recording.to_dict()["schema"] == "fastimport.recording/1"
    assert "stringprep" in recording.to_text() and "stringprep" in recording.to_html()


def test_a_recording_is_saved_and_read_again(tmp_path):
    from fastimport.diagnosis.report.formats import read_file

    with begin() as recording:
        pass
    recording.save(tmp_path / "r.json")
    assert read_file(str(tmp_path / "r.json")) == recording.result


def test_what_the_block_raises_goes_on_and_the_recording_is_over():
    with pytest.raises(ZeroDivisionError), begin() as recording:
        raise ZeroDivisionError
    assert recording.result.complete


def test_wrong_use_from_inside_is_explained():
    with begin() as recording:
        with pytest.raises(RuntimeError, match="leave the with block first"):
            recording.to_dict()
        with pytest.raises(RuntimeError, match="under way already"), begin():
            pass
    with pytest.raises(RuntimeError, match="can be made once"), recording:
        pass


def test_recording_loads_nothing_before_it_begins():
    code = """
import sys
import fastimport.diagnosis.inside as recording
before = set(sys.modules)
record = recording.record("nothing")
with record:
    pass
assert set(sys.modules) == before, set(sys.modules) - before
print(record.to_json())
"""
    assert record_inside(code).modules == []


def test_a_forked_child_does_not_write_into_the_recording(tmp_path):
    if not hasattr(os, "fork"):
        pytest.skip("no fork here")
    code = """
import os, json
if os.fork() == 0:
    import wave
    os._exit(0)
os.wait()
import csv
"""
    modules = by_name(record("-c", code))
    assert "csv" in modules and "wave" not in modules


def test_the_cost_of_recording_is_measured_and_included():
    recording = record("-c", "import json")
    assert recording.calls > 20
    assert 0 < recording.overhead_ns < recording.total_ns / 2


def test_with_fastimport_active_bytecode_is_read_in_one_step():
    recording = record("--level", "checked", "-c", "import json, csv", options=("--runs", "1", "--no-saving"))
    modules = by_name(recording)
    assert recording.level == "checked" and recording.install_ns > 0
    assert modules["json"].finder == "fastimport.finding.finder.PathFinder"
    assert modules["csv"].ns["load"] > 0 and "unmarshal" not in modules["csv"].ns
    assert modules["csv"].entry == os.path.dirname(os.__file__)
    assert sum(parts(recording).values()) == recording.total_ns


def test_a_module_that_reads_the_code_of_others_pays_for_it(tmp_path):
    reader = "import importlib.util as u\nfor name in ('csv', 'wave', 'calendar'):\n    u.find_spec(name).loader.get_code(name)\n"
    tree = plant(tmp_path, {"reader.py": reader, "main.py": "import reader\n"})
    for level in ([], ["--level", "checked"]):
        record("main.py", cwd=tree)  # leaves bytecode
        recording = record("main.py", cwd=tree, options=("--runs", "1", "--no-saving", *level))
        module = by_name(recording)["reader"]
        assert sum(parts(recording).values()) == recording.total_ns
        assert module.ns["load" if level else "unmarshal"] > 0
        assert "csv" not in by_name(recording)


def test_time_counts_from_before_the_interpreter_starts():
    start = time.perf_counter_ns()
    recording = record("-c", "pass")
    assert 1_000_000 < recording.before_ns < time.perf_counter_ns() - start
    assert recording.total_ns >= recording.before_ns
