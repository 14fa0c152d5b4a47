"""Whether a change matters: whether anybody could tell that it has not happened yet.

What is keyed by a class of the module itself can be asked for only by who has that class, and so has loaded the module. A cache
that is filled, a counter that has moved on, a name that was looked up lazily are nobody's business either. All else is an effect.
"""

import sys
from _weakref import ReferenceType

from fastimport.diagnosis.lazy.watching import Change, FunctionType, ModuleType, is_missing, namespace_of

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterator
    from types import CodeType
    from typing import Any

_CACHES = {"cache", "cache2", "cached", "caches", "counter", "lock", "locks", "memo"}
COSMETIC = {
    "__annotate__", "__annotate_func__", "__annotations__", "__annotations_cache__", "__doc__", "__firstlineno__", "__module__",
    "__qualname__", "__slotnames__", "__warningregistry__",
}  # fmt: skip
_FUNCTIONS = (FunctionType, type(len))
_LAZY_TYPE = "lazy_import"


def effect_of(change: Change, by: str) -> "str | None":
    """What the module `by` did to another one, in words; None if it does not matter."""
    if _is_importlibs(change, by) or _is_cache(change.name) or (is_standard(by) and is_standard(change.where)):
        return None
    place = f"{change.where}.{change.name}" if change.name else change.where
    if change.added or change.removed:
        return _effect_on_container(change, by, place)
    return _effect_on_name(change, by, place)


def places_of(change: Change) -> "list[str]":
    """The modules without which nobody can tell: that which has it, but for warning filters those that have their categories."""
    if change.name == "filters" and change.added:
        homes = [_home_of(each) for key, _ in change.added for each in key if issubclass(type(each), type)]
        if homes and all(home is not None and not is_standard(home) for home in homes):
            return [home for home in homes if home is not None]
    return [change.where]


def _is_importlibs(change: Change, by: str) -> bool:
    """What importlib does itself for any import, and what a module does to itself."""
    if change.where == by or _LAZY_TYPE in (type(change.old).__name__, type(change.new).__name__):
        return True
    return issubclass(type(change.new), ModuleType) and is_missing(change.old)


def _is_cache(name: str) -> bool:
    return not _CACHES.isdisjoint(name.lower().replace(".", "_").split("_")) or name.rpartition(".")[2] in COSMETIC


def _effect_on_name(change: Change, by: str, place: str) -> "str | None":
    old, new = change.old, change.new
    if (type(old) is int and type(new) is int and new > old) or (is_missing(old) and _is_kept_lookup(change)):
        return None
    if is_standard(change.where) and not _is_standards_concern(change, by):
        return None
    if is_missing(new):
        return f"deletes {place}"
    return f"sets {place}" if is_missing(old) else f"replaces {place}"


def _is_kept_lookup(change: Change) -> bool:
    """Whether a new name is what ``__getattr__`` or a cached property of its owner has found, and keeps."""
    owner, name = change.owner, change.name.rpartition(".")[2]
    if issubclass(type(owner), type):
        return False
    if issubclass(type(owner), ModuleType):
        return "__getattr__" in vars(owner) or hasattr(type(owner), "__getattr__")
    return any("__getattr__" in vars(cls) or hasattr(vars(cls).get(name), "__set_name__") for cls in type(owner).__mro__)


def _is_standards_concern(change: Change, by: str) -> bool:
    """Whether a change of the standard library is more than its state: something foreign comes in, a public value changes."""
    if _is_foreign(change.new) or change.where == "builtins":
        return True
    return not is_missing(change.old) and not _is_private(change.name)


def _effect_on_container(change: Change, by: str, place: str) -> "str | None":
    added = [pair for pair in change.added if not _is_own_business(change, *pair, by)]
    if is_standard(change.where):
        if _is_private(change.name):
            added = [pair for pair in added if any(_is_foreign(each) for each in pair)]
        removed: list[Any] = []
    else:
        removed = change.removed
    if added:
        key = added[0][0]
        more = f" and {len(added) - 1} more" if len(added) > 1 else ""
        return f"adds to {place}: {_shown(key)}{more}"
    return f"removes from {place}" if removed and not change.added else None


def _is_own_business(change: Change, key: object, value: object, by: str) -> bool:
    """Whether an entry is found only by who has a class of the module: not one of a list, which is read to the end."""
    if change.name == "filters" and type(key) is tuple:  # of warnings, for a category of the package's own
        top = by.partition(".")[0]
        return any(issubclass(type(each), type) and str(_home_of(each)).partition(".")[0] == top for each in key)
    if change.name == "meta_path" and _finds_only_its_own(key, by):
        return True
    return key is not value and _is_own_class(key, by)


def _finds_only_its_own(finder: object, by: str) -> bool:
    """Whether it is the importer of six, in whichever copy: all that it finds is below six, which is loaded first."""
    known = getattr(finder, "known_modules", None)
    is_own = type(finder).__name__ == "_SixMetaPathImporter" and type(finder).__module__ == by
    return is_own and type(known) is dict and all(type(name) is str and name.startswith(f"{by}.") for name in known)


def _is_own_class(key: object, by: str) -> bool:
    """Whether `key` is a class that came with the module, or a reference to it."""
    cls: Any = key() if type(key) is ReferenceType else key
    return issubclass(type(cls), type) and namespace_of(cls).get("__module__") == by


def _is_foreign(value: object) -> bool:
    home = _home_of(value)
    return home is not None and not is_standard(home)


def _home_of(value: object) -> "str | None":
    kind = type(value)
    home = getattr(value, "__module__", None) if issubclass(kind, (type, *_FUNCTIONS)) else kind.__module__
    return home if type(home) is str and home != "builtins" else None


def is_standard(name: str) -> bool:
    """Whether a module is the standard library's. What its modules do to each other is its own affair."""
    return name.partition(".")[0] in sys.stdlib_module_names


def _is_private(name: str) -> bool:
    return any(part.startswith("_") for part in name.split("."))


def _shown(value: object) -> str:
    kind = type(value)
    if issubclass(kind, (type, *_FUNCTIONS)):
        return str(getattr(value, "__qualname__", "?"))
    text = ascii(value) if kind in (str, int, bytes, bool) else f"a {kind.__qualname__}"
    return text if len(text) < 60 else text[:57] + "..."


def lists_subclasses(name: str, module: object) -> bool:
    """Whether code of a module, other than the standard library's, asks a class for its subclasses."""
    if is_standard(name) or not issubclass(type(module), ModuleType):
        return False
    return any("__subclasses__" in code.co_names for code in _codes(name, vars(module), set()))


def mentions(name: str, module: object, word: str) -> bool:
    """Whether code of a module has a constant that is, or has in it, `word`."""
    if is_standard(name) or not issubclass(type(module), ModuleType):
        return False
    return any(word in each for code in _codes(name, vars(module), set()) for each in code.co_consts if type(each) is str)


def _codes(home: str, namespace: "Any", seen: "set[int]") -> "Iterator[CodeType]":
    """Those of the functions that a module or a class has of its own."""
    for value in list(namespace.values()):
        kind = type(value)
        if kind in (classmethod, staticmethod):
            value = value.__func__
        elif kind is property:
            value = value.fget
        if type(value) is FunctionType:
            yield value.__code__
        elif issubclass(kind, type) and id(value) not in seen and namespace_of(value).get("__module__") == home:
            seen.add(id(value))
            yield from _codes(home, namespace_of(value), seen)


def listed_base(name: str, module: object, readers: "set[str]") -> "tuple[str, str] | None":
    """The base class of a class of `module` that is at home in another module, one of `readers`: that module, and its name."""
    if not issubclass(type(module), ModuleType):
        return None
    for value in list(vars(module).values()):
        if issubclass(type(value), type) and namespace_of(value).get("__module__") == name:
            for base in type.__dict__["__mro__"].__get__(value)[1:]:
                home = namespace_of(base).get("__module__")
                if home != name and home in readers:
                    return home, base.__qualname__
    return None
