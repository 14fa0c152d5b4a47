import importlib.machinery

from fastimport.code._bytecode import BytecodeReader, Method
from fastimport.finding._tables import Globals

StockSourceFileLoader = importlib.machinery.SourceFileLoader
READING_METHODS: tuple[str, ...]

def reading_methods(reader: BytecodeReader) -> dict[str, Method]: ...
def make_reader(functions: Globals) -> BytecodeReader | None: ...
