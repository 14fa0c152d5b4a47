"""Imports that are late (Python 3.15): which, when they are found, and what others see of it."""

import os
import sys
import textwrap

import pytest
from support.process import python
from support.trees import plant

from fastimport.diagnosis.lazy import document

pytestmark = pytest.mark.skipif(sys.version_info < (3, 15), reason="PEP 810")

TREE = {
    "plain.py": "print('plain runs')\nx = 1",
    "other.py": "print('other runs')\nx = 1",
    "eager.py": "print('eager runs')",
    "pkg": {
        "__init__.py": "print('pkg runs')\nvalue = 2",
        "sub.py": "print('pkg.sub runs')\ny = 3",
        "kept.py": "print('pkg.kept runs')",
    },
    "named": {"__init__.py": "from .tool import tool", "tool.py": "def tool(): return 'called'"},
    "dynamic": {"__init__.py": "print('dynamic runs')\ndef __getattr__(name): return name.upper()"},
    "space": {"inner.py": "print('space.inner runs')\nz = 4"},
    "heavy": {"__init__.py": "print('heavy runs')", "part.py": "print('heavy.part runs')\nw = 5"},
    "front.py": "from plain import x\nimport pkg.sub",
}
LATE = [
    "plain",
    "pkg",
    "pkg.sub",
    "named",
    "named.tool",
    "dynamic",
    "space",
    "space.inner",
    "heavy.part",
    "absent",
    "absent.part",
    "front",
]


def file_of(tree, late=LATE, **more):
    data = {
        "format": 1,
        "python": "3.15",
        "lazy": {"modules": list(late)},
        "eager": {"pkg.kept": "x"},
        "names": {"named.tool": ["tool"]},
    }
    path = os.path.join(tree, "lazy.toml")
    document.write(path, {**data, **more})
    return path


@pytest.fixture
def run(tmp_path):
    """Run code with the tree on sys.path, what LATE names being late; gives its output, without which it must not write."""
    tree = plant(tmp_path, TREE)
    path = file_of(tree)

    def run(code, *options, **variables):
        done = python(*options, "-m", "fastimport", "run", "--lazy", path, "-c", textwrap.dedent(code), cwd=tree, **variables)
        assert (done.returncode, done.stderr) == (0, ""), done.stderr
        return done.stdout.splitlines()

    run.tree, run.path = tree, path
    return run


def test_a_late_import_happens_at_first_use(run):
    code = "import plain, eager\nfrom pkg import value\nprint('first')\nprint(plain.x, value)"
    assert run(code) == ["eager runs", "first", "plain runs", "pkg runs", "1 2"]


def test_from_package_import_submodule(run):
    code = "from pkg import sub\nprint('first')\nprint(sub.y)"
    assert run(code) == ["first", "pkg runs", "pkg.sub runs", "3"]
    code = "import pkg\npkg.value\nfrom pkg import sub, value\nprint('first')\nprint(sub.y, value)"
    assert run(code) == ["pkg runs", "first", "pkg.sub runs", "3 2"]
    assert run("from pkg import kept\nprint('first')") == ["pkg runs", "pkg.kept runs", "first"]


def test_a_function_named_as_its_module_stays_a_function(run):
    assert run("from named import tool\nprint(tool())") == ["called"]


def test_packages_with_a_getattr_of_their_own_and_namespace_packages(run):
    assert run("from dynamic import anything\nprint('first')\nprint(anything)") == ["first", "dynamic runs", "ANYTHING"]
    assert run("import space.inner\nprint('first')\nprint(space.inner.z)") == ["first", "space.inner runs", "4"]
    assert run("from space import inner\nprint('first')\nprint(inner.z)") == ["first", "space.inner runs", "4"]


def test_a_package_that_must_not_be_late_is_not_made_late_by_its_submodule(run):
    assert run("import heavy.part\nprint('first')") == ["heavy runs", "heavy.part runs", "first"]
    assert run("import heavy\nimport heavy.part\nprint('first')\nheavy.part.w") == ["heavy runs", "first", "heavy.part runs"]


def test_late_imports_inside_a_late_module(run):
    code = "import front\nprint('first')\nfront.__name__\nprint('second')\nprint(front.pkg.sub.y, front.x)"
    assert run(code) == ["first", "second", "pkg runs", "pkg.sub runs", "plain runs", "3 1"]


@pytest.mark.parametrize("statement", ["import absent", "import absent.part", "from absent import x", "import pkg.absent"])
def test_what_is_absent_fails_where_it_stands_as_importlib_says_it(statement, run):
    """Message, traceback and all: the filter has no frame in it."""
    script = os.path.join(plant(run.tree, {"script.py": f"import os\n{statement}\nprint('not reached')"}), "script.py")
    stock = python(script, cwd=run.tree)
    done = python("-m", "fastimport", "run", "--lazy", run.path, script, cwd=run.tree)
    assert ("Error" in stock.stderr and "pkg runs" in stock.stdout) or "absent" in stock.stderr
    assert (done.returncode, done.stdout, done.stderr) == (stock.returncode, stock.stdout, stock.stderr)


def test_what_the_program_says_is_lazy_stays_lazy(run):
    assert run("lazy import eager\nprint('first')\neager.__name__") == ["first", "eager runs"]
    assert run("__lazy_modules__ = ['eager']\nimport eager\nprint('first')\neager.__name__") == ["first", "eager runs"]
    assert run("lazy from other import x\nprint('first')\nprint(x)") == ["first", "other runs", "1"]


def test_the_filter_that_was_there_is_asked_and_put_back(run):
    code = f"""\
    import sys, fastimport
    fastimport.uninstall()
    asked = []
    def theirs(importer, name, names):
        asked.append(name)
        return name != "plain"
    sys.set_lazy_imports_filter(theirs)
    fastimport.install(lazy={run.path!r})
    import plain, pkg, eager
    print("first", asked)
    fastimport.uninstall()
    print(sys.get_lazy_imports(), sys.get_lazy_imports_filter() is theirs)
    """
    assert run(code) == ["plain runs", "eager runs", "first ['plain', 'pkg']", "normal True"]


def test_an_error_of_the_other_filter_is_its_own(run):
    code = f"""\
    import sys, fastimport
    fastimport.uninstall()
    def theirs(importer, name, names): raise KeyError(name)
    sys.set_lazy_imports_filter(theirs)
    fastimport.install(lazy={run.path!r})
    import eager
    code = compile("import plain", "x", "exec")
    try: exec(code, {{}})
    except KeyError as error: print("their error", error)
    """
    assert run(code) == ["eager runs", "their error 'plain'"]


def test_a_filter_that_came_later_is_left_alone(run):
    code = """\
    import sys, fastimport
    def theirs(importer, name, names): return False
    sys.set_lazy_imports_filter(theirs)
    fastimport.uninstall()
    print(sys.get_lazy_imports_filter() is theirs)
    """
    assert run(code) == ["True"]


def test_installing_again_exchanges_the_file_and_none_switches_off(run):
    other = file_of(plant(os.path.join(run.tree, "other"), {}), ["other"])
    code = f"""\
    import sys, fastimport
    fastimport.install(lazy={other!r})
    import plain, other
    fastimport.install(freshness="trusted")
    fastimport.install(register="in_place")
    import pkg
    print("first")
    other.x
    fastimport.install(lazy="none")
    print(sys.get_lazy_imports(), sys.get_lazy_imports_filter())
    """
    assert run(code) == ["plain runs", "pkg runs", "first", "other runs", "normal None"]


def test_the_variable_counts_more_than_the_argument(run):
    assert run("import plain\nprint('first')", FASTIMPORT_LAZY="none") == ["plain runs", "first"]
    done = python(
        "-c", f"import fastimport; fastimport.install(lazy={run.path!r}); import plain", cwd=run.tree, FASTIMPORT_LAZY="none"
    )
    assert done.stdout == "plain runs\n"


@pytest.mark.parametrize("how", ["exec", "variable", "enabled"])
def test_children_and_whole_environments(how, run, tmp_path):
    code = "import plain; print('first')"
    if how == "exec":
        done = python("-m", "fastimport", "exec", "--lazy", "lazy.toml", "--", sys.executable, "-c", code, cwd=run.tree)
    elif how == "variable":
        done = python("-c", f"import fastimport; fastimport.install(); {code}", cwd=run.tree, FASTIMPORT_LAZY=run.path)
    else:
        from fastimport.environment import site_files

        for name, text in site_files.contents({"lazy": run.path}).items():
            (tmp_path / name).write_text(text, encoding="utf-8")
        start = f"import site; site.addsitedir({str(tmp_path)!r})"
        done = python("-c", f"{start}\n{code}", cwd=run.tree)
    assert (done.stdout, done.stderr) == ("first\n", "")


@pytest.mark.parametrize("options", [("--freshness", "trusted"), ("--register", "in_place"), ("--snapshot", "auto")])
def test_with_other_settings(options, run, tmp_path):
    code = "import plain\nfrom pkg import sub\nimport heavy.part\nprint('first')\nprint(plain.x, sub.y)"
    command = ["-m", "fastimport", "run", *options, "--lazy", run.path, "-c", code]
    for _ in range(2):
        done = python(*command, cwd=run.tree, FASTIMPORT_CACHE_DIR=os.path.join(tmp_path, "cache"))
        expected = ["heavy runs", "heavy.part runs", "first", "plain runs", "pkg runs", "pkg.sub runs", "1 3"]
        assert (done.stdout.splitlines(), done.stderr) == (expected, "")


def test_a_new_file_and_a_file_that_is_gone_are_seen(run):
    code = """\
    import os, sys
    import absent
    """
    plant(run.tree, {"absent.py": "print('there now')"})
    assert run(code + "print('first')\n    absent.__name__") == ["first", "there now"]
    os.unlink(os.path.join(run.tree, "absent.py"))
    done = python("-m", "fastimport", "run", "--lazy", run.path, "-c", "import absent", cwd=run.tree)
    assert done.stderr.splitlines()[-1] == "ModuleNotFoundError: No module named 'absent'"


def test_reload_of_a_late_module(run):
    code = "import importlib, plain\nprint('first')\nimportlib.reload(plain)"
    assert run(code) == ["first", "plain runs", "plain runs"]


def test_threads_that_use_the_same_late_module(run):
    code = """\
    import threading, plain
    found = []
    threads = [threading.Thread(target=lambda: found.append(plain.x)) for _ in range(8)]
    for thread in threads: thread.start()
    for thread in threads: thread.join()
    print(found)
    """
    assert run(code) == ["plain runs", "[1, 1, 1, 1, 1, 1, 1, 1]"]


def test_importtime_lists_a_late_module_once_it_is_used(run):
    command = ["-m", "fastimport", "run", "--lazy", run.path, "-c", "import plain, pkg\nplain.x"]
    told = python("-X", "importtime", *command, cwd=run.tree).stderr
    assert any(line.endswith(" plain") for line in told.splitlines())
    assert not any(line.endswith(" pkg") for line in told.splitlines())


def test_what_is_in_a_try_or_in_a_function_is_eager_as_always(run):
    code = "try: import plain\nexcept ImportError: pass\ndef f(): import pkg\nf()\nprint('last')"
    assert run(code) == ["plain runs", "pkg runs", "last"]


def test_a_loaded_module_is_bound_at_once(run):
    """There is nothing to postpone: the name is the module, not what stands for it."""
    code = "import plain\nplain.x\nimport plain as again\nprint(type(vars()['again']).__name__)\n"
    code += "from plain import x\nprint(vars()['x'])"
    assert run(code) == ["plain runs", "module", "1"]


def test_failures_are_reported_as_without_us(run):
    """What reports them was loaded before."""
    script = os.path.join(plant(run.tree, {"script.py": "import plain\nplain.x\n1 / 0\n"}), "script.py")
    done = python("-m", "fastimport", "run", "--lazy", run.path, script, cwd=run.tree)
    stock = python(script, cwd=run.tree)
    assert (done.returncode, done.stdout, done.stderr) == (stock.returncode, stock.stdout, stock.stderr)
