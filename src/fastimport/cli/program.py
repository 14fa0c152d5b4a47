"""Becoming ``python PROGRAM`` in a running interpreter: what CPython's main.c and pythonrun.c do, in their order.

What a program can see of its start is made equal: ``__main__``, ``sys.argv``, ``sys.path[0]``,
``sys.path_importer_cache``, audit events, messages, tracebacks and the exit status. What can't be hidden are the frames
below it (``sys._getframe``, the depth at which recursion ends) and ``sys.orig_argv``.

Starting the interpreter again would hide those too. It would cost a second start-up, and -I, -E and -S leave no door
through which to switch fastimport on in the new process.
"""

import _frozen_importlib
import _frozen_importlib_external as external
import builtins
import os
import sys

from fastimport.cli.execution import enter, execute
from fastimport.cli.failure import report_as_program

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable
    from types import CodeType

    from _typeshed.importlib import PathEntryFinderProtocol

    Namespace = dict[str, object]

_FORMER: "list[object]" = []  # __main__ before: up to 3.13 the interpreter lets go of a script's before it is done with it


def run(kind: str, program: str, arguments: list[str]) -> int:
    """Run a program to its end and return its exit status; what it raises comes out, for the interpreter to report."""
    starts = {"-m": _run_module, "-c": _run_code, "-": _run_stdin, "file": _run_file}
    start: Callable[[str, Namespace], int | None] = starts[kind]
    if kind == "-" and os.isatty(0):
        from fastimport.cli.prompt import start_prompt as start  # now: later a file of the program could be in the way
    leave_search_path()
    sys.argv[:] = [program if kind in ("file", "-") else kind, *arguments]
    return start(program, fresh_main()) or 0


def leave_search_path() -> None:
    """Take off what the interpreter put on sys.path for the command itself."""
    if sys.flags.safe_path or not sys.path:
        return
    own = ["", os.path.dirname(os.path.realpath(sys.argv[0]))]
    try:
        own.append(os.getcwd())
    except OSError:  # deleted: then -m put nothing on sys.path
        pass
    if sys.path[0] in own:
        del sys.path[0]


def fresh_main() -> "Namespace":
    """The namespace of a new ``__main__`` as it is before a program starts (add_main_module in pylifecycle.c).

    Not the old module emptied: the interpreter deletes ``__file__`` from that one when the command's own script ends.
    """
    _FORMER.append(sys.modules.get("__main__"))
    main = sys.modules["__main__"] = type(sys)("__main__")
    namespace = vars(main)
    namespace["__loader__"] = _frozen_importlib.BuiltinImporter
    if sys.version_info < (3, 14):
        namespace["__annotations__"] = {}
    namespace["__builtins__"] = builtins
    return namespace


def _run_module(name: str, namespace: "Namespace") -> None:
    try:
        enter(os.getcwd())
    except OSError:
        pass
    sys.audit("cpython.run_module", name)
    import runpy

    execute(runpy._run_module_as_main, name)  # type: ignore[attr-defined]


def _run_code(code: str, namespace: "Namespace") -> None:
    enter("")
    sys.audit("cpython.run_command", code)
    try:
        code.encode()
    except UnicodeEncodeError as error:
        print("Unable to decode the command from the command line:", file=sys.stderr)
        report_as_program(None)
        raise error.with_traceback(None) from None
    execute(exec, _compile_code(code), namespace)


def _compile_code(code: str) -> "CodeType":
    code += "\n"
    if sys.version_info >= (3, 14):
        code = _dedent(code)
    compiled = _compile(code, "<string>")
    if sys.version_info >= (3, 13):
        import linecache

        key = compiled if hasattr(linecache, "_interactive_cache") else "<string>"
        linecache._register_code(key, code, "<string>")  # type: ignore[attr-defined]
    return compiled


def _dedent(code: str) -> str:
    """Without the indentation common to all lines; textwrap.dedent would load re."""
    lines = code.split("\n")
    filled = [line for line in lines if line.strip(" \t")]
    indents = [line[: len(line) - len(line.lstrip(" \t"))] for line in filled]
    margin = indents[0] if indents else ""
    while not all(indent.startswith(margin) for indent in indents):
        margin = margin[:-1]
    return "\n".join(line[len(margin) :] if line.strip(" \t") else "" for line in lines) if margin else code


def _run_stdin(_: str, namespace: "Namespace") -> None:
    enter(_directory(sys.argv[0]))
    sys.audit("cpython.run_stdin")
    with open(0, "rb", closefd=False) as stdin:
        source = stdin.read()
    _run_main_file(lambda: _compile(source, "<stdin>"), "<stdin>", namespace)


def _run_file(name: str, namespace: "Namespace") -> int | None:
    path = _absolute(name)
    if _is_search_path_entry(path):
        sys.path.insert(0, path)  # under -P and -I too
        import runpy

        execute(runpy._run_module_as_main, "__main__", False)  # type: ignore[attr-defined]
        return None
    enter(_directory(name))
    sys.audit("cpython.run_file", path)
    try:
        with open(path, "rb") as file:
            source = file.read()
    except OSError as error:
        print(f"{sys.executable}: can't open file {path!r}: [Errno {error.errno}] {error.strerror}", file=sys.stderr)
        return 2
    is_pyc = path.endswith(".pyc") or source[:2] == external.MAGIC_NUMBER[:2]
    loader = external.SourcelessFileLoader if is_pyc else external.SourceFileLoader
    namespace["__loader__"] = loader("__main__", path)
    _run_main_file(lambda: _read_pyc(source) if is_pyc else _compile_file(source, path), path, namespace)
    return None


def _absolute(name: str) -> str:
    """_Py_abspath: nothing is normalised."""
    try:
        return os.getcwd() if name == "." else os.path.join(os.getcwd(), name)
    except OSError:
        return name


def _directory(name: str) -> str:
    """The directory of a script, links followed; '' for a name that is no file, such as ``-``."""
    return os.path.dirname(os.path.realpath(name)) if os.path.lexists(name) else os.path.dirname(name)


def _is_search_path_entry(path: str) -> bool:
    """Whether a path hook takes it: a directory or zip file. Leaves the answer behind as PyImport_GetImporter does."""
    if path not in sys.path_importer_cache:
        sys.path_importer_cache[path] = _importer_for(path)
    return sys.path_importer_cache[path] is not None


def _importer_for(path: str) -> "PathEntryFinderProtocol | None":
    for hook in sys.path_hooks:
        try:
            return hook(path)
        except ImportError:
            pass
    return None


def _run_main_file(load: "Callable[[], CodeType]", path: str, namespace: "Namespace") -> None:
    """_PyRun_SimpleFile: ``__file__`` lasts as long as the program's own code, so that exit functions don't see it."""
    namespace["__file__"] = path
    if sys.version_info < (3, 15):
        namespace["__cached__"] = None

    execute(exec, load(), namespace, at_end=lambda: [namespace.pop(name, None) for name in ("__file__", "__cached__")])


def _compile_file(source: bytes, path: str) -> "CodeType":
    try:
        return compile(source, path, "exec", dont_inherit=True)
    except (SyntaxError, ValueError):
        if _is_odd(source) and os.path.isfile(path) and os.name == "posix" and sys.executable:
            _hand_over()
    return _compile(source, path)


def _is_odd(source: bytes) -> bool:
    """Whether errors in this source may be worded differently when it is read from a file: encodings and NUL bytes."""
    try:
        source.decode()
    except UnicodeDecodeError:
        return True
    return b"\0" in source or b"coding" in source


def _hand_over() -> None:
    """Let python itself say why it can't run the file; nothing of the program has run yet."""
    import subprocess

    sys.stdout.flush()
    sys.stderr.flush()
    flags = subprocess._args_from_interpreter_flags()  # type: ignore[attr-defined]
    os.execv(sys.executable, [sys.executable, *flags, *sys.argv])


def _compile(source: bytes | str, name: str) -> "CodeType":
    try:
        return compile(source, name, "exec", dont_inherit=True)
    except BaseException:
        report_as_program(None)
        raise


def _read_pyc(data: bytes) -> "CodeType":
    """run_pyc_file"""
    import marshal

    try:
        if data[:4] != external.MAGIC_NUMBER:
            raise RuntimeError("Bad magic number in .pyc file")
        code = marshal.loads(data[16:])
        if not isinstance(code, type(_read_pyc.__code__)):
            raise RuntimeError("Bad code object in .pyc file")
    except BaseException:
        report_as_program(None)
        raise
    return code
