"""Regular, namespace, nested and mixed packages, in directories, zip files and below a zip file's root."""

from .trees import Bytecode, Link, Zip

LOUD = "print('running', __name__)\n"

PACKAGES = """
import importlib, sys
sys.path[:1] = [sys.path[0] + '/' + name for name in ('d0', 'd1', 'archive.zip', 'archive.zip/below/here', 'd2')]
names = '''regular regular.inner regular.absent bare bare.one bare.two bare.zipped bare.deep bare.inner.x bare.inner.y
bare.inner.z bare.absent mixed mixed.first mixed.second hidden both both.inner outer.regular.bare.leaf zipped_only
zipped_package zipped_package.module zipped_package.absent below.here below_only shadowed sourceless packed packed.inner
précis 模块 linked linked.inner linked_module dangling is_file_and_package Case case not-an-identifier'''.split()
for name in names:
    try:
        module = importlib.import_module(name)
        print(name, module, type(getattr(module, '__path__', None)).__name__, list(getattr(module, '__path__', [])))
    except ImportError as error:
        print(name, type(error).__name__, error, error.name, error.path)
print(sys.modules['bare'].__path__, sys.modules['bare'].__spec__, sys.modules['bare'].__loader__)
print(dir(sys.modules['bare']), dir(sys.modules['regular']), dir(sys.modules['shadowed']))
print(sys.modules['outer'].__path__, sys.modules['outer.regular.bare'].__path__)
"""
PACKAGE_TREE = {
    "d0": {
        "regular": {"__init__.py": LOUD, "inner.py": LOUD},
        "bare": {"one.py": LOUD, "inner": {"x.py": LOUD}},
        "mixed": {"first.py": LOUD},
        "hidden": {},
        "both": {"inner.py": ""},
        "both.py": LOUD,
        "is_file_and_package": {"__init__.py": LOUD},
        "is_file_and_package.py": "wrong = 1",
        "outer": {"regular": {"__init__.py": LOUD, "bare": {"leaf.py": LOUD}}},
        "linked": Link("../targets/package"),
        "linked_module.py": Link("../targets/module.py"),
        "dangling.py": Link("nowhere.py"),
        "Case.py": LOUD,
        "not-an-identifier.py": LOUD,
    },
    "d1": {
        "bare": {"two.py": LOUD, "inner": {"y.py": LOUD}},
        "mixed": {"__init__.py": LOUD, "second.py": LOUD},
        "hidden.py": LOUD,
        "outer": {"other.py": LOUD},
        "sourceless.pyc": Bytecode(LOUD),
        "packed": {"__init__.pyc": Bytecode(LOUD), "inner.pyc": Bytecode(LOUD)},
        "précis.py": LOUD,
        "模块.py": LOUD,
        "shadowed.py": LOUD,
    },
    "d2": {"bare": {"inner": {"z.py": LOUD}}, "shadowed.py": "wrong = 1", "mixed": {"__init__.py": "wrong = 1"}},
    "archive.zip": Zip(
        {
            "bare/": "",
            "bare/zipped.py": LOUD,
            "zipped_only.py": LOUD,
            "zipped_package": {"__init__.py": LOUD, "module.py": LOUD},
            "below": {"here": {"below_only.py": LOUD, "bare": {"deep.py": LOUD}}},
        }
    ),
    "targets": {"module.py": LOUD, "package": {"__init__.py": LOUD, "inner.py": LOUD}},
}


def test_packages_of_every_shape(check):
    check(PACKAGE_TREE | {"main.py": PACKAGES})


NAMESPACES = """
import importlib, importlib.util, sys, os
import bare.one
path = bare.__path__
print(type(path).__name__, path, len(path), path[0], list(path), 'd0' in path, path._name)
sys.path.append(os.path.abspath('d1'))
import bare.two
print(list(bare.__path__), bare.__path__ is path)
sys.path.append(os.path.abspath('archive.zip'))
import bare.zipped
print(list(bare.__path__))
sys.path.remove(os.path.abspath('d1'))
print(list(bare.__path__))
path.append('appended')
print(list(path))
sys.path.append(os.path.abspath('d2'))
print(list(path))
os.makedirs('late/bare/inner')
open('late/bare/latest.py', 'w').close()
open('late/bare/inner/innermost.py', 'w').close()
import bare.inner.z
sys.path.append(os.path.abspath('late'))
import bare.latest, bare.inner.innermost
print(list(bare.inner.__path__), list(path))
os.makedirs('even/bare')
sys.path.append('even')
importlib.invalidate_caches()
print(list(path))
sys.path.clear()
print(list(path))
sys.path.append(os.path.abspath('d1'))
print(list(path))
bare.__path__ = ['d0/bare', 'd1/bare']
sys.modules.pop('bare.one')
import bare.one
print(bare.one.__spec__.origin, bare.one.__file__)
bare.__path__ = []
for statement in ('import bare.absent', 'import bare.one.absent', 'del bare.__path__; import bare.absent'):
    try:
        exec(statement)
    except ImportError as error:
        print(statement, error, error.name, error.path)
spec = importlib.util.find_spec('again')
sys.path.append(os.path.abspath('d2'))
spec = importlib.util.find_spec('again')
module = importlib.util.module_from_spec(spec)
print(spec.origin, spec.loader, list(spec.submodule_search_locations), type(module.__loader__).__name__)
"""


def test_namespace_paths_are_recalculated(check):
    tree = PACKAGE_TREE | {"main.py": "import sys\nsys.path[0] += '/d0'\n" + NAMESPACES}
    tree["d2"] = tree["d2"] | {"again": {}}
    check(tree)


MUTATED = """
import os, sys, importlib
import p
base = os.path.dirname(p.__file__)
p.__path__.append(base + '/extra')
import p.added
p.__path__.insert(0, base + '/extra')
import p.shadowed
print(p.shadowed)
strange = [[b'bytes', None, 3, base], [base + '/'], [base + '//./extra/..']]
for odd in strange + [(base,), iter([base]), {base: 1}, base, 'x', 3, None]:
    p.__path__ = odd
    sys.modules.pop('p.inner', None)
    try:
        import p.inner
        print(repr(odd)[:9], p.inner.__file__, p.inner.__spec__)
    except Exception as error:
        print(repr(odd)[:9], type(error).__name__, error)
class Live(list):
    def __iter__(self):
        print('iterated')
        return super().__iter__()
p.__path__ = Live([base])
sys.modules.pop('p.inner', None)
import p.inner
"""


def test_package_paths_mutated_and_replaced(check):
    tree = {
        "p": {
            "__init__.py": "",
            "inner.py": "",
            "shadowed.py": "wrong = 1",
            "extra": {"added.py": "", "shadowed.py": ""},
        },
        "main.py": MUTATED,
    }
    check(tree)
