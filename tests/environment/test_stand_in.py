"""The start of an enabled environment: a stand-in on ``sys.meta_path``, and the rest once it pays.

Rules: what a program sees of ``sys.meta_path`` is the same before and after; whoever asks fastimport for anything has all of it;
what must be said at the start is said then; what goes wrong leaves imports to importlib; no traceback shows the stand-in.
"""

import pytest
from support.installation import Installation

OURS = "sorted(name for name in sys.modules if name.partition('.')[0] == 'fastimport')"
MANY = "".join(f"try: import absent{number}\nexcept ImportError: pass\n" for number in range(40))


@pytest.fixture(scope="module")
def environment(tmp_path_factory):
    made = Installation(tmp_path_factory.mktemp("stand-in") / "env")
    assert made.fastimport("enable").returncode == 0
    return made


def test_a_short_program_loads_nothing_else(environment):
    assert environment.says("-c", f"import sys, colorsys; print({OURS})") == "['fastimport']"


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
    code = f"import sys, fastimport; fastimport.{question}; import fastimport.activation as a; print(a.describe()['active'])"
    assert environment.says("-c", code) == "True"


def test_settings_of_the_start_are_in_force_later(environment):
    code = f"{MANY}\nimport fastimport.activation as a; print(a.describe()['freshness'])"
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


@pytest.mark.parametrize("variable", ["FASTIMPORT_STRICT", "FASTIMPORT_STATS", "FASTIMPORT_REGISTER", "FASTIMPORT_FRESHNESS"])
def test_what_cannot_wait_does_not(environment, variable):
    value = {"FASTIMPORT_REGISTER": "in_place", "FASTIMPORT_FRESHNESS": "frozen"}.get(variable, "1")
    done = environment.run("-c", "import sys; print('fastimport.activation' in sys.modules)", **{variable: value})
    assert (done.returncode, done.stdout) == (0, "True\n")


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
