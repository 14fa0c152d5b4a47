"""importlib's own functions under the names of `fastimport.finding._names`, for interpreters that can't load that module."""

from importlib import import_module as import_module
from importlib.util import resolve_name as resolve_name


def split_name(fullname: str) -> tuple[str, str]:
    """Split a dotted name into its parent and its last component: ``"a.b.c"`` gives ``("a.b", "c")``."""
    if not isinstance(fullname, str):
        raise TypeError(f"Argument 'fullname' has incorrect type (expected str, got {type(fullname).__name__})")
    parent, _, tail = fullname.rpartition(".")
    return parent, tail
