"""The stock source loader with a quicker ``get_code``. Everything else, executing included, is importlib's."""

import _frozen_importlib_external as external
import _imp
import _io
import sys

StockSourceFileLoader = external.SourceFileLoader

READING_METHODS = (
    "get_code", "get_filename", "path_stats", "get_data", "source_to_code", "_cache_bytecode", "set_data", "create_module",
    "__getattribute__",
)  # fmt: skip
_SETS_CACHED = sys.version_info < (3, 15)  # later modules have no __cached__, and nobody reads the spec's at creation


def reading_methods(reader):
    """``get_code`` and ``create_module`` for `StockSourceFileLoader`: they let `reader`, a `BytecodeReader`, try first."""
    from fastimport.code._bytecode import Method

    stock = StockSourceFileLoader
    methods = {"get_code": Method(reader.read, stock, stock.get_code)}
    if _SETS_CACHED:
        methods["create_module"] = Method(reader.prepare, stock, stock.create_module)
    return methods


def make_reader(functions):
    """A `BytecodeReader` for as long as the `Globals` hold, or None if its compiled module can't be had."""
    try:
        from fastimport import _core, code

        _bytecode = _core.provide(f"{code.__name__}._bytecode")
    except ImportError:
        return None
    return _bytecode.BytecodeReader(external, functions, _imp._fix_co_filename, sys.hexversion, _io.open_code)
