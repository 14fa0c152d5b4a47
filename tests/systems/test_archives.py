"""Archives, and a path hook for places that are no files at all: the portions of a package come from all of them."""

from .trees import Zip

LOUD = "print('running', __name__)\n"

ARCHIVES = """
import importlib, os, sys, zipfile, zipimport
sys.path.insert(0, 'first.zip')
sys.path.insert(1, 'first.zip/inside')
sys.path.insert(2, 'not_a.zip')
sys.path.insert(3, 'absent.zip')
sys.path.insert(4, 'first.zip/absent')
import one, two, three.four
for module in (one, two, three, three.four):
    print(module, module.__spec__, module.__loader__, getattr(module, '__path__', None))
print(three.__loader__.get_data('first.zip/three/data.txt'))
try:
    import failing
except ZeroDivisionError:
    import traceback
    traceback.print_exc()
with zipfile.ZipFile('first.zip', 'a') as archive:
    archive.writestr('late.py', 'value = 1')
def attempt(name):
    try:
        print(importlib.import_module(name))
    except Exception as error:
        print(name, type(error).__name__, error)
attempt('late')
importlib.invalidate_caches()
attempt('late')
print(sorted(key for key in sys.path_importer_cache if 'zip' in key))
sys.path[:2] = [os.path.abspath('first.zip'), os.path.abspath('first.zip/inside')]
attempt('late'), attempt('later')
with zipfile.ZipFile('first.zip', 'a') as archive:
    archive.writestr('later.py', 'value = 1')
attempt('later')
importlib.invalidate_caches()
attempt('later')
os.remove('first.zip')
attempt('gone')
importlib.invalidate_caches()
attempt('gone')
"""


def test_archives_with_paths_inside_and_archives_that_change(check):
    archive = Zip(
        {
            "one.py": LOUD,
            "gone.py": LOUD,
            "inside": {"two.py": LOUD},
            "three": {"__init__.py": LOUD, "four.py": LOUD, "data.txt": "data"},
            "failing.py": "def function():\n    1 / 0\nfunction()\n",
        }
    )
    check({"first.zip": archive, "not_a.zip": "text", "main.py": ARCHIVES})


NETWORK = """
import http.client, importlib, importlib.abc, importlib.machinery, os, sys
from urllib.parse import urlsplit
URL = os.environ['SYSTEMS_URL'] + '/served'
HOST = urlsplit(URL).netloc
asked = []

def fetch(url):
    connection = http.client.HTTPConnection(HOST)
    connection.request('GET', urlsplit(url).path)
    response = connection.getresponse()
    data = response.read()
    connection.close()
    asked.append((url.removeprefix(URL), response.status))
    return data if response.status == 200 else None

class HttpLoader(importlib.abc.SourceLoader):
    def __init__(self, url):
        self.url = url
    def get_filename(self, name):
        return self.url
    def get_data(self, url):
        return fetch(url)

class HttpFinder:
    def __init__(self, url):
        if not url.startswith('http:'):
            raise ImportError('only URLs', path=url)
        self.url = url.rstrip('/')
    def find_spec(self, name, target=None):
        place = self.url + '/' + name.rpartition('.')[2]
        if fetch(place + '/__init__.py') is not None:
            spec = importlib.machinery.ModuleSpec(name, HttpLoader(place + '/__init__.py'), origin=place, is_package=True)
            spec.submodule_search_locations.append(place)
            return spec
        if fetch(place + '.py') is not None:
            return importlib.machinery.ModuleSpec(name, HttpLoader(place + '.py'), origin=place)
        if fetch(place + '/') is not None:
            spec = importlib.machinery.ModuleSpec(name, None)
            spec.submodule_search_locations = [place]
            return spec
    def invalidate_caches(self):
        asked.append('invalidated')

# Before the hook is in place, for what the client itself imports on its first request.
fetch(URL + '/')
sys.path_hooks.append(HttpFinder)
sys.path.insert(1, URL)
sys.path.append(os.path.abspath('second'))
import bare.remote, bare.local, bare.second, bare.inner.far, bare.inner.near
print([bare, list(bare.__path__), bare.remote, bare.local, list(bare.inner.__path__)])
import remote_package.module, remote_single
print(remote_package.module.__spec__, remote_package.__path__, remote_single.__spec__)
for name in ('bare.absent', 'absent', 'remote_package.absent'):
    try:
        importlib.import_module(name)
    except ImportError as error:
        print(error)
importlib.invalidate_caches()
import late
print(*asked, sep='\\n')
"""


def test_a_namespace_portion_served_over_http(check):
    served = {
        "bare": {"remote.py": LOUD, "inner": {"far.py": LOUD}},
        "remote_package": {"__init__.py": LOUD, "module.py": LOUD},
        "remote_single.py": LOUD,
    }
    tree = {
        "served": served,
        "bare": {"local.py": LOUD, "inner": {"near.py": LOUD}},
        "second": {"bare": {"second.py": LOUD}, "late.py": LOUD},
        "main.py": NETWORK,
    }
    assert "running bare.inner.far" in check(tree).stdout
