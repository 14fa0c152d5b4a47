"""Functions of ours that stand where importlib's would, made to look like them to those who judge frames."""

import _frozen_importlib_external as external

_STOCK_FILES = (
    external.spec_from_file_location.__code__.co_filename,
    external._bootstrap.ModuleSpec.__repr__.__code__.co_filename,
)


def as_importlib(function, stock, callee):
    """Give a function importlib's file and module name, and the line where the function `stock` calls its method `callee`.

    importlib trims its own frames from tracebacks by file name, debuggers skip them by module name
    (``bdb.Bdb(skip=["importlib*"])``), and people compare tracebacks. All that the function uses must be local to it or in its
    closure.
    """
    code = function.__code__.replace(co_filename=_STOCK_FILES[0])
    names = {"__name__": "importlib._bootstrap_external", "__builtins__": __builtins__}
    code = _at_line(code, _line_of_call(stock.__code__, callee))
    made = type(function)(code, names, function.__name__, function.__defaults__, function.__closure__)
    made.__doc__, made.__qualname__ = function.__doc__, stock.__qualname__
    return made


def is_importlibs(cls, names):
    """Whether methods of one of importlib's classes are importlib's: tools may have replaced them before we came."""
    for name in names:
        method = next((base.__dict__[name] for base in cls.__mro__ if name in base.__dict__), None)
        code = getattr(getattr(method, "__func__", method), "__code__", None)
        if code is not None and code.co_filename not in _STOCK_FILES:
            return False
    return True


def from_frame_of(traceback, code):
    """`traceback` from the first entry on that runs `code`; without its first entry, the caller's, if none does."""
    entry = traceback.tb_next
    while entry is not None and entry.tb_frame.f_code is not code:
        entry = entry.tb_next
    return entry or traceback.tb_next


def _line_of_call(code, name):
    """The line of `code` that looks up the method `name`; the first line if there is none.

    The interpreter's own compiler shows what such an instruction looks like: the first in which two functions differ.
    """
    if name not in code.co_names:
        return code.co_firstlineno
    plain, calling = (lambda thing: thing).__code__.co_code, (lambda thing: thing.method()).__code__.co_code
    place = next(at for at in range(0, len(plain), 2) if plain[at : at + 2] != calling[at : at + 2])
    load, argument = calling[place : place + 2]
    wanted = bytes((load, code.co_names.index(name) << (argument & 1) | argument))
    instructions = code.co_code
    for start, end, line in code.co_lines():
        if any(instructions[at : at + 2] == wanted for at in range(start, end, 2)):
            return line
    return code.co_firstlineno


def _at_line(code, line):
    """`code` with all instructions on one line: entries of up to 8 code units without columns (Objects/locations.md)."""
    units = len(code.co_code) // 2
    sizes = [8] * (units // 8) + ([units % 8] if units % 8 else [])
    return code.replace(co_firstlineno=line, co_linetable=b"".join(bytes((0x80 | 13 << 3 | size - 1, 0)) for size in sizes))
