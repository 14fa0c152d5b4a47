"""Lazy imports (PEP 810): the file that says which imports may be late, and the filter that makes them so.

This is what a program's start passes through, so it imports nothing: the file is read by a reader of the few forms that
``fastimport lazy learn`` writes, and by tomllib only if somebody has written it otherwise.
"""

import sys

FORMAT = 1
"""Of the file: what this version writes, and the highest that it reads."""

FIRST_PYTHON = (3, 15)
NEEDED = "lazy imports need Python 3.15 (PEP 810)"
OFF = "none"
"""In the place of a file: no lazy imports, whatever else says so."""

_KINDS = {
    "format": int, "python": str, "program": list, "learnt": str, "complete": bool, "runs": int, "notes": list, "check": str,
    "until": str, "packages": dict, "lazy": dict, "eager": dict, "names": dict, "allowed": list, "trust": str, "saved": dict,
    "changes": dict,
}  # fmt: skip
_REQUIRED = ("format", "python", "lazy")
_ESCAPES = {'"': '"', "\\": "\\", "n": "\n", "t": "\t", "r": "\r"}


class Unusable(Exception):
    """The file can't be used here; the text says why."""


def read(path):
    """The contents of the file, checked: a dictionary as tomllib gives it. Raises `Unusable`."""
    try:
        with open(path, encoding="utf-8") as file:
            text = file.read()
    except OSError as error:
        raise Unusable(f"{path}: {error.strerror or error}") from None
    except ValueError:
        raise Unusable(f"{path}: not a text file in UTF-8") from None
    data = parse_plain(text)
    if data is None:
        data = _parse_any(path, text)
    _check(path, data)
    return data


def parse_plain(text):
    """What tomllib makes of `text`, for TOML as `fastimport lazy learn` writes it; None for any other."""
    data, table, lines = {}, None, iter(text.split("\n"))
    table = data
    for line in lines:
        if not line.isprintable() or line[:1] == " ":
            return None
        if not line or line[0] == "#":
            continue
        if line[0] == "[":
            name = line[1:-1]
            if line[-1] != "]" or not _is_bare(name) or name in data:
                return None
            table = data[name] = {}
            continue
        key, equals, value = line.partition(" = ")
        key = key if _is_bare(key) else _string(key)
        value = _array(lines) if value == "[" else _value(value)
        if not equals or key is None or value is None or key in table:
            return None
        table[key] = value
    return data


def _is_bare(word):
    return word.isascii() and word.replace("_", "a").replace("-", "a").isalnum()


def _string(word):
    inner = word[1:-1]
    if len(word) < 2 or word[0] != '"' or word[-1] != '"':
        return None
    if "\\" not in inner:
        return None if '"' in inner else inner
    first, *others = inner.split("\\")
    if '"' in first:
        return None
    text, escaped = first, iter(others)
    for part in escaped:
        if not part:  # two backslashes
            part = "\\" + next(escaped, '"')
        if part[0] not in _ESCAPES or '"' in part[1:]:
            return None
        text += _ESCAPES[part[0]] + part[1:]
    return text


def _value(word):
    if word in ("true", "false"):
        return word == "true"
    if word.isascii() and word.isdigit() and (word == "0" or word[0] != "0"):
        return int(word) if len(word) < 16 else None
    if word[:1] == "[" and word[-1:] == "]":
        items = [_string(item) for item in word[1:-1].split(", ")] if word != "[]" else []
        return None if None in items else items
    return _string(word)


def _array(lines):
    """The items of an array that has a line for each."""
    found = []
    for line in lines:
        if line == "]":
            break
        found.append(line)
    else:
        return None
    whole = "".join(found)
    items = whole[5:-2].split('",    "')  # all at once, as nearly all can be taken
    is_plain = whole[:5] == '    "' and whole[-2:] == '",' and "\\" not in whole and whole.isprintable()
    if is_plain and len(items) == len(found) and whole.count('"') == 2 * len(items):
        return items
    items = [_string(line[4:-1]) if line[:4] == "    " and line[-1:] == "," and line.isprintable() else None for line in found]
    return None if None in items else items


def _parse_any(path, text):
    import tomllib

    try:
        return tomllib.loads(text)
    except tomllib.TOMLDecodeError as error:
        raise Unusable(f"{path}: not TOML: {error}") from None


def _check(path, data):
    """Raise `Unusable` unless `data` is what this version understands, made for this Python."""
    version = data.get("format")
    if type(version) is int and version > FORMAT:
        raise Unusable(f"{path}: format {version}, written by a newer fastimport; this one reads {FORMAT}")
    for name in _REQUIRED:
        if name not in data:
            raise Unusable(f"{path}: no {name!r}: not a file of fastimport lazy learn")
    for name, value in data.items():
        if name not in _KINDS:
            raise Unusable(f"{path}: unknown key {name!r}")
        if type(value) is not _KINDS[name]:
            raise Unusable(f"{path}: {name!r} must be of type {_KINDS[name].__name__}, not {type(value).__name__}")
    modules = data["lazy"].get("modules")
    if type(modules) is not list or set(data["lazy"]) != {"modules"} or not set(map(type, modules)) <= {str}:
        raise Unusable(f"{path}: [lazy] must have 'modules', a list of names, and nothing else")
    for table in ("names", "changes"):
        for name, names in data.get(table, {}).items():
            if type(names) is not list or not set(map(type, names)) <= {str}:
                raise Unusable(f"{path}: [{table}] {name!r} must be a list of names")
    if version < 1:
        raise Unusable(f"{path}: format {version} is not known")


def table_of(path, data, here=None):
    """What the filter looks up: module -> None, or the names that it must be asked for eagerly.

    Raises `Unusable` if it was not learnt with the Python `here`, None: the one that runs.
    """
    here = here or "{}.{}".format(*sys.version_info)
    if data["python"] != here:
        raise Unusable(f"{path}: learnt with Python {data['python']}, this is {here}: learn again")
    table = dict.fromkeys(data["lazy"]["modules"])
    for name, names in data.get("names", {}).items():
        if name in table:
            table[name] = frozenset(names)
    for name in data.get("eager", ()):
        table.pop(name, None)
        parent, _, tail = name.rpartition(".")
        if parent in table:
            table[parent] = (table[parent] or frozenset()) | {tail}
    return table


def changes_of(data):
    """What else the filter looks up: of modules that change others, which those are."""
    return {name: tuple(names) for name, names in data.get("changes", {}).items()}


def check_file(path):
    """Why the file at `path` would be refused now, or None."""
    try:
        if path != OFF:
            _check_python()
            table_of(path, read(path))
    except Unusable as reason:
        return str(reason)
    return None


def exchange(state, path=OFF, find_spec=None):
    """Postpone what the file at `path` says instead of what `state`, an earlier result, does: the new state, a refusal or None.

    A state is None, or begins with the path of its file. `find_spec` is that of the PathFinder in use.
    """
    if state is not None:
        _switch_off(*state)
    try:
        return (_switch_on(path, find_spec) if path != OFF else None), None
    except Unusable as reason:
        return None, str(reason)


def _check_python():
    if sys.version_info < FIRST_PYTHON:
        raise Unusable(f"{NEEDED}; this is {'{}.{}'.format(*sys.version_info)}")


def _switch_on(path, find_spec):
    _check_python()
    data = read(path)
    table, changes = table_of(path, data), changes_of(data)
    try:
        from fastimport.finding._lazy import LazyFilter
    except ImportError as error:
        raise Unusable(f"compiled module: {error}") from None
    from _types import LazyImportType

    followers = None
    if changes:
        from fastimport.finding.followers import Followers

        followers = Followers()
    mode, former = sys.get_lazy_imports(), sys.get_lazy_imports_filter()
    ours = LazyFilter(table, changes, followers, find_spec, former, sys.builtin_module_names, LazyImportType)
    sys.set_lazy_imports_filter(ours)
    sys.set_lazy_imports("all")
    return path, mode, ours


def _switch_off(path, mode, ours):
    """Put back what was there before, but for a filter that somebody has set since. What waits is not postponed any longer."""
    if sys.get_lazy_imports_filter() is ours:
        sys.set_lazy_imports_filter(ours.former)
        sys.set_lazy_imports(mode)
    if ours.followers is not None:
        ours.followers.leave()
        for name in ours.followers:
            try:
                __import__(name)
            except Exception:  # who uses it will see that
                pass
