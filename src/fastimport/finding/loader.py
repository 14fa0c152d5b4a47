"""The stock source loader with a quicker ``get_code``. Everything else, executing included, is inherited from importlib."""

import _frozen_importlib_external as external
import _imp
import _io
import sys

from fastimport.finding.importlib_frames import after_frame_of, as_importlib, line_of_call

StockSourceLoader = external.SourceLoader
StockSourceFileLoader = external.SourceFileLoader

READING_METHODS = (
    "get_code", "get_filename", "path_stats", "get_data", "source_to_code", "_cache_bytecode", "set_data", "create_module",
    "__getattribute__",
)  # fmt: skip
_SETS_CACHED = sys.version_info < (3, 15)  # later modules have no __cached__, and nobody reads the spec's at creation


def reading_methods(reader, base):
    """``get_code`` and ``create_module`` of a source loader that lets `reader` try first, and then has `base` do it."""
    stock = StockSourceLoader
    read, cached_path = reader.read, reader.cached_path
    base_get_code, stock_get_code = base.get_code, stock.get_code.__code__
    after_frame, sets_cached, code_type = after_frame_of, _SETS_CACHED, type(stock_get_code)
    spec_class = external._bootstrap.ModuleSpec

    def get_code(self, fullname):
        """The module's code object. Mirrors `importlib.abc.InspectLoader.get_code` with its results and errors."""
        code = read(self, fullname) if base.get_code is base_get_code else None
        if type(code) is not code_type:
            veto, code = code, None
            try:
                code = base.get_code(self, fullname)
            except BaseException as error:  # show one frame called get_code, as importlib would
                veto = None
                raise error.with_traceback(after_frame(error.__traceback__, stock_get_code))
            if veto is not None:  # of a hook that refused only once
                try:
                    raise veto.with_traceback(veto.__traceback__ and veto.__traceback__.tb_next)
                finally:
                    del veto  # which has this frame
        return code

    def create_module(self, spec):
        """Use default semantics for module creation, which reads ``spec.cached`` next: have it ready."""
        if sets_cached and type(spec) is spec_class and spec._cached is None and spec._set_fileattr and spec.origin is self.path:
            spec._cached = cached_path(spec.origin)
        return base.create_module(self, spec)

    return {
        "get_code": as_importlib(get_code, stock.get_code, line_of_call(stock.get_code, "source_to_code")),
        "create_module": as_importlib(create_module, stock.create_module, stock.create_module.__code__.co_firstlineno),
    }


def make_loader_class(reader):
    """A `SourceFileLoader` that lets `reader`, a `BytecodeReader`, try before importlib's ``get_code``."""
    stock = StockSourceFileLoader

    class SourceFileLoader(StockSourceFileLoader):
        """`importlib.machinery.SourceFileLoader`, quicker where the bytecode is there and valid."""

        locals().update(reading_methods(reader, StockSourceFileLoader))

        def __eq__(self, other):
            """Equal to a stock loader of the same file."""
            if type(self) is SourceFileLoader and type(other) is stock:
                return self.__dict__ == other.__dict__
            return stock.__eq__(self, other)

        __hash__ = StockSourceFileLoader.__hash__

        def __reduce_ex__(self, protocol):
            """Pickled and copied as a stock loader: the reader may not have fastimport."""
            if type(self) is not SourceFileLoader:
                return super().__reduce_ex__(protocol)
            loader = stock.__new__(stock)
            loader.__dict__.update(self.__dict__)
            return loader.__reduce_ex__(0)  # later protocols demand that the class be the object's own

    SourceFileLoader.__module__ = StockSourceFileLoader.__module__
    SourceFileLoader.__qualname__ = StockSourceFileLoader.__qualname__
    return SourceFileLoader


def make_reader():
    """A `BytecodeReader` for this interpreter, or None if its compiled module can't be had."""
    try:
        from fastimport.code import _bytecode
    except ImportError:
        return None
    return _bytecode.BytecodeReader(external, _imp._fix_co_filename, sys.hexversion, _io.open_code)
