"""The methods of PathFinder that a resolver answers for, made to look like importlib's in tracebacks.

The functions are closures: what they use must be local to them, see `importlib_frames.as_importlib`.
"""

import _frozen_importlib_external as external
import sys

from fastimport.finding import importlib_frames as frames

StockPathFinder = external.PathFinder
NamespacePath = getattr(external, "NamespacePath", None) or external._NamespacePath
ModuleSpec = external._bootstrap.ModuleSpec
SEARCH_METHODS = ("_path_importer_cache", "_path_hooks", "_get_spec", "find_spec")

_stock_find_spec, _stock_get_spec = (
    getattr(method, "__func__", method) for method in map(StockPathFinder.__dict__.get, ("find_spec", "_get_spec"))
)  # of others, if they were replaced: then fastimport does nothing
_stock_invalidate_caches = StockPathFinder.invalidate_caches


def _whole_search(dressed):
    stock_get_spec = _stock_get_spec

    @dressed
    def ask_importlib(cls, fullname, path, target):
        """The whole search, with the results of ``ask_others``."""
        spec = stock_get_spec(cls, fullname, path, target)
        return spec if spec.loader is not None else spec.submodule_search_locations

    return ask_importlib


def _asker(search, dressed):
    """``ask_others``, which goes on where `search` leaves off: at the first path entry that is not ours."""
    interpreter, namespace_path, iterate, stock_get_spec = sys, NamespacePath, NamespacePath.__iter__, _stock_get_spec
    ask_importlib = _whole_search(dressed)

    @dressed
    def ask_others(cls, fullname, path, target, index, portions):
        """Go on from what `search` left: a spec, or the list of portions (perhaps empty)."""
        if path is None:
            path = interpreter.path
        if type(path) is namespace_path:
            path = path._recalculate() if namespace_path.__iter__ is iterate else list(path)
            found = search(cls, fullname, path, 0, [])
            if type(found) is not tuple:
                return found or []
            index, portions = found
        if index >= 0 and type(path) is not list and type(path) is not tuple:
            return ask_importlib(cls, fullname, path, target)
        turns = 0
        while index >= 0 and (entry := path[index : index + 1]):
            spec = stock_get_spec(cls, fullname, entry, target)
            if spec.loader is not None:
                return spec
            portions.extend(spec.submodule_search_locations)
            found = search(cls, fullname, path, index + 1, portions)
            if type(found) is not tuple:
                return found or portions
            turns += 0 <= found[0] <= index
            if turns > 3:  # directories change faster than they can be searched
                return ask_importlib(cls, fullname, path, target)
            index, portions = found
        if index == -2:
            error, found, portions = portions, None, None
            try:
                raise error
            finally:
                del error  # which has this frame
        return portions

    return ask_others


def _found_behind(owner, alias, ours):
    """What to call where the resolver declines: ``behind(cls, name)``, as if `owner`, a class with `ours`, were not there.

    Looked up at each call: tools replace methods of importlib's class, and put them back. `alias` is called as that class, unless
    somebody has changed it itself. Without `owner` our methods are on importlib's class, and what was there before is called.
    """
    stock_class, names = StockPathFinder, SEARCH_METHODS
    stock_methods = {"find_spec": _stock_find_spec, "_get_spec": _stock_get_spec}

    def behind(cls, name):
        if owner is None:
            return stock_methods[name].__get__(cls)
        is_alias = cls is alias and all(cls.__dict__.get(each) is ours.get(each) for each in names)
        return getattr(stock_class if is_alias else super(owner, cls), name)

    return behind


def _make_invalidate(resolver, owner, dressed):
    stock_class, before = StockPathFinder, _stock_invalidate_caches

    @dressed
    def invalidate_caches():
        """Forget what was found on directories, as `importlib.machinery.PathFinder.invalidate_caches` does.

        No file-system work: directories are read again when they are next asked.
        """
        resolver.invalidate()
        (before if owner is None else stock_class.invalidate_caches)()

    return invalidate_caches


def methods_for(resolver, owner=None, alias=None):
    """Search methods that ask `resolver` first, for `owner`, a subclass of PathFinder (if `alias`, in its place), or for that."""
    search, methods = resolver.search, {}
    behind = _found_behind(owner, alias, methods)
    line = frames.line_of_call(_stock_find_spec, "_get_spec")
    stock_methods = {"_get_spec": _stock_get_spec, "invalidate_caches": _stock_invalidate_caches}

    def dressed(function):
        return frames.as_importlib(function, stock_methods.get(function.__name__, _stock_find_spec), line)

    ask_others = _asker(search, dressed)
    methods["find_spec"] = classmethod(dressed(_make_find_spec(search, behind, ask_others)))
    methods["_get_spec"] = classmethod(dressed(_make_get_spec(search, behind, ask_others, owner)))
    methods["invalidate_caches"] = staticmethod(_make_invalidate(resolver, owner, dressed))
    return methods


def _make_find_spec(search, behind, ask_others):
    make_spec, namespace_path = ModuleSpec, NamespacePath
    find_spec_code, get_spec_code = _stock_find_spec.__code__, _stock_get_spec.__code__
    from_frame, without_frame = frames.from_frame_of, frames.without_frame_of

    def find_spec(cls, fullname, path=None, target=None):
        """Find the spec of a module on `path`, or ``sys.path``; None if there is none.

        Mirrors `importlib.machinery.PathFinder.find_spec`, with its results and errors. `target` is for others' finders.
        """
        found = search(cls, fullname, path, 0, None)
        if type(found) is tuple:
            if found[0] == -3:
                try:
                    return behind(cls, "find_spec")(fullname, path, target)
                except BaseException as error:  # show one frame called find_spec, as importlib would
                    raise error.with_traceback(without_frame(error.__traceback__, find_spec_code))
            try:
                found = ask_others(cls, fullname, path, target, *found)
            except BaseException as error:  # show the frames that importlib would show: this one, then its _get_spec
                found = None
                raise error.with_traceback(from_frame(error.__traceback__, get_spec_code))
            if type(found) is list:
                if not found:
                    return None
                spec = make_spec(fullname, None)
                spec.submodule_search_locations = namespace_path(fullname, found, cls._get_spec)
                return spec
        return found

    return find_spec


def _make_get_spec(search, behind, ask_others, owner):
    make_spec, stock_get_spec, get_spec_code = ModuleSpec, _stock_get_spec, _stock_get_spec.__code__
    after_frame, without_frame = frames.after_frame_of, frames.without_frame_of

    def _get_spec(cls, fullname, path, target=None):
        """What NamespacePath calls to renew itself: portions come as a plain list in a spec without a loader."""
        found = search(cls, fullname, path, 0, None) if path is not None else (-3, [])
        if type(found) is tuple:
            if found[0] == -3:  # a path of ours keeps what it was made with, whoever has replaced it on importlib's class since
                get_spec = stock_get_spec.__get__(cls) if cls is owner else behind(cls, "_get_spec")
                try:
                    return get_spec(fullname, path, target)
                except BaseException as error:
                    raise error.with_traceback(without_frame(error.__traceback__, get_spec_code))
            try:
                found = ask_others(cls, fullname, path, target, *found)
            except BaseException as error:
                found = None
                raise error.with_traceback(after_frame(error.__traceback__, get_spec_code))
        if found is None or type(found) is list:
            spec = make_spec(fullname, None)
            spec.submodule_search_locations = found or []
            return spec
        return found

    return _get_spec
