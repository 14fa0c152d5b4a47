"""Every way to import one tree: how it is prepared, and the code that a fresh interpreter runs.

All sides run the same import statements with ``python -S``, so that the modules can only come from the tree.  The
clock starts before a side's own setup (installing a finder, opening an archive) and stops after the last import;
``os``, which ``-S`` leaves out and every real program has, is there before.
"""

import contextlib
import importlib.util
import io
import json
import os
import subprocess
import sys
import zipfile
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any, NamedTuple

from fastimport.diagnosis.bench import launcher, recorded
from instruments import nearest_rival
from instruments.peer_children import CHILD, EXECUTED, FREEZE, LAZY, OFF, READY

HELPERS = ("fastimport", "sqliteimport", "quickimport")
BUILD_LIMIT_S = 300


class Unavailable(RuntimeError):
    """This peer can't run here; the message says why."""


class Tree(NamedTuple):
    """What is imported: ``root`` holds the top-level ``packages``, ``imports`` are the statements."""

    name: str
    root: Path
    packages: tuple[str, ...]
    imports: str

    def owns(self, module: str) -> bool:
        return module.partition(".")[0] in self.packages


class Side(NamedTuple):
    """One way: what to run, where its modules' files are (None: files can't be compared), what it leaves out."""

    name: str
    command: list[str]
    root: str | None
    is_complete: bool = True
    is_whole_process: bool = True


class Run(NamedTuple):
    """What a child tells: seconds for setup and imports, of the clock and of the processor, and what was imported."""

    seconds: float
    cpu_seconds: float
    modules: Mapping[str, tuple[str | None, list[str] | None]]


def run(side: Side) -> Run:
    """Raises `Unavailable` with the last line of stderr if the child fails."""
    done = subprocess.run(side.command, env=launcher.environment(_ACTIVE), capture_output=True, text=True)
    if done.returncode:
        raise Unavailable((done.stderr.strip().splitlines() or [f"exit status {done.returncode}"])[-1])
    return Run(*json.loads(done.stdout.splitlines()[-1]))


# Whether fastimport takes part is decided in the child, not by the environment.
_ACTIVE = launcher.Variant("any", "pass", True)


def lay_out_site(directory: Path) -> Path:
    """Return a directory with the finders that sides may need, and nothing else of this environment."""
    directory.mkdir()
    for name in HELPERS:
        spec = importlib.util.find_spec(name)
        if spec is not None and spec.origin is not None:
            source = Path(spec.origin).parent if spec.submodule_search_locations else Path(spec.origin)
            (directory / source.name).symlink_to(source)
    return directory


class Builder:
    """Makes the sides for one tree, in *scratch*."""

    def __init__(self, tree: Tree, scratch: Path) -> None:
        self.tree = tree
        self.scratch = scratch
        self.site = lay_out_site(scratch / "site")

    def importlib(self) -> Side:
        return self._on_tree("importlib", "")

    def checked(self) -> Side:
        return self._on_tree("fastimport checked", "import fastimport; fastimport.install()")

    def trusted(self) -> Side:
        return self._on_tree("fastimport trusted", "import fastimport; fastimport.install(freshness='trusted')")

    def frozen(self) -> Side:
        """With a snapshot of the tree, its code ready-made."""
        return self._on_tree("fastimport frozen", self._frozen())

    def frozen_without_collector(self) -> Side:
        return self._on_tree("fastimport frozen, collector off", OFF + self._frozen())

    def code_data_share(self) -> Side:
        """Mapped code objects, traced and dumped as its documentation says."""
        return self._on_tree("PyCDS", self._shared())

    def code_data_share_without_collector(self) -> Side:
        return self._on_tree("PyCDS, collector off", OFF + self._shared())

    def _frozen(self) -> str:
        path = os.fspath(self.scratch / "tree.fastimport")
        if not os.path.exists(path):
            environment = launcher.environment(_ACTIVE)
            recorded.make(path, lambda way: (self._on_tree(way.name, way.setup).command, environment), f"{path}.record")
        return f"import fastimport; fastimport.install(freshness='frozen', snapshot={path!r})"

    def _shared(self) -> str:
        names, archive = self.scratch / "pycds.txt", self.scratch / "pycds.img"
        try:
            place = nearest_rival.fetched()
            if not archive.exists():
                run(self._on_tree("tracing", nearest_rival.using(place, f"cds.trace({os.fspath(names)!r})")))
                nearest_rival.dump([sys.executable, "-S"], names, archive, place, str(self.tree.root))
        except nearest_rival.Unavailable as reason:
            raise Unavailable(str(reason)) from None
        return nearest_rival.setup(place, archive)

    def zipimport(self) -> Side:
        """Compiled members only, stored: nothing to inflate and nothing to compile."""
        archive = self.scratch / "tree.zip"
        with zipfile.PyZipFile(archive, "w") as file:
            for package in self.tree.packages:
                file.writepy(str(self.tree.root / package))
        return self._side("zipimport", f"sys.path.insert(0, {str(archive)!r})", str(archive))

    def sqliteimport(self) -> Side:
        self._need("sqliteimport")
        import sqlite3

        from sqliteimport import accessor, bundler, compiler

        database = self.scratch / "tree.sqlite3"
        with sqlite3.connect(database) as connection, contextlib.redirect_stdout(io.StringIO()):
            access = accessor.Accessor(connection)
            access.initialize_database()
            bundler.bundle(self.tree.root, access)
            compiler.compile_bytecode(access)
        return self._side("sqliteimport", f"import sqliteimport; sqliteimport.load({str(database)!r})", None)

    def quickimport(self) -> Side:
        self._need("quickimport")
        return self._on_tree("quickimport", "import quickimport; quickimport.install()")

    def pyinstaller(self) -> Side:
        """A one-directory build; its interpreter starts in another way, which only the whole process shows."""
        if importlib.util.find_spec("PyInstaller") is None:
            raise Unavailable("not installed")
        script = self.scratch / "program.py"
        script.write_text(self._child("", ""))
        places = [f"--{name}path={self.scratch / name}" for name in ("dist", "work", "spec")]
        options = ["--onedir", "--noconfirm", "--log-level=ERROR", f"--paths={self.tree.root}", *places]
        command = [sys.executable, "-m", "PyInstaller", *options, str(script)]
        try:
            subprocess.run(command, check=True, capture_output=True, text=True, timeout=BUILD_LIMIT_S)
        except subprocess.TimeoutExpired:
            raise Unavailable(f"its build took more than {BUILD_LIMIT_S} s") from None
        except subprocess.CalledProcessError as error:
            raise Unavailable(f"its build failed: {error.stderr.strip().splitlines()[-1]}") from None
        directory = self.scratch / "dist" / "program"
        return Side("PyInstaller", [str(directory / "program")], str(directory / "_internal"))

    def lazy(self) -> Side:
        """Another trade-off: code runs when something of the module is first used, here never."""
        return self._on_tree("importlib.util.LazyLoader", LAZY)._replace(is_complete=False)

    def specs_ready(self, modules: Mapping[str, Any]) -> Side:
        """A floor: finding and reading cost nothing, importlib does the rest."""
        before = READY.format(modules=_sources(modules)) + "sys.meta_path.insert(0, ReadyFinder)" + FREEZE
        return self._on_tree("floor: specs and code ready", "", before)._replace(is_whole_process=False)

    def execution(self, modules: Mapping[str, Any]) -> Side:
        """The floor: the same code objects are executed again, where all of their imports are done already."""
        path = f"sys.path.insert(0, {str(self.tree.root)!r})\n"
        before = path + self.tree.imports + READY.format(modules=_sources(modules)) + EXECUTED + FREEZE
        loop = "for code, namespace in ready: exec(code, namespace)"
        child = CHILD.format(site=str(self.site), before=before, setup=loop, imports="")
        side = Side("floor: execution alone", [sys.executable, "-S", "-c", child], None)
        return side._replace(is_complete=False, is_whole_process=False)

    def _on_tree(self, name: str, setup: str, before: str = "") -> Side:
        root = str(self.tree.root)
        return self._side(name, f"{setup}\nsys.path.insert(0, {root!r})", root, before)

    def _side(self, name: str, setup: str, root: str | None, before: str = "") -> Side:
        return Side(name, [sys.executable, "-S", "-c", self._child(before, setup)], root)

    def _child(self, before: str, setup: str) -> str:
        return CHILD.format(site=str(self.site), before=before, setup=setup, imports=self.tree.imports)

    def _need(self, module: str) -> None:
        if not any(self.site.glob(f"{module}*")):
            raise Unavailable("not installed")


PEERS: tuple[Callable[[Builder], Side], ...] = (
    Builder.checked,
    Builder.trusted,
    Builder.frozen,
    Builder.frozen_without_collector,
    Builder.code_data_share,
    Builder.code_data_share_without_collector,
    Builder.zipimport,
    Builder.sqliteimport,
    Builder.quickimport,
    Builder.pyinstaller,
    Builder.lazy,
)


def _sources(modules: Mapping[str, Any]) -> dict[str, Any]:
    return {name: found for name, found in modules.items() if (found[0] or "").endswith(".py")}


def files(side: Side, run: Run, tree: Tree) -> dict[str, str | None]:
    """Return the tree's modules that were imported, each with its file below the root, without suffix."""
    return {name: _file(origin, side.root) for name, (origin, _) in run.modules.items() if tree.owns(name)}


def _file(origin: str | None, root: str | None) -> str | None:
    if origin is None or root is None:
        return None
    assert origin.startswith(root + os.sep), f"{origin} is not in {root}"
    return os.path.splitext(os.path.relpath(origin, root))[0]
