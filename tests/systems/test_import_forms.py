"""Every form of the import statement and of its functions."""

LOUD = "print('running', __name__)\n"

REPORT = """
def attempt(label, call):
    try:
        print(label, call())
    except BaseException as error:
        print(label, type(error).__name__, error, getattr(error, 'name', None), getattr(error, 'path', None))
"""


def test_parents_run_first_in_order_and_once(check):
    tree = {
        "a": {"__init__.py": LOUD, "b": {"__init__.py": LOUD, "c.py": LOUD, "d.py": LOUD}},
        "main.py": "import a.b.c\nimport a.b.c as again\nfrom a.b import d\nprint(again, sorted(vars(a.b)))",
    }
    assert check(tree).stdout[:3] == ["running a", "running a.b", "running a.b.c"]


def test_star_imports_take_the_same_names(check):
    tree = {
        "listed": {"__init__.py": "__all__ = ['one', 'module']\none = 1\ntwo = 2", "module.py": LOUD, "other.py": LOUD},
        "unlisted": {"__init__.py": "one = 1\n_two = 2\nfrom . import seen", "seen.py": LOUD, "unseen.py": LOUD},
        "plain.py": "import os\n_hidden = 1\nshown = 2",
        "bare": {"inner.py": LOUD},
        "main.py": """
for name in ('listed', 'unlisted', 'plain', 'bare'):
    namespace = {}
    exec(f'from {name} import *', namespace)
    print(name, sorted(set(namespace) - {'__builtins__'}))
""",
    }
    assert "listed ['module', 'one']" in check(tree).stdout


def test_star_import_of_an_absent_listed_name_fails_alike(check):
    check({"p": {"__init__.py": "__all__ = ['absent']"}, "main.py": "from p import *"}, fails=True)


RELATIVE_LEAF = """
from . import sibling
from .sibling import value as one
from .. import __name__ as two
from ..cousin import value as three
from ... import __name__ as four
from ...uncle.child import value as five
from .... import __name__ as six
from ....top import value as seven
print(one, two, three, four, five, six, seven, sibling)
for level in range(5, 8):
    try:
        exec('from ' + '.' * level + ' import anything')
    except ImportError as error:
        print(level, error, error.name, error.path)
"""


def test_relative_imports_of_every_depth(check):
    named = "value = __name__"
    deep = {"__init__.py": "", "sibling.py": named, "leaf.py": RELATIVE_LEAF}
    middle = {"__init__.py": "", "cousin.py": named, "deep": deep}
    tree = {
        "p": {
            "__init__.py": "",
            "top.py": named,
            "high": {"__init__.py": "", "middle": middle, "uncle": {"__init__.py": "", "child.py": named}},
        },
        "main.py": "import p.high.middle.deep.leaf\nfrom . import p",
    }
    assert "no known parent package" in check(tree, fails=True).stderr[-1]


def test_main_with_absolute_imports_and_imported_twice(check):
    tree = {
        "helper.py": "import main, __main__\nvalue = (main is __main__, main.__name__, __main__.__spec__)",
        "p": {"__init__.py": "", "user.py": "import helper\nfrom p import user\nvalue = helper.value"},
        "main.py": LOUD + "from p import user\nif __name__ == '__main__':\n    print(user.value)",
    }
    check(tree)


IMPORT_FUNCTION = (
    REPORT
    + """
scope = {'__name__': 'a.b.caller', '__package__': 'a.b', '__path__': None}
attempt('plain', lambda: __import__('a.b.c'))
for fromlist in ((), [], ['c'], ('c', 'absent'), ['*'], 'c', None, [1], ['']):
    attempt(fromlist, lambda: __import__('a.b', fromlist=fromlist))
for level, name in ((1, 'c'), (1, ''), (2, ''), (2, 'b.c'), (3, ''), (-1, 'c'), (1, 'absent'), (10**20, 'c')):
    attempt((level, name), lambda: __import__(name, scope, None, ['c'], level))
    attempt((level, name, 'no list'), lambda: __import__(name, scope, None, (), level))
for name in ('', '.', '..', 'a.', '.a', 'a..b', 'a.b.absent', 'absent.b', 'a.b.c.d', 1, None, b'a', 'a/b', 'a\\0b'):
    attempt(repr(name), lambda: __import__(name))
for globals_ in (None, {}, {'__package__': None}, {'__name__': 'a.b.c'}, {'__package__': 'absent'}, {'__package__': 3}):
    attempt(globals_, lambda: __import__('c', globals_, None, ['x'], 1))
attempt('no arguments', lambda: __import__())
attempt('keywords', lambda: __import__(name='a.b', globals=scope, locals={}, fromlist=('c',), level=0))
"""
)


def test_the_import_function_with_every_kind_of_argument(check):
    check({"a": {"__init__.py": LOUD, "b": {"__init__.py": LOUD, "c.py": LOUD}}, "main.py": IMPORT_FUNCTION})


IMPORTLIB_FUNCTIONS = (
    REPORT
    + """
import importlib, importlib.util, sys, types
names = ['a', 'a.b', 'a.b.c', 'a.absent', 'absent', 'absent.b', 'plain.b', 'sys', 'zipimport']
for name in names + ['', '.', 'a.', '.b', '..b', '...c', 'a..b']:
    attempt(('import', name), lambda: importlib.import_module(name))
    attempt(('find', name), lambda: importlib.util.find_spec(name))
    for package in ('a', 'a.b', 'absent', '', None):
        attempt(('import', name, package), lambda: importlib.import_module(name, package))
        attempt(('find', name, package), lambda: importlib.util.find_spec(name, package))
        attempt(('resolve', name, package), lambda: importlib.util.resolve_name(name, package))
for bad in (None, 1, b'a', ['a']):
    attempt(('import', bad), lambda: importlib.import_module(bad))
    attempt(('find', bad), lambda: importlib.util.find_spec(bad))
sys.modules['no_spec'] = types.ModuleType('no_spec')
attempt('spec is None', lambda: importlib.util.find_spec('no_spec'))
del sys.modules['no_spec'].__spec__
attempt('no spec', lambda: importlib.util.find_spec('no_spec'))
sys.modules['nothing'] = None
attempt('entry is None', lambda: importlib.util.find_spec('nothing'))
attempt('unimported', lambda: (importlib.util.find_spec('a.late'), 'a.late' in sys.modules))
spec = importlib.util.find_spec('plain')
module = importlib.util.module_from_spec(spec)
spec.loader.exec_module(module)
print(spec, module, sys.modules.get('plain') is module)
"""
)


def test_importlib_functions_with_every_kind_of_name(check):
    inner = {"__init__.py": LOUD, "c.py": LOUD}
    check({"a": {"__init__.py": LOUD, "b": inner, "late.py": LOUD}, "plain.py": LOUD, "main.py": IMPORTLIB_FUNCTIONS})


RELOADS = (
    REPORT
    + """
import importlib, os, sys, types
import plain, regular, regular.inner, bare, bare.part

def rewrite(path, text):
    with open(path, 'w') as file:
        file.write(text)
    importlib.invalidate_caches()

rewrite('plain.py', 'value = "changed and longer"')
attempt('changed', lambda: (importlib.reload(plain) is plain, plain.value, sorted(vars(plain))))
rewrite('regular/__init__.py', 'value = "changed as well"')
attempt('package', lambda: (importlib.reload(regular), regular.value, regular.inner))
attempt('submodule', lambda: importlib.reload(regular.inner))
attempt('namespace', lambda: (importlib.reload(bare), list(bare.__path__), bare.part))
os.makedirs('second/bare')
sys.path.append(os.path.abspath('second'))
importlib.invalidate_caches()
attempt('namespace that grew', lambda: (importlib.reload(bare), list(bare.__path__)))
os.remove('plain.py')
importlib.invalidate_caches()
attempt('deleted', lambda: importlib.reload(plain))
os.makedirs('plain')
rewrite('plain/__init__.py', 'value = "a package now"')
attempt('became a package', lambda: (importlib.reload(plain), plain.value, plain.__path__, plain.old))
del sys.modules['regular']
attempt('not in sys.modules', lambda: importlib.reload(regular))
attempt('parent not in sys.modules', lambda: importlib.reload(sys.modules['regular.inner']))
for bad in (None, 'plain', 1, types.ModuleType('fresh'), os.path):
    attempt(bad, lambda: importlib.reload(bad))
"""
)


def test_reload_of_changed_modules_packages_and_namespaces(check):
    tree = {
        "plain.py": "old = value = 1",
        "regular": {"__init__.py": "value = 1", "inner.py": LOUD},
        "bare": {"part.py": LOUD},
        "main.py": RELOADS,
    }
    check(tree)
