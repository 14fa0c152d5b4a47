"""Neighbours on sys.meta_path: built-in, frozen, other people's finders before and after."""

BUILT_IN_AND_FROZEN = """
import sys, importlib.util
import __hello__, __phello__, __phello__.spam, marshal, zipimport, this_is_ours
for name in ('sys', '__hello__', '__phello__.spam', 'marshal', 'zipimport', 'this_is_ours', 'absent', '__phello__.absent'):
    spec = importlib.util.find_spec(name)
    print(name, spec and (spec.origin, spec.loader, spec.submodule_search_locations))
print([getattr(finder, '__name__', finder) for finder in sys.meta_path])
import os.path
try:
    import os.absent
except ImportError as error:
    print(error, error.name, error.path)
"""


def test_builtin_and_frozen_modules_come_first(check):
    tree = {"this_is_ours.py": "", "marshal.py": "wrong = 1", "__hello__.py": "wrong = 1", "main.py": BUILT_IN_AND_FROZEN}
    check(tree)


USERS_FINDERS = """
import importlib, importlib.abc, importlib.machinery, importlib.util, sys

class Logging(importlib.abc.MetaPathFinder):
    def __init__(self, label):
        self.label = label
    def find_spec(self, name, path, target=None):
        print(self.label, name, type(path).__name__, path and list(path), target)
    def invalidate_caches(self):
        print(self.label, 'invalidated')

class Generated(Logging, importlib.abc.Loader):
    def find_spec(self, name, path, target=None):
        super().find_spec(name, path, target)
        if name.rpartition('.')[2].startswith('generated'):
            return importlib.util.spec_from_loader(name, self, is_package=name.endswith('package'))
    def create_module(self, spec):
        return None
    def exec_module(self, module):
        module.made_by = self.label

class Delegating:
    @staticmethod
    def find_spec(name, path=None, target=None):
        spec = importlib.machinery.PathFinder.find_spec(name, path, target)
        if spec and spec.loader:
            spec.loader_state = 'delegated'
        return spec

sys.meta_path.insert(0, Logging('before'))
sys.meta_path.append(Generated('after'))
import p.sub, p.generated, generated, generated_package, generated_package.generated, bare.part
print(p.generated.made_by, generated.made_by)
for name in ('absent', 'p.absent', 'generated_package.absent', 'bare.absent'):
    try:
        importlib.import_module(name)
    except ImportError as error:
        print(type(error).__name__, error, error.name, error.path)
importlib.invalidate_caches()
sys.meta_path.insert(0, Generated('first'))
import p.generated_again, single
print(p.generated_again.made_by)
del sys.meta_path[:2], sys.meta_path[-1]
sys.meta_path.insert(0, Delegating())
import p.delegated
print(p.delegated.__spec__, p.delegated.__spec__.loader_state)
importlib.reload(single)
print(importlib.machinery.PathFinder.find_spec('p'), importlib.machinery.PathFinder().find_spec('single', sys.path))
print(importlib.machinery.PathFinder.find_spec('sub', p.__path__), importlib.machinery.PathFinder.find_spec('absent'))
"""


def test_users_finders_before_and_after(check):
    tree = {
        "p": {"__init__.py": "", "sub.py": "", "delegated.py": "", "generated_again.py": "made_by = 'file'"},
        "bare": {"part.py": ""},
        "single.py": "",
        "main.py": USERS_FINDERS,
    }
    check(tree)


EDITED = """
import sys, importlib
saved = list(sys.meta_path)
def attempt(name):
    try:
        print(importlib.import_module(name))
    except BaseException as error:
        print(name, type(error).__name__, error)
for broken in ([], saved[:2], saved[::-1], saved + saved, [object()] + saved, saved + [object()], [None] + saved):
    sys.meta_path[:] = broken
    sys.modules.pop('p', None)
    for name in ('p', 'absent', 'sys'):
        attempt(name)
sys.meta_path = tuple(saved)
attempt('single')
sys.meta_path = None
attempt('other')
del sys.meta_path
attempt('other')
sys.meta_path = saved
attempt('other')
class Bad:
    def find_spec(self, name, path, target=None):
        return answer
sys.meta_path.insert(0, Bad())
for answer in (1, object(), 'text', False):
    sys.modules.pop('p', None)
    attempt('p')
"""


def test_meta_path_edited_emptied_and_replaced(check):
    check({"p.py": "", "single.py": "", "other.py": "", "main.py": EDITED})


LAZY = """
import importlib.util, sys
def lazy(name):
    spec = importlib.util.find_spec(name)
    spec.loader = importlib.util.LazyLoader(spec.loader)
    module = importlib.util.module_from_spec(spec)
    sys.modules[name] = module
    spec.loader.exec_module(module)
    return module
module, package, untouched = lazy('single'), lazy('p'), lazy('other')
print('made', type(module).__name__)
print(module.value, type(module).__name__, module.__spec__, module.__loader__)
import p.sub
print(package.sub, package.__path__)

class LazyFinder:
    @staticmethod
    def find_spec(name, path, target=None):
        for finder in sys.meta_path:
            if finder is not LazyFinder and (spec := finder.find_spec(name, path, target)):
                if hasattr(spec.loader, 'exec_module') and spec.origin not in ('built-in', 'frozen'):
                    spec.loader = importlib.util.LazyLoader(spec.loader)
                return spec
sys.meta_path.insert(0, LazyFinder)
import q.sub, bare.part
print('imported')
print(q.sub.value, bare.part.value, type(q.sub.__spec__.loader).__name__)
"""


def test_lazy_loaders_run_modules_when_first_touched(check):
    loud = "print('running', __name__)\nvalue = 1"
    tree = {
        "single.py": loud,
        "other.py": loud,
        "p": {"__init__.py": loud, "sub.py": loud},
        "q": {"__init__.py": loud, "sub.py": loud},
        "bare": {"part.py": loud},
        "main.py": LAZY,
    }
    assert "running other" not in check(tree).stdout


SIX = """
import importlib, sys
import six
from six.moves import configparser, urllib, StringIO
import six.moves.urllib.parse, six.moves.queue
from six.moves.urllib.request import urlopen
print(configparser, six.moves.urllib.parse.urlparse, six.moves.queue, urlopen, StringIO)
print([type(finder).__name__ if not isinstance(finder, type) else finder.__name__ for finder in sys.meta_path])
for name in ('six.moves.absent', 'six.absent', 'user.absent'):
    try:
        importlib.import_module(name)
    except ImportError as error:
        print(name, error)
import user.module
print(user.module.queue, importlib.reload(user.module), importlib.util.find_spec('six.moves.urllib'))
"""


def test_sixs_importer(check_with_tools):
    tree = {"user": {"__init__.py": "", "module.py": "from six.moves import queue"}, "main.py": "import importlib.util" + SIX}
    check_with_tools(tree)
