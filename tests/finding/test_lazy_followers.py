"""Late modules that change others (Python 3.15): executed as soon as one of those has been loaded, and invisibly so."""

import os
import sys
import textwrap
import zipfile

import pytest
from support.process import python
from support.trees import plant

from fastimport.diagnosis.lazy import document

pytestmark = pytest.mark.skipif(sys.version_info < (3, 15), reason="PEP 810")

PLUG = "print('{0} runs')\nimport target\ntarget.KNOWN.append('{0}')"
TREE = {
    "target.py": "print('target runs')\nKNOWN = []",
    "plug.py": PLUG.format("plug"),
    "second.py": PLUG.format("second"),
    "around.py": "print('around runs')\nimport plug",
    "box": {"__init__.py": PLUG.format("box"), "part.py": "print('box.part runs')"},
    "plain": {"__init__.py": "", "plug.py": PLUG.format("plain.plug")},
    "deep": {
        "__init__.py": "",
        "target.py": "X, KNOWN = 1, []",
        "plug.py": "import deep.target\nprint('deep.plug', deep.target.X)",
    },
    "other_target.py": "KNOWN = []",
    "slow.py": """
import deep.target, other_target, target, threading
seen = []
def use():
    import {used} as used
    seen.append([*used.KNOWN])
thread = threading.Thread(target=use)
thread.start()
thread.join(0.5)  # it waits, or has seen too early
for each in (deep.target, other_target, target): each.KNOWN = ["slow"]
""",
    "broken.py": "import target\n1 / 0",
    "breaks.py": "print('breaks runs')\n1 / 0",
    "other": {"for_breaks.py": "import breaks"},
}
CHANGES = {
    **{name: ["target"] for name in ("plug", "second", "around", "box", "plain.plug", "broken")},
    "deep.plug": ["deep.target"],
    "slow": ["target", "other_target", "deep.target"],
    "other.for_breaks": ["breaks"],
}
LATE = [*CHANGES, "target", "other_target", "plain", "deep", "deep.target", "box.part", "other", "breaks"]


@pytest.fixture
def run(tmp_path):
    """Run code with the tree on sys.path and CHANGES waiting; gives its output, without which it must not write."""
    tree = plant(tmp_path, TREE)
    path = os.path.join(tree, "lazy.toml")
    document.write(path, {"format": 1, "python": "3.15", "lazy": {"modules": LATE}, "changes": CHANGES})

    def run(code):
        done = python("-m", "fastimport", "run", "--lazy", path, "-c", textwrap.dedent(code), cwd=tree)
        assert (done.returncode, done.stderr) == (0, ""), done.stderr
        return done.stdout.splitlines()

    run.tree, run.path = tree, path
    return run


USES = {
    "a late import": "import target\ntarget.KNOWN",
    "a name of it": "from target import KNOWN\nKNOWN",
    "a function": "def f(): import target\nf()",
    "importlib": "__import__('importlib').import_module('target')",
    "a try": "try: import target\nfinally: pass",
}


@pytest.mark.parametrize("use", USES)
def test_it_is_late_until_what_it_changes_is_loaded(use, run):
    code = f"import plug\nprint('first')\n{USES[use]}\nprint('last')"
    assert run(code) == ["first", "target runs", "plug runs", "last"]
    assert run("import plug\nprint('first')") == ["first"]


def test_a_late_import_of_the_changed_module_that_stands_before_it(run):
    assert run("import target\nimport plug\nprint('first')\nprint(target.KNOWN)") == [
        "first", "target runs", "plug runs", "['plug']",
    ]  # fmt: skip


def test_it_is_eager_once_that_is_loaded(run):
    assert run("import target\ntarget.KNOWN\nimport plug\nprint('last')") == ["target runs", "plug runs", "last"]


STATEMENTS = ("import plain.plug", "from plain import plug", "import plain\nplain.__name__\nfrom plain import plug")


@pytest.mark.parametrize("statement", STATEMENTS)
def test_every_form_of_the_statement(statement, run):
    assert run(f"{statement}\nprint('first')\nimport target\ntarget.KNOWN") == ["first", "target runs", "plain.plug runs"]
    assert run(f"import target\ntarget.KNOWN\n{statement}\nprint('last')") == ["target runs", "plain.plug runs", "last"]


def test_a_package_that_changes_it_is_executed_for_its_part(run):
    assert run("import box.part\nprint('first')\nimport target\ntarget.KNOWN") == ["first", "target runs", "box runs"]


def test_what_imports_it_waits_in_its_stead(run):
    assert run("import around\nprint('first')\nimport target\nprint(target.KNOWN)") == [
        "first", "target runs", "around runs", "plug runs", "['plug']",
    ]  # fmt: skip


def test_several_in_the_order_of_their_statements_and_once_each(run):
    code = "import second, plug, second\nprint('first')\nimport target\nprint(target.KNOWN)\nplug.target"
    assert run(code) == ["first", "target runs", "second runs", "plug runs", "['second', 'plug']"]


def test_one_that_is_used_before_does_not_run_again(run):
    code = "import plug, second\nplug.__name__\nprint(plug.target.KNOWN)"
    assert run(code) == ["plug runs", "target runs", "second runs", "['second', 'plug']"]


def test_the_changed_module_is_an_attribute_of_its_package_by_then(run):
    assert run("import deep.plug\nprint('first')\n__import__('deep.target')") == ["first", "deep.plug 1"]


def test_nobody_sees_who_waits(run):
    """Loaders are importlib's: for who asks for a spec, while the module is executed, and later."""
    plant(run.tree, {"target.py": "print(type(__loader__).__name__, __spec__.loader is __loader__)"})
    code = """\
    import plug, importlib.util
    print(type(importlib.util.find_spec("target").loader).__name__)
    import target
    print(type(target.__loader__).__name__, target.__spec__.loader is target.__loader__)
    """
    plant(run.tree, {"plug.py": "import target"})
    assert run(code) == ["SourceFileLoader", "SourceFileLoader True", "SourceFileLoader True"]


@pytest.mark.parametrize("late", ["other.for_breaks", "broken"])
def test_failures_are_told_without_frames_of_ours(late, run):
    """When the changed module fails, and when what waited for it does: where it waits, the line that loads the other is named."""
    target = CHANGES[late][0]
    code = f"import {late}\ndef f():\n    import {target}\nf()\n"
    script = os.path.join(plant(run.tree, {"script.py": code}), "script.py")
    done = python("-m", "fastimport", "run", "--lazy", run.path, script, cwd=run.tree)
    failing = os.path.join(run.tree, f"{late if late == 'broken' else target}.py")
    lines = [line for line in done.stderr.splitlines() if line.startswith("  File")]
    assert [line.split('"')[1] for line in lines] == [script, script, failing]
    assert done.stderr.endswith("ZeroDivisionError: division by zero\n")


def test_a_finder_that_has_come_first_meanwhile(run):
    """What it loads is noticed at the next import statement, and its place is taken."""
    code = """\
    import sys, plug
    class First:
        def find_spec(name, path=None, target=None):
            return sys.modules["importlib.machinery"].PathFinder.find_spec(name, path) if name == "target" else None
    import importlib.machinery as machinery
    machinery.PathFinder
    sys.meta_path.insert(0, First)
    __import__("target")
    import plain
    print(sys.meta_path.index(First), sys.modules["target"].KNOWN)
    import second
    """
    assert run(code) == ["target runs", "plug runs", "1 ['plug']", "second runs"]


def test_a_finder_of_others_may_load_it(run, tmp_path):
    with zipfile.ZipFile(tmp_path / "archive.zip", "w") as archive:
        archive.writestr("target.py", "KNOWN = ['zipped']")
    code = f"import sys\nsys.path.insert(0, {str(tmp_path / 'archive.zip')!r})\nimport plug, target\nprint(target.KNOWN)"
    assert run(code) == ["plug runs", "['zipped', 'plug']"]


@pytest.mark.parametrize("used", ["target", "other_target", "deep.target"])
@pytest.mark.parametrize("first", ["target", "other_target", "deep.target"])
def test_another_thread_waits_for_it(run, first, used):
    """Whichever of those that it changes the first thread loads, and the other one uses meanwhile."""
    plant(run.tree, {"slow.py": TREE["slow.py"].replace("{used}", used)})
    code = f"import slow, sys\n__import__({first!r})\nslow = sys.modules['slow']\nslow.thread.join()\nprint(slow.seen)"
    assert run(code)[-1] == "[['slow']]"


def test_reload_does_not_run_it_again(run):
    code = "import plug, importlib, target\ntarget.KNOWN\nimportlib.reload(target)\nprint(target.KNOWN)"
    assert run(code) == ["target runs", "plug runs", "target runs", "[]"]


def test_switching_off_makes_up_what_waits_and_leaves_nothing(run):
    code = """\
    import sys, fastimport, plug, broken
    print(type(sys.meta_path[0]).__module__)
    fastimport.uninstall()
    print("followers" in repr(sys.meta_path), "plug" in sys.modules, "second" in sys.modules, "broken" in sys.modules)
    """
    expected = ["fastimport.finding.followers", "plug runs", "target runs", "False True False False"]
    assert run(code) == expected


def test_a_file_without_such_modules_puts_nothing_on_the_meta_path(run):
    document.write(run.path, {"format": 1, "python": "3.15", "lazy": {"modules": LATE}})
    assert run("import sys, plug\nprint('followers' in repr(sys.meta_path))") == ["False"]
