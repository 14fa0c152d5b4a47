"""``io.open_code`` imports ``_io`` through ``builtins.__import__``: who has replaced that sees an import for each file."""

import os
import py_compile

import pytest
from support.process import python
from support.snapshots import contents_of, settle
from support.trees import plant

from fastimport.snapshot import store

PROGRAM = """
import builtins, sys
if sys.argv[1] != "stock":
    import fastimport
    fastimport.install(snapshot=sys.argv[2] or None)
stock = builtins.__import__
seen = []
{hook}
builtins.__import__ = hook
try:
    import pkg.inner
    print(pkg.inner.X)
except BaseException as error:
    print(type(error).__name__, error)
builtins.__import__ = stock
import one
print(seen)
"""
LOOKING = """
def hook(name, globals=None, locals=None, fromlist=(), level=0):
    caller = globals and globals.get("__name__")
    seen.append((name, caller, type(globals).__name__, locals is globals, fromlist, level))
    return stock(name, globals, locals, fromlist, level)
"""
REFUSING = """
def hook(name, *rest):
    if name == "_io":
        raise {error}("no _io")
    return stock(name, *rest)
"""
OBJECT = """
class Hook:
    def __call__(self, *given):
        return look(*given)

hook = Hook()
"""
HOOKS = {
    "looking": LOOKING,
    "an object": LOOKING.replace("def hook", "def look") + OBJECT,
    "refusing": REFUSING.format(error="ImportError"),
    "refusing to open": REFUSING.format(error="PermissionError"),
    "interrupted": REFUSING.format(error="KeyboardInterrupt"),
}


@pytest.mark.parametrize("hook", HOOKS)
@pytest.mark.parametrize("with_snapshot", [False, True], ids=["bytecode", "snapshot"])
def test_who_replaced_the_import_function_sees_what_he_would(hook, with_snapshot, public_root):
    program = PROGRAM.format(hook=HOOKS[hook])
    plant(public_root, {"pkg": {"__init__.py": "", "inner.py": "X = 1\n"}, "one.py": "", "program.py": program})
    for name in ("pkg/__init__.py", "pkg/inner.py", "one.py"):
        py_compile.compile(os.path.join(public_root, name))
    snapshot = ""
    if with_snapshot:
        settle()
        snapshot = os.path.join(public_root, "s.fastimport")
        store.save(contents_of([public_root]), snapshot)
    stock, ours = (python(os.path.join(public_root, "program.py"), side, snapshot) for side in ("stock", "ours"))
    assert stock.returncode == ours.returncode == 0, ours.stderr
    assert ours.stdout == stock.stdout and ("_io" in stock.stdout)
