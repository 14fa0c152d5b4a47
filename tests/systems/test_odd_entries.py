"""Entries of sys.path that are not what they should be, and working directories that change or vanish."""

import os

import pytest

from .trees import Link

ODD_ENTRIES = """
import importlib, importlib.machinery, os, pathlib, sys
base = sys.path[0]
class Text(str):
    pass
def attempt(name='target'):
    sys.modules.pop(name, None)
    try:
        module = importlib.import_module(name)
        print(name, module.__file__, module.__spec__.origin)
    except BaseException as error:
        print(name, type(error).__name__, error)
for entry in (
    b'place', pathlib.Path('place'), None, 3, ('place',), 'place', Text('place'), 'place/', './place', 'place//', 'place/.',
    'place/../place', '../' + os.path.basename(base) + '/place', 'place/target.py', 'absent', 'a\\0b', '\\ud800', '\\udc80',
    'linked', 'looped', 'x' * 5000, '~', ' ', '/', '.', '..', os.path.abspath('place') + '/', '//' + os.path.abspath('place'),
    'pläce', 'place\\n',
):
    sys.path[:] = [entry]
    attempt(), attempt('absent')
    sys.path[:] = [entry, entry, base + '/place', base]
    attempt(), attempt('absent')
for odd in ((), (base + '/place',), iter([base + '/place']), {base + '/place': 1}, 'place', 3, None, range(3)):
    sys.path = odd
    attempt()
del sys.path
attempt()
sys.path = [base]
for path in ('place', ['place'], ('place',), iter(['place']), {'place'}, 3, [None], []):
    try:
        print(importlib.machinery.PathFinder.find_spec('target', path))
    except Exception as error:
        print(type(error).__name__, error)
print([str(key).replace('x' * 5000, 'long') for key in sys.path_importer_cache if key.isprintable() and 'fastimport' not in key])
"""


def test_odd_entries_of_the_search_path(check):
    tree = {
        "place": {"target.py": "", "place": {}},
        "pläce": {"target.py": ""},
        "linked": Link("place"),
        "looped": Link("looped"),
        "main.py": ODD_ENTRIES,
    }
    check(tree)


MOVING = """
import importlib, os, sys
base = os.getcwd()
def attempt(name):
    sys.modules.pop(name, None)
    try:
        module = importlib.import_module(name)
        print(name, module.__file__.removeprefix(base), module.where, module.__spec__.cached.removeprefix(base))
    except BaseException as error:
        print(name, type(error).__name__, error)
for entries in ([''], ['.'], ['relative'], ['./relative'], ['', 'relative'], ['', base + '/one']):
    sys.path[:] = entries
    for place in ('one', 'two', '.', 'empty', 'one'):
        os.chdir(os.path.join(base, place))
        attempt('target')
    importlib.invalidate_caches()
    attempt('target')
    os.chdir(base)
    print(sorted(key.removeprefix(base) for key in sys.path_importer_cache if 'lib' not in key))
sys.path[:] = ['', 'relative', base + '/two']
os.mkdir('doomed')
os.chdir('doomed')
attempt('target')
os.rmdir(base + '/doomed')
attempt('target'), attempt('absent')
sys.path[:] = ['.', base + '/two']
sys.path_importer_cache.clear()
attempt('target')
sys.path[:] = ['', base + '/one']
importlib.invalidate_caches()
attempt('target'), attempt('absent')
os.chdir(base)
attempt('target')
"""


@pytest.mark.skipif(os.name == "nt", reason="a working directory can't be deleted")
def test_working_directories_that_change_and_vanish(check):
    def place(name):
        return {"target.py": f"where = '{name}'", "relative": {"target.py": f"where = '{name}/relative'"}}

    tree = place("top") | {"one": place("one"), "two": place("two"), "empty": {}}
    # importlib.metadata: invalidate_caches() imports it, which could not be found later.
    check(tree | {"main.py": "import importlib.metadata\n" + MOVING})


def test_program_started_in_a_deleted_directory(check):
    script = "import os, subprocess, sys\nos.mkdir('gone')\nos.chdir('gone')\nos.rmdir('../gone')\n"
    script += "import importlib.util, textwrap\n"
    script += "for name in ('absent', 'colorsys', 'beside'):\n    print(name, importlib.util.find_spec(name))\n"
    check({"beside.py": "", "main.py": script})


PERMISSIONS = """
import importlib, os, sys
base = sys.path[0]
sys.path.insert(0, base + '/crowded')
sys.path.insert(1, base + '/undecodable')
for index in range(400):
    open(f'crowded/name_{index}.py', 'w').close()
open(b'undecodable/\\xff\\xfe.py', 'w').close()
os.mkfifo('crowded/fifo.py')
importlib.invalidate_caches()
long_names = ['x' * 300, 'x' * 5000]
for name in ['name_0', 'name_399', 'name_400', 'fifo', 'directory', '\\udcff\\udcfe', 'naïve', 'a' + chr(0x301)] + long_names:
    try:
        print(ascii(name)[:20], ascii(importlib.import_module(name)))
    except Exception as error:
        print(ascii(name)[:20], type(error).__name__, ascii(str(error))[:80])
"""


@pytest.mark.skipif(os.name == "nt", reason="there are no FIFOs")
def test_crowded_directories_and_odd_names(check):
    check({"crowded": {"directory.py": {}}, "undecodable": {}, "naïve.py": "", "á.py": "", "main.py": PERMISSIONS})
