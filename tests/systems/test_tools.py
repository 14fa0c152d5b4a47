"""pkgutil, runpy and zipapp."""

from .trees import Zip

PKGUTIL = """
import pkgutil, sys, zipimport
import grown, p
def show(label, modules):
    print(label, [(type(found.module_finder).__name__, found.name, found.ispkg) for found in modules])
show('all', [found for found in pkgutil.iter_modules([sys.path[0]])])
show('prefixed', pkgutil.iter_modules(p.__path__, 'p.'))
show('walked', pkgutil.walk_packages([sys.path[0]], onerror=lambda name: print('failed', name)))
show('zipped', pkgutil.iter_modules(['archive.zip', 'archive.zip/inside']))
show('from sys.path', [found for found in pkgutil.iter_modules() if found.name in ('p', 'bare', 'grown')])
print(grown.__path__)
import grown.second
print(grown.second)
print(pkgutil.get_data('p', 'data.txt'), pkgutil.get_data('zipped', 'data.txt'))
print(pkgutil.get_data('bare', 'data.txt') if sys.version_info < (3, 15) else None)
for path in (sys.path[0], 'archive.zip', 'absent', 'main.py', ''):
    print(path, type(pkgutil.get_importer(path)).__name__, path in sys.path_importer_cache)
print([getattr(found, 'path', type(found).__name__) for found in pkgutil.iter_importers('p.sub')])
print([type(found).__name__ for found in pkgutil.iter_importers()])
for name in ('p:thing', 'p.sub', 'p:sub.value', 'p.sub:value', 'p.thing'):
    print(name, pkgutil.resolve_name(name))
"""
GROWN = """
import pkgutil, sys
sys.path += ['more', 'archive.zip']
__path__ = pkgutil.extend_path(__path__, __name__)
"""


def test_pkgutil_lists_walks_extends_and_reads(check):
    tree = {
        "p": {"__init__.py": "thing = 1\nfrom . import sub", "sub.py": "value = 2", "data.txt": "text", "q": {"__init__.py": ""}},
        "broken": {"__init__.py": "raise ImportError('on purpose')"},
        "bare": {"part.py": "", "data.txt": "x"},
        "grown": {"__init__.py": GROWN},
        "more": {"grown": {"__init__.py": "", "second.py": ""}},
        "archive.zip": Zip({"zipped": {"__init__.py": "", "data.txt": "zipped"}, "inside": {"deep.py": ""}}),
        "main.py": PKGUTIL,
    }
    check(tree)


RUNPY = """
import runpy, sys
def attempt(label, call):
    try:
        found = call()
        print(label, sorted(found), {k: repr(v) for k, v in found.items() if k.startswith('__') and k != '__builtins__'})
    except BaseException as error:
        print(label, type(error).__name__, error)
before = list(sys.modules), list(sys.path), list(sys.argv)
for name in ('plain', 'p', 'p.sub', 'p.__main__', 'bare', 'bare.part', 'absent', 'p.absent', 'sys', 'q', '.p', 'broken'):
    attempt(name, lambda: runpy.run_module(name))
    attempt((name, 'altered'), lambda: runpy.run_module(name, {'extra': 1}, '__main__', alter_sys=True))
for path in ('plain.py', 'p', 'bare', 'app.zip', 'app.zip/inner', 'absent.py', 'data'):
    attempt(path, lambda: runpy.run_path(path))
    attempt((path, 'named'), lambda: runpy.run_path(path, {'extra': 1}, run_name='<run>'))
print(sys.path == before[1], sys.argv == before[2], [n for n in sys.modules if n not in before[0]])
"""


def test_runpy_runs_modules_packages_paths_and_archives(check):
    body = "import sys\nprint('run', __name__, __package__, __spec__, sys.argv[0])\nimport plain\n"
    tree = {
        "plain.py": "value = 1",
        "p": {"__init__.py": "", "sub.py": body, "__main__.py": body},
        "q": {"__init__.py": ""},
        "bare": {"part.py": body, "__main__.py": body},
        "broken": {"__init__.py": "import absent_dependency"},
        "app.zip": Zip({"__main__.py": body, "inner": {"__main__.py": body}}),
        "data": "print('no suffix', __name__, __file__)",
        "main.py": RUNPY,
    }
    check(tree)


ZIPAPP = """
import subprocess, sys, zipapp, zipimport
zipapp.create_archive('source', 'app.pyz', main='app.cli:main')
print(zipapp.get_interpreter('app.pyz'))
sys.path.insert(0, 'app.pyz')
import app.cli
print(app.cli.main(), app.__path__, type(app.__loader__).__name__)
import runpy
runpy.run_path('app.pyz')
"""
ZIPPED_CLI = "import sys\nfrom app import text\ndef main():\n    print(text.value, sys.path[0], __spec__)\n"


def test_zipapp_archives_are_made_imported_and_run(check):
    check({"source": {"app": {"__init__.py": "", "cli.py": ZIPPED_CLI, "text.py": "value = 'hello'"}}, "main.py": ZIPAPP})
