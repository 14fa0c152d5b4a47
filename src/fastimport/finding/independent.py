"""A finder over roots of its own, for plugin systems and notebooks: nothing of ``sys`` is searched, filled or changed."""

import os
import sys

from fastimport.finding import finder
from fastimport.finding.counts import stats_of

LEVELS = ("checked", "trusted")  # a snapshot belongs to the search path
_RENEWAL = object()


class Finder:
    """Find modules below `path`, a list of directories and archives, as `importlib.machinery.PathFinder` finds them on sys.path.

    ``Finder(["plugins"]).find_spec("name")`` gives a spec for `importlib.util.module_from_spec`. A finder can also be put on
    ``sys.meta_path``. It has its own path entry finders and tables, and its own level of freshness; `path_hooks` are those of
    ``sys.path_hooks`` now, unless others are given. Changes of the list ``path`` are seen at once.

    Raises `TypeError` or `ValueError` for wrong arguments. Distributions (`importlib.metadata`) are not looked for.
    """

    def __init__(self, path, *, freshness="checked", path_hooks=None):
        if freshness not in LEVELS:
            raise ValueError(f"freshness must be {' or '.join(map(repr, LEVELS))}, not {freshness!r}")
        if isinstance(path, str | bytes):
            raise TypeError(f"path must be a list of directories, not {type(path).__name__}: [{path!r}]?")
        self.path = [_entry(item) for item in path]
        hooks = list(sys.path_hooks if path_hooks is None else path_hooks)
        self._cache = {}
        namespace = {"path": self.path, "path_hooks": hooks, "path_importer_cache": self._cache}
        self._resolver = finder.make_resolver(namespace)
        self._class = _make_class(self._resolver, namespace)
        if self._resolver is not None:
            finder.serve(self._resolver, self._class)
            finder.set_freshness(self._resolver, freshness)

    def find_spec(self, fullname, path=None, target=None):
        """The spec of a module on `path`, by default the finder's own; None if there is none.

        Mirrors `importlib.machinery.PathFinder.find_spec`. For a submodule `path` is the ``__path__`` of its package.
        """
        return self._class.find_spec(fullname, self.path if path is None else path, target)

    def invalidate_caches(self):
        """Forget what was found on directories. `importlib.invalidate_caches` does it for finders on sys.meta_path."""
        if self._resolver is not None:
            self._resolver.invalidate()
        for entry, found in list(self._cache.items()):
            if found is None or not os.path.isabs(entry):
                self._cache.pop(entry, None)
            elif hasattr(found, "invalidate_caches"):
                found.invalidate_caches()
        finder.NamespacePath._epoch += 1  # namespace packages, of whatever finder, look again where they are

    def stats(self):
        """The `fastimport.Stats` of this finder alone."""
        return stats_of(self._resolver)

    def __repr__(self):
        return f"{type(self).__name__}({self.path!r})"


def _entry(item):
    entry = os.fspath(item)
    if not isinstance(entry, str):
        raise TypeError(f"path entries must be str or path objects, not {type(item).__name__}: {item!r}")
    return entry


def _make_class(resolver, namespace):
    """A PathFinder that looks for its hooks and keeps its path entry finders in `namespace`."""
    cache, hooks = namespace["path_importer_cache"], namespace["path_hooks"]

    def path_hooks(path):
        for hook in hooks:
            try:
                return hook(path)
            except ImportError:
                continue
        return None

    class PathFinder(finder.StockPathFinder):
        _path_hooks = staticmethod(path_hooks)

        @classmethod
        def _path_importer_cache(cls, path):
            """The path entry finder of an entry, made if it is not known; None if nobody serves it."""
            if path == "":
                try:
                    path = os.getcwd()
                except (FileNotFoundError, PermissionError):
                    return None
            if path not in cache:
                cache[path] = path_hooks(path)
            return cache[path]

    if resolver is not None:
        for name, method in finder.methods_for(resolver, PathFinder).items():
            setattr(PathFinder, name, method)
    search = PathFinder._get_spec

    def _get_spec(cls, fullname, path, target=_RENEWAL):
        """A namespace package at the top renews itself by sys.path, which is not ours: it asks with two arguments."""
        if target is _RENEWAL:
            return search(fullname, path if "." in fullname else namespace["path"])
        return search(fullname, path, target)

    PathFinder._get_spec = classmethod(_get_spec)
    return PathFinder
