"""``fastimport exec`` below monitoring agents: a chain of sitecustomize modules is what it would be without ours.

Launchers put a directory of their own in front of PYTHONPATH. Some of their modules look for the next one and run it, some take
themselves off the path and import it, some hand on to nobody.
"""

import ast
import glob
import importlib.machinery
import json
import os
import shutil
import subprocess
import sys

import pytest
from support.installation import clean_environment
from support.trees import plant

from fastimport.environment import exec_path
from fastimport.environment.variables import with_fastimport

BY_SPEC = """
import importlib.machinery, importlib.util, os, sys
print("agent starts"); own = os.path.dirname(__file__)
spec = importlib.machinery.PathFinder.find_spec("sitecustomize", [p for p in sys.path if p != own])
if spec:
    {module} = importlib.util.module_from_spec(spec); spec.loader.exec_module(module)
    print("handed on")
"""
AGENTS = {
    "kept": BY_SPEC.format(module='module = sys.modules["sitecustomize"]'),
    "beside": BY_SPEC.format(module="module"),
    "in its own": """
import importlib.machinery, os, sys
print("agent starts"); own = os.path.dirname(__file__)
spec = importlib.machinery.PathFinder.find_spec("sitecustomize", [p for p in sys.path if p != own])
if spec:
    spec.loader.load_module("sitecustomize")
    print("handed on", os.sep, own != sys.path)
""",
    "taken off": """
import os, sys
print("agent starts"); own = os.path.dirname(__file__)
sys.path[:] = [p for p in sys.path if p != own]
del sys.modules["sitecustomize"]
try:
    import sitecustomize
    print("handed on")
except ImportError as error:
    print("nobody follows:", error.name)
""",
    "hands on to nobody": "print('agent starts')",
}
HAS_LOAD_MODULE = hasattr(importlib.machinery.SourceFileLoader, "load_module")  # until 3.14
HANDING_ON = ["kept", "beside", *(["in its own"] if HAS_LOAD_MODULE else []), "taken off"]
USERS = "import sys; print('the user', __name__, __file__, __spec__.origin, sorted(n for n in dir() if n[:2] != '__'))"
SHOW = """
import sys
print([p for p in sys.path if "exec_path" in p], getattr(sys.modules.get("sitecustomize"), "__file__", None))
"""


@pytest.fixture
def start(tmp_path):
    """Start an interpreter whose agent stands before us, and its user's sitecustomize behind; what it says."""

    def started(agent, is_ours, code=SHOW, user=USERS, python=sys.executable):
        plant(tmp_path, {"agent": {"sitecustomize.py": agent}, "user": {"sitecustomize.py": user} if user else {}})
        variables = clean_environment(PYTHONPATH=os.fspath(tmp_path / "user"))
        variables = with_fastimport(variables, {}) if is_ours else variables
        variables["PYTHONPATH"] = os.pathsep.join([os.fspath(tmp_path / "agent"), variables["PYTHONPATH"]])
        done = subprocess.run([python, "-c", code], capture_output=True, text=True, env=variables, check=False, timeout=120)
        return done.stdout, done.stderr, done.returncode

    return started


@pytest.mark.parametrize("agent", HANDING_ON)
def test_the_users_runs_once_and_as_itself(start, agent):
    stock, ours = (start(AGENTS[agent], is_ours) for is_ours in (False, True))
    assert ours == stock
    assert stock[0].count("agent starts") == stock[0].count("the user") == 1


@pytest.mark.parametrize("agent", HANDING_ON)
def test_fastimport_is_on(start, agent):
    code = "import fastimport; print('on:', fastimport.installed())"
    assert "on: True" in start(AGENTS[agent], True, code)[0]


def test_nobody_follows(start):
    """Who looks for a module finds ours, which is then as good as empty; who imports gets importlib's error."""
    code = "import sys; print('program', 'fastimport' in sys.modules)"
    stock, ours = (start(AGENTS["taken off"], is_ours, code, user=None) for is_ours in (False, True))
    assert ours == (stock[0].replace("False", "True"), *stock[1:])
    for agent in ("kept", "beside"):
        assert start(AGENTS[agent], True, code, user=None) == ("agent starts\nhanded on\nprogram True\n", "", 0)


@pytest.mark.parametrize("user", ["raise ValueError('of the user')", "import not_there", "def ("])
def test_errors_of_the_users_reach_the_agent(start, user):
    agent = AGENTS["kept"].replace("    module", "    try: module")
    agent = agent.replace("    print", "    except Exception as e: print(repr(e))\n    print")
    stock, ours = (start(agent, is_ours, user=user) for is_ours in (False, True))
    assert ours[0].splitlines()[:2] == stock[0].splitlines()[:2]
    assert ours[1:] == stock[1:]


def test_status_tells_of_a_launcher_that_hides_us(start):
    code = "import sys; from fastimport.cli import main; sys.exit(main(['status', '--json']))"
    told = json.loads(start("", True, code)[0])
    assert told["hidden_by"].endswith(os.path.join("agent", "sitecustomize.py")) and not told["active"]
    text = start("", True, code.replace(", '--json'", ""))[0]
    assert "not active: another sitecustomize stands before that of fastimport exec: " in text
    assert json.loads(start("", False, code)[0])["hidden_by"] is None


def others():
    """Interpreters that fastimport does not work in, of those that can be had here."""
    found = [shutil.which(f"python{version}") for version in ("2.7", "3.6", "3.8", "3.10")]
    for version in ("2.7", "3.6", "3.10"):
        found += sorted(glob.glob(os.path.expanduser(f"~/.pyenv/versions/{version}.*/bin/python")))
    return [path for path in found if path and runs(path)]


def runs(python):
    return subprocess.run([python, "-c", ""], capture_output=True, check=False).returncode == 0


@pytest.mark.parametrize("python", others() or [pytest.param(None, marks=pytest.mark.skip("no other Python here"))])
def test_children_of_old_pythons_are_none_the_wiser(tmp_path, python):
    """Nothing is heard, nothing stays on the path, no bytecode stays behind."""
    own = tmp_path / "exec_path"
    shutil.copytree(os.path.dirname(exec_path.__file__), own, ignore=shutil.ignore_patterns("__pycache__", "*.pyc"))
    before = sorted(os.listdir(own))
    code = "import sys; sys.stdout.write(repr([[p for p in sys.path if 'exec_path' in p], 'sitecustomize' in sys.modules]))"
    variables = clean_environment(PYTHONPATH=os.fspath(own))
    done = subprocess.run([python, "-c", code], capture_output=True, text=True, env=variables, check=False)
    assert (done.stdout, done.stderr, done.returncode) == ("[[], False]", "", 0)
    left = [name for _, _, names in os.walk(own) for name in names if name.endswith(".pyc")]
    assert (left, [name for name in sorted(os.listdir(own)) if name != "__pycache__"]) == ([], before)


def test_it_is_valid_for_python_2():
    """Where none is at hand: no syntax that it lacks."""
    with open(os.path.join(os.path.dirname(exec_path.__file__), "sitecustomize.py"), encoding="ascii") as file:
        tree = ast.parse(file.read(), feature_version=(3, 4))
    too_new = (ast.AnnAssign, ast.JoinedStr, ast.NamedExpr, ast.AsyncFunctionDef, ast.Nonlocal)
    for node in ast.walk(tree):
        assert not isinstance(node, too_new)
        if isinstance(node, ast.FunctionDef):
            assert node.returns is None and not node.args.kwonlyargs
            assert not any(argument.annotation for argument in node.args.args)
