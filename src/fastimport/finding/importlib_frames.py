"""Functions of ours that stand where importlib's would, made to look like them to those who judge frames."""

import _frozen_importlib_external as external

_STOCK_FILES = (
    external.spec_from_file_location.__code__.co_filename,
    external._bootstrap.ModuleSpec.__repr__.__code__.co_filename,
)


def as_importlib(function, stock, line):
    """Give a function importlib's file and module name, and of the function `stock` the name and the `line_of_call`.

    importlib trims its own frames from tracebacks by file name, debuggers skip them by module name
    (``bdb.Bdb(skip=["importlib*"])``), and people compare tracebacks. All that the function uses must be local to it or in its
    closure.
    """
    code = function.__code__
    code = code.replace(co_filename=_STOCK_FILES[0], co_firstlineno=line, co_linetable=_one_line(len(code.co_code)))
    names = {"__name__": "importlib._bootstrap_external", "__builtins__": __builtins__}
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
    """`traceback` from the first entry on that runs `code`. If none does: what follows the caller's, and another of ours."""
    first = entry = traceback.tb_next
    while entry is not None and entry.tb_frame.f_code is not code:
        entry = entry.tb_next
    if entry is None and first is not None and first.tb_frame.f_code.co_filename == _STOCK_FILES[0]:
        return first.tb_next
    return entry or first


def after_frame_of(traceback, code):
    """The same without the entry that runs `code`: the caller's stands for it."""
    entry = from_frame_of(traceback, code)
    return entry.tb_next if entry is not None and entry.tb_frame.f_code is code else entry


def line_of_call(stock, name):
    """The line where the function `stock` looks up the method `name`; the first line if there is none.

    The interpreter's own compiler shows what such an instruction looks like: the first in which two functions differ.
    """
    code = stock.__code__
    if name not in code.co_names:
        return code.co_firstlineno
    plain, calling = (lambda thing: thing).__code__.co_code, (lambda thing: thing.method()).__code__.co_code
    place = next(at for at in range(0, len(plain), 2) if plain[at : at + 2] != calling[at : at + 2])
    load, argument = calling[place : place + 2]
    wanted = bytes((load, code.co_names.index(name) << (argument & 1) | argument))
    instructions = code.co_code
    at = instructions.find(wanted)
    while at % 2 and at > 0:
        at = instructions.find(wanted, at + 1)
    return next((line for start, end, line in code.co_lines() if start <= at < end), code.co_firstlineno)


def _one_line(size):
    """A line table that has `size` bytes of instructions on the first line, without columns (Objects/locations.md)."""
    units = size // 2
    whole = bytes((0x80 | 13 << 3 | 7, 0)) * (units // 8)  # an entry stands for up to 8 code units
    return whole + bytes((0x80 | 13 << 3 | units % 8 - 1, 0)) if units % 8 else whole
