import importlib.abc
import importlib.machinery
from collections.abc import Callable
from typing import Any

from fastimport.code._bytecode import BytecodeReader

StockSourceLoader = importlib.abc.SourceLoader
StockSourceFileLoader = importlib.machinery.SourceFileLoader
READING_METHODS: tuple[str, ...]

def reading_methods(reader: BytecodeReader, base: type) -> dict[str, Callable[..., Any]]: ...
def make_loader_class(reader: BytecodeReader) -> type[importlib.machinery.SourceFileLoader]: ...
def make_reader() -> BytecodeReader | None: ...
