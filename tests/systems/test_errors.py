"""Imports that fail: the same exception, the same message, the same traceback, and the same modules left behind."""

import pytest

REPORT = """
import importlib, sys, traceback
before = set(sys.modules)
def attempt(statement):
    print('>>>', statement)
    try:
        exec(statement, {'__name__': 'attempting'})
    except BaseException as error:
        traceback.print_exc(file=sys.stdout)
        print(vars(error), getattr(error, 'name', None), getattr(error, 'path', None))
    print(sorted(name for name in set(sys.modules) - before if name.split('.')[0] in MINE))
"""

BROKEN = (
    "MINE = ('p', 'q', 'one', 'two', 'syntax', 'tabs', 'nul', 'encoded', 'exits', 'interrupts')"
    + REPORT
    + """
for statement in (
    'import p.middle.leaf', 'import p.late', 'from p import late', 'import p', 'import q.good, q.bad', 'import q.good',
    'import q.wants_absent', 'from q import absent', 'from q.good import absent', 'import q.good.absent', 'import absent',
    'import absent.sub', 'import q.absent', 'import q.absent.sub', 'from q.good import (value, absent)', 'import sys.absent',
    'from sys import absent', 'import q.good as good, q.absent as absent', 'from . import q', 'from absent import *',
):
    attempt(statement)
for name in ('syntax', 'tabs', 'nul', 'encoded', 'q.syntax', 'exits', 'interrupts'):
    attempt('import ' + name)
import importlib.util
for call in ('importlib.import_module("q.bad")', 'importlib.util.find_spec("q.bad.sub")', '__import__("q.bad")'):
    attempt('import importlib.util; ' + call)
"""
)
BROKEN_TREE = {
    "p": {
        "__init__.py": "value = 1\n",
        "middle": {"__init__.py": "from . import helper\nraise RuntimeError('in the middle')\n", "helper.py": "", "leaf.py": ""},
        "late.py": "import p.middle.helper\n",
    },
    "q": {
        "__init__.py": "",
        "good.py": "value = 1",
        "bad.py": "def function():\n    return 1 / 0\n\n\nfunction()\n",
        "wants_absent.py": "import q.good\nimport q.not_there\n",
        "syntax.py": "x = 1\nif x\n    pass\n",
    },
    "syntax.py": "def broken(:\n    pass\n",
    "tabs.py": "if 1:\n\tx = 1\n        y = 2\n",
    "nul.py": b"x = 1\0\n",
    "encoded.py": b"# coding: utf-8\nx = '\xff'\n",
    "exits.py": "raise SystemExit(4)\n",
    "interrupts.py": "raise KeyboardInterrupt\n",
    "main.py": BROKEN,
}


def test_errors_inside_packages_and_modules(check):
    check(BROKEN_TREE)


@pytest.mark.parametrize("statement", ["import q.bad", "import q.wants_absent", "import syntax", "import absent", "import exits"])
def test_uncaught_errors_end_the_program_alike(check, statement):
    outcome = check(BROKEN_TREE | {"main.py": f"import q\n{statement}\n"}, fails=True)
    assert outcome.status == (4 if "exits" in statement else 1)


CIRCULAR = (
    "MINE = ('one', 'two', 'c', 'namesake', 'random')"
    + REPORT
    + """
for statement in (
    'import one', 'from one import late', 'import c.first', 'from c import second', 'import c.attribute',
    'import c.submodule_ok; print(c.submodule_ok.other)', 'import c.star', 'import namesake', 'import random; random.choice',
):
    attempt(statement)
"""
)


def test_circular_imports(check):
    circle = {
        "__init__.py": "",
        "first.py": "from c.second import value\nother = 1\n",
        "second.py": "from c.first import other\nvalue = 1\n",
        "attribute.py": "import c.attribute_back\nvalue = 1\n",
        "attribute_back.py": "import c.attribute\nprint(c.attribute.value)\n",
        "submodule_ok.py": "from . import submodule_back as other\n",
        "submodule_back.py": "from . import submodule_ok\nimport c.submodule_ok as again\nprint(submodule_ok is again)\n",
        "star.py": "from c.star_back import *\n__all__ = ['x']\nx = 1\n",
        "star_back.py": "from c.star import *\nprint('x' in globals())\n",
    }
    tree = {
        "c": circle,
        "one.py": "import two\nlate = 1\n",
        "two.py": "import one\none.late\n",
        "namesake.py": "import namesake\nnamesake.absent\n",
        # A script beside the program that hides a module of the standard library: the hint in the message is new.
        "random.py": "import random\nrandom.choice\n",
        "main.py": CIRCULAR,
    }
    assert any("partially initialized" in line for line in check(tree).stdout)


FOREIGN = """
import importlib, sys, traceback
kind = {'ImportError': ImportError, 'RuntimeError': RuntimeError, 'OSError': OSError, 'KeyError': KeyError}[sys.argv[1]]

class Finder:
    def __init__(self, path):
        if path.endswith('hook'):
            self.refuse(path)
        if not path.endswith('finder'):
            raise ImportError('not mine')
        self.path = path
    def refuse(self, what):
        raise kind('on purpose', what)
    def find_spec(self, name, target=None):
        self.refuse(name)

class MetaFinder:
    @staticmethod
    def find_spec(name, path, target=None):
        if name == 'meta' or name == 'p.meta':
            raise kind('on purpose', name)

def attempt(name):
    print('>>>', name)
    try:
        importlib.import_module(name)
    except Exception as error:
        traceback.print_exc(file=sys.stdout)
    try:
        exec('import ' + name)
    except Exception as error:
        traceback.print_exc(file=sys.stdout)

import p
sys.path_hooks.insert(0, Finder)
sys.meta_path.insert(0, MetaFinder)
attempt('meta'), attempt('p.meta')
for place in ('a finder', 'a hook'):
    sys.path.insert(1, place)
    attempt('absent'), attempt('beside'), attempt('p.sub')
    sys.path.remove(place)
    p.__path__.insert(0, place)
    attempt('p.sub'), attempt('p.other'), attempt('p.absent')
    p.__path__.remove(place)
print([key for key in sys.path_importer_cache if key.startswith('a ')])
sys.path.insert(0, 'a finder')
import last
"""


@pytest.mark.parametrize("kind", ["ImportError", "RuntimeError", "OSError", "KeyError"])
def test_errors_raised_by_foreign_hooks_and_finders(check, kind):
    """Tracebacks line by line: those of importlib's own frames as well, which show for all but ImportError."""
    tree = {"p": {"__init__.py": "", "sub.py": "", "other.py": ""}, "beside.py": "", "last.py": "", "main.py": FOREIGN}
    check(tree, "main.py", kind, fails=True)
