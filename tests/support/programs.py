"""Programs that look at everything the interpreter prepares for them, the ways to start them, and where they lie."""

import py_compile
import zipfile

from support.trees import Link, plant

LOOK = """\
import sys
main = sys.modules['__main__']
print({name: value for name, value in vars(main).items() if name not in ('sys', 'main')})
print(list(vars(main)), vars(main) is globals(), type(main))
print(sys.argv, sys.path, sys.flags)
"""
HOOK = """\
import atexit, sys
def hook(kind, value, traceback):
    print('hook', kind, value, globals().get('__file__'), traceback.tb_lineno, traceback.tb_frame.f_code.co_name)
    print(sys.excepthook is hook, sys.last_traceback is traceback, value.__traceback__ is traceback)
    {0}
sys.excepthook = hook
atexit.register(lambda: print('exit', globals().get('__file__'), globals().get('__cached__'), sys.excepthook is hook))
{1}
1/0
"""
DEEP = """\
import sys
def f(n):
    f(n - 1) if n else 1 / 0
try:
    f(2)
except ZeroDivisionError as error:
    raise ValueError('later') from error
"""
THREADS = """\
import atexit, threading, time
atexit.register(print, 'exit')
def work():
    time.sleep(0.2); print('worked', threading.main_thread().name, flush=True); 1/0
threading.excepthook = lambda args: print('thread', args.exc_type)
threading.Thread(target=work).start()
print(threading.current_thread() is threading.main_thread())
"""
SPAWN = """\
import multiprocessing, pickle
class Point: x = 1
def double(n): return 2 * n
if __name__ == '__main__':
    print(pickle.loads(pickle.dumps(Point())).x, Point.__module__)
    with multiprocessing.get_context('spawn').Pool(1) as pool:
        print(pool.map(double, [1, 2]))
"""
RECURSION = "def f(): f()\nf()\n"
INTERRUPT = "import os, signal, time\nos.kill(os.getpid(), signal.SIGINT)\ntime.sleep(5)\n"
SOURCES = {
    "look": LOOK,
    "deep": DEEP,
    "threads": THREADS,
    "spawn": SPAWN,
    "interrupt": INTERRUPT,
    "syntax": "x = 1\ndef f(:\n    pass\n",
    "unclosed": "x = (1,\n\n",
    "tabs": "if 1:\n\tx\n        y\n",
    "exit_code": "import sys, atexit\natexit.register(lambda: print('exit', globals().get('__file__')))\nsys.exit(3)\n",
    "exit_text": "raise SystemExit('goodbye')\n",
    "exit_none": "raise SystemExit\n",
    "exit_odd": "raise SystemExit((1, 2))\n",
    "exit_big": "raise SystemExit(257)\n",
    "group": "raise ExceptionGroup('both', [ValueError(1), OSError(2)])\n",
    "noted": "e = KeyError('a')\ne.add_note('note')\nraise e\n",
    "base": "class Stop(BaseException): pass\nraise Stop('now')\n",
    "file_at_exit": "import atexit\natexit.register(lambda: print(globals().get('__file__')))\n",
    "hook": HOOK.format("", ""),
    "hook_raises": HOOK.format("raise ValueError('in hook')", ""),
    "hook_exits": HOOK.format("sys.exit(7)", ""),
    "hook_deleted": HOOK.format("", "del sys.excepthook"),
    "hook_none": HOOK.format("", "sys.excepthook = None"),
    "last": "import atexit, sys\natexit.register(lambda: print(sys.last_traceback.tb_frame.f_code.co_name))\n1/0\n",
    "no_excepthook_left": "import atexit, sys\natexit.register(lambda: print(sys.excepthook))\nsys.exit(1)\n",
    "audit": "import sys\nsys.addaudithook(lambda event, args: event == 'sys.excepthook' and print(event, args[1]))\n1/0\n",
    "missing": "import not_there\n",
    "relative": "from . import look\n",
    "annotated": "x: int = 1\nprint(__annotations__)\n",
    "future": "from __future__ import annotations\nprint(eval('1 if True else 2'))\n",
    "argv": "import sys\nprint(sys.argv, sys.path[0])\n",
    "closed": "import os, sys\nsys.stderr.close()\n1/0\n",
}
RAW = {
    "latin1.py": b"x = '\xe9'\n",
    "latin1_declared.py": b"# coding: latin-1\nprint(ascii('\xe9'))\n",
    "nul.py": b"x = 1\0\n",
    "wrong_cookie.py": b"# coding: nope\nx\n",
    "cookie_against_mark.py": b"\xef\xbb\xbf# coding: latin-1\nprint(1)\n",
    "lines.py": b"print(1)\r\nprint(2)\rprint(3)\n1/0",
    "empty.py": b"",
    "damaged.pyc": b"not bytecode at all",
    "noise": b"\0\1\2",
}
STARTS = {
    **{f"script-{name}": (f"{name}.py", "a", "-x", "--json") for name in SOURCES},
    **{f"raw-{name}": (name,) for name in RAW},
    **{
        f"module-{name}": ("-m", name, "a", "-x")
        for name in ("look", "deep", "exit_text", "interrupt", "syntax", "spawn", "hook", "hook_raises", "last", "closed")
    },
    "absent-script": ("absent.py", "a"),
    "absent-module": ("-m", "absent"),
    "absent-submodule": ("-m", "package.absent"),
    "module-with-suffix": ("-m", "look.py"),
    "module-attached": ("-mlook", "a"),
    "relative-module": ("-m", ".look"),
    "package": ("-m", "package", "a"),
    "package-that-fails": ("-m", "broken"),
    "package-without-main": ("-m", "package.inner"),
    "namespace-with-main": ("-m", "space"),
    "relative-imports": ("-m", "package.relative"),
    "relative-imports-as-script": ("package/relative.py",),
    "directory": ("folder", "a"),
    "directory-slash": ("folder/", "a"),
    "directory-dots": ("./package/../folder", "a"),
    "directory-dot": (".",),
    "directory-without-main": ("package/inner",),
    "archive": ("app.zip", "a"),
    "archive-without-main": ("empty.zip",),
    "bytecode": ("compiled.pyc", "a"),
    "bytecode-by-content": ("bytecode_by_content", "a"),
    "link": ("link.py", "a"),
    "link-elsewhere": ("folder/link.py", "a"),
    "link-of-link": ("link2.py", "a"),
    "dangling-link": ("dangling.py",),
    "dotted-path": ("./folder/../look.py",),
    "two-dashes": ("--", "look.py", "--", "a"),
    "code": ("-c", LOOK, "a", "-c"),
    "code-attached": ("-cimport sys; print(sys.argv)", "a"),
    "code-empty": ("-c", "", "a"),
    "code-fails": ("-c", "def f():\n    1/0\nf()"),
    "code-interrupted": ("-c", INTERRUPT),
    "code-exits": ("-c", "raise SystemExit(5)"),
    "code-syntax": ("-c", "x ="),
    "code-indented": ("-c", "  if 1:\n   \n    print(repr('''a\n   \n   b'''))\n      \n"),
    "code-mixed-indent": ("-c", "\t1\n 2"),
    "code-surrogate": ("-c", "print('\udcff')"),
    "stdin": (),
    "stdin-dash": ("-", "a"),
}


def plant_programs(root):
    """Write all of them, and a script such as installers write for a command, below `root`."""
    plant(
        root,
        {
            **{f"{name}.py": source for name, source in SOURCES.items()},
            "package": {
                "__init__.py": "print('init', __name__)",
                "__main__.py": LOOK,
                "relative.py": "from . import inner\nfrom .inner import __name__ as n\nprint(n)\nfrom .. import up\n",
                "inner": {"__init__.py": ""},
            },
            "broken": {"__init__.py": "1/0", "__main__.py": ""},
            "space": {"__main__.py": LOOK},
            "folder": {"__main__.py": LOOK + "import look_here\n", "link.py": Link("../argv.py")},
            "link.py": Link("argv.py"),
            "link2.py": Link("folder/link.py"),
            "dangling.py": Link("nowhere.py"),
        },
    )
    for name, content in RAW.items():
        (root / name).write_bytes(content)
    for name, members in {"app.zip": {"__main__.py": LOOK + DEEP}, "empty.zip": {}}.items():
        with zipfile.ZipFile(root / name, "w") as archive:
            for member, source in members.items():
                archive.writestr(member, source)
    py_compile.compile(str(root / "look.py"), str(root / "compiled.pyc"))
    (root / "bytecode_by_content").write_bytes((root / "compiled.pyc").read_bytes())
    (root / "bin").mkdir()
    (root / "bin" / "command").write_text("import sys\nfrom fastimport.cli import main\nsys.exit(main())\n")
