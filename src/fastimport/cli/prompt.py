"""The interactive prompt of ``fastimport run``: pymain_run_stdin on a terminal."""

import os
import sys

from fastimport.cli.execution import enter, execute

if sys.version_info >= (3, 13):
    from _pyrepl import main as _pyrepl
else:
    import code

_CREDITS = 'Type "help", "copyright", "credits" or "license" for more information.'


def start_prompt(_: str, namespace: dict[str, object]) -> None:
    """Greet, and read and run statements until the end of input."""
    enter("")
    if not sys.flags.quiet:
        print(f"Python {sys.version} on {sys.platform}\n{_CREDITS}", file=sys.stderr)
    sys.audit("cpython.run_stdin")
    if hasattr(sys, "__interactivehook__"):
        sys.__interactivehook__()
    execute(_read_and_run, namespace)


def _read_and_run(namespace: dict[str, object]) -> None:
    if sys.version_info >= (3, 13):
        _pyrepl.interactive_console(sys.modules["__main__"], pythonstartup=not sys.flags.ignore_environment)
        return
    _run_startup_file(namespace)
    code.InteractiveConsole(namespace, filename="<stdin>").interact(banner="", exitmsg="")


def _run_startup_file(namespace: dict[str, object]) -> None:
    path = None if sys.flags.ignore_environment else os.environ.get("PYTHONSTARTUP")
    if not path:
        return
    sys.audit("cpython.run_startup", path)
    try:
        with open(path, "rb") as file:
            exec(compile(file.read(), path, "exec", dont_inherit=True), namespace)
    except Exception:
        sys.excepthook(*sys.exc_info())
