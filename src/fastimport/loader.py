"""The stock source loader with a quicker ``get_code``. Everything else, executing included, is inherited from importlib."""

import _frozen_importlib_external as external
import _imp
import sys

from fastimport.importlib_frames import as_importlib

StockSourceFileLoader = external.SourceFileLoader

READING_METHODS = (
    "get_code", "get_filename", "path_stats", "get_data", "source_to_code", "_cache_bytecode", "set_data", "create_module",
)  # fmt: skip
_SETS_CACHED = sys.version_info < (3, 15)  # later modules have no __cached__, and nobody reads the spec's at creation


def make_loader_class(reader, pin):
    """A `SourceFileLoader` that lets `reader`, a `BytecodeReader`, try before importlib's ``get_code``.

    `pin` tells whether the stock class still reads as it did.
    """
    read, cached_path = reader.read, reader.cached_path
    stock_get_code = StockSourceFileLoader.get_code
    sets_cached = _SETS_CACHED

    class SourceFileLoader(StockSourceFileLoader):
        """`importlib.machinery.SourceFileLoader`, quicker where the bytecode is there and valid."""

        @as_importlib
        def get_code(self, fullname):
            """The module's code object. Mirrors `importlib.abc.InspectLoader.get_code` with its results and errors."""
            code = read(self, fullname)
            return stock_get_code(self, fullname) if code is None else code

        @as_importlib
        def create_module(self, spec):
            """Use default semantics for module creation, which reads ``spec.cached`` next: have it ready."""
            if sets_cached and spec._cached is None and spec.origin is self.path:
                spec._cached = cached_path(spec.origin)

        def __eq__(self, other):
            """Equal to a stock loader of the same file."""
            return type(other) in (SourceFileLoader, StockSourceFileLoader) and self.__dict__ == other.__dict__

        __hash__ = StockSourceFileLoader.__hash__

        def __reduce_ex__(self, protocol):
            """Pickled and copied as a stock loader: the reader may not have fastimport."""
            stock = StockSourceFileLoader(self.name, self.path)
            stock.__dict__.update(self.__dict__)
            return stock.__reduce_ex__(protocol)

    SourceFileLoader.__module__ = StockSourceFileLoader.__module__
    SourceFileLoader.__qualname__ = StockSourceFileLoader.__qualname__
    reader.serve(SourceFileLoader, pin)
    return SourceFileLoader


def make_reader():
    """A `BytecodeReader` for this interpreter, or None if its compiled module can't be had."""
    try:
        from fastimport._bytecode import BytecodeReader
    except ImportError:
        return None
    return BytecodeReader(external, _imp._fix_co_filename)
