"""Starting the process that makes an automatic snapshot: only where it can work, one at a time, and not for ever if it fails.

Loaded when a program ends whose snapshot is to be made or renewed.
"""

import os
import sys

from fastimport.settings import needed_variables
from fastimport.snapshot import attempts
from fastimport.snapshot.trust import make_directory


def start(path, record, is_due=lambda path: True):
    """Start a process that makes the snapshot at `path`, with `record` as its standard input, and don't wait for it.

    Not if `is_due` says, once it is this one's turn, that there is no need. Not where the executable is no Python: a host program
    that has an interpreter in it understands other arguments. Raises `OSError`, or `Refused` where a snapshot could never be
    used; then no directory was made.
    """
    if not is_interpreter():
        return
    directory = os.path.dirname(path)
    make_directory(directory, 0o700)
    lock = attempts.begin(path)
    if lock is None:
        return
    try:
        if is_due(path):  # another program may have made it since
            _spawn(path, directory, record, lock)
        else:
            attempts.end(path)
    finally:
        os.close(lock)


def is_interpreter():
    """Whether ``sys.executable`` can be started as a Python: neither a frozen application nor a host program."""
    if getattr(sys, "frozen", False) or not sys.executable:
        return False
    try:
        running = os.path.basename(os.readlink("/proc/self/exe")).removesuffix(" (deleted)")
    except OSError:  # no such place on other systems
        running = "python"
    return is_name_of_python(os.path.basename(sys.executable)) and is_name_of_python(running)


def is_name_of_python(name):
    """``python``, ``python3``, ``python3.14t``, ``pythonw.exe``; not ``python-editor``."""
    name = name.lower().removesuffix(".exe")
    if not name.startswith("python"):
        return False
    version = name[len("python") :].removesuffix("-dbg").rstrip("dmtuw")
    return version.replace(".", "").isdigit() or not version


def _spawn(path, directory, record, lock):
    """The child inherits the lock, and holds it until it ends."""
    descriptor = _file_of(directory, record)
    try:
        null = os.open(os.devnull, os.O_RDWR | os.O_CLOEXEC)
        try:
            files = [(os.POSIX_SPAWN_DUP2, source, target) for target, source in enumerate((descriptor, null, null, lock))]
            os.posix_spawn(sys.executable, command(path), environment(), file_actions=files, setpgroup=0)
        finally:
            os.close(null)
    finally:
        os.close(descriptor)


def _file_of(directory, data):
    """A descriptor, above those that the child gets, of a file without a name that has `data`, at its beginning."""
    name = os.path.join(directory, f".{os.getpid()}.{os.urandom(6).hex()}.fastimport-temporary")
    descriptor = os.open(name, os.O_RDWR | os.O_CREAT | os.O_EXCL | os.O_CLOEXEC, 0o600)
    try:
        os.unlink(name)
        while data:
            data = data[os.write(descriptor, data) :]
        os.lseek(descriptor, 0, os.SEEK_SET)
    except BaseException:
        os.close(descriptor)
        raise
    return descriptor


def command(path):
    """What is started: isolated, but that it finds its standard library where this interpreter has found it."""
    home = os.path.dirname(os.path.dirname(os.path.dirname(os.path.abspath(__file__))))
    needs_variables = any(name.startswith("PYTHON") for name in needed_variables())
    isolated = ["-s", "-P"] if needs_variables else ["-I"]
    optimized = ["-" + "O" * sys.flags.optimize] if sys.flags.optimize else []
    code = f"import sys; sys.path.insert(0, {home!r}); from fastimport.snapshot import renewal; renewal.main({path!r})"
    return [sys.executable, *isolated, "-S", *optimized, "-c", code]


def environment():
    """What the new process needs of the environment: how file names are written, and what this one needed to start."""
    return needed_variables() | {"LC_ALL": "C.UTF-8", "PYTHONUTF8": "1"}
