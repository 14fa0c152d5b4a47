"""What makes PathFinder fast: the order of entries, other people's hooks, namespace packages.

The compiled `Resolver` answers for directories; every other entry is put, in its place in the order, to importlib's own
``PathFinder._get_spec``. Only modules that a bare interpreter has loaded are imported here.
"""

import _frozen_importlib_external as external
import sys

from fastimport.finding import importlib_frames as frames
from fastimport.finding import loader

StockPathFinder = external.PathFinder
try:
    from fastimport import _end_wait as end_wait
    from fastimport import _StandIn as PathFinder
except ImportError:  # another distribution has written its __init__.py over ours: `fastimport doctor` has to run to say so

    class PathFinder(StockPathFinder):
        """Meta path finder for sys.path and package ``__path__`` attributes: `importlib.machinery.PathFinder`, compiled."""

    def end_wait():
        return None


NamespacePath = getattr(external, "NamespacePath", None) or external._NamespacePath
ModuleSpec = external._bootstrap.ModuleSpec

_stock_find_spec = StockPathFinder.__dict__["find_spec"].__func__
_stock_get_spec = StockPathFinder.__dict__["_get_spec"].__func__
_stock_invalidate_caches = StockPathFinder.invalidate_caches

try:
    from fastimport import _core

    _tables, _resolver = map(_core.provide, ("fastimport.finding._tables", "fastimport.finding._resolver"))
    Globals, Pin, Table, Resolver = _tables.Globals, _tables.Pin, _tables.Table, _resolver.Resolver
except ImportError as error:  # not built for this interpreter, or refused by a subinterpreter: importlib does the work
    Globals = Pin = Resolver = Table = None
    unavailable = f"compiled module: {error}"
else:
    unavailable = None

_CONSTRUCTORS = ("__init__", "__new__", "__setattr__")
_FILE_LOADERS = (external.ExtensionFileLoader, external.SourceFileLoader, external.SourcelessFileLoader)
_PINS = {
    external.FileFinder: (*_CONSTRUCTORS, "find_spec", "_fill_cache", "_get_spec", "__getattribute__"),
    ModuleSpec: _CONSTRUCTORS,
    **dict.fromkeys(_FILE_LOADERS, _CONSTRUCTORS),
}
_SEARCH_METHODS = ("_path_importer_cache", "_path_hooks", "_get_spec", "find_spec")
_SPEC_FIELDS = (
    "name", "loader", "origin", "loader_state", "submodule_search_locations", "_uninitialized_submodules", "_set_fileattr",
    "_cached",
)  # fmt: skip
_FINDER_FIELDS = ("_loaders", "path", "_path_mtime", "_path_cache", "_relaxed_path_cache")


def make_resolver(namespace=None):
    """A `Resolver` for this interpreter, or None; its ``reason`` tells why it declines, if it does.

    `namespace` has ``path``, ``path_hooks`` and ``path_importer_cache`` for one that shall not use those of sys.
    """
    if Resolver is None:
        return None
    zip_hook = frames.zipimporter()
    pins = _PINS if zip_hook is None else {**_PINS, zip_hook: (*_CONSTRUCTORS, "__call__")}
    details = (frames.stock_hooks() or (None, external._get_supported_file_loaders()))[1]  # identity counts: all finders' strings
    loaders = [(suffix, loader) for loader, suffixes in details for suffix in suffixes]
    resolver = Resolver(external, ModuleSpec, NamespacePath, pins, functions, len(_FINDER_FIELDS), loaders, namespace)
    if resolver.reason is None:
        resolver.reason = _unsupported()
    return resolver


def serve(resolver, *classes):
    """Let `resolver` answer for `classes`, whose search methods must stay as they are now."""
    resolver.serve(tuple(Pin(cls, *_SEARCH_METHODS) for cls in classes), frames.stock_hooks())


def set_freshness(resolver, level):
    """Change the level of `resolver`: ``"checked"`` or ``"trusted"``."""
    make_indexes = None
    if level == "trusted":
        try:
            from fastimport.finding._index import Indexes as make_indexes
        except ImportError as error:  # without it long paths cost what short ones do, entry by entry
            resolver.refuse(f"compiled module: {error}")
    resolver.set_freshness(level, make_indexes)


def pin_file_finder():
    """A `Pin` of FileFinder: as long as it holds, its directories may be searched without asking it."""
    return Pin(external.FileFinder, *_PINS[external.FileFinder])


def return_listings():
    """Give the FileFinders that importlib knows plain sets again, with the same names."""
    for item in list(sys.path_importer_cache.values()):
        if type(item) is external.FileFinder and type(item._path_cache) is Table:
            item._path_cache = set(item._path_cache)


def _unsupported():
    """Why this interpreter is left to importlib, or None."""
    if tuple(vars(ModuleSpec("name", None))) != _SPEC_FIELDS or tuple(vars(external.FileFinder("/"))) != _FINDER_FIELDS:
        return "unknown layout of importlib's objects"
    if not all(frames.is_importlibs(cls, names) for cls, names in {**_PINS, StockPathFinder: _SEARCH_METHODS}.items()):
        return "a class of importlib was patched before fastimport was imported"
    if sys.flags.verbose:
        return "verbose"  # importlib tells what it tries
    if sys.platform.startswith(external._CASE_INSENSITIVE_PLATFORMS) and external._relax_case():
        return "PYTHONCASEOK"
    return None


def _asker(search, dressed):
    """``ask_others``, which goes on where `search` leaves off: at the first path entry that is not ours."""
    interpreter, namespace_path, stock_get_spec = sys, NamespacePath, _stock_get_spec

    @dressed
    def ask_importlib(cls, fullname, path, target):
        """The whole search, with the results of `ask_others`."""
        spec = stock_get_spec(cls, fullname, path, target)
        return spec if spec.loader is not None else spec.submodule_search_locations

    @dressed
    def ask_others(cls, fullname, path, target, index, portions):
        """Go on from what `search` left: a spec, or the list of portions (perhaps empty)."""
        if path is None:
            path = interpreter.path
        if type(path) is namespace_path:
            path = path._recalculate()
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
    stock_class, names = StockPathFinder, _SEARCH_METHODS
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
    search = resolver.search
    methods = {}
    make_spec, namespace_path, behind = ModuleSpec, NamespacePath, _found_behind(owner, alias, methods)
    stock_get_spec, find_spec_code, get_spec_code = _stock_get_spec, _stock_find_spec.__code__, _stock_get_spec.__code__
    from_frame, after_frame, without_frame = frames.from_frame_of, frames.after_frame_of, frames.without_frame_of
    line = frames.line_of_call(_stock_find_spec, "_get_spec")

    def dressed(function):
        return frames.as_importlib(function, _stock_find_spec, line)

    ask_others = _asker(search, dressed)

    @dressed
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

    @dressed
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

    methods["find_spec"], methods["_get_spec"] = classmethod(find_spec), classmethod(_get_spec)
    methods["invalidate_caches"] = staticmethod(_make_invalidate(resolver, owner, dressed))
    return methods


functions = Globals and Globals(frames.called_by_name())
resolver = make_resolver()
reader = None
if resolver is not None:
    for _name, _method in methods_for(resolver, PathFinder, PathFinder).items():
        setattr(PathFinder, _name, _method)
    serve(resolver, PathFinder, StockPathFinder)
    reader = loader.make_reader(functions)
