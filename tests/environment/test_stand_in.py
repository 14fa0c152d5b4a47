"""The start of an enabled environment: a stand-in on ``sys.meta_path``, and the rest once it pays.

Rules: what a program sees of ``sys.meta_path`` is the same before and after; whoever asks fastimport for anything has all of it;
what must be said at the start is said then; what goes wrong leaves imports to importlib; no traceback shows the stand-in.
"""

import py_compile

import pytest
from support.installation import Installation

OURS = "sorted(name for name in sys.modules if name.startswith('fastimport'))"
MANY = "".join(f"try: import absent{number}\nexcept ImportError: pass\n" for number in range(40))


@pytest.fixture(scope="module")
def environment(tmp_path_factory):
    made = Installation(tmp_path_factory.mktemp("stand-in") / "env")
    assert made.fastimport("enable").returncode == 0
    return made


def test_a_short_program_loads_nothing_else(environment):
    assert environment.says("-c", f"import sys, colorsys; print({OURS})") == "['fastimport_start']"


def test_a_program_that_goes_on_has_the_rest_in_the_same_place(environment):
    code = f"""
import sys
before = list(sys.meta_path)
{MANY}
assert "fastimport.activation" in sys.modules
assert len(before) == len(sys.meta_path) and all(a is b for a, b in zip(before, sys.meta_path))
import colorsys, fastimport
assert fastimport.PathFinder in before and fastimport.PathFinder.__name__ == "PathFinder"
print(fastimport.installed(), fastimport.stats().hits > 0, dict(fastimport.stats().refusals))
"""
    assert environment.says("-c", code) == "True True {}"


@pytest.mark.parametrize(
    "question", ["installed()", "PathFinder.find_spec('colorsys')", "stats()", "install(freshness='trusted')"]
)
def test_whoever_asks_has_all_of_it(environment, question):
    code = f"import sys, fastimport; fastimport.{question}; import fastimport.activation as a; print(a.installed())"
    assert environment.says("-c", code) == "True"


def test_settings_of_the_start_are_in_force_later(environment):
    code = f"{MANY}\nimport fastimport.activation as a; print(a.level())"
    assert environment.says("-c", code, FASTIMPORT_FRESHNESS="trusted") == "trusted"


def test_uninstall_before_the_rest_came_puts_importlibs_back(environment):
    code = """
import sys, fastimport
index = [getattr(each, "__name__", "") for each in sys.meta_path].index("PathFinder")
assert sys.meta_path[index].__module__ != "_frozen_importlib_external"
fastimport.uninstall()
import importlib.machinery
print(sys.meta_path[index] is importlib.machinery.PathFinder, fastimport.installed())
"""
    assert environment.says("-c", code) == "True False"


IS_THERE = "import sys; print('fastimport.activation' in sys.modules)"
FEW = "import bisect, colorsys, keyword, reprlib, token"
URGENT = {
    "FASTIMPORT_STRICT": "1",
    "FASTIMPORT_STATS": "1",
    "FASTIMPORT_REGISTER": "in_place",
    "FASTIMPORT_FRESHNESS": "frozen",
    "FASTIMPORT_SNAPSHOT": "app.fastimport",
}


@pytest.mark.parametrize("variable", URGENT)
def test_what_cannot_wait_does_not(environment, variable):
    done = environment.run("-c", IS_THERE, **{variable: URGENT[variable]})
    assert (done.returncode, done.stdout) == (0, "True\n")


@pytest.mark.parametrize("value", ["none", "auto", ""])
def test_a_snapshot_that_is_no_file_can_wait(environment, value):
    assert environment.says("-c", IS_THERE, FASTIMPORT_SNAPSHOT=value) == "False"


def test_with_a_snapshot_the_rest_comes_sooner(tmp_path):
    """Where no bytecode is, the first modules would be compiled, at every start."""
    made = Installation(tmp_path / "env")
    assert made.fastimport("enable").returncode == 0
    assert made.says("-B", "-c", f"{FEW}\n{IS_THERE}") == "False"
    (made.directory / "fastimport").mkdir()
    assert made.says("-B", "-c", IS_THERE) == "True"
    assert made.says("-c", IS_THERE) == "False"
    assert made.says("-c", f"{FEW}\n{IS_THERE}") == "True"
    assert made.fastimport("enable", "--snapshot", "app.fastimport").returncode == 0
    assert made.says("-c", IS_THERE) == "True"


def test_tracebacks_are_importlibs(environment):
    code = """
import sys
def hook(path): raise ValueError("hook")
sys.path_hooks.insert(0, hook); sys.path.insert(0, "/a path that is new"); sys.path_importer_cache.clear()
try: import absent
except ValueError as error: entry = error.__traceback__
while entry is not None:
    print(entry.tb_frame.f_code.co_name, entry.tb_lineno)
    entry = entry.tb_next
"""
    assert environment.says("-c", code) == environment.says("-c", code, FASTIMPORT="0")


def test_what_can_not_be_loaded_leaves_imports_to_importlib(tmp_path):
    broken = Installation(tmp_path / "env")
    assert broken.fastimport("enable").returncode == 0
    (broken.package / "activation.py").unlink()
    assert broken.says("-c", f"import sys\n{MANY}\nimport colorsys; print(colorsys.__name__)") == "colorsys"


@pytest.mark.parametrize("purged", ["", "del sys.modules['fastimport_start']"])
def test_what_goes_wrong_while_the_rest_is_loaded_breaks_no_import(tmp_path, purged):
    """Also where a program has taken the start-up module off ``sys.modules``."""
    made = Installation(tmp_path / "env")
    assert made.fastimport("enable").returncode == 0
    (made.package / "activation.py").write_text("raise RuntimeError('broken')\n", encoding="utf-8")
    assert made.says("-c", f"import sys\n{purged}\n{MANY}\nimport colorsys; print('done')") == "done"


def test_what_goes_wrong_is_counted(tmp_path):
    broken = Installation(tmp_path / "env")
    assert broken.fastimport("enable").returncode == 0
    (broken.package / "activation.py").write_text("raise RuntimeError('no room')\n", encoding="utf-8")
    code = f"{MANY}\nimport colorsys, fastimport; print(dict(fastimport.stats().refusals))"
    assert broken.says("-c", code) == "{'start: no room': 1}"


def test_a_program_that_replaces_the_method_has_it_replaced(environment):
    """Not behind what counts, and the other way round: its own is asked from then on."""
    code = """
import sys
finder = next(each for each in sys.meta_path if each.__name__ == "PathFinder")
former, asked = finder.find_spec, []
finder.find_spec = lambda name, *rest: asked.append(name) or former(name, *rest)
import colorsys
finder.find_spec = former
import wave
print(asked, wave.__spec__.loader.__class__.__name__)
"""
    assert environment.says("-c", code) == "['colorsys'] SourceFileLoader"


def test_a_subclass_has_the_method_that_it_defines(environment):
    code = """
import sys
finder = next(each for each in sys.meta_path if each.__name__ == "PathFinder")
class Own(finder):
    @classmethod
    def find_spec(cls, name, path=None, target=None): return name
class Heir(finder): pass
print(Own.find_spec("colorsys"), Heir.find_spec("colorsys").name, finder.find_spec("colorsys").name)
"""
    assert environment.says("-c", code) == "colorsys colorsys colorsys"


def test_the_class_is_equal_to_importlibs_before_and_after(environment):
    look = """
from importlib.machinery import PathFinder as stock
print(stock in sys.meta_path, {stock: 1}.get(finder), finder == stock, stock == finder, finder is stock, type(finder))
"""
    code = f"""
import sys
finder = next(each for each in sys.meta_path if each.__name__ == "PathFinder")
{look}
{MANY}
{look}
assert "type" not in [each.__name__ for each in type.__subclasses__(type)]  # pydoc lists them
"""
    assert environment.says("-c", code).splitlines() == ["True 1 True True False <class 'type'>"] * 2


def test_bytecode_of_the_start_up_module_is_there_before_the_first_start(tmp_path):
    """Those who start later may not be allowed to write it."""
    new = Installation(tmp_path / "env")
    assert new.fastimport("enable", PYTHONDONTWRITEBYTECODE="1").returncode == 0
    code = "import os, fastimport_start as start; print(os.path.exists(start.__spec__.cached))"
    assert new.says("-B", "-c", code) == "True"
    assert new.fastimport("disable").returncode == 0
    assert not list((new.site / "__pycache__").glob("fastimport_start*"))


def test_without_its_sources_fastimport_does_not_enable(tmp_path):
    """The start-up module is a copy of one."""
    new = Installation(tmp_path / "env")
    source = new.package / "stand_in.py"
    py_compile.compile(source, cfile=source.with_suffix(".pyc"))
    source.unlink()
    done = new.fastimport("enable")
    assert (done.returncode, done.stdout) == (3, "")
    assert "without its sources" in done.stderr
    assert new.says("-c", "import sys; print('fastimport_start' in sys.modules)") == "False"


def test_a_patched_importlib_is_left_alone(environment):
    code = f"""
import sys, importlib.machinery as machinery
former = machinery.FileFinder.find_spec
machinery.FileFinder.find_spec = lambda self, name, target=None: former(self, name, target)
{MANY}
import colorsys, fastimport
print(fastimport.installed(), machinery.PathFinder in sys.meta_path)
"""
    assert environment.says("-c", code) == "False True"


RELOADED = """
import importlib, sys
for name in ("fastimport_start", "fastimport.stand_in"):
    if name in sys.modules:
        importlib.reload(sys.modules[name])
"""


@pytest.mark.parametrize("before", ["", "fastimport._stand_in()", "fastimport.install()", MANY])
def test_a_module_that_is_reloaded_breaks_no_import(environment, before):
    before = before and f"import fastimport\n{before}"
    code = f"{before}\n{RELOADED}\n{MANY}\nimport colorsys\ntry: import nowhere\nexcept ImportError as error: print(error)"
    assert environment.says("-c", code) == "No module named 'nowhere'"


def test_a_class_with_a_derived_metaclass_brings_in_the_rest(environment):
    code = f"""
import sys
standing = next(each for each in sys.meta_path if getattr(each, "__name__", "") == "PathFinder")
class Derived(standing, metaclass=type("Meta", (standing.__class__,), {{}})): pass
{MANY}
print(Derived.find_spec("colorsys").name, Derived.find_spec("nowhere"))
"""
    assert environment.says("-c", code) == "colorsys None"


@pytest.mark.parametrize(
    "place", ["event == 'import' and arguments[0] == 'fastimport._core'", "event == 'exec' and 'activation' in str(arguments)"]
)
@pytest.mark.parametrize("handler", ["def handler(*_): raise TimeoutError('alarm')", "handler = Handlers().raising"])
def test_what_a_signal_handler_raises_meanwhile_is_the_programs(environment, place, handler):
    code = f"""
import signal, sys
class Handlers:
    def raising(self, *_): raise TimeoutError("alarm")
{handler}
signal.signal(signal.SIGALRM, handler)
def hook(event, arguments):
    if {place}: signal.raise_signal(signal.SIGALRM)
sys.addaudithook(hook)
try:
{MANY.replace("try:", "    try:").replace("except", "    except")}
except TimeoutError as error: print(error)
import colorsys
"""
    assert environment.says("-c", code) == "alarm"


def test_an_audit_hook_that_forbids_fastimport_breaks_nothing(environment):
    code = f"""
import sys
def hook(event, arguments):
    if event == "import" and arguments[0].startswith("fastimport"): raise PermissionError(arguments[0])
sys.addaudithook(hook)
{MANY}
import colorsys; print("fastimport.activation" in sys.modules)
"""
    assert environment.says("-c", code) == "False"


OTHERS = {
    "a module": ("fastimport.py", "print('executed')"),
    "a module that ends the program": ("fastimport.py", "raise SystemExit('executed')"),
    "a package": ("fastimport/__init__.py", "print('executed')"),
    "a namespace": ("fastimport/other.py", "print('executed')"),
}


@pytest.mark.parametrize("place", ["beside the script", "PYTHONPATH", "PYTHONPATH, at once"])
@pytest.mark.parametrize("other", OTHERS)
def test_a_module_of_the_programs_own_of_that_name_is_not_executed(environment, tmp_path, other, place):
    name, code = OTHERS[other]
    (tmp_path / name).parent.mkdir(exist_ok=True)
    (tmp_path / name).write_text(code, encoding="utf-8")
    directory = tmp_path / "program" if "PYTHONPATH" in place else tmp_path
    directory.mkdir(exist_ok=True)
    (directory / "main.py").write_text(f"{MANY}\nprint('done')\n", encoding="utf-8")
    variables = {"PYTHONPATH": str(tmp_path)} if "PYTHONPATH" in place else {}
    variables |= {"FASTIMPORT_STATS": "1"} if "at once" in place else {}
    done = environment.run(str(directory / "main.py"), **variables)
    assert (done.returncode, done.stdout) == (0, "done\n"), done.stderr


def test_a_script_of_that_name_runs_once(environment, tmp_path):
    (tmp_path / "fastimport.py").write_text(f"print('once')\n{MANY}", encoding="utf-8")
    assert environment.says(str(tmp_path / "fastimport.py")) == "once"


@pytest.mark.parametrize("imported", ["fastimport", "fastimport.activation", "fastimport.settings"])
def test_a_thread_that_imports_fastimport_meanwhile_is_not_waited_for_in_vain(environment, imported):
    """It has the lock of that module, and pauses between two finders: then it wants importlib's own lock."""
    code = f"""
import faulthandler, sys, threading, time
faulthandler.dump_traceback_later(20, exit=True)
class Slow(list):
    def __iter__(self):
        for item in list.__iter__(self):
            if threading.current_thread() is thread:
                between.set()
                time.sleep(0.3)
            yield item
between = threading.Event()
def work(): __import__({imported!r})
thread = threading.Thread(target=work)
sys.meta_path = Slow(sys.meta_path)
thread.start()
between.wait()
{MANY}
thread.join()
import _imp
print(_imp.lock_held(), "fastimport.activation" in sys.modules)
"""
    assert environment.says("-c", code) == "False True"


def test_an_import_of_ours_during_which_it_pays_installs_as_the_settings_say(tmp_path):
    """The look-ups of that import count, too."""
    made = Installation(tmp_path / "env")
    assert made.fastimport("enable", "--freshness", "trusted").returncode == 0
    for used in range(24, 32):
        fill = "".join(f"try: import absent{number}\nexcept ImportError: pass\n" for number in range(used))
        code = f"{fill}\nfrom fastimport import activation\nprint(activation.level())"
        assert made.says("-c", code) == "trusted", used
