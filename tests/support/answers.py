"""What a finder answered, as plain data that compares equal or does not."""

import re
from dataclasses import dataclass, fields
from importlib.machinery import FileFinder, ModuleSpec

PLAIN = (type(None), bool, int, float, str, bytes)


def text(value):
    """repr, without the addresses that differ between two equal objects."""
    return re.sub(r" at 0x[0-9a-f]+", "", repr(value))


def type_name(value):
    cls = type(value)
    return f"{cls.__module__}.{cls.__qualname__}"


def describe(value):
    """`value` as nested plain data, keeping types, order and repr."""
    if type(value) in PLAIN:
        return value if value is None or type(value) is str else (type(value).__name__, value)
    if isinstance(value, type):
        return f"class {value.__module__}.{value.__qualname__}"
    if isinstance(value, ModuleSpec):
        return describe_spec(value)
    if isinstance(value, str):
        return (type_name(value), str(value))
    if isinstance(value, list | tuple):
        return [type(value).__name__, *map(describe, value)]
    if "NamespacePath" in type(value).__name__:
        return describe_portions(value)
    return describe_object(value)


def describe_object(value):
    attributes = {name: describe(item) for name, item in getattr(value, "__dict__", {}).items()}
    return {"type": type_name(value), "vars": attributes, "order": list(attributes)}


def describe_portions(portions):
    return {
        "type": type_name(portions),
        "repr": text(portions),
        "items": list(map(describe, portions)),
        "name": portions._name,
        "parent": portions._last_parent_path,
        "finds_with": portions._path_finder.__name__,
    }


def describe_spec(spec):
    """Everything a spec says. The order of reading matters: `cached` is computed when read."""
    before = list(vars(spec))
    raw_cached = vars(spec).get("_cached", "no _cached")
    return {
        "type": type_name(spec),
        "order": before,
        "name": describe(spec.name),
        "loader": describe(spec.loader),
        "origin": describe(spec.origin),
        "raw_cached": raw_cached,
        "cached": describe(spec.cached),
        "has_location": spec.has_location,
        "loader_state": describe(spec.loader_state),
        "parent": spec.parent,
        "locations": describe(spec.submodule_search_locations),
        "rest": {k: describe(v) for k, v in vars(spec).items() if k not in KNOWN},
        "repr": text(spec),
    }


KNOWN = {"name", "loader", "origin", "_cached", "loader_state", "submodule_search_locations"}
ERROR_ATTRIBUTES = ("name", "path", "errno", "strerror", "filename", "filename2")


def describe_error(error):
    if error is None:
        return None
    attributes = {name: text(getattr(error, name, None)) for name in ERROR_ATTRIBUTES}
    return {
        "type": type_name(error),
        "message": str(error),
        "args": text(error.args),
        "attributes": attributes,
        "cause": describe_error(error.__cause__),
        "context": describe_error(error.__context__),
        "suppressed": error.__suppress_context__,
    }


def describe_finder(finder):
    """An item of sys.path_importer_cache; of a FileFinder also what it remembers."""
    if not isinstance(finder, FileFinder):
        return type_name(finder)
    attributes = {name: describe_attribute(name, value) for name, value in vars(finder).items()}
    return {"type": type_name(finder), "order": list(attributes), **attributes}


def describe_attribute(name, value):
    """Listings may be held in any object that iterates, and has a length, like importlib's set."""
    if name in ("_path_cache", "_relaxed_path_cache"):
        return [len(value), *sorted(value)]
    return describe(value)


def describe_cache(cache):
    return [(describe(key), describe_finder(finder)) for key, finder in cache.items()]


@dataclass(frozen=True)
class Answer:
    """What came of one question, and what it left behind."""

    outcome: str  # "spec", "absent" or "raised"
    spec: dict | None
    error: dict | None
    warnings: list
    events: list
    cache: list

    def __getattr__(self, name):
        """The parts of the spec are read as if they were the answer's own."""
        if name.startswith("_") or self.__dict__.get("spec") is None:
            raise AttributeError(name)
        return self.spec[name]

    @property
    def found(self):
        return self.outcome == "spec"

    @property
    def error_text(self):
        return f"{self.error['type'].rpartition('.')[2]}: {self.error['message']}"


def differences(stock, candidate, ignoring=()):
    """One line for each part in which two answers differ."""
    lines = []
    for field in fields(Answer):
        if field.name not in ignoring:
            lines += compare(field.name, getattr(stock, field.name), getattr(candidate, field.name))
    return lines


def compare(label, stock, candidate):
    """Differences at the smallest part that has one."""
    if type(stock) is not type(candidate) or stock == candidate:
        parts = ()
    elif type(stock) is dict and stock.keys() == candidate.keys():
        parts = [(key, stock[key], candidate[key]) for key in stock]
    elif type(stock) in (list, tuple) and len(stock) == len(candidate):
        parts = zip(range(len(stock)), stock, candidate, strict=True)
    else:
        parts = ()
    lines = [line for key, ours, theirs in parts for line in compare(f"{label}.{key}", ours, theirs)]
    if not lines and stock != candidate:
        lines = [f"{label}: importlib {stock!r}, candidate {candidate!r}"]
    return lines
