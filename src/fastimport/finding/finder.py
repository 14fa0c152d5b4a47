"""The stand-in for PathFinder: the order of entries, other people's hooks, namespace packages.

The compiled `Resolver` answers for directories; every other entry is put, in its place in the order, to importlib's own
``PathFinder._get_spec``. Only modules that a bare interpreter has loaded are imported here.
"""

import _frozen_importlib_external as external
import sys

from fastimport.finding import loader
from fastimport.finding.importlib_frames import after_frame_of, as_importlib, from_frame_of, is_importlibs, line_of_call

StockPathFinder = external.PathFinder
NamespacePath = getattr(external, "NamespacePath", None) or external._NamespacePath
ModuleSpec = external._bootstrap.ModuleSpec

_stock_find_spec = StockPathFinder.__dict__["find_spec"].__func__
_stock_get_spec = StockPathFinder.__dict__["_get_spec"].__func__
_stock_invalidate_caches = StockPathFinder.invalidate_caches

try:
    from fastimport.finding._resolver import Resolver
    from fastimport.finding._tables import Pin, Table
except ImportError as error:  # not built for this interpreter, or refused by a subinterpreter: importlib does the work
    Pin = Resolver = Table = None
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
    zipimporter = _zipimporter()
    pins = _PINS if zipimporter is None else {**_PINS, zipimporter: (*_CONSTRUCTORS, "__call__")}
    details = (_stock_hooks() or (None, external._get_supported_file_loaders()))[1]  # identity counts: the strings of all finders
    loaders = [(suffix, loader) for loader, suffixes in details for suffix in suffixes]
    resolver = Resolver(external, ModuleSpec, NamespacePath, pins, len(_FINDER_FIELDS), loaders, namespace)
    if resolver.reason is None:
        resolver.reason = _unsupported()
    return resolver


def load_source_with(resolver, loader_class):
    """Put `loader_class` into specs and let the bytecode reader serve it, as long as the stock class reads as it does now."""
    pin = Pin(external.SourceFileLoader, *loader.READING_METHODS)
    reader.serve(loader_class, Pin(loader_class, *loader.READING_METHODS))
    resolver.load_source_with(loader_class, pin)


def serve(resolver, *classes):
    """Let `resolver` answer for `classes`, whose search methods must stay as they are now."""
    resolver.serve(tuple(Pin(cls, *_SEARCH_METHODS) for cls in classes), _stock_hooks())


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


def _unsupported():
    """Why this interpreter is left to importlib, or None."""
    if tuple(vars(ModuleSpec("name", None))) != _SPEC_FIELDS or tuple(vars(external.FileFinder("/"))) != _FINDER_FIELDS:
        return "unknown layout of importlib's objects"
    if not all(is_importlibs(cls, names) for cls, names in {**_PINS, StockPathFinder: _SEARCH_METHODS}.items()):
        return "a class of importlib was patched before fastimport was imported"
    if sys.flags.verbose:
        return "verbose"  # importlib tells what it tries
    if sys.platform.startswith(external._CASE_INSENSITIVE_PLATFORMS) and external._relax_case():
        return "PYTHONCASEOK"
    return None


def _zipimporter():
    return getattr(sys.modules.get("zipimport"), "zipimporter", None)


def _stock_hooks():
    """``(hooks, loader details)`` if sys.path_hooks begins as the interpreter made it, so that directories need not ask it."""
    hooks = sys.path_hooks if type(sys.path_hooks) is list else ()
    for index, hook in enumerate(hooks):
        if getattr(hook, "__qualname__", None) == "FileFinder.path_hook.<locals>.path_hook_for_FileFinder":
            values = {name: cell.cell_contents for name, cell in zip(hook.__code__.co_freevars, hook.__closure__)}
            is_known = set(values) == {"cls", "loader_details"} and values["cls"] is external.FileFinder
            return (tuple(hooks[: index + 1]), values["loader_details"]) if is_known else None
        if hook is not _zipimporter():
            return None
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


def methods_for(resolver):
    """``find_spec``, ``_get_spec`` and ``invalidate_caches`` of a PathFinder that asks `resolver` first."""
    search = resolver.search
    make_spec, namespace_path = ModuleSpec, NamespacePath
    stock_find_spec, stock_get_spec, stock_invalidate_caches = _stock_find_spec, _stock_get_spec, _stock_invalidate_caches
    from_frame, after_frame, get_spec_code = from_frame_of, after_frame_of, _stock_get_spec.__code__
    line = line_of_call(stock_find_spec, "_get_spec")

    def dressed(function):
        return as_importlib(function, stock_find_spec, line)

    ask_others = _asker(search, dressed)

    @dressed
    def find_spec(cls, fullname, path=None, target=None):
        """Find the spec of a module on `path`, or ``sys.path``; None if there is none.

        Mirrors `importlib.machinery.PathFinder.find_spec`, with its results and errors. `target` is for others' finders.
        """
        found = search(cls, fullname, path, 0, None)
        if type(found) is tuple:
            try:
                if found[0] == -3:
                    return stock_find_spec(cls, fullname, path, target)
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
        if path is None:
            return stock_get_spec(cls, fullname, path, target)
        found = search(cls, fullname, path, 0, None)
        if type(found) is tuple:
            if found[0] == -3:
                return stock_get_spec(cls, fullname, path, target)
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

    @dressed
    def invalidate_caches():
        """Forget what was found on directories, as `importlib.machinery.PathFinder.invalidate_caches` does.

        No file-system work: directories are read again when they are next asked.
        """
        resolver.invalidate()
        stock_invalidate_caches()

    return {
        "find_spec": classmethod(find_spec),
        "_get_spec": classmethod(_get_spec),
        "invalidate_caches": staticmethod(invalidate_caches),
    }


resolver = make_resolver()
reader = None


class PathFinder(StockPathFinder):
    """Meta path finder for sys.path and package ``__path__`` attributes: `importlib.machinery.PathFinder`, compiled.

    Usable as that class is, also without `fastimport.install`. Finds the same modules, gives equal specs, raises the same errors.
    """

    if resolver is not None:
        locals().update(methods_for(resolver))


if resolver is not None:
    serve(resolver, PathFinder, StockPathFinder)
    reader = loader.make_reader()
    if reader is not None and not is_importlibs(external.SourceFileLoader, loader.READING_METHODS):
        reader = None  # somebody reads sources in a way of his own
    if reader is not None:
        SourceFileLoader = loader.make_loader_class(reader)
        load_source_with(resolver, SourceFileLoader)
