"""It is always said how much of a snapshot is of use here, why the rest is not, and what can be done."""

import json
import os
import sys

import pytest
from support import plant
from support.process import python
from support.snapshots import contents_of, encoded, settle

import fastimport
from fastimport.snapshot import reasons, stamps, store, usefulness
from fastimport.snapshot._reader import SnapshotReader


@pytest.fixture
def lib(root):
    plant(root, {"lib": {"m.py": "X = 1", "p": {"__init__.py": "", "c.py": ""}}})
    settle()
    return f"{root}/lib"


def saved(contents, root):
    path = f"{root}/s.fastimport"
    store.save(contents, path)
    return path


def doubted(lib, reason):
    contents = contents_of([lib])
    stamps.mark_all([*contents.directories.values(), *contents.sources.values()], reason)
    return contents


def surveyed(contents, level="checked"):
    return usefulness.survey(SnapshotReader(data=encoded(contents)), level)


def test_all_of_it_is_of_use(lib):
    for level in fastimport.settings.FRESHNESS:
        use = surveyed(contents_of([lib]), level)
        assert (use.directories_used, use.directories, use.modules_used, use.modules) == (2, 2, 3, 3) and use.lines() == []


@pytest.mark.parametrize("reason", range(1, reasons.LAYERED + 1))
def test_a_recorded_doubt_is_said_with_the_remedy(lib, reason):
    """Listings are not taken; code is, by its content. `frozen` takes all."""
    use = surveyed(doubted(lib, reason))
    assert (use.directories_used, use.modules_used, use.by_content) == (0, 3, 3)
    assert use.lines() == [f"2 directories: {reasons.TEXTS[reason][0]}; remedy: {reasons.TEXTS[reason][1]}"]
    assert surveyed(doubted(lib, reason), "frozen").lines() == []


def test_what_changed_since_is_said(lib):
    """A new file, another content, a directory that is gone."""
    data = encoded(contents_of([lib]))
    plant(lib, {"new.py": "", "m.py": "X = 2"})
    use = usefulness.survey(SnapshotReader(data=data), "checked")
    assert (use.directories_used, use.modules_used) == (1, 2)
    assert [line.partition(":")[0] for line in use.lines()] == ["1 directory", "1 module"]
    os.rename(f"{lib}/p", f"{lib}/q")
    assert usefulness.survey(SnapshotReader(data=data), "checked").directory_doubts == {reasons.CHANGED: 2}


def test_another_file_system_and_by_content_are_said(lib, monkeypatch):
    assert surveyed(contents_of([lib], by_content=True)).directory_doubts == {reasons.CONTENT: 2}
    monkeypatch.setattr(stamps, "system_of", lambda path, device: (77, 0xEF53))
    use = surveyed(contents_of([lib]))
    assert use.directory_doubts == {reasons.ELSEWHERE: 2} and use.by_content == 3


def test_statistics_say_it_while_the_program_runs(lib, root):
    """`stats()` in the program, one line each at its end with FASTIMPORT_STATS=1."""
    path = saved(doubted(lib, reasons.IMAGE), root)
    code = "import sys, m, p.c, fastimport; print(fastimport.stats().snapshot_unused)"
    done = python("-m", "fastimport", "run", "--snapshot", path, "-c", code, PYTHONPATH=lib, FASTIMPORT_STATS="1")
    told = f"directories: {usefulness.told(reasons.IMAGE)}"
    assert done.returncode == 0 and told in done.stdout
    assert "fastimport: snapshot not used " in done.stderr and f" times for {told}\n" in done.stderr


@pytest.mark.parametrize("command", [("verify", "--top", "m", "p", "--snapshot"), ("status",), ("doctor",)])
def test_commands_say_it(lib, root, command):
    """`verify`, `status` and `doctor`: the same count, reason and remedy, for people and as JSON."""
    path = saved(doubted(lib, reasons.IMAGE), root)
    words = (*command, path) if command[0] == "verify" else command
    done = python("-m", "fastimport", *words, PYTHONPATH=lib, FASTIMPORT_SNAPSHOT=path)
    told = " ".join(done.stdout.split())
    assert "0 of 2 directories, 3 of 3 modules, 3 of them by content" in told, done.stderr
    assert f"2 directories: {' '.join(usefulness.told(reasons.IMAGE).split())}" in told
    found = python("-m", "fastimport", words[0], "--json", *words[1:], PYTHONPATH=lib, FASTIMPORT_SNAPSHOT=path).stdout
    assert reasons.TEXTS[reasons.IMAGE][0] in json.dumps(json.loads(found))


FROZEN = ("--freshness", "frozen")


@pytest.mark.parametrize("strict", ["0", "1"])
@pytest.mark.parametrize("words", [("--snapshot", "nope"), FROZEN, (*FROZEN, "--snapshot", "auto")])
def test_run_says_that_it_has_no_snapshot(root, words, strict):
    """What was asked for and can't be had: a warning, exit status 2 if that is wanted."""
    done = python("-m", "fastimport", "run", *words, "-c", "print('ran')", cwd=root, FASTIMPORT_STRICT=strict)
    assert ("warning: no snapshot" in done.stderr or "snapshot refused" in done.stderr) and done.stderr.count("\n") == 1
    assert (done.returncode, done.stdout) == ((2, "") if strict == "1" else (0, "ran\n"))


def test_run_says_nothing_where_nothing_was_asked(root, lib):
    path = saved(contents_of([lib]), root)
    for words in ((), ("--snapshot", path), ("--snapshot", path, "--freshness", "frozen")):
        done = python("-m", "fastimport", "run", *words, "-c", "print('ran')", cwd=root)
        assert (done.returncode, done.stdout, done.stderr) == (0, "ran\n", "")


@pytest.mark.parametrize("words", [FROZEN, (*FROZEN, "--snapshot", "none"), ("--snapshot", "nope")])
def test_enable_says_that_there_is_no_snapshot(root, words):
    done = python("-m", "fastimport", "enable", "--dry-run", *words, cwd=root)
    assert done.returncode == 0 and "warning: as it is now" in done.stderr
    done = python("-m", "fastimport", "enable", "--dry-run", *words, cwd=root, FASTIMPORT_STRICT="1")
    assert done.returncode == 2 and done.stdout == ""


def hook(path):
    raise ImportError


def test_a_hook_before_importlibs_is_named():
    """Not one behind it."""
    hooks = list(sys.path_hooks)
    assert usefulness.obstacle(hooks) is usefulness.obstacle([*hooks, hook]) is None
    assert f"{__name__}.hook stands before" in usefulness.obstacle([hook, *hooks])
    assert usefulness.obstacle([]) == usefulness.obstacle(None) == usefulness.obstacle([hooks[0]])


def test_statistics_name_the_hook(root, lib):
    path = saved(contents_of([lib]), root)
    program = """if True:
        import sys, fastimport
        def foreign(path): raise ImportError
        sys.path_hooks.insert(0, foreign)
        print(fastimport.stats().snapshot_unused)"""
    done = python("-m", "fastimport", "run", "--snapshot", path, "--freshness", "frozen", "-c", program)
    assert "__main__.foreign stands before importlib's" in done.stdout
