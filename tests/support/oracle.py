"""The stock PathFinder, out of reach of whatever is installed later.

`register="in_place"` replaces methods of `importlib.machinery.PathFinder` itself. The oracle is
a second class made from the original functions, before any test has installed anything.
"""

from importlib import machinery

FROZEN = "<frozen importlib._bootstrap_external>"


def code_file(function):
    function = getattr(function, "__func__", function)
    return getattr(getattr(function, "__code__", None), "co_filename", None)


def methods(cls):
    """What `cls` defines, without data such as the __slotnames__ that copying an object leaves there."""
    return {name: value for name, value in vars(cls).items() if callable(getattr(value, "__func__", value))}


def strangers(cls):
    """Names of the functions in `cls` that importlib did not define."""
    return sorted(name for name, value in methods(cls).items() if code_file(value) != FROZEN)


def copy_class(cls):
    names = {k: v for k, v in vars(cls).items() if k not in ("__dict__", "__weakref__")}
    return type(cls.__name__, cls.__bases__, names)


if found := strangers(machinery.PathFinder) + strangers(machinery.FileFinder):
    raise RuntimeError(f"importlib was patched before the tests began: {found}")

STOCK = copy_class(machinery.PathFinder)
FILE_FINDER = methods(machinery.FileFinder)
PATH_FINDER = methods(machinery.PathFinder)
