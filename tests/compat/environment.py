"""One virtual environment for one package, outside the source tree, without pip: the runner's own pip fills it."""

import hashlib
import os
import shutil
import subprocess
import sys
import tempfile
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
SOURCES = ("src", "setup.py", "pyproject.toml")


class NotInstallable(Exception):
    """What pip, or a step of the setup, said."""


class Tools:
    """The cache directory, a pip that serves all interpreters, and this tree's wheel for each of them."""

    def __init__(self, cache):
        self.cache = cache
        self.home = cache / "tools"
        self.python = self.home / "bin" / "python"
        self.revision = revision()

    def pip(self, target, *arguments):
        """Run pip for the interpreter `target`; NotInstallable with the last lines that it said if it fails."""
        if not self.python.exists():
            run([sys.executable, "-m", "venv", self.home], cwd=self.cache)
            run([self.python, "-m", "pip", "install", "--quiet", "pip>=25.1"], cwd=self.cache)
        command = [self.python, "-m", "pip", "--python", target, "--disable-pip-version-check", "--quiet", *arguments]
        run(command, cwd=self.cache, PATH=f"{Path(target).parent}:{os.environ['PATH']}")

    def wheel(self, interpreter, version):
        """This tree's wheel, built if the sources have changed since."""
        directory = self.cache / "wheels" / version / self.revision
        if not list(directory.glob("*.whl")):
            shutil.rmtree(directory.parent, ignore_errors=True)
            builder = self.cache / "builder"
            shutil.rmtree(builder, ignore_errors=True)
            run([interpreter, "-m", "venv", "--without-pip", builder], cwd=self.cache)
            copy = self.copy_of_sources()
            self.pip(builder / "bin" / "python", "wheel", "--no-deps", "--wheel-dir", directory, copy)
            shutil.rmtree(copy)
            shutil.rmtree(builder)
        return next(directory.glob("*.whl"))

    def copy_of_sources(self):
        """Building in the tree would leave products there."""
        copy = self.cache / "sources"
        shutil.rmtree(copy, ignore_errors=True)
        unwanted = shutil.ignore_patterns("build", "*.so", "*.egg-info", "__pycache__")
        shutil.copytree(ROOT / "src", copy / "src", ignore=unwanted)
        for name in ("setup.py", "pyproject.toml", "README.md", "LICENSE", "MANIFEST.in"):
            shutil.copy(ROOT / name, copy)
        return copy


class Environment:
    """A package's virtual environment, its files, and the places that a mode may write to."""

    def __init__(self, tools, package, interpreter, version):
        self.tools, self.package = tools, package
        self.interpreter, self.version = interpreter, version
        self.directory = tools.cache / "environments" / version / package.name
        self.prefix = self.directory / "venv"
        self.python = str(self.prefix / "bin" / "python")
        self.fixture = self.directory / "fixture"
        self.work = self.directory / "work"
        self.cache = self.directory / "cache-0"
        self.snapshot = self.directory / "environment.fastimport"

    def make(self):
        """Install everything, unless that is done; NotInstallable says why it can't be."""
        done = self.directory / "made"
        key = f"{self.package.digest} {self.tools.revision}"
        if done.exists() and done.read_text() == key:
            return
        shutil.rmtree(self.directory, ignore_errors=True)
        self.directory.mkdir(parents=True)
        run([self.interpreter, "-m", "venv", "--without-pip", self.prefix], cwd=self.directory)
        wanted = self.package.requirements(self.version)
        if wanted:
            self.tools.pip(self.python, "install", "--prefer-binary", *wanted)
        wheel = self.tools.wheel(self.interpreter, self.version)
        self.tools.pip(self.python, "install", "--no-deps", wheel)
        write(self.fixture, self.package.fixture)
        for line in self.package.setup:
            if line.startswith("pip "):
                self.tools.pip(self.python, *self.expand(line).split()[1:])
            else:
                run(["sh", "-c", self.expand(line)], cwd=self.fixture, env=self.variables({}), timeout=self.package.seconds)
        done.write_text(key)

    def expand(self, line):
        """A line of the table with its places: {python}, {fixture}, {work}, {prefix}."""
        for name in ("python", "fixture", "work", "prefix"):
            line = line.replace("{" + name + "}", str(getattr(self, name)))
        return line

    def renew(self):
        """The program's files as new, nothing else beside them; another cache: a run before may still write its own."""
        for directory in (self.work, self.cache):
            shutil.rmtree(directory, ignore_errors=True)
        self.cache = Path(tempfile.mkdtemp(prefix="cache-", dir=self.directory))
        write(self.work, {name: self.expand(text) for name, text in self.package.files.items()})
        (self.work / "home").mkdir(exist_ok=True)

    def discard(self):
        shutil.rmtree(self.directory, ignore_errors=True)

    def variables(self, added):
        """The environment's variables of a command: few, and the same on every machine."""
        base = {"PATH": f"{self.prefix / 'bin'}:/usr/local/bin:/usr/bin:/bin", "HOME": str(self.work / "home")}
        base |= {"LANG": "C.UTF-8", "PYTHONHASHSEED": "0", "NO_COLOR": "1", "TERM": "dumb", "VIRTUAL_ENV": str(self.prefix)}
        kept = {name: os.environ[name] for name in ("TMPDIR", "SSL_CERT_FILE", "PIP_CONFIG_FILE") if name in os.environ}
        return base | kept | {name: self.expand(text) for name, text in self.package.variables.items()} | added


def write(directory, files):
    """Files with their texts, and the directories for them."""
    directory.mkdir(parents=True, exist_ok=True)
    for name, text in files.items():
        path = directory / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text, encoding="utf-8")


def run(command, *, cwd, env=None, timeout=1200, **added):
    """A step that must succeed."""
    kept = {name: value for name, value in os.environ.items() if not name.startswith(("PYTHON", "FASTIMPORT"))}
    words = [str(word) for word in command]
    variables = env or kept | added
    done = subprocess.run(words, cwd=cwd, env=variables, capture_output=True, text=True, timeout=timeout, check=False)
    if done.returncode:
        said = [line.strip() for line in (done.stderr or done.stdout).splitlines() if line.strip()]
        # Without what pip says of the machine and its index.
        said = [line for line in said if not line.startswith(("WARNING:", "ERROR: Ignored"))]
        raise NotInstallable("\n".join(said[-12:]) or f"exit status {done.returncode}")
    return done.stdout


def revision():
    """A name for the sources as they are: another wheel must be built when it changes."""
    digest = hashlib.sha256()
    for name in SOURCES:
        top = ROOT / name
        for path in sorted(top.rglob("*")) if top.is_dir() else [top]:
            if path.suffix in (".py", ".pyx", ".pxd", ".h", ".c", ".toml") and path.is_file():
                digest.update(str(path.relative_to(ROOT)).encode() + b"\0" + path.read_bytes())
    return digest.hexdigest()[:16]
