"""Run one program in fresh interpreters, stock and under fastimport, and compare what can be observed.

The program is not changed in any way: a `.pth` file of a temporary virtual environment activates fastimport before the
first line runs, which also works under `-I`, `-E`, `-s` and `-P`. The stock run uses the same environment and the same
`.pth` file, and only leaves out the call of `install()`.
"""

import ast
import difflib
import hashlib
import os
import re
import shutil
import subprocess
import venv
from dataclasses import dataclass, field
from pathlib import Path

import fastimport

from .trees import rewrite_tree

HERE = Path(__file__).parent
PACKAGE_PARENT = Path(fastimport.__file__).resolve().parent.parent
ADDRESS = re.compile(r"0x[0-9a-fA-F]{4,}")


@dataclass(frozen=True)
class Mode:
    register: str
    freshness: str

    def __str__(self):
        return f"{self.register}-{self.freshness}"

    @property
    def words(self):
        return f"{self.register} {self.freshness}"


CHECKED = [Mode("meta_path", "checked"), Mode("in_place", "checked")]
TRUSTED = [Mode("meta_path", "trusted"), Mode("in_place", "trusted")]
MODES = CHECKED + TRUSTED


@dataclass(frozen=True)
class Program:
    tree: dict
    args: tuple = ("main.py",)
    stdin: str = ""
    env: dict = field(default_factory=dict)
    cwd: str = "."
    terminal: bool = False
    # Threads finish in any order: then modules are compared without their order.
    ordered: bool = True

    def digest(self) -> str:
        return hashlib.sha1(repr(self).encode(errors="surrogatepass")).hexdigest()[:10]


@dataclass
class Outcome:
    status: int
    stdout: list
    stderr: list
    dump: dict | None


def create_environment(directory: Path, *path_lines: Path) -> Path:
    """Make a virtual environment whose .pth file activates fastimport; returns its site-packages."""
    venv.EnvBuilder(symlinks=os.name != "nt", with_pip=False).create(directory)
    (site_packages,) = [Path(found) for found in directory.glob("[Ll]ib/**/site-packages")]
    shutil.copy(HERE / "probe.py", site_packages / "_systems_probe.py")
    lines = [str(PACKAGE_PARENT), *map(str, path_lines), "import _systems_probe"]
    (site_packages / "systems.pth").write_text("\n".join(lines) + "\n")
    return site_packages


def environment_variables(program: Program) -> dict:
    inherited = {name: value for name, value in os.environ.items() if not name.startswith(("PYTHON", "FASTIMPORT"))}
    return inherited | {"LC_ALL": "C.UTF-8", "NO_COLOR": "1", "PYTHONHASHSEED": "0"} | program.env


def read_dump(path: Path) -> dict | None:
    if not path.exists():
        return None
    return ast.literal_eval(path.read_text(encoding="utf-8", errors="surrogateescape"))


def lines(text: str) -> list:
    return ADDRESS.sub("0x…", text).splitlines()


class Runner:
    """Runs programs in one environment; the stock outcome of each is kept for the whole session."""

    def __init__(self, base: Path, environment: Path, url: str = ""):
        self.base = base
        self.environment = environment
        self.url = url
        self.python = environment / ("Scripts/python.exe" if os.name == "nt" else "bin/python")
        self.stock = {}

    def root(self, program: Program) -> Path:
        return self.base / program.digest()

    def stock_outcome(self, program: Program) -> Outcome:
        key = program.digest()
        if key not in self.stock:
            self.stock[key] = self.run(program, "stock")
        return self.stock[key]

    def run(self, program: Program, mode: str) -> Outcome:
        root = self.root(program)
        rewrite_tree(root, program.tree)
        dump = root.with_suffix(".dump")
        dump.unlink(missing_ok=True)
        variables = environment_variables(program) | {"SYSTEMS_MODE": mode, "SYSTEMS_DUMP": str(dump)}
        variables["SYSTEMS_URL"] = f"{self.url}/{root.name}"
        status, stdout, stderr = self.start(program, root / program.cwd, variables)
        return Outcome(status, lines(stdout), lines(stderr), read_dump(dump))

    def start(self, program: Program, cwd: Path, variables: dict) -> tuple:
        command = [str(self.python), "-W", "always", *program.args]
        if program.terminal:
            from .terminals import run_in_terminal

            return run_in_terminal(command, program.stdin, cwd, variables)
        # The working directory must be reached through its real name: `-m` shows it in sys.path.
        result = subprocess.run(
            command,
            input=program.stdin,
            cwd=cwd,
            env=variables,
            capture_output=True,
            encoding="utf-8",
            errors="surrogateescape",
            timeout=300,
        )
        return result.returncode, result.stdout, result.stderr


def without_order(dump: dict) -> dict:
    # Entries that nobody takes are dropped whenever some thread invalidates the caches.
    taken = {place: kind for place, kind in dump["importers"].items() if kind != "NoneType"}
    return dump | {"order": sorted(dump["order"]), "importers": dict(sorted(taken.items()))}


def listing(value) -> list:
    if isinstance(value, dict):
        return [f"{name}: {item!r}" for name, item in value.items()]
    return list(map(str, value)) if isinstance(value, list) else [repr(value)]


def demand_equal(part: str, stock, fast) -> None:
    if stock != fast:
        difference = difflib.unified_diff(listing(stock), listing(fast), "stock", "fastimport", n=1, lineterm="")
        raise AssertionError("\n".join([f"{part} differs:", *difference]))


def compare_dumps(stock: dict, fast: dict, ordered: bool, freshness: str) -> None:
    if not ordered:
        stock, fast = without_order(stock), without_order(fast)
    for part in ("path", "argv", "meta_path", "path_hooks", "order"):
        demand_equal(part, stock[part], fast[part])
    for name, module in stock["modules"].items():
        demand_equal(f"module {name}", module, fast["modules"][name])
    if freshness == "checked":
        demand_equal("sys.path_importer_cache", stock["importers"], fast["importers"])


def compare(stock: Outcome, fast: Outcome, ordered: bool = True, freshness: str = "checked") -> None:
    for part in ("stderr", "stdout", "status"):
        demand_equal(part, getattr(stock, part), getattr(fast, part))
    demand_equal("presence of the dump", stock.dump is None, fast.dump is None)
    if stock.dump is not None:
        compare_dumps(stock.dump, fast.dump, ordered, freshness)


def checker(runner, mode):
    def check(tree, *args, fails=False, hits=True, **options):
        """Demand equal outcomes; the stock one is returned. A program that should succeed must, lest both fail alike."""
        program = Program(tree, args or ("main.py",), **options)
        stock = runner.stock_outcome(program)
        assert (stock.status != 0) == fails, "\n".join(stock.stderr)
        fast = runner.run(program, mode.words)
        compare(stock, fast, program.ordered, mode.freshness)
        if fast.dump is not None:
            assert fast.dump["fastimport"]["installed"]
            assert not hits or fast.dump["fastimport"]["hits"], "fastimport took no part"
        return stock

    return check
