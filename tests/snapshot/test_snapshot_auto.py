"""``snapshot="auto"``: the first run records, later runs use it, and renew it when it went stale; nobody does anything."""

import importlib.util
import os
import shutil
import sys
import time
import types
from pathlib import Path

import pytest
from support import plant
from support.process import python
from support.snapshots import settle

from fastimport.snapshot import builder, reasons, recording, store
from fastimport.snapshot.places import program_of
from fastimport.snapshot.trust import Refused

SCRIPT = """
import sys
sys.path.insert(0, {library!r})
import fastimport
fastimport.install(snapshot="auto")
before = fastimport.stats().snapshot_codes
for number in range(12):
    __import__(f"m{{number}}")
counts = fastimport.stats()
print(counts.snapshot_codes - before, sum(sys.modules[f"m{{n}}"].X for n in range(12)), *counts.refusals)
"""


@pytest.fixture
def library(root):
    plant(root, {"lib": {f"m{i}.py": f"X = {i}" for i in range(12)}})
    settle()
    path = os.path.join(root, "lib")
    with open(os.path.join(root, "script.py"), "w") as file:
        file.write(SCRIPT.format(library=path))
    return path


def run(library, **variables):
    script = os.path.join(os.path.dirname(library), "script.py")
    done = python(script, **{"HOME": os.path.dirname(library)} | variables)
    assert (done.returncode, done.stderr) == (0, "")
    return done.stdout.split()


def cache(library):
    return Path(os.path.dirname(library), ".cache", "fastimport")


def awaited(condition):
    """The snapshot is made by another process, which outlives the program."""
    deadline = time.monotonic() + 120
    while not condition() and time.monotonic() < deadline:
        time.sleep(0.02)
    return condition()


def kept(library):
    return list(cache(library).glob("*.auto.fastimport")) if cache(library).exists() else []


def test_records_then_uses_then_renews(library):
    assert run(library) == ["0", "66"]
    assert awaited(lambda: kept(library))
    assert os.stat(cache(library)).st_mode & 0o777 == 0o700
    assert run(library) == ["12", "66"]
    for number in range(6):
        plant(library, {f"m{number}.py": f"X = {number} + 100"})
    assert run(library) == ["6", "666"]
    (snapshot,) = kept(library)
    made = os.stat(snapshot).st_mtime_ns
    os.utime(snapshot, (1, 1))  # a young one is not renewed
    settle()
    assert run(library) == ["6", "666"]
    assert awaited(lambda: os.stat(snapshot).st_mtime_ns > made)
    assert run(library) == ["12", "666"]
    assert awaited(lambda: [path.name for path in cache(library).iterdir()] == [snapshot.name])


def linked(library):
    """uv, conda: the same files are installed into another environment, which changes the ctime of them here."""
    os.mkdir(f"{library}-linked")
    for name in os.listdir(library):
        if name.endswith(".py"):
            os.link(f"{library}/{name}", f"{library}-linked/{name}")


def mode_changed(library):
    for name in os.listdir(library):
        if name.endswith(".py"):
            os.chmod(f"{library}/{name}", 0o640)


def copied(library):
    shutil.copytree(library, f"{library}-copy")
    shutil.rmtree(library)
    os.rename(f"{library}-copy", library)


COUNTED = (
    SCRIPT
    + """
from fastimport.snapshot import attachment
reader = attachment.attached()[0]
print(*[] if reader is None else [reader.codes_restamped])
"""
)


@pytest.mark.parametrize("change", [linked, mode_changed, copied])
def test_only_the_stamps_changed(library, change):
    """Content decides, once: the record is renewed, and the next start doesn't read the sources."""
    with open(os.path.join(os.path.dirname(library), "script.py"), "w") as file:
        file.write(COUNTED.format(library=library))
    run(library)
    assert awaited(lambda: kept(library))
    assert run(library) == ["12", "66", "0"]
    (snapshot,) = kept(library)
    change(library)
    settle()
    assert run(library) == ["12", "66", "12"]
    os.utime(snapshot, (1, 1))
    assert run(library) == ["12", "66", "12"]
    assert awaited(lambda: os.stat(snapshot).st_mtime_ns > 10**10)
    assert run(library) == ["12", "66", "0"]


@pytest.mark.parametrize("variables", [{"PYTHONDONTWRITEBYTECODE": "1"}, {"FASTIMPORT_READONLY": "1"}])
def test_never_written_where_nothing_shall_be_written(library, variables):
    assert run(library, **variables)[1] == "66"
    time.sleep(0.3)
    assert not cache(library).exists()


def test_where_it_is_kept(library, root):
    os.mkdir(os.path.join(root, "elsewhere"), 0o700)
    run(library, FASTIMPORT_CACHE_DIR=os.path.join(root, "elsewhere"))
    assert awaited(lambda: [name for name in os.listdir(os.path.join(root, "elsewhere")) if name.endswith(".auto.fastimport")])
    assert not cache(library).exists()


def test_no_home_is_no_failure(library):
    count, total, *told = run(library, HOME="")
    assert (count, total) == ("0", "66") and "no place for an automatic one" in " ".join(told)


def test_a_home_that_can_not_be_written_is_no_failure(library, root):
    plant(root, {"file": ""})
    assert run(library, HOME=os.path.join(root, "file"))[:2] == ["0", "66"]


def test_frozen_is_refused(library):
    done = run(library, FASTIMPORT_FRESHNESS="frozen")
    assert done[:2] == ["0", "66"] and "can't be frozen" in " ".join(done)


def test_bounded(root):
    """The least recently used go first; the new one stays."""
    for number in range(store.MAX_FILES + 5):
        path = os.path.join(root, f"p{number}.auto.fastimport")
        Path(path).touch()
        os.utime(path, (number, number))
    Path(root, "other").touch()
    removed = store.trim(root, keep=os.path.join(root, "p0.auto.fastimport"))
    assert len(removed) == 5
    assert os.path.join(root, "p0.auto.fastimport") not in removed
    assert {os.path.basename(path) for path in removed} == {f"p{number}.auto.fastimport" for number in range(1, 6)}


@pytest.mark.parametrize(
    ("words", "expected"),
    [
        ("python -m json.tool x", ("m", "json.tool")),
        ("python -Xdev -W error -mjson", ("m", "json")),
        ("python -OOm json", ("m", "json")),
        ("python -c pass", ("c", "pass")),
        ("python /a/b.py --x", ("file", "/a/b.py")),
        ("python -", ("", "")),
        ("python", ("", "")),
        ("python -m fastimport run --freshness trusted -m app x", ("m", "app")),
        ("python /bin/fastimport run --snapshot=auto /a/app.py", ("file", "/a/app.py")),
        ("python -m fastimport status", ("", "")),
        ("python --check-hash-based-pycs never /a/b.py", ("file", "/a/b.py")),
    ],
)
def test_which_program_it_is(words, expected):
    assert program_of(words.split()) == expected


ODD_PATHS = [["/a", "", "/b"], ["", ""], ["/\udc80", "/\ud800", "\xe9"], [], ["/with\0nul", "/c", None, b"/d"], None, "gone"]


@pytest.mark.parametrize("path", ODD_PATHS, ids=ascii)
def test_record_survives_the_way(path, monkeypatch):
    """Names of all kinds, empty ones and empty lists too."""
    monkeypatch.setattr(sys, "path", path)
    if path == "gone":
        del sys.path
    recording.used()  # namespace packages that are there look for their parts on the new path
    given = [[item for item in items if "\0" not in item] for items in recording.used()]
    assert recording.decoded(recording.encoded()) == given
    entries = path if isinstance(path, list) else ()
    assert given[2] == [entry for entry in entries if isinstance(entry, str) and "\0" not in entry]


@pytest.mark.parametrize("data", [b"", b"1 0 0 0", b"0 0 0 0\0a", b"0 0 0", b"a b c d", b"\0\0\0\0\0\0"])
def test_what_is_no_record(data):
    with pytest.raises(ValueError, match=r"not a record|invalid literal"):
        recording.decoded(data)


class Thorny:
    def __getattr__(self, name):
        raise RuntimeError(name)


@pytest.mark.parametrize("importers", [None, {}, {b"/x": None, 3: None}])
def test_record_of_a_program_with_odd_modules(importers, monkeypatch):
    monkeypatch.setitem(sys.modules, "thorny", Thorny())
    monkeypatch.setitem(sys.modules, "nothing", None)
    monkeypatch.setattr(sys, "path_importer_cache", importers)
    assert recording.__file__ in recording.decoded(recording.encoded())[1]


def test_lazy_modules_are_not_loaded_by_the_record(root, monkeypatch):
    """Their attributes are not asked for: that would execute them when the program ends."""
    plant(root, {"lazy_module.py": "raise SystemError('executed')"})
    spec = importlib.util.spec_from_file_location("lazy_module", f"{root}/lazy_module.py")
    spec.loader = importlib.util.LazyLoader(spec.loader)
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    monkeypatch.setitem(sys.modules, "lazy_module", module)
    recording.used()
    assert type(module) is not type(sys)


@pytest.fixture
def spawned(monkeypatch):
    calls = []
    monkeypatch.setattr(os, "posix_spawn", lambda *arguments, **options: calls.append(arguments))
    return calls


@pytest.mark.parametrize("executable", ["/usr/sbin/uwsgi", "", None])
def test_other_programs_are_not_started_as_interpreters(monkeypatch, root, spawned, executable):
    """In a host program, sys.executable may be that program."""
    builder.start(f"{root}/cache/p.auto.fastimport", b"")
    assert len(spawned) == 1
    monkeypatch.setattr(sys, "executable", executable)
    builder.start(f"{root}/cache/p.auto.fastimport", b"")
    assert len(spawned) == 1


def test_no_process_is_started_where_its_work_would_be_refused(root, spawned):
    os.mkdir(f"{root}/shared")
    os.chmod(f"{root}/shared", 0o777)
    with pytest.raises(Refused):
        builder.start(f"{root}/shared/p.auto.fastimport", b"")
    assert not spawned


def test_a_refused_one_is_not_made_anew_at_each_run(root):
    """It may be refused whenever it is made, by a locale for one."""
    path = Path(root, "p.auto.fastimport")
    assert recording.is_stale(path, None)
    path.touch()
    assert not recording.is_stale(path, None)
    os.utime(path, (1, 1))
    assert recording.is_stale(path, None)


@pytest.mark.parametrize(
    ("reason", "stale"),
    [
        (reasons.IMAGE, False),
        (reasons.USER_SPACE, False),
        (reasons.WARNING, False),
        (reasons.CHANGED, True),
        (reasons.RECENT, True),
    ],
)
@pytest.mark.parametrize("what", [0, 1])
def test_what_a_new_one_would_not_have_either_is_no_reason_to_make_it(root, what, reason, stale):
    """On an image, for one, it was made anew once a minute, for ever."""
    path = Path(root, "p.auto.fastimport")
    path.touch()
    os.utime(path, (1, 1))
    doubts = [0] * 16, [0] * 16
    doubts[what][reason] = 100
    counts = dict.fromkeys(("damaged", "tables_unknown", "codes_unknown", "tables_used", "codes_restamped"), 0)
    kept = {"tables_stale": sum(doubts[0]), "codes_stale": sum(doubts[1])}
    reader = types.SimpleNamespace(**counts, **kept, codes_used=100, codes_by_content=100, doubts=lambda: doubts)
    assert recording.is_stale(path, reader) is stale
