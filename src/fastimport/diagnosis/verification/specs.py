"""What a finder's answer says, as plain values, and when two values are equal."""

import sys
from typing import Any

_IMPORTLIB = ("_frozen_importlib", "_frozen_importlib_external", "zipimport")

Outcome = dict[str, object]


def outcome_of(found: Any) -> Outcome:
    """What a spec says, or an exception; nothing of None."""
    if isinstance(found, Exception):
        return {"error": type(found).__name__, "message": str(found)}
    return {} if found is None else _spec_fields(found)


def _spec_fields(spec: Any) -> Outcome:
    """Everything a spec says. Order matters: ``cached`` is computed, and kept, when it is read."""
    fields: Outcome = {f"vars.{key}": value for key, value in vars(spec).items()}
    fields["order"] = list(vars(spec))
    locations: Any
    loader, locations = fields.pop("vars.loader"), fields.pop("vars.submodule_search_locations")
    fields["type"] = type(spec)
    fields["cached"], fields["parent"], fields["has_location"] = spec.cached, spec.parent, spec.has_location
    fields["loader"] = type(loader)
    fields.update((f"loader.{key}", value) for key, value in getattr(loader, "__dict__", {}).items())
    fields["locations type"] = type(locations).__name__
    fields["locations"] = None if locations is None else list(locations)
    return fields


def is_equal(left: object, right: object) -> bool:
    """Objects that know no equality but identity are equal if they are of one type; others' classes, if of one name and place."""
    if isinstance(left, type) and isinstance(right, type):
        return left is right or (not _is_importlibs(left) and _is_alike(left, right))
    return left == right or (type(left) is type(right) and type(left).__eq__ is object.__eq__)


def _is_importlibs(cls: type) -> bool:
    return getattr(sys.modules.get(cls.__module__), cls.__qualname__, None) is cls and cls.__module__ in _IMPORTLIB


def _is_alike(left: type, right: type) -> bool:
    """A path hook may make a class for each of its finders."""
    return (left.__module__, left.__qualname__) == (right.__module__, right.__qualname__)
