"""Steps of a history: what happens to a tree and to the import state, between questions.

Every step is a value that prints as the call that makes it, so that a failing history found by
hypothesis can be pasted into a test.
"""

import os
import sys
import tempfile
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from importlib.machinery import FileFinder, ModuleSpec, SourceFileLoader

from support.process import unprivileged
from support.state import preserved
from support.trees import discard, make_file, remove, time_kept

DIRECTORIES = ("a", "b", "c")


@dataclass
class Stage:
    """Where a history is played."""

    duel: object
    root: str
    invalidates: bool = False

    def at(self, path):
        return os.path.join(self.root, path)

    def entry(self, spelling):
        return spelling.format(self.root)


@contextmanager
def stage(duel, **options):
    """An empty stage with the directories there, and everything put back afterwards."""
    root = tempfile.mkdtemp()
    os.chmod(root, 0o755)
    with preserved():
        try:
            for name in DIRECTORIES:
                os.mkdir(os.path.join(root, name))
            os.chdir(root)
            duel.set_path(*(os.path.join(root, name) for name in DIRECTORIES))
            yield Stage(duel, root, **options)
        finally:
            remove(root)


def play(history, duel, **options):
    """Take every step; a question that is answered differently is an AssertionError."""
    with stage(duel, **options) as here:
        for step in history:
            step.take(here)


@dataclass(frozen=True)
class Ask:
    name: str
    path: tuple | None = None

    def take(self, stage):
        if stage.invalidates:
            stage.duel.invalidate()
        path = None if self.path is None else [stage.entry(e) for e in self.path]
        stage.duel.ask(self.name, path, around=unprivileged)


@dataclass(frozen=True)
class AskBelow:
    """Look for a child on the search locations of its parent, each finder with its own."""

    parent: str
    child: str

    def take(self, stage):
        Ask(self.parent).take(stage)
        name = f"{self.parent}.{self.child}"
        stage.duel.ask_below(name, around=unprivileged)


class Change:
    """A step on the file system; what cannot be done there is left out."""

    def take(self, stage):
        with suppress(OSError):
            self.change(stage)


@dataclass(frozen=True)
class Write(Change):
    directory: str
    file: str
    keep_time: bool = False

    def change(self, stage):
        with time_kept(stage.at(self.directory), self.keep_time):
            make_file(stage.at(self.directory), self.file)


@dataclass(frozen=True)
class Remove(Change):
    directory: str
    file: str
    keep_time: bool = False

    def change(self, stage):
        with time_kept(stage.at(self.directory), self.keep_time):
            discard(os.path.join(stage.at(self.directory), self.file))


@dataclass(frozen=True)
class Rename(Change):
    old: str
    new: str

    def change(self, stage):
        if os.path.lexists(stage.at(self.old)) and self.old != self.new:
            discard(stage.at(self.new))
            os.rename(stage.at(self.old), stage.at(self.new))


@dataclass(frozen=True)
class Symlink(Change):
    target: str
    link: str

    def change(self, stage):
        discard(stage.at(self.link))
        os.symlink(stage.at(self.target), stage.at(self.link))


@dataclass(frozen=True)
class Loop(Change):
    """A link to itself in place of a directory: every call on it fails with ELOOP."""

    directory: str

    def change(self, stage):
        discard(stage.at(self.directory))
        os.symlink(self.directory, stage.at(self.directory))


@dataclass(frozen=True)
class SetTime(Change):
    directory: str
    seconds: int

    def change(self, stage):
        os.utime(stage.at(self.directory), (self.seconds, self.seconds))


@dataclass(frozen=True)
class Chmod(Change):
    path: str
    mode: int

    def change(self, stage):
        os.chmod(stage.at(self.path), self.mode)


@dataclass(frozen=True)
class Chdir:
    directory: str

    def take(self, stage):
        with suppress(OSError):
            os.chdir(stage.at(self.directory))


@dataclass(frozen=True)
class SetPath:
    entries: tuple

    def take(self, stage):
        stage.duel.set_path(*map(stage.entry, self.entries))


@dataclass(frozen=True)
class Invalidate:
    """The whole cache, or the finder of one entry."""

    entry: str | None = None

    def take(self, stage):
        if self.entry is None:
            stage.duel.invalidate()
        else:
            stage.duel.each(lambda world: self.one(stage.entry(self.entry)))

    @staticmethod
    def one(key):
        if isinstance(finder := sys.path_importer_cache.get(key), FileFinder):
            finder.invalidate_caches()


@dataclass(frozen=True)
class Forget:
    """Delete one item of the importer cache, or set it to None, or empty the cache."""

    entry: str
    how: str

    def take(self, stage):
        stage.duel.each(lambda world: self.one(stage.entry(self.entry)))

    def one(self, key):
        cache = sys.path_importer_cache
        if self.how == "all":
            cache.clear()
        elif self.how == "none":
            cache[key] = None
        else:
            cache.pop(key, None)


@dataclass(frozen=True)
class AddHook:
    """A hook in front, for one entry: a foreign finder, other suffixes, or a refusal."""

    entry: str
    kind: str

    def take(self, stage):
        stage.duel.add_hook(HOOKS[self.kind](stage.entry(self.entry)))


class Foreign:
    def find_spec(self, name, target=None):
        return ModuleSpec(name, "foreign loader") if name == "m" else None


def only(entry, make):
    def hook(path):
        if path != entry:
            raise ImportError(path)
        return make(path)

    return hook


HOOKS = {
    "foreign": lambda entry: only(entry, lambda path: Foreign()),
    "suffix": lambda entry: only(entry, FileFinder.path_hook((SourceFileLoader, [".pyc", ".py"]))),
    "refuse": lambda entry: only("none", None),
    "none": lambda entry: only(entry, lambda path: None),
}
