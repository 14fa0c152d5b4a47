"""sys.path_hooks and sys.path_importer_cache, changed while the program runs."""

from .trees import Bytecode

HOOK_AHEAD = """
import importlib, importlib.machinery as machinery, sys

class Loader(machinery.SourceFileLoader):
    '''Changes the source, as tools that add type checks do.'''
    def get_code(self, name):
        return self.source_to_code(self.get_data(self.path) + b'\\nchecked = True\\n', self.path)

details = (machinery.ExtensionFileLoader, machinery.EXTENSION_SUFFIXES), (Loader, machinery.SOURCE_SUFFIXES)
def checked(name):
    module = importlib.import_module(name)
    print(name, getattr(module, 'checked', False), type(module.__loader__).__name__, module.__spec__)

checked('before'), checked('p.before')
hook = machinery.FileFinder.path_hook(*details)
sys.path_hooks.insert(0, hook)
checked('not_yet'), checked('p.not_yet')
sys.path_importer_cache.clear()
checked('after'), checked('p.after'), checked('q.inner'), checked('bare.part')
try:
    checked('sourceless')
except ImportError as error:
    print(error)
importlib.invalidate_caches()
checked('later')
sys.path_hooks.remove(hook)
importlib.invalidate_caches()
checked('still')
sys.path_importer_cache.clear()
checked('stock_again'), checked('p.stock_again')
print([getattr(hook, '__name__', hook) for hook in sys.path_hooks])
(closure,) = [hook for hook in sys.path_hooks if getattr(hook, '__name__', '') == 'path_hook_for_FileFinder']
print([len(cell.cell_contents) for cell in closure.__closure__ if isinstance(cell.cell_contents, (list, tuple))])
print([type(finder).__name__ for finder in sys.path_importer_cache.values()])
"""


def test_hooks_put_ahead_of_the_stock_one_while_running(check):
    tree = {f"{name}.py": "" for name in ("before", "not_yet", "after", "later", "still", "stock_again")}
    tree |= {"p": {"__init__.py": "", **tree}, "q": {"__init__.py": "", "inner.py": ""}, "bare": {"part.py": ""}}
    tree["sourceless.pyc"] = Bytecode("")
    check(tree | {"main.py": HOOK_AHEAD})


ODD_STATE = """
import importlib, importlib.machinery as machinery, sys, types, warnings
# What a warning imports to show its line: not again for each warning, or it recurs until the stack is full.
import linecache, re, tokenize, traceback, tracemalloc
def attempt(name, label=''):
    for loaded in [loaded for loaded in sys.modules if loaded.split('.')[0] == name.split('.')[0]]:
        del sys.modules[loaded]
    try:
        print(label, importlib.import_module(name).__spec__)
    except Exception as error:
        print(label, type(error).__name__, error)

hooks, cache, finders = sys.path_hooks, sys.path_importer_cache, dict(sys.path_importer_cache)
base = sys.path[0]
for odd in ([], None, (), tuple(hooks), [lambda path: None] + hooks, [lambda path: types.SimpleNamespace(path=path)] + hooks):
    sys.path_hooks = odd
    sys.path_importer_cache = {}
    attempt('single', 'hooks')
    sys.path_importer_cache = cache
    attempt('single', 'cached')
sys.path_hooks = hooks

class Loud(dict):
    def __getitem__(self, key):
        print('asked for', key.removeprefix(base))
        return super().__getitem__(key)
    def __setitem__(self, key, value):
        print('set', key.removeprefix(base), type(value).__name__)
        super().__setitem__(key, value)

saved_path, sys.path = sys.path, [base, base + '/absent']
for odd in (Loud(), types.MappingProxyType(dict(cache)), {base: None}, {base: object()}, {base: machinery.FileFinder(base)}):
    sys.path_importer_cache = odd
    attempt('single', 'cache')
    attempt('p.sub', 'cache')
    attempt('absent', 'cache')
del sys.path_importer_cache
attempt('single', 'no cache')
sys.path_importer_cache = cache
sys.path = saved_path

finder = sys.path_importer_cache[base]
finder.find_spec = lambda name, target=None: print('asked on the instance', name)
attempt('single', 'instance')
del finder.find_spec
loaders, finder._loaders = finder._loaders, [('.odd', machinery.SourceFileLoader)]
attempt('single', 'loaders'), attempt('other_suffix', 'loaders')
finder._loaders = loaders
original = machinery.FileFinder.find_spec
def patched(self, name, target=None):
    print('patched', name)
    return original(self, name, target)
machinery.FileFinder.find_spec = patched
attempt('single', 'class'), attempt('p.sub', 'class')
machinery.FileFinder.find_spec = original
class Sub(machinery.FileFinder):
    def find_spec(self, name, target=None):
        print('subclass', name)
        return super().find_spec(name, target)
sys.path_importer_cache[base] = Sub(base, (machinery.SourceFileLoader, ['.py']))
attempt('single', 'subclass'), attempt('p.sub', 'subclass')
sys.path_importer_cache[base] = finders[base]
attempt('single', 'back')
print(sorted(vars(finders[base])), finders[base].path == base, 'single.py' in finders[base]._path_cache)
print(finders[base].find_spec('single'), finders[base].find_spec('absent'))
print(list(finders[base].find_spec('bare').submodule_search_locations))
"""


def test_odd_hooks_caches_and_patched_finders(check):
    tree = {"single.py": "", "p": {"__init__.py": "", "sub.py": ""}, "bare": {}, "other_suffix.odd": "", "main.py": ODD_STATE}
    check(tree)
