"""What makes PathFinder fast: its resolver, and what has to hold for it.

The compiled `Resolver` answers for directories; every other entry is put, in its place in the order, to importlib's own
``PathFinder._get_spec``. Only modules that a bare interpreter has loaded are imported here.
"""

import _frozen_importlib_external as external
import sys

from fastimport.finding import importlib_frames as frames
from fastimport.finding import loader
from fastimport.finding.search_methods import SEARCH_METHODS, ModuleSpec, NamespacePath, StockPathFinder, methods_for

stand_in = sys.modules.get("fastimport_start")  # a start-up file's copy, whose class is on sys.meta_path
if not hasattr(stand_in, "bring_in"):
    from fastimport import stand_in
PathFinder = stand_in.PathFinder
if "find_spec" in vars(type(PathFinder)):
    del type(PathFinder).find_spec


def stop_waiting():
    """What a start-up file put off to install, or None."""
    waited, stand_in.waiting = stand_in.waiting, None
    return waited


class _Type(type):
    """Between `type` and the type of PathFinder: pydoc lists direct subclasses that are called like built-in ones."""


type(PathFinder).__bases__ = (_Type,)

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
_SPEC_FIELDS = (
    "name", "loader", "origin", "loader_state", "submodule_search_locations", "_uninitialized_submodules", "_set_fileattr",
    "_cached",
)  # fmt: skip
_FINDER_FIELDS = ("_loaders", "path", "_path_mtime", "_path_cache", "_relaxed_path_cache")
if unavailable is None:
    unavailable = frames.replaced_before({**_PINS, StockPathFinder: SEARCH_METHODS, NamespacePath: ("__iter__",)})
    if unavailable is not None:  # what importlib's own was, nobody knows
        Globals = Pin = Resolver = Table = None


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
    resolver.serve(tuple(Pin(cls, *SEARCH_METHODS) for cls in classes), frames.stock_hooks())


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
    if sys.flags.verbose:
        return "verbose"  # importlib tells what it tries
    if sys.platform.startswith(external._CASE_INSENSITIVE_PLATFORMS) and external._relax_case():
        return "PYTHONCASEOK"
    return None


functions = Globals and Globals(frames.called_by_name())
resolver = make_resolver()
reader = None
if resolver is not None:
    for _name, _method in methods_for(resolver, PathFinder, PathFinder).items():
        setattr(PathFinder, _name, _method)
    serve(resolver, PathFinder, StockPathFinder)
    reader = loader.make_reader(functions)
