"""Functions of ours that stand where importlib's would, made to look like them to those who judge frames."""

import _frozen_importlib_external as external

_STOCK_CODE = external.spec_from_file_location.__code__
_STOCK_FILES = (_STOCK_CODE.co_filename, external._bootstrap.ModuleSpec.__repr__.__code__.co_filename)


def as_importlib(function):
    """Give a function importlib's file and module name, and the line where find_spec calls ``_get_spec``.

    importlib trims its own frames from tracebacks by file name, debuggers skip them by module name
    (``bdb.Bdb(skip=["importlib*"])``), and people compare tracebacks. All that the function uses must be local to it or in its
    closure.
    """
    code = _at_line(function.__code__.replace(co_filename=_STOCK_CODE.co_filename), _CALLING_LINE)
    names = {"__name__": "importlib._bootstrap_external", "__builtins__": __builtins__}
    made = type(function)(code, names, function.__name__, function.__defaults__, function.__closure__)
    made.__doc__, made.__qualname__ = function.__doc__, function.__qualname__.replace("methods_for.<locals>.", "PathFinder.")
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


def _calling_line():
    """Four lines of find_spec have code before its call: the def, the test for None, ``sys.path``, and the call itself."""
    lines = []
    code = external.PathFinder.__dict__["find_spec"].__func__.__code__
    for _, _, line in code.co_lines():
        if line is not None and line not in lines:
            lines.append(line)
    return lines[3] if len(lines) > 3 else code.co_firstlineno


def _at_line(code, line):
    """`code` with all instructions on one line: entries of up to 8 code units without columns (Objects/locations.md)."""
    units = len(code.co_code) // 2
    sizes = [8] * (units // 8) + ([units % 8] if units % 8 else [])
    return code.replace(co_firstlineno=line, co_linetable=b"".join(bytes((0x80 | 13 << 3 | size - 1, 0)) for size in sizes))


_CALLING_LINE = _calling_line()
