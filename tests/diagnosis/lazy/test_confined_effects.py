"""Effects that stay inside a package: what makes them is executed with the package, which itself may be late."""

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
# What differs from BOX, and what must not be late then.
CASES = {
    "inside": ({}, ["box.csv", "box.plugs"]),
    "its own part": ({"box": {"plugs.py": PLUG, "__init__.py": "import box.plugs\n"}}, ["box.plugs"]),
    "itself": ({"box": {"__init__.py": PLUG}}, []),
    "from elsewhere": ({"plug.py": PLUG, "box": {"plugs.py": "import plug\n"}}, ["box.plugs", "plug"]),
    "a part of a part": (
        {"box": {"plugs.py": "", "in": {"__init__.py": PLUG}, "__init__.py": "__import__('box.in')\n"}},
        ["box.in"],
    ),
    "outside as well": ({"box": {"csv.py": PLUG + "import sys; sys.path.append('x')\n"}}, ["box", "box.csv", "box.plugs"]),
    "another's": ({"box": {"csv.py": "import shelf\nshelf.X = 1\n"}, "shelf.py": ""}, ["box", "box.csv", "box.plugs"]),
    "a name that begins so": ({"box": {"csv.py": "import box2\nbox2.X = 1\n"}, "box2.py": ""}, ["box", "box.csv", "box.plugs"]),
    "by the program's own import": ({"box": {"__init__.py": ""}, "main.py": "import box.csv\n"}, ["box.csv"]),
}  # fmt: skip


def learn(tree, code="main.py"):
    done = python("-m", "fastimport", "lazy", "learn", code, cwd=tree)
    assert done.returncode == 0, done.stderr
    return lazy.read(os.path.join(tree, "lazy.toml"))


@pytest.mark.parametrize("case", CASES)
def test_a_package_may_be_late_that_is_changed_by_itself_only(case, tmp_path):
    changes, eager = CASES[case]
    tree = plant(tmp_path, BOX)
    plant(tree, changes)
    data = learn(tree)
    assert sorted(data["eager"]) == eager
    assert ("box" in data["lazy"]["modules"]) == ("box" not in eager)


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
