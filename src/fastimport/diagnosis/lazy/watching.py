"""What a module's execution changes outside itself: the state of all others, compared before and after.

Watched are the namespaces of modules and of their classes, and the containers that these hold: registries are dictionaries,
lists and sets in one of those places, or in an object that a module keeps there. Everything is compared by identity.
Nothing is imported here but built-in modules: this runs before a program's first import.
"""

import sys
from _collections import deque  # type: ignore[import-not-found]

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterator
    from typing import Any

FunctionType, MappingProxyType, ModuleType = type(lambda: None), type(type.__dict__), type(sys)
_CONTAINERS = (dict, list, set, deque)
_MAPPINGS = (dict, MappingProxyType)
_MISSING = object()
_SKIPPED = (
    "sys.modules", "sys.lazy_modules", "sys.path_importer_cache",  # importlib's own
    "logging.Logger", "logging.root", "logging.lastResort",  # looked at by `hearing`
)  # fmt: skip


class Change:
    """`where` is the module changed, `name` the place in it, `old` and `new` its values: None for a container, of which
    `added` is what it has more (pairs of key and value), `removed` what it has less. `owner` has the name: a module, class or
    object."""

    __slots__ = ("added", "name", "new", "old", "owner", "removed", "where")

    def __init__(self, where: str, name: str, old: object, new: object, owner: object) -> None:
        self.where, self.name, self.old, self.new, self.owner = where, name, old, new, owner
        self.added: list[tuple[Any, Any]] = []
        self.removed: list[tuple[Any, Any]] = []


class _Watched:
    """One namespace or container, and how it was when it was last looked at."""

    __slots__ = ("container", "is_namespace", "items", "name", "owner", "values", "where")

    def __init__(self, where: str, name: str, container: "Any", owner: object, is_namespace: bool) -> None:
        self.where, self.name, self.container = where, name, container
        self.owner, self.is_namespace = owner, is_namespace
        self.remember()

    def remember(self) -> None:
        """Take the present state as known."""
        container = self.container
        if issubclass(type(container), _MAPPINGS):
            self.items: Any = dict(container)
            self.values = tuple(container.values())
        else:
            self.values = tuple(container)

    def has_changed(self) -> bool:
        """Whether anything is not the object that it was."""
        container = self.container
        try:
            now = tuple(container.values()) if issubclass(type(container), _MAPPINGS) else tuple(container)
            return now != self.values
        except Exception:  # somebody's comparison, or another thread's change in between
            return True

    def changes(self) -> "Iterator[Change]":
        """What has changed since `remember`."""
        container = self.container
        if not issubclass(type(container), _MAPPINGS):
            yield from self._as_container([(value, value) for value in self.values], [(value, value) for value in container])
            return
        new = dict(container)
        if not self.is_namespace:
            yield from self._as_container(list(self.items.items()), list(new.items()))
            return
        for name in [*new, *(name for name in self.items if name not in new)]:
            old, now = self.items.get(name, _MISSING), new.get(name, _MISSING)
            if old is not now:
                prefix = f"{self.name}." if self.name else ""
                yield Change(self.where, f"{prefix}{name}", old, now, self.owner)

    def _as_container(self, old: "list[tuple[Any, Any]]", new: "list[tuple[Any, Any]]") -> "Iterator[Change]":
        before = {(id(key), id(value)) for key, value in old}
        after = {(id(key), id(value)) for key, value in new}
        change = Change(self.where, self.name, None, None, self.owner)
        change.added = [(key, value) for key, value in new if (id(key), id(value)) not in before]
        change.removed = [(key, value) for key, value in old if (id(key), id(value)) not in after]
        if change.added or change.removed:
            yield change


def is_missing(value: object) -> bool:
    """Whether a `Change` says that the name was not, or is no longer, there."""
    return value is _MISSING


def namespace_of(cls: type) -> "Any":
    """The ``__dict__`` of a class, whatever its metaclass says. That of a type which C code never made ready is None."""
    return type.__dict__["__dict__"].__get__(cls) or {}


class Watch:
    """The state of all modules but those that are not to be looked at."""

    def __init__(self, ignored: "frozenset[str]") -> None:
        self.ignored = ignored
        self.watched: dict[int, _Watched] = {}
        self.known: dict[int, object] = {}  # held, so that no other object gets its number

    def take_in(self, name: str, module: object) -> None:
        """Watch `module` from now on, and what can be reached from it in two steps."""
        if id(module) in self.known or name.partition(".")[0] in self.ignored or not issubclass(type(module), ModuleType):
            return
        self.known[id(module)] = module
        self._watch(name, "", vars(module), module, True)

    def changes(self) -> "Iterator[Change]":
        """What has changed since the last call; new objects found on the way are watched from then on."""
        for watched in [each for each in self.watched.values() if each.has_changed()]:
            found = list(watched.changes())
            watched.remember()
            if watched.is_namespace:
                self._look_inside(watched)
            yield from found

    def _watch(self, where: str, name: str, container: "Any", owner: object, is_namespace: bool) -> None:
        if id(container) not in self.watched:
            watched = self.watched[id(container)] = _Watched(where, name, container, owner, is_namespace)
            if is_namespace:
                self._look_inside(watched)

    def _look_inside(self, watched: _Watched) -> None:
        for name, value in list(watched.container.items()):
            if type(name) is str and f"{watched.where}.{name}" not in _SKIPPED and not name.startswith("__"):
                place = f"{watched.name}.{name}" if watched.name else name
                self._take(watched, place, value)

    def _take(self, inside: _Watched, place: str, value: "Any") -> None:
        kind = type(value)  # never isinstance, which asks the object: a proxy would load what it stands for
        if issubclass(kind, _CONTAINERS):
            self._watch(inside.where, place, value, inside.owner, False)
        elif issubclass(kind, type) and place.count(".") < 4:
            self._take_class(inside, place, value)
        elif kind is FunctionType:
            registry = value.__dict__.get("registry")
            if type(registry) is MappingProxyType:  # functools.singledispatch
                self._watch(inside.where, place, registry, value, False)
        elif not issubclass(kind, ModuleType) and kind.__module__ not in ("builtins", "logging") and place.count(".") < 2:
            self._take_object(inside, place, value)

    def _take_class(self, inside: _Watched, place: str, value: type) -> None:
        namespace = namespace_of(value)
        if namespace.get("__module__") == inside.where and id(value) not in self.known:
            self.known[id(value)] = value
            self._watch(inside.where, place, namespace, value, True)

    def _take_object(self, inside: _Watched, place: str, value: object) -> None:
        """An object that a module keeps: what it has and holds."""
        try:
            state = object.__getattribute__(value, "__dict__")
        except Exception:  # it has none
            return
        if type(state) is dict and id(value) not in self.known:
            self.known[id(value)] = value
            self._watch(inside.where, place, state, value, True)
