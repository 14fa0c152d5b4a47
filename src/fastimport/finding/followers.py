"""Postponed modules that change others: executed at the latest when one of those is loaded, since then it could be told.

A finder at the head of ``sys.meta_path`` finds nothing itself: where something waits for a module, it asks the others, and stands
for the loader that they give until that has executed the module. This is only for lazy imports (PEP 810).
"""

import _frozen_importlib as bootstrap
import sys

from fastimport.finding.importlib_frames import as_importlib

_STOCK = bootstrap.BuiltinImporter.exec_module


class Followers:
    """The modules that wait, and for which: a meta path finder."""

    def __init__(self):
        self.waiting = {}  # name of a module -> names of those that change it, in the order of their import statements

    def wait(self, name, targets):
        """Import `name` as soon as one of `targets` has been loaded; none of them is now."""
        self.watch()
        for target in targets:
            self.waiting.setdefault(target, {})[name] = None

    def watch(self):
        """Be the first to be asked. Whoever was first may have loaded what is waited for: that is made up here."""
        if sys.meta_path and sys.meta_path[0] is self:
            return
        self.leave()
        sys.meta_path.insert(0, self)
        for target in [target for target in self.waiting if _is_loaded(target)]:
            for name in self.take(target):
                __import__(name)

    def leave(self):
        """No longer be asked."""
        for index, finder in enumerate(sys.meta_path):
            if finder is self:  # others may compare as they like
                del sys.meta_path[index]
                return

    def find_spec(self, name, path=None, target=None):
        """None, but for the import system and a module that is waited for: what the other finders say."""
        if name not in self.waiting or sys._getframe(1).f_back.f_code is not _IMPORTING:
            return None
        for finder in [finder for finder in sys.meta_path if finder is not self and hasattr(finder, "find_spec")]:
            spec = finder.find_spec(name, path, target)
            if spec is not None:
                if hasattr(spec.loader, "exec_module"):
                    spec.loader = Loader(spec.loader, self.take)
                return spec
        return None

    def take(self, target):
        """The names of those that waited for `target`, which has been executed, and have not been executed by now.

        To import one that another thread is executing is to wait for it.
        """
        names = self.waiting.pop(target, ())
        _bind(target)
        for name in names:
            if not _is_loaded(name):
                yield name

    def __iter__(self):
        """All that still waits, by name."""
        return iter({name: None for names in self.waiting.values() for name in names if name not in sys.modules})


class Loader:
    """Stands for the loader of a module that is waited for, until the module is executed: nobody else gets to see this."""

    def __init__(self, loader, take):
        self._loader, self._take = loader, take

    def __getattr__(self, name):
        return getattr(self._loader, name)


def _make_exec_module():
    call = bootstrap._call_with_frames_removed

    def exec_module(self, module):
        spec = module.__spec__
        spec.loader = loader = self._loader
        if getattr(module, "__loader__", None) is self:
            module.__loader__ = loader
        loader.exec_module(module)
        for name in self._take(spec.name):
            call(__import__, name)

    return as_importlib(exec_module, _STOCK, _STOCK.__code__.co_firstlineno)


def _is_loaded(name):
    """Whether a module has been executed to its end."""
    return name in sys.modules and not getattr(getattr(sys.modules[name], "__spec__", None), "_initializing", False)


def _bind(name):
    """Make a module an attribute of its package, as the import system is about to: what follows may look for it there."""
    parent, _, tail = name.rpartition(".")
    if parent in sys.modules and name in sys.modules:
        try:
            setattr(sys.modules[parent], tail, sys.modules[name])
        except AttributeError:  # the import system warns of that
            pass


Loader.exec_module = _make_exec_module()
_IMPORTING = bootstrap._find_and_load_unlocked.__code__
