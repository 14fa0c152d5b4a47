"""Lazy imports (PEP 810) in a profile: made up when they are first used, and shown with the place of that."""

import json
import os
import re
import sys

import pytest
from support.process import python
from support.trees import plant

PEP_810 = pytest.mark.skipif(sys.version_info < (3, 15), reason="PEP 810")
TREE = {
    **{f"{name}.py": "X = 1\n" for name in ("used", "taken", "asked", "called", "stated", "never", "plain")},
    "pack": {"__init__.py": "", "part.py": "Y = 2\n"},
    "main.py": """\
lazy import used, asked, called, stated, never, pack.part
lazy from taken import X
import plain
import importlib
def f():
    return used.X
f(), X
asked
importlib.import_module("called")
import stated
stated.X
pack.part.Y
""",
}
LATE = {"used": 6, "taken": 7, "asked": 8, "pack.part": 12}
NOT_LATE = {"plain": 3, "called": 9, "stated": 10}


def profile(tree, *options, **variables):
    command = ("-m", "fastimport", "profile", "--runs", "1", "--no-saving", "--no-advice", "--hide-under", "0")
    done = python(*command, *options, "main.py", cwd=tree, **variables)
    assert done.returncode == 0, done.stderr
    return done.stdout


@PEP_810
def test_a_late_import_is_shown_with_where_it_was_first_used(tmp_path):
    tree = plant(tmp_path, TREE)
    main = os.path.join(tree, "main.py")
    modules = {each["name"]: each for each in json.loads(profile(tree, "--json"))["modules"]}
    late = {name: each["importer"] for name, each in modules.items() if each["late"] and name in (LATE | NOT_LATE)}
    assert late == {name: [main, line] for name, line in LATE.items()} and "never" not in modules
    for name, line in NOT_LATE.items():
        assert (modules[name]["importer"], modules[name]["late"]) == ([main, line], False)
    told = [line for line in profile(tree, "--view", "tree").splitlines() if "[late: " in line]
    assert [line.split()[2:] for line in told if line.split()[2] in LATE] == [
        [name, "[late:", "first", "used", "in", f"{main}:{line}]"] for name, line in LATE.items()
    ]


@PEP_810
def test_the_page_knows_it(tmp_path):
    tree = plant(tmp_path, TREE)
    profile(tree, "-o", "page.html")
    with open(os.path.join(tree, "page.html"), encoding="utf-8") as file:
        page = file.read()
    data = json.loads(re.search(r'<script[^>]*id="data"[^>]*>(.*?)</script>', page, re.DOTALL)[1])
    late = {row[0]: row[7] for row in data["modules"] if row[-1] and row[0] in (LATE | NOT_LATE)}
    assert late == {name: f"{os.path.join(tree, 'main.py')}:{line}" for name, line in LATE.items()}
    assert "late, first used in" in page


@PEP_810
def test_what_a_file_of_fastimport_postpones_is_shown_as_well(tmp_path):
    tree = plant(tmp_path, {"used.py": "X = 1\n", "main.py": "import used\nused.X\n"})
    text = 'format = 1\npython = "3.15"\n[lazy]\nmodules = [\n    "used",\n]\n'
    plant(tree, {"lazy.toml": text})
    told = profile(tree, "--level", "checked", "--view", "tree", FASTIMPORT_LAZY=os.path.join(tree, "lazy.toml"))
    assert re.search(r" used +\[late: first used in .*main\.py:2\]", told), told


@pytest.mark.skipif(sys.version_info >= (3, 15), reason="of Pythons without PEP 810")
def test_without_pep_810_nothing_is_late(tmp_path):
    tree = plant(tmp_path, {"main.py": "import json\n"})
    assert not any(each["late"] for each in json.loads(profile(tree, "--json"))["modules"])
