"""A Bazel-like launcher puts a generated list of 300 directories in front of sys.path; a snapshot is made from the same list.

Rules: the same modules from the same files as without; at the level frozen the entries are not touched, present or absent names
alike; in checked a change in one of them is seen.
"""

import json
import os
import shutil
import subprocess
import sys

import pytest
from support.components import FILE_CALL, run, traced
from support.installation import clean_environment
from support.snapshots import settle
from support.trees import plant

ENTRIES = 300
LAUNCHER = """
import sys
if len(sys.argv) > 1:
    import fastimport
    fastimport.install(freshness=sys.argv[1], snapshot="app.fastimport", register="in_place")
with open("entries.txt") as file:
    sys.path[0:0] = file.read().splitlines()
import application
"""
APPLICATION = """
import importlib, json, os, sys
names = [f"library{number}" for number in range(0, 300, 7)] + ["shared.s299", "shared.s0"]
os.access("/begin", 0)
for name in names:
    importlib.import_module(name)
try:
    import no_such_module
except ImportError as error:
    absent = str(error)
os.access("/end", 0)
def told(spec):
    return spec.name, spec.origin, spec.cached, spec.submodule_search_locations, type(spec.loader).__qualname__
seen = {name: (sys.modules[name].__file__, *told(sys.modules[name].__spec__)) for name in names}
if "fastimport" in sys.modules:
    import fastimport
    print("refused:", list(fastimport.stats().refusals), file=sys.stderr)
print(json.dumps([seen, absent, [str(path) for path in sys.modules["shared"].__path__], sys.modules["library0"].VALUE]))
"""


@pytest.fixture
def launched(tmp_path):
    """The tree of a build, its list and launcher, and a snapshot made from the list."""
    tree = {
        f"entry{number}": {
            f"library{number}": {"__init__.py": f"VALUE = {number}"},
            "shared": {f"s{number}.py": ""},
        }
        for number in range(ENTRIES)
    }
    entries = [os.fspath(tmp_path / "bazel-bin" / f"entry{number}") for number in range(ENTRIES)]
    plant(
        tmp_path,
        {
            "bazel-bin": tree,
            "entries.txt": "\n".join(entries) + "\n",
            "launcher.py": LAUNCHER,
            "application.py": APPLICATION,
        },
    )
    settle()
    return tmp_path


def build(directory, *words):
    """Of the list and the launcher's own directory; without the latter it would be of the whole environment."""
    options = ["-o", "app.fastimport", "--paths-file", "entries.txt", *words, directory]
    subprocess.run([sys.executable, "-m", "fastimport", "build", *options], check=True, cwd=directory, env=clean_environment())


def start(directory, *level):
    done = run([sys.executable, "launcher.py", *level], cwd=directory)
    assert done.returncode == 0, done.stderr
    assert done.stderr in ("", "refused: []\n")
    return json.loads(done.stdout)


@pytest.mark.parametrize(("level", "words"), [("checked", ()), ("trusted", ()), ("frozen", ()), ("frozen", ("--by-content",))])
def test_started_from_a_list_and_its_snapshot(launched, level, words):
    build(launched, *words)
    assert start(launched, level) == start(launched)


def test_frozen_touches_no_entry(launched):
    """300 directories are gone, and everything is found: names, code, namespace portions, and that a name is absent."""
    build(launched, "--by-content")
    expected = start(launched)
    shutil.rmtree(launched / "bazel-bin")
    assert start(launched, "frozen") == expected


def test_checked_sees_what_changed_since(launched):
    build(launched)
    first = launched / "bazel-bin" / "entry0"
    (first / "library0" / "__init__.py").write_text("VALUE = 'changed'", encoding="utf-8")
    (first / "no_such_module.py").write_text("raise ImportError('there now')", encoding="utf-8")
    (launched / "bazel-bin" / "entry1" / "shared" / "s299.py").write_text("", encoding="utf-8")
    seen = start(launched, "checked")
    assert seen == start(launched)
    assert (seen[1], seen[3]) == ("there now", "changed")


@pytest.mark.skipif(shutil.which("strace") is None, reason="no strace to count system calls with")
def test_file_system_calls_of_a_start(launched):
    """As many as importlib has to make with 300 entries, and none in them at the level frozen."""
    build(launched, "--by-content")
    calls = {}
    for level in ((), ("frozen",)):
        text = traced([sys.executable, "launcher.py", *level], cwd=launched)
        between = text.split('"/begin"')[1].split('"/end"')[0].splitlines()[1:-1]
        calls[level] = [line for line in between if FILE_CALL.match(line) and "bazel-bin" in line]
    assert len(calls[()]) > 10 * ENTRIES
    assert calls["frozen",] == []
