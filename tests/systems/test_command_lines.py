"""Where sys.path comes from: each way to start a program, with each switch that changes the search path."""

import os
import sys

import pytest

from .trees import Link, Zip

WHERE = """
import sys
print(__name__, __package__, __spec__, globals().get('__file__'), sys.argv)
print(sys.path, sys.flags)
try:
    import beside
    print(beside)
except ImportError as error:
    print(error)
try:
    import from_variable
    print(from_variable)
except ImportError as error:
    print(error)
"""
BESIDE = {"beside.py": "print('running', __name__)"}
TREE = {
    **BESIDE,
    "script.py": WHERE,
    "linked.py": Link("elsewhere/script.py"),
    "linked": Link("elsewhere"),
    "elsewhere": {"script.py": WHERE, "__main__.py": WHERE, "beside.py": "print('elsewhere')"},
    "p": {"__init__.py": "print('running', __name__)", "__main__.py": WHERE, "tool.py": WHERE},
    "bare": {"__main__.py": WHERE, "tool.py": WHERE},
    "app.zip": Zip({"__main__.py": WHERE, **BESIDE}),
    "variable": {"from_variable.py": "print('running', __name__)"},
    "variable.zip": Zip({"from_variable.py": "print('running', __name__)"}),
}
STARTS = {
    "script": ("script.py", "argument"),
    "symlinked-script": ("linked.py",),
    "script-in-symlinked-directory": ("linked/script.py",),
    "directory": ("elsewhere",),
    "archive": ("app.zip", "argument"),
    "module": ("-m", "p.tool", "argument"),
    "package": ("-m", "p"),
    "namespace-package": ("-m", "bare"),
    "namespace-module": ("-m", "bare.tool"),
    "command": ("-c", WHERE, "argument"),
    "stdin": ("-",),
}
VARIABLE = os.pathsep.join(["variable", "absent", "", "variable", "script.py", "variable.zip"])


@pytest.mark.parametrize("start", STARTS)
def test_each_way_to_start(check, start):
    check(TREE, *STARTS[start], stdin=WHERE, env={"PYTHONPATH": VARIABLE})


@pytest.mark.parametrize("switch", ["-I", "-E", "-s", "-P", "-B"])
@pytest.mark.parametrize("start", ["script", "module", "command"])
def test_each_switch(check, start, switch):
    # Isolated, `-m` looks neither into the working directory nor where PYTHONPATH says ('' is an entry of it).
    fails = start == "module" and switch == "-I"
    check(TREE, switch, *STARTS[start], env={"PYTHONPATH": VARIABLE}, fails=fails, hits=not fails)


ADD_SITE = "import os, site\nsite.addsitedir(os.environ['SYSTEMS_SITE'])\n"


@pytest.mark.parametrize("switches", [("-S",), ("-S", "-I"), ("-S", "-E", "-P")], ids="".join)
def test_without_site_activated_by_the_program(check, bare_runner, switches):
    """Without site no .pth file is read at the start; the same program reads it itself, in both runs."""
    (site_packages,) = bare_runner.environment.glob("[Ll]ib/**/site-packages")
    tree = TREE | {"script.py": ADD_SITE + WHERE}
    check(tree, *switches, "script.py", env={"SYSTEMS_SITE": str(site_packages), "PYTHONPATH": VARIABLE}, hits=False)


def test_environment_variables_of_the_search_path(check):
    check(TREE, "script.py", env={"PYTHONPATH": VARIABLE, "PYTHONSAFEPATH": "1"})
    check(TREE, "-m", "p", env={"PYTHONPATH": "", "PYTHONNOUSERSITE": "1"})
    check(TREE, "script.py", env={"PYTHONPATH": "variable", "PYTHONPYCACHEPREFIX": "caches"})


def test_strict_warnings_and_development_mode(check):
    check(TREE, "-X", "dev", "-bb", "-W", "error", "script.py", env={"PYTHONPATH": VARIABLE})


def test_missing_programs_fail_alike(check):
    for args in (("absent.py",), ("-m", "absent"), ("-m", "p.absent"), ("-m", "absent.tool"), ("variable",), ("-m", "variable")):
        check(TREE, *args, fails=True, hits=False)


PTH_PROGRAM = """
import os, site, sys
site.addsitedir(os.path.abspath('first'))
site.addsitedir(os.path.abspath('second'))
import from_line, from_parent, made_by_import
print(from_line, from_parent, made_by_import, sys.path)
"""


def test_pth_files_with_paths_comments_and_imports(check):
    first = {
        "a.pth": "# comment\n\nlines\nabsent\nlines\n../outside\n",
        "b.pth": "import sys; sys.path.append(__import__('os').path.abspath('third'))\n",
        ".hidden.pth": "hidden\n",
        "lines": {"from_line.py": ""},
        "hidden": {"from_line.py": "wrong = 1"},
    }
    tree = {
        "first": first,
        "outside": {"from_parent.py": ""},
        "second": {"c.pth": "import absent_module_in_a_pth_file\nlines\n"},
        "third": {"made_by_import.py": ""},
        "main.py": PTH_PROGRAM,
    }
    check(tree)


TYPED = """import sys, beside
print(sys.path[0], beside, __name__, __spec__)
import absent_module
def function():
    import p.tool
    return p.tool

function()
open('late_module.py', 'w').close()
import importlib; importlib.invalidate_caches()
import late_module
late_module.__file__, late_module.__spec__
raise SystemExit(3)
"""


def test_interactive_prompt_fed_from_a_pipe(check):
    for args in (("-i",), ("-i", "script.py"), ("-i", "-c", "import beside")):
        assert check(TREE, *args, stdin=TYPED, fails=True).status == 3


@pytest.mark.skipif(os.name == "nt", reason="there are no pseudo-terminals")
def test_interactive_prompt_at_a_terminal(check):
    # The simple prompt: the other one redraws the line whenever it finds the time.
    variables = {"PYTHON_BASIC_REPL": "1", "TERM": "dumb"}
    assert check(TREE, "-q", stdin=TYPED, terminal=True, fails=True, env=variables).status == 3


@pytest.mark.skipif(sys.version_info < (3, 15), reason="lazy imports are new in 3.15")
def test_lazy_imports(check):
    program = "lazy import beside\nlazy from p import tool\nlazy import absent\nprint('before')\nbeside\ntool\n"
    check(TREE | {"script.py": program}, "script.py")
    check(TREE | {"script.py": program + "absent\n"}, "-X", "lazy_imports=all", "script.py", fails=True)
