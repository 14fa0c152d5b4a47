"""fastimport paths: what is recorded of a program's start-up, charged to the right entry, whatever the program does."""

import os
import sys
import zipfile

import pytest
from support.trees import plant

from fastimport.diagnosis.bench.launcher import Program
from fastimport.diagnosis.paths import recording
from fastimport.diagnosis.paths.advice import advise
from fastimport.diagnosis.paths.costs import ELSEWHERE, charge, failed_look_ups
from fastimport.diagnosis.paths.entries import survey


def record(code, *arguments):
    found = recording.record(Program("code", code, arguments))
    return found, charge(found)


def on_path(*entries):
    return f"import sys; sys.path[1:1] = {list(entries)!r}; "


@pytest.fixture
def long_path(tmp_path):
    """300 directories; the last has what is wanted."""
    roots = [plant(tmp_path / f"e{number:03}", {f"only{number:03}.py": ""}) for number in range(300)]
    plant(roots[-1], {"wanted.py": "", "pkg": {"__init__.py": "", "inner.py": "from pkg import other", "other.py": ""}})
    return roots


def test_300_entries_are_blamed_each_for_its_own_failures(long_path):
    """Three names that only the last entry has, one that none has, and two searches inside a package."""
    code = "import wanted, only299, pkg.inner\ntry: import not_there_at_all\nexcept ImportError: pass"
    record(on_path(*long_path) + code)  # writes bytecode, which changes directories, which are read again
    found, bill = record(on_path(*long_path) + code)
    for entry in long_path[:-1]:
        assert (bill[entry].found, bill[entry].failed, bill[entry].reads) == (0, 4, 1)
        assert bill[entry].below_nanoseconds == 0 < bill[entry].nanoseconds
    last = bill[long_path[-1]]
    assert (last.found, last.failed, last.reads) == (3, 1, 1)
    assert (last.below_found, last.below_reads) == (2, 1)
    assert last.nanoseconds > 0 and last.below_nanoseconds > 0
    assert all(search.visits[-1].nanoseconds > 0 for search in found.searches)
    assert [(each.name, each.times) for each in failed_look_ups(found)] == [("not_there_at_all", 1)]
    assert ELSEWHERE not in bill
    assert (found.status, found.seconds > found.search_seconds) == (0, True)


def test_directory_reads_are_those_that_the_interpreter_announces(tmp_path):
    """importlib raises an audit event for each listing: the program counts them, the recorder counts them."""
    root = plant(tmp_path / "root", {"pkg": {"__init__.py": "", "a.py": ""}, "space": {"b.py": ""}})
    count = tmp_path / "count"
    code = (
        "import sys; reads = []; sys.addaudithook(lambda event, args: reads.append(1) if event == 'os.listdir' else None)\n"
        "import pkg.a, space.b, json, email.mime.text\n"
        f"open({str(count)!r}, 'w').write(str(len(reads)))"
    )
    _, bill = record(on_path(root) + code)
    assert sum(cost.reads + cost.below_reads for cost in bill.values()) == int(count.read_text())
    assert (bill[root].found, bill[root].below_found) == (2, 2)


def test_portions_count_as_found_on_every_entry_that_has_one(tmp_path):
    trees = {"a": {"space": {"x.py": ""}}, "b": {}, "c": {"space": {"y.py": ""}}}
    roots = [plant(tmp_path / name, tree) for name, tree in trees.items()]
    _, bill = record(on_path(*roots) + "import space.y")
    assert [bill[root].found for root in roots] == [1, 0, 1]
    assert [bill[root].below_found for root in roots] == [0, 0, 1]


def test_archives_and_missing_entries_are_charged_too(tmp_path):
    archive = str(tmp_path / "lib.zip")
    with zipfile.ZipFile(archive, "w") as members:
        members.writestr("packed.py", "")
    _, bill = record(on_path("/nowhere/at/all", archive) + "import packed")
    assert (bill[archive].found, bill["/nowhere/at/all"].failed) == (1, 1)


def test_the_program_sees_no_recorder(tmp_path):
    """Same modules in sys.modules, same sys.path, as without."""
    seen = tmp_path / "seen"
    code = f"import sys; open({str(seen)!r}, 'w').write(repr((sorted(sys.modules), sys.path, sys.argv)))"
    record(code, "an argument")
    recorded = seen.read_text()
    os.system(f'cd "{os.getcwd()}" && env -u PYTHONPATH "{sys.executable}" -c "{code}" "an argument"')
    assert recorded == seen.read_text()


@pytest.mark.parametrize(
    ("ending", "status"),
    [
        ("import os; os._exit(0)", 0),
        ("import os; os._exit(7)", 7),
        ("import os, signal; os.kill(os.getpid(), signal.SIGKILL)", -9),
        ("raise SystemExit(3)", 3),
    ],
)
def test_whatever_ends_the_program_nothing_is_lost(tmp_path, ending, status):
    root = plant(tmp_path / "root", {"spam.py": ""})
    found, bill = record(on_path(root) + "import spam; " + ending)
    assert found.status == status
    assert bill[root].found == 1
    assert (found.seconds is None) == ("_exit" in ending or "kill" in ending)


def test_a_program_with_forks_and_threads(tmp_path):
    root = plant(tmp_path / "root", {f"m{number}.py": "" for number in range(40)})
    code = (
        "import os, threading\n"
        "if not os.fork(): import m0; os._exit(0)\n"
        "os.wait()\n"
        "threads = [threading.Thread(target=__import__, args=(f'm{n}',)) for n in range(40)]\n"
        "[t.start() for t in threads]; [t.join() for t in threads]\n"
    )
    _, bill = record(on_path(root) + code)
    assert bill[root].found == 40


def test_a_finder_that_imports_is_not_charged_for_those_searches(tmp_path):
    """Asked for `wanted`, a finder imports `other`, which takes 50 ms to find, on another entry."""
    code = (
        "import time\n"
        "class Finder:\n"
        "    def __init__(self, entry): self.entry = entry\n"
        "    def find_spec(self, name, target=None):\n"
        "        if (name, self.entry) == ('other', 'slow:'): time.sleep(0.05)\n"
        "        if (name, self.entry) == ('wanted', 'asks:'):\n"
        "            try: import other\n"
        "            except ImportError: pass\n"
        "def hook(entry):\n"
        "    if entry not in ('asks:', 'slow:'): raise ImportError\n"
        "    return Finder(entry)\n"
        "sys.path_hooks.insert(0, hook)\n"
        "try: import wanted\n"
        "except ImportError: pass\n"
    )
    _, bill = record(on_path("asks:", "slow:") + code)
    assert bill["slow:"].nanoseconds >= 50e6
    assert 0 < bill["asks:"].nanoseconds < 40e6


def test_names_that_no_encoding_has(tmp_path):
    odd = os.fsdecode(os.path.join(os.fsencode(tmp_path), b"\xff"))
    plant(odd, {"spam.py": ""})
    _, bill = record(f"import sys; sys.path.insert(1, {odd!r}); import spam")
    assert bill[odd].found == 1


def test_odd_things_on_the_path_do_not_end_the_recording(tmp_path):
    """A Path, a number, a str with a repr of its own, and a path that is deleted."""
    root = plant(tmp_path / "root", {"spam.py": ""})
    code = (
        "import pathlib\n"
        "class Entry(str):\n"
        "    def __repr__(self): return '<odd>'\n"
        f"sys.path[1:1] = [pathlib.Path('/nowhere'), 7, Entry({root!r})]\n"
        "import spam\n"
    )
    for ending in ("", "del sys.path", "sys.path = None"):
        found, bill = record(on_path() + code + ending)
        assert (found.status, bill[root].found) == (0, 1)
        assert found.seconds is not None


@pytest.mark.parametrize("then", ["", "mine = [open(path, 'w') for _ in range(60)]; import late"])
def test_a_program_that_closes_every_file_keeps_its_own(tmp_path, then):
    """Daemons do: nothing of the recording must land in a file that gets the number of ours."""
    root = plant(tmp_path / "root", {"spam.py": "", "late.py": ""})
    kept = tmp_path / "kept"
    code = f"import os, spam; path = {str(kept)!r}; open(path, 'w').close(); os.closerange(3, 4096); {then}"
    found, bill = record(on_path(root) + code)
    assert (found.status, bill[root].found) == (0, 1)
    assert kept.read_text() == ""


def test_a_last_line_that_was_cut_off_is_left_out():
    lines = ["'start', 0, 100, 10.0, ['/a']", "'entry', 0, '/a'", "'search', 'x', True, 'found', [(0, 5, 1)]", "'sea"]
    found = recording.parse(lines)
    assert [search.name for search in found.searches] == ["x"]
    assert (found.seconds, found.path) == (None, ["/a"])


def test_the_recorders_own_cost_is_estimated():
    found, _ = record("import json, email.mime.text, unittest")
    assert 0 < found.overhead < 0.5


@pytest.mark.parametrize("kind", ["module", "script"])
def test_modules_and_scripts_have_their_own_first_entry(tmp_path, monkeypatch, kind):
    root = plant(tmp_path / "root", {"prog.py": "import helper", "helper.py": ""})
    monkeypatch.chdir(root if kind == "module" else tmp_path)
    target = "prog" if kind == "module" else os.path.join(root, "prog.py")
    found = recording.record(Program(kind, target))
    assert (found.status, found.path[0]) == (0, root)
    assert charge(found)[root].found == (2 if kind == "module" else 1)


def test_advice_on_a_long_path_names_what_is_never_used(long_path):
    found, bill = record(on_path(*long_path) + "import wanted, json, email.mime.text")
    entries = survey(found.path)
    for cost in bill.values():
        cost.nanoseconds = 10**5  # a busy machine may make any of them slow enough to be named alone
    together, long = [each for each in advise(entries, bill) if each.entry is None]
    assert (together.kind, long.kind) == ("never used", "long path")
    counted = sum(cost.modules == 0 for entry, cost in bill.items() if entry in long_path)
    assert (counted, int(together.text.split()[0]) >= 290) == (299, True)
    bill[long_path[5]].nanoseconds = 10**8
    assert [each.entry for each in advise(entries, bill) if each.kind == "never used"] == [6, None]
    bill[long_path[5]].found, bill[long_path[5]].failed = 1, 50
    assert [each.entry for each in advise(entries, bill) if each.kind == "early"] == [6]
    first = bill[entries[0].entry]  # where the program is: the interpreter puts it there
    first.nanoseconds, first.found, first.failed = 10**8, 1, 50
    assert [each.entry for each in advise(entries, bill) if each.kind == "early"] == [6]
