"""Effects on modules: what makes them is executed as soon as such a module is loaded, and is late until then."""

import os
import sys

import pytest
from support.process import python
from support.trees import plant

from fastimport.finding import lazy

pytestmark = pytest.mark.skipif(sys.version_info < lazy.FIRST_PYTHON, reason="PEP 810")

ADDS = "adds to box.registry.KNOWN: 'csv'"
BOX = {
    "box": {
        "__init__.py": "import box.registry, box.plugs\n",
        "registry.py": "KNOWN = {}\n",
        "plugs.py": "import box.csv\n",
        "csv.py": "from box.registry import KNOWN\nKNOWN['csv'] = 1\n",
    },
    "main.py": "import box, json\n",
}
PLUG = "import box.registry\nbox.registry.KNOWN['csv'] = 1\n"
REGISTRY = ["box.registry"]
BY_SHELF = {"box": ["shelf"], "box.csv": ["shelf"], "box.plugs": ["shelf"]}
# What differs from BOX, what must not be late then, and what is late until something is loaded.
CASES = {
    "inside": ({}, [], {"box.csv": REGISTRY, "box.plugs": REGISTRY}),
    "its own part": ({"box": {"plugs.py": PLUG, "__init__.py": "import box.plugs\n"}}, [], {"box.plugs": REGISTRY}),
    "itself": ({"box": {"__init__.py": PLUG}}, [], {}),
    "from elsewhere": ({"plug.py": PLUG, "box": {"plugs.py": "import plug\n"}}, [], {"plug": REGISTRY, "box.plugs": REGISTRY}),
    "a part of a part": (
        {"box": {"plugs.py": "", "in": {"__init__.py": PLUG}, "__init__.py": "__import__('box.in')\n"}},
        [],
        {"box.in": REGISTRY},
    ),
    "outside as well": (
        {"box": {"csv.py": PLUG + "import sys; sys.path.append('x')\n"}},
        ["box", "box.csv", "box.plugs"],
        {},
    ),
    "what was there before": (
        {"box": {"csv.py": "import builtins; builtins.csv = 1\n"}},
        ["box", "box.csv", "box.plugs"],
        {},
    ),
    "another's": ({"box": {"csv.py": "import shelf\nshelf.X = 1\n"}, "shelf.py": ""}, [], BY_SHELF),
    "a name that begins so": (
        {"box": {"csv.py": "import box2\nbox2.X = 1\n"}, "box2.py": ""},
        [],
        {name: ["box2"] for name in BY_SHELF},
    ),
    "another's and its own": (
        {"box": {"csv.py": f"{PLUG}import shelf\nshelf.X = 1\n"}, "shelf.py": ""},
        [],
        {"box": ["shelf"], "box.csv": [*REGISTRY, "shelf"], "box.plugs": [*REGISTRY, "shelf"]},
    ),
    "by the program's own import": (
        {"box": {"__init__.py": ""}, "main.py": "import box.csv\n"}, [], {"box.csv": REGISTRY},
    ),
}  # fmt: skip


def learn(tree, code="main.py"):
    done = python("-m", "fastimport", "lazy", "learn", code, cwd=tree)
    assert done.returncode == 0, done.stderr
    return lazy.read(os.path.join(tree, "lazy.toml"))


@pytest.mark.parametrize("case", CASES)
def test_what_changes_only_modules_is_late_until_those_are_loaded(case, tmp_path):
    differs, eager, changes = CASES[case]
    tree = plant(tmp_path, BOX)
    plant(tree, differs)
    data = learn(tree)
    assert (sorted(data["eager"]), data["changes"]) == (eager, changes)
    assert ("box" in data["lazy"]["modules"]) == ("box" not in eager)
    assert set(changes) <= set(data["lazy"]["modules"])


USES = {
    "by the package": "import box\nprint(sorted(box.registry.KNOWN))\n",
    "by a part": "from box.registry import KNOWN\nprint(sorted(KNOWN))\n",
    "by a part that is imported after the package": "import box\nimport box.registry as r\nprint(sorted(r.KNOWN))\n",
    "by a function": "def f():\n    from box import registry\n    return registry.KNOWN\nprint(sorted(f()))\n",
    "by what makes the effect": "import box.plugs\nimport box.registry\nprint(sorted(box.registry.KNOWN))\n",
}


@pytest.mark.parametrize("use", USES)
def test_whoever_uses_the_package_finds_it_changed(use, tmp_path):
    """Learnt from a program that never uses it, then used by another one: the promise holds by what was seen, not by the runs."""
    tree = plant(tmp_path, BOX)
    learn(tree)
    plant(tree, {"use.py": f"{USES[use]}"})
    done = python("-m", "fastimport", "run", "--lazy", "lazy.toml", "use.py", cwd=tree)
    assert (done.stdout, done.stderr) == ("['csv']\n", "")


OF_SHELF = {
    "import box, shelf\nprint(shelf.X)\n": "new\n",
    "import shelf, box\nprint(shelf.X)\n": "new\n",
    "import box\ndef f():\n    import shelf\n    return shelf.X\nprint(f())\n": "new\n",
    "import shelf\nprint(shelf.X)\n": "old\n",
}


@pytest.mark.parametrize("code", OF_SHELF)
def test_whoever_uses_the_module_of_another_package_finds_it_changed(code, tmp_path):
    tree = plant(tmp_path, BOX)
    plant(tree, {"box": {"csv.py": "import shelf\nshelf.X = 'new'\n"}, "shelf.py": "X = 'old'\n"})
    learn(tree)
    plant(tree, {"use.py": code})
    done = python("-m", "fastimport", "run", "--lazy", "lazy.toml", "use.py", cwd=tree)
    assert (done.stdout, done.stderr) == (OF_SHELF[code], "")


def test_other_forms_of_the_file_leave_out_what_waits(tmp_path):
    """Nothing but fastimport makes it up in time."""
    tree = plant(tmp_path, BOX)
    learn(tree)
    show = ("-m", "fastimport", "lazy", "show", "lazy.toml", "--as")
    late_filter, lines = (python(*show, form, cwd=tree).stdout for form in ("filter", "lines"))
    assert "'box': frozenset(['csv', 'plugs'])" in late_filter and "'box.csv'" not in late_filter
    assert "lazy import box, json" in lines and "lazy import box.registry; import box.plugs" in lines


def test_explain_says_what_it_waits_for(tmp_path):
    tree = plant(tmp_path, BOX)
    learn(tree)
    done = python("-m", "fastimport", "lazy", "explain", "box.csv", cwd=tree)
    assert done.stdout == "box.csv may be late until one of these is loaded, which it changes: box.registry\n"


UNFINISHED = {
    "a list": ("FORMATS = ['json']", "FORMATS.append('csv')", "FORMATS"),
    "a dictionary": ("FORMATS = {'json': 1}", "FORMATS['csv'] = 1", "sorted(FORMATS)"),
    "a name": ("CSV = None", "CSV = 'csv'", "CSV"),
    "a number": ("LEVEL = 1", "LEVEL = 2", "LEVEL"),
    "a cache": ("caches = {}", "caches['csv'] = 1", "caches"),
    "a new name": ("def __getattr__(name): raise AttributeError(name)", "EXTRA = 1", "vars(box).get('EXTRA')"),
}


@pytest.mark.parametrize("depth", [1, 2])
@pytest.mark.parametrize("case", UNFINISHED)
def test_a_part_that_changes_the_package_while_that_is_executed(case, depth, tmp_path):
    """The package is not loaded yet, and watched all the same; what looks like a counter or a cache is no less."""
    before, change, use = UNFINISHED[case]
    part = f"import box\nbox.{change}\n"
    parts = {"csv.py": part} if depth == 1 else {"csv.py": "from box import more\n", "more.py": part}
    tree = plant(tmp_path, {"box": {"__init__.py": f"{before}\nfrom box import csv\n", **parts}, "main.py": "import box, json\n"})
    learn(tree)
    use = use if use.startswith("vars") else use.replace("FORMATS", "box.FORMATS").replace("LEVEL", "box.LEVEL")
    use = use.replace("CSV", "box.CSV").replace("caches", "box.caches")
    plant(tree, {"use.py": f"import box\nprint({use})\n"})
    stock, ours = python("use.py", cwd=tree), python("-m", "fastimport", "run", "--lazy", "lazy.toml", "use.py", cwd=tree)
    assert (ours.stdout, ours.stderr) == (stock.stdout, stock.stderr)


PROCESS = ["os.umask(0o77)", "random.seed(1)", "csv.register_dialect('mine', 'excel')", "decimal.getcontext().prec = 5",
           "ssl._create_default_https_context = ssl._create_unverified_context", "sys.tracebacklimit = 0"]  # fmt: skip


@pytest.mark.parametrize("act", PROCESS)
def test_what_the_source_says_of_the_process_is_not_late(act, tmp_path):
    module = act.partition(".")[0]
    tree = plant(tmp_path, {"plug.py": f"import {module}\n{act}\n", "main.py": f"import {module}, plug\n"})
    data = learn(tree)
    assert "plug" in data["eager"] or data["changes"] == {"plug": [module]}, data


def test_what_the_source_says_on_a_condition_is_left_to_watching(tmp_path):
    """Most of it is never done: for debugging, for another system."""
    code = "import builtins, os\nif os.environ.get('NEVER'):\n    builtins.__import__ = None\n    os.umask(0)\n"
    tree = plant(tmp_path, {"plug.py": code, "main.py": "import plug\n"})
    assert "plug" in learn(tree)["lazy"]["modules"]
