"""pytest with its rewritten assertions, unittest and doctest over a small project."""

PACKAGE = """
'Doubles.'
__test__ = {'doubling': '>>> from library import double\\n>>> double(2)\\n4'}
from .core import double
"""
CORE = """
def double(x):
    '''Twice.

    >>> double(3)
    6
    >>> double("a")
    "wrong"
    '''
    return x * 2
"""
UNITTEST = """
import unittest, library
class Cases(unittest.TestCase):
    def test_one(self):
        self.assertEqual(library.double(1), 2)
"""
PROJECT = {
    "library": {"__init__.py": PACKAGE, "core.py": CORE},
    "checks": {
        "conftest.py": "import pytest\npytest.register_assert_rewrite('helper')\n@pytest.fixture\ndef two():\n    return 2\n",
        "helper.py": "def demand(x):\n    assert x == 5, 'demanded'\n",
        "test_library.py": """
import helper, library, sys
from library.core import double
def test_passes(two):
    assert double(two) == 4
def test_fails():
    left = [1, 2, double(3)]
    assert left == [1, 2, 7]
def test_fails_in_helper():
    helper.demand(double(2))
def test_loaders():
    print(type(library.__loader__).__name__, type(sys.modules[__name__].__loader__).__name__, helper.__spec__)
    assert type(helper.__loader__).__name__ == 'AssertionRewritingHook'
""",
        "test_broken.py": "import absent_dependency\n",
        "unittest_library.py": UNITTEST,
    },
    "pytest.ini": "[pytest]\npythonpath = . checks\naddopts = -p no:cacheprovider --no-header\n",
}
# Plugins of the environment would only take time.
VARIABLES = {"PYTEST_DISABLE_PLUGIN_AUTOLOAD": "1"}
# The durations in the reports are the only thing that two runs may differ in.
PYTEST = """
import re, sys, io, contextlib
import pytest
text = io.StringIO()
with contextlib.redirect_stdout(text):
    status = pytest.main(sys.argv[1:])
print(re.sub(r'in [0-9.]+s', 'in …', text.getvalue()), status)
"""


def test_pytest_rewrites_assertions(check_with_tools):
    tree = PROJECT | {"main.py": PYTEST}
    arguments = ("main.py", "-v", "-rA", "checks", "--continue-on-collection-errors")
    stock = check_with_tools(tree, *arguments, env=VARIABLES, ordered=False)
    assert any("assert [1, 2, 6] == [1, 2, 7]" in line for line in stock.stdout)


def test_pytest_import_modes_and_doctest_collection(check_with_tools):
    tree = PROJECT | {"main.py": PYTEST}
    arguments = ("main.py", "--import-mode=importlib", "--doctest-modules", "-q", "library", "checks/test_library.py")
    stock = check_with_tools(tree, *arguments, env=VARIABLES, ordered=False)
    assert any("wrong" in line for line in stock.stdout)


STANDARD_RUNNERS = """
import doctest, importlib, io, re, sys, unittest
import library
for name in ('library', 'library.core'):
    print(doctest.testmod(importlib.import_module(name)))
text = io.StringIO()
suite = unittest.defaultTestLoader.discover('checks', pattern='unittest_*.py')
unittest.TextTestRunner(text).run(suite)
print(re.sub(r'in [0-9.]+s', 'in …', text.getvalue()))
print(unittest.defaultTestLoader.loadTestsFromName('checks.unittest_library.Cases'))
suite = unittest.defaultTestLoader.discover('checks', pattern='test_broken.py')
print([type(test).__name__ for group in suite for test in group])
"""


def test_unittest_discovery_and_doctest(check):
    check(PROJECT | {"main.py": STANDARD_RUNNERS})
