"""Finders that are wrong in one way each: what the harness is for."""

import os
import sys
from importlib.machinery import FileFinder, ModuleSpec, SourceFileLoader

from support.oracle import STOCK


class EagerCached(STOCK):
    """`cached` is computed at the find instead of when it is read."""

    @classmethod
    def find_spec(cls, fullname, path=None, target=None):
        spec = super().find_spec(fullname, path, target)
        if spec is not None:
            spec.cached  # noqa: B018  reading it stores it
        return spec


class SwappedSuffixes(STOCK):
    """The last suffix first."""

    @classmethod
    def _path_hooks(cls, path):
        finder = super()._path_hooks(path)
        if type(finder) is FileFinder:
            finder._loaders.reverse()
        return finder


class SwallowedErrors(STOCK):
    """OSErrors of the listing mean "not found"."""

    @classmethod
    def find_spec(cls, fullname, path=None, target=None):
        try:
            return super().find_spec(fullname, path, target)
        except OSError:
            return None


class ForgottenNone(STOCK):
    """An entry that nobody takes is asked for again at each find."""

    @classmethod
    def _path_importer_cache(cls, path):
        finder = super()._path_importer_cache(path)
        if finder is None:
            sys.path_importer_cache.pop(path, None)
        return finder


class TooFresh(STOCK):
    """Every find lists the directory again, whatever its mtime says."""

    @classmethod
    def _path_importer_cache(cls, path):
        finder = super()._path_importer_cache(path)
        if isinstance(finder, FileFinder):
            finder._path_mtime = -1
        return finder


class TooStale(STOCK):
    """A directory is listed once and for all."""

    @classmethod
    def _path_importer_cache(cls, path):
        finder = super()._path_importer_cache(path)
        if isinstance(finder, FileFinder) and finder._path_mtime != -1 and os.path.isdir(finder.path):
            finder._path_mtime = os.stat(finder.path).st_mtime
        return finder


class SharedSpecs(STOCK):
    """The same answer object for the same name."""

    known = {}

    @classmethod
    def find_spec(cls, fullname, path=None, target=None):
        spec = super().find_spec(fullname, path, target)
        return spec and cls.known.setdefault((spec.name, spec.origin), spec)


class PlainPortions(STOCK):
    """A list where importlib has a NamespacePath."""

    @classmethod
    def find_spec(cls, fullname, path=None, target=None):
        spec = super().find_spec(fullname, path, target)
        if spec is not None and spec.loader is None:
            spec.submodule_search_locations = list(spec.submodule_search_locations)
        return spec


class FirstPortionOnly(STOCK):
    """The search ends at the first portion."""

    @classmethod
    def _get_spec(cls, fullname, path, target=None):
        for entry in path:
            spec = super()._get_spec(fullname, [entry], target)
            if spec.loader or spec.submodule_search_locations:
                return spec
        return ModuleSpec(fullname, None)


class RememberedDirectory(STOCK):
    """'' is the directory in which the process started."""

    start = os.getcwd()

    @classmethod
    def _path_importer_cache(cls, path):
        return super()._path_importer_cache(path or cls.start)


class KeptRelative(STOCK):
    """invalidate_caches() keeps relative keys."""

    @classmethod
    def invalidate_caches(cls):
        kept = {k: v for k, v in sys.path_importer_cache.items() if v and not os.path.isabs(k)}
        super().invalidate_caches()
        sys.path_importer_cache.update(kept)


class IgnoredHooks(STOCK):
    """Directories are taken without asking the hooks in front."""

    @classmethod
    def _path_hooks(cls, path):
        if os.path.isdir(path):
            return sys.path_hooks[-1](path)
        return super()._path_hooks(path)


class NormalisedPaths(STOCK):
    """Entries are tidied up before they are used."""

    @classmethod
    def _path_importer_cache(cls, path):
        return super()._path_importer_cache(os.path.normpath(path) if path else path)


class OtherLoader(STOCK):
    """A loader of its own, which importlib's users do not know."""

    class Loader(SourceFileLoader):
        pass

    @classmethod
    def find_spec(cls, fullname, path=None, target=None):
        spec = super().find_spec(fullname, path, target)
        if spec is not None and type(spec.loader) is SourceFileLoader:
            spec.loader = cls.Loader(spec.loader.name, spec.loader.path)
        return spec


class Announcing(STOCK):
    """Raises an audit event that importlib does not."""

    @classmethod
    def find_spec(cls, fullname, path=None, target=None):
        sys.audit("finder.find_spec", fullname)
        return super().find_spec(fullname, path, target)


BROKEN = {name: value for name, value in list(globals().items()) if isinstance(value, type) and value.__base__ is STOCK}
