"""An interpreter whose files, and whose modules' files, are on a slow file system.

With FUSE, ``slow/delayfs.c`` shows the whole machine a second time below a mount point, and a virtual environment is
laid out there: same interpreter, same site-packages, but every file is reached through the mount.  Where FUSE can't be
had, ``slow/delay.c`` is preloaded into the ordinary interpreter.
"""

import mmap
import os
import re
import shlex
import struct
import subprocess
import sys
import sysconfig
import tempfile
import time
from collections.abc import Iterator, Mapping
from contextlib import ExitStack, contextmanager
from pathlib import Path
from statistics import median
from typing import NamedTuple

SOURCES = Path(__file__).resolve().parent / "slow"
OPERATIONS = tuple(re.findall(r"\bX\((\w+)\)", (SOURCES / "operations.h").read_text(encoding="utf-8")))
CFLAGS = ("-std=gnu11", "-O2", "-Wall", "-Wextra")
PATIENCE_S = 10
SAMPLES = 100


class Unavailable(RuntimeError):
    """This machine can't do it; the message says what is missing."""


class Counts:
    """The operations that the slow file system has answered since `reset`: memory shared with it."""

    def __init__(self, path: Path) -> None:
        self.size = struct.calcsize(self._layout)
        path.write_bytes(bytes(self.size))
        with path.open("r+b") as file:
            self._shared = mmap.mmap(file.fileno(), self.size)

    _layout = f"={len(OPERATIONS)}Q"

    def reset(self) -> None:
        self._shared[: self.size] = bytes(self.size)

    def read(self) -> dict[str, int]:
        return dict(zip(OPERATIONS, struct.unpack(self._layout, self._shared[: self.size]), strict=True))


class Slowness(NamedTuple):
    """What to imitate: seconds for each operation, seconds for which answers may be remembered, requests served at once."""

    latency: float
    remember: float = 0
    servers: int = 64


class SlowInterpreter(NamedTuple):
    """What to start (`python`, with `variables` in its environment), and the counts; `root` holds its files."""

    how: str
    python: str
    variables: Mapping[str, str]
    counts: Counts
    root: str

    @property
    def prefix(self) -> str:
        """What stands before the path of any file where the interpreter is to find it slow."""
        return self.root if self.how == "FUSE" else ""

    def measured_latency(self) -> float:
        """Return the seconds that one operation takes, the trip through the kernel included.

        Only under FUSE: an interposed library delays other processes, not this one.
        """
        missing = os.path.join(self.root, "no-such-name")
        seconds = []
        for _ in range(SAMPLES):
            started = time.perf_counter()
            os.path.lexists(missing)
            seconds.append(time.perf_counter() - started)
        return median(seconds)


def compile_delayfs(directory: Path) -> Path:
    """Return the compiled file system.

    Raises `Unavailable` without /dev/fuse, libfuse3, a compiler, or the right to mount.
    """
    if not os.path.exists("/dev/fuse"):
        raise Unavailable("there is no /dev/fuse")
    flags = _output(["pkg-config", "--cflags", "--libs", "fuse3"], "libfuse3 is not installed, or pkg-config is not")
    return _compile(directory / "delayfs", "delayfs.c", *shlex.split(flags))


def compile_library(directory: Path) -> Path:
    """Return the library to preload.  Raises `Unavailable` without a compiler, or where libc is another one."""
    return _compile(directory / "delay.so", "delay.c", "-shared", "-fPIC", "-ldl")


def _compile(result: Path, source: str, *arguments: str) -> Path:
    compiler = shlex.split(os.environ.get("CC", "cc"))
    _output([*compiler, *CFLAGS, "-o", str(result), str(SOURCES / source), *arguments], f"{source} can't be compiled")
    return result


def _output(command: list[str], complaint: str) -> str:
    try:
        return subprocess.run(command, check=True, capture_output=True, text=True).stdout
    except FileNotFoundError:
        raise Unavailable(f"{complaint}: {command[0]} is not there") from None
    except subprocess.CalledProcessError as error:
        raise Unavailable(f"{complaint}: {error.stderr.strip()}") from None


@contextmanager
def mounted(program: Path, directory: Path, slowness: Slowness) -> Iterator[tuple[str, Counts]]:
    """Show all files below a mount point in *directory*; yield it, and what is counted there.

    Raises `Unavailable` if mounting is refused.
    """
    mount = directory / "mount"
    mount.mkdir(exist_ok=True)
    counts = Counts(directory / "counts")
    latency = str(round(slowness.latency * 1e6))
    settings = [str(directory / "counts"), latency, str(slowness.remember), str(slowness.servers)]
    server = subprocess.Popen([str(program), "/", str(mount), *settings], stderr=subprocess.PIPE, text=True)
    try:
        _await_mount(server, mount)
        yield str(mount), counts
    finally:
        _unmount(server, mount)


def _await_mount(server: "subprocess.Popen[str]", mount: Path) -> None:
    deadline = time.monotonic() + PATIENCE_S
    while not _is_mounted(mount):
        if server.poll() is not None or time.monotonic() > deadline:
            server.kill()
            raise Unavailable(f"mounting was refused: {server.communicate()[1].strip()}")
        time.sleep(0.01)


def _is_mounted(mount: Path) -> bool:
    """`os.path.ismount` says no, too, to a mount whose server is gone."""
    with open("/proc/self/mounts", encoding="utf-8") as file:
        return any(line.split()[1] == str(mount) for line in file)


def _unmount(server: "subprocess.Popen[str]", mount: Path) -> None:
    early = server.poll()
    server.terminate()
    try:
        _, message = server.communicate(timeout=PATIENCE_S)
    except subprocess.TimeoutExpired:
        server.kill()
        _, message = server.communicate()
    if _is_mounted(mount):
        # The directory around it is deleted next; the mount is read-only, but nobody should have to rely on that.
        subprocess.run(["fusermount3", "-uz", str(mount)], check=True)
    if early is not None:
        # Its clients saw names vanish, and may have gone on with other answers.
        raise RuntimeError(f"the slow file system ended before it was told to: {message.strip()}")


@contextmanager
def under_fuse(program: Path, slowness: Slowness, place: Path | None = None) -> Iterator[SlowInterpreter]:
    """Yield this interpreter as it is reached through the mount.

    Mounted in *place* again and again, one after the other, it has the same paths each time.
    """
    with ExitStack() as stack:
        directory = place or Path(stack.enter_context(tempfile.TemporaryDirectory()))
        mount, counts = stack.enter_context(mounted(program, directory, slowness))
        environment = directory / "environment"
        if not environment.exists():
            _lay_out_environment(environment, mount)
        yield SlowInterpreter("FUSE", f"{mount}{environment}/bin/python", {}, counts, mount)


def _lay_out_environment(environment: Path, mount: str) -> None:
    """What ``python -m venv`` makes, with every path through *mount* and this interpreter's site-packages."""
    base = mount + os.path.realpath(sys.executable)
    library = environment / "lib" / os.path.basename(sysconfig.get_path("stdlib"))
    (environment / "bin").mkdir(parents=True)
    library.mkdir(parents=True)
    (environment / "bin" / "python").symlink_to(base)
    (library / "site-packages").symlink_to(mount + os.path.realpath(sysconfig.get_path("purelib")))
    (environment / "pyvenv.cfg").write_text(f"home = {os.path.dirname(base)}\ninclude-system-site-packages = false\n")


@contextmanager
def under_library(library: Path, slowness: Slowness) -> Iterator[SlowInterpreter]:
    """Yield this interpreter with the library preloaded; nothing limits how many calls are served at once."""
    with tempfile.TemporaryDirectory() as directory:
        counts = Counts(Path(directory, "counts"))
        variables = {
            "LD_PRELOAD": str(library),
            "DELAY_COUNTS": os.path.join(directory, "counts"),
            "DELAY_US": str(round(slowness.latency * 1e6)),
            "DELAY_PREFIXES": ":".join(dict.fromkeys([sys.prefix, sys.base_prefix])),
        }
        yield SlowInterpreter("interposed library", sys.executable, variables, counts, sys.prefix)
