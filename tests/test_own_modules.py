"""The modules of ours that every installation needs come from the library: fewer files, and nobody can tell from what is loaded.

Rules: they are what importlib would make of their files; a source that was changed counts, and so does whoever would have been
asked for them; what can't be had from the library is had from the files.
"""

import os

import pytest
from support.installation import Installation

OPENED = """
import sys
opened = []
sys.addaudithook(lambda event, arguments: event == "open" and opened.append(str(arguments[0])))
import fastimport
fastimport.install()
names = [file.replace("\\\\", "/").partition("/fastimport/")[2] for file in opened if file.endswith((".py", ".pyc"))]
print([name for name in names if not name.startswith("__pycache__/__init__.")])
"""
SEEN = """
import dis, inspect, sys
def modules(): return {name: module for name, module in sys.modules.items() if name.startswith("fastimport")}
def codes(code):
    yield code
    for each in code.co_consts:
        if inspect.iscode(each):
            yield from codes(each)
def fields(code):
    constants = [each for each in code.co_consts if not inspect.iscode(each)]
    return (code.co_filename, code.co_qualname, list(code.co_positions()), list(code.co_lines()), code.co_code, repr(constants))
import fastimport
fastimport.install()
for name, module in sorted(modules().items()):
    spec, own = module.__spec__, [item for item in sorted(vars(module).items()) if item[0][:2] == "__"]
    print(name, [(key, repr(value).split(" at 0x")[0]) for key, value in own], vars(spec.loader))
    print(spec.cached, spec.origin, spec.has_location, spec.parent, spec.submodule_search_locations)
    if type(spec.loader).__name__ == "SourceFileLoader":
        print([fields(code) for code in codes(spec.loader.get_code(name))])
        source = inspect.getsource(module)
        functions = [value for value in vars(module).values() if inspect.isfunction(value) and value.__module__ == name]
        print(len(source), [(each.__code__.co_firstlineno, inspect.getsource(each)[:40]) for each in functions])
try:
    fastimport.install(freshness="never")
except ValueError as error:
    entry = error.__traceback__
    while entry is not None:
        print(entry.tb_frame.f_code.co_filename, entry.tb_lineno, entry.tb_frame.f_code.co_name)
        entry = entry.tb_next
"""
LATER = 3_000_000_000  # seconds: a source of that time is newer than the library


@pytest.fixture
def environment(tmp_path):
    made = Installation(tmp_path / "env")
    made.says("-c", "import fastimport; fastimport.install()")
    return made


def touch(file):
    os.utime(file, (LATER, LATER))


def says_after(environment, change):
    change(environment.package)
    return environment.says("-c", OPENED)


def edit(file, old, new):
    stamp = file.stat()
    text = file.read_text(encoding="utf-8")
    assert old in text
    file.write_text(text.replace(old, new, 1), encoding="utf-8")
    os.utime(file, ns=(stamp.st_atime_ns, stamp.st_mtime_ns))


def test_only_the_package_itself_is_read_from_a_file(environment):
    assert environment.says("-c", OPENED) == "[]"


def test_nothing_that_can_be_seen_differs(environment):
    from_library = environment.says("-c", SEEN)
    touch(environment.package / "settings.py")  # the first: all of them are read from files
    from_files = environment.says("-c", SEEN)
    assert from_library.splitlines() == from_files.splitlines()


@pytest.mark.parametrize("file", ["settings.py", "finding/__init__.py", "finding/finder.py", "activation.py"])
def test_a_newer_source_counts(environment, file):
    touch(environment.package / file)
    assert os.path.basename(file).partition(".")[0] in environment.says("-c", OPENED)


@pytest.mark.parametrize(
    ("file", "old", "new"),
    [
        ("settings.py", "import sys", "import sys "),
        ("finding/loader.py", "_SETS_CACHED = ", "_SETS_CACHED =  "),
        ("activation.py", "_INHERITED = object()", "_INHERITED = object() "),
    ],
)
def test_a_source_of_another_size_counts(environment, file, old, new):
    edit(environment.package / file, old, new)
    assert os.path.basename(file).partition(".")[0] in environment.run("-c", OPENED).stdout


def test_an_edit_that_keeps_the_size_counts(environment):
    file = environment.package / "settings.py"
    edit(file, '"checked", "trusted"', '"chocked", "trusted"')
    touch(file)
    assert environment.says("-c", "import fastimport.settings as s; print(s.FRESHNESS[0])") == "chocked"
    code = "import fastimport\ntry: fastimport.install()\nexcept ValueError as error: print(str(error)[:27])"
    assert environment.says("-c", code) == "freshness must be 'chocked'"


def test_bytecode_without_asserts_is_importlibs(environment):
    assert "activation" in environment.says("-O", "-c", OPENED)


@pytest.mark.parametrize("variable", ["PYTHONVERBOSE", "PYTHONOPTIMIZE"])
def test_what_an_interpreter_is_told_counts(environment, variable):
    assert "activation" in environment.run("-c", OPENED, **{variable: "2"}).stdout


FINDER = """
import sys
asked = []
class Finder:
    def find_spec(self, name, path=None, target=None):
        asked.append((name, path and list(path)))
sys.meta_path.insert(0, Finder())
import fastimport
fastimport.install()
for name, path in asked:
    if name in ("fastimport.settings", "fastimport.finding.finder"):
        print(name, path == list(sys.modules[name.rpartition(".")[0]].__path__))
"""


def test_finders_before_importlibs_are_asked(environment):
    assert environment.says("-c", FINDER).splitlines() == ["fastimport.settings True", "fastimport.finding.finder True"]


TAKEN = """
import sys
from importlib.machinery import SourceFileLoader
from importlib.util import spec_from_file_location
class Loader(SourceFileLoader):
    def source_to_code(self, data, path): return compile(data + b"\\nINSTRUMENTED = True", path, "exec", dont_inherit=True)
    def get_code(self, name): return self.source_to_code(self.get_data(self.path), self.path)
class Finder:
    def find_spec(self, name, path=None, target=None):
        if name == "fastimport.finding.loader":
            file = f"{path[0]}/loader.py"
            return spec_from_file_location(name, file, loader=Loader(name, file))
sys.meta_path.insert(0, Finder())
import fastimport
fastimport.install()
import fastimport.finding.loader as loader
print(loader.INSTRUMENTED, fastimport.installed())
"""


def test_what_such_a_finder_finds_counts(environment):
    assert environment.says("-c", TAKEN) == "True True"


PATCHED = """
import sys
from importlib.machinery import SourceFileLoader
stock, read = SourceFileLoader.{name}, []
def patched(self, *arguments):
    read.append(self.name)
    return stock(self, *arguments)
SourceFileLoader.{name} = patched
import fastimport
fastimport.install()
print("fastimport.settings" in read)
"""


@pytest.mark.parametrize("name", ["get_code", "exec_module", "get_data"])
def test_a_patched_loader_is_called(environment, name):
    assert environment.says("-c", PATCHED.format(name=name)) == "True"


def test_a_path_hook_of_others_is_called(environment):
    code = """
import sys
from importlib.machinery import FileFinder, SourceFileLoader
class Loader(SourceFileLoader):
    pass
sys.path_hooks.insert(1, FileFinder.path_hook((Loader, [".py"])))
sys.path_importer_cache.clear()
import fastimport
fastimport.install()
import fastimport.settings as settings
print(type(settings.__loader__) is Loader)
"""
    assert environment.says("-c", code) == "True"


def test_a_module_that_is_there_already_stays(environment):
    code = """
import fastimport.finding.loader as before, fastimport
fastimport.install()
import fastimport.finding.loader as after
print(before is after)
"""
    assert environment.says("-c", code) == "True"


def test_sources_that_are_gone_are_importlibs_to_miss(environment):
    (environment.package / "finding" / "loader.py").unlink()
    done = environment.run("-c", "import fastimport; fastimport.install()")
    assert done.returncode == 1 and "ImportError: cannot import name 'loader'" in done.stderr


def test_threads_that_come_at_once_get_one_module(environment):
    code = """
import sys, threading
sys.setswitchinterval(1e-6)
import fastimport
barrier, seen = threading.Barrier(8), []
def ask():
    barrier.wait()
    fastimport.install()
    seen.append(sys.modules["fastimport.activation"])
threads = [threading.Thread(target=ask) for _ in range(8)]
for each in threads: each.start()
for each in threads: each.join()
print(len(seen), len(set(map(id, seen))), fastimport.installed())
"""
    assert environment.says("-c", code) == "8 1 True"


def test_a_thread_waits_for_the_stand_in_that_another_one_loads(environment):
    stand_in = environment.package / "stand_in.py"
    stand_in.write_text("import sys\nsys.modules['__main__'].begun.set()\nimport time\ntime.sleep(0.5)\n" + stand_in.read_text())
    code = """
import sys, threading
import fastimport
begun = threading.Event()
threading.Thread(target=fastimport._stand_in).start()
begun.wait()
fastimport.install()
print(fastimport.installed())
"""
    assert environment.says("-c", code) == "True"
