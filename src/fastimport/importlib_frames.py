"""Functions of ours that stand where importlib's would, made to look like them to those who judge frames."""

import _frozen_importlib_external as external

_STOCK_CODE = external.PathFinder.find_spec.__func__.__code__


def as_importlib(function):
    """Give a function importlib's file and module name.

    importlib trims its own frames from tracebacks by file name, debuggers skip them by module name
    (``bdb.Bdb(skip=["importlib*"])``). All that the function uses must be local to it or in its closure.
    """
    code = function.__code__.replace(co_filename=_STOCK_CODE.co_filename)
    names = {"__name__": "importlib._bootstrap_external", "__builtins__": __builtins__}
    made = type(function)(code, names, function.__name__, function.__defaults__, function.__closure__)
    made.__doc__, made.__qualname__ = function.__doc__, function.__qualname__.replace("methods_for.<locals>.", "PathFinder.")
    return made
