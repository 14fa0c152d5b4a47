"""``fastimport build --paths-file``: a launcher's list of path entries, one on each line.

Rules: the entries come before PATH, in their order; empty lines and comments are skipped; what can't be meant is refused with the
file, the line and a word on what to do; what is missing is told, and is absent at the level frozen.
"""

import json
import os
import sys
import zipfile

import pytest
from support import plant
from support.process import python, run_python
from support.snapshots import settle

from fastimport import cli
from fastimport.snapshot import attachment, decode, paths_file

TREE = {"one": {"m.py": "X = 1", "only_one.py": ""}, "two": {"m.py": "X = 2"}, "three": {"m.py": "X = 3"}, "text": "no directory"}


@pytest.fixture
def lib(root):
    plant(root, TREE)
    settle()
    return root


def listed(root, text):
    path = os.path.join(root, "list")
    with open(path, "wb") as file:
        file.write(text)
    return path


def entries_of(root, text, monkeypatch):
    monkeypatch.chdir(root)
    return [os.path.relpath(entry, root) for entry in paths_file.read_entries(listed(root, text))]


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        (b"one\ntwo\n", ["one", "two"]),
        (b"two\none", ["two", "one"]),
        (b"one\r\ntwo\r\n", ["one", "two"]),
        (b"# made by a launcher\n\none\n#two\n\n", ["one"]),
        (b"one\none\n", ["one", "one"]),
        (b"one\nabsent\n", ["one", "absent"]),
        (b"one\n two\n", ["one", " two"]),
        (b"one\n\xff\n", ["one", os.fsdecode(b"\xff")]),
        (b"one\nim\xc3\xa9\n", ["one", os.fsdecode(b"im\xc3\xa9")]),
    ],
)
def test_entries_are_lines(lib, text, expected, monkeypatch):
    assert entries_of(lib, text, monkeypatch) == expected


def test_an_archive_is_an_entry(lib, monkeypatch):
    with zipfile.ZipFile(os.path.join(lib, "lib.zip"), "w") as archive:
        archive.writestr("inner.py", "")
    assert entries_of(lib, b"one\nlib.zip\nlib.zip/sub\n", monkeypatch) == ["one", "lib.zip", "lib.zip/sub"]


@pytest.mark.parametrize(
    ("text", "complaint"),
    [
        (b"", "no path entries in it; one on each line is wanted"),
        (b"# nothing\n\n", "no path entries in it"),
        (b"one\n\ntw\0o\n", "line 3: a NUL character"),
        (b"one\ntext\n", "line 2: "),
        (b"one\ntext\n", "text is a file, neither a directory nor an archive"),
        (b"absent\nmissing\n", "none of its 2 entries is there"),
    ],
)
def test_what_can_not_be_meant_is_refused(lib, text, complaint, monkeypatch):
    with pytest.raises(paths_file.BadList) as caught:
        entries_of(lib, text, monkeypatch)
    assert os.path.join(lib, "list") in str(caught.value)
    assert complaint in str(caught.value)


def build(lib, *words):
    return python("-m", "fastimport", "build", "-o", os.path.join(lib, "s.fastimport"), *words, cwd=lib)


@pytest.mark.parametrize(
    ("words", "complaint"),
    [
        (("--paths-file", "absent"), "absent: No such file or directory"),
        (("--paths-file", "one"), "one: Is a directory"),
        (("--paths-file", "text"), "none of its 1 entries is there"),
        (("--paths-file", "list", "--from", "-c", "pass"), "--paths-file and --from exclude each other"),
    ],
)
def test_wrong_usage(lib, words, complaint):
    listed(lib, b"one\n")
    done = build(lib, *words)
    assert (done.returncode, done.stdout) == (2, "")
    assert complaint in done.stderr
    assert not os.path.exists(os.path.join(lib, "s.fastimport"))


def test_the_list_comes_before_path_and_what_is_missing_is_told(lib):
    listed(lib, b"two\nabsent\n")
    done = build(lib, "--paths-file", "list", "--json", "three")
    assert done.stderr == f"fastimport build: list: 1 of 2 entries are not there: {lib}/absent\n"
    told = json.loads(done.stdout)
    assert (told["directories"], told["sources"]) == (3, 2)


def test_without_path_it_comes_before_sys_path(lib, monkeypatch):
    """What the launcher's program sees: its entries, then the environment."""
    monkeypatch.chdir(lib)
    monkeypatch.setattr(sys, "path", [os.path.join(lib, "unlike a program's"), os.path.join(lib, "three")])
    assert cli.main(["build", "-o", "s.fastimport", "--paths-file", listed(lib, b"two\none\n")]) == cli.OK
    directories = decode.directories(attachment.open_snapshot("s.fastimport"))
    assert [os.path.relpath(each.path, lib) for each in directories] == ["two", "one", "three"]


def test_what_was_missing_is_absent_when_frozen(lib, tmp_path):
    listed(lib, b"one\nlate\ntwo\n")
    assert build(lib, "--by-content", "--paths-file", "list", "three").returncode == 0
    plant(lib, {"late": {"only_late.py": ""}})
    code = f"import sys; sys.path[:0] = [{lib!r} + '/' + name for name in ('one', 'late', 'two')]\n"
    code += "import m, only_one\nprint(m.X)\ntry: import only_late\nexcept ImportError as error: print(error)"
    words = ("-m", "fastimport", "run", "--freshness", "frozen", "--snapshot", f"{lib}/s.fastimport", "-c", code)
    done = run_python(sys.executable, *words, cwd=tmp_path)
    assert (done.stdout, done.stderr) == ("1\nNo module named 'only_late'\n", "")
