"""sys.modules is asked first, whatever the program has put there."""

PRESETS = """
import sys, types, importlib

def attempt(statement):
    try:
        exec(statement, namespace := {})
        print(statement, {k: v for k, v in namespace.items() if k != '__builtins__'})
    except BaseException as error:
        print(statement, type(error).__name__, error, getattr(error, 'name', None))

preset = types.ModuleType('preset')
preset.value = 1
sys.modules['preset'] = preset
sys.modules['p.preset'] = preset
sys.modules['preset.sub'] = types.ModuleType('preset.sub')
sys.modules['number'] = 42
sys.modules['nothing'] = None
sys.modules['p.nothing'] = None
sys.modules['plain'] = None
for statement in (
    'import preset', 'from preset import value', 'import preset.sub', 'from preset import sub', 'import preset.absent',
    'import p.preset', 'from p import preset', 'import number', 'import number.sub', 'from number import real',
    'import nothing', 'import nothing.sub', 'import p.nothing', 'from p import nothing', 'import plain', 'import p.sub',
):
    attempt(statement)
del sys.modules['plain']
attempt('import plain')
"""


def test_preset_modules_and_none_entries(check):
    tree = {"p": {"__init__.py": "", "sub.py": ""}, "preset.py": "wrong = 1", "plain.py": "", "main.py": PRESETS}
    check(tree)


REPLACING = "import sys, types\nclass Better(types.ModuleType):\n    value = 'better'\nsys.modules[__name__] = Better(__name__)\n"
REPLACED = """
import sys
import replacing, p.replacing
from p import replacing as other
print(type(replacing), replacing.value, type(p.replacing), other is sys.modules['p.replacing'])
for name in ('deleting', 'p.deleting', 'emptied', 'p.orphan'):
    try:
        __import__(name)
    except BaseException as error:
        print(name, type(error).__name__, error, getattr(error, 'name', None))
print([name for name in sys.modules if name.split('.')[0] in ('p', 'deleting', 'emptied', 'replacing')])
"""


def test_modules_that_replace_or_delete_themselves(check):
    deleting = "import sys\ndel sys.modules[__name__]\n"
    tree = {
        "replacing.py": REPLACING,
        "deleting.py": deleting,
        "emptied.py": "import sys\nsys.modules[__name__] = None\n",
        "p": {
            "__init__.py": "",
            "replacing.py": REPLACING,
            "deleting.py": deleting,
            "orphan.py": "import sys\ndel sys.modules['p']\n",
        },
        "main.py": REPLACED,
    }
    check(tree)


DELETED = """
import sys
import p.sub
first, second = p, p.sub
del sys.modules['p.sub']
import p.sub
print(p is first, p.sub is second)
del sys.modules['p']
import p.sub
print(p is first, sorted(vars(p)), hasattr(p, 'sub'))
del sys.modules['p'], sys.modules['p.sub']
import p.sub
print(p is first, p.sub is second, p.sub)
sys.modules.pop('p')
try:
    from p import absent
except ImportError as error:
    print(error, error.name, error.path)
saved = dict(sys.modules)
del sys.modules['p']
import p
print(p is saved['p'])
class Strict(dict):
    def __missing__(self, name):
        print('missing', name)
        raise KeyError(name)
original, sys.modules = sys.modules, Strict(sys.modules)
import p.other
print(p.other)
sys.modules = original
"""


def test_deleted_entries_are_imported_again(check):
    loud = "print('running', __name__)\n"
    check({"p": {"__init__.py": loud, "sub.py": loud, "other.py": loud}, "main.py": DELETED})
