"""Loading one module twice from the same path: with importlib's source loader, and with the candidate.

A code object has the path of its source in it, so both loaders must read the same path. The directory
is therefore made twice, one after the other, by a function that has to make it alike both times.
"""

import importlib.util
import marshal
import os
import re
import sys
import types
import warnings
from dataclasses import dataclass

from support.answers import compare, describe, describe_error
from support.audit import recording
from support.registration import in_turn
from support.trees import remove

MTIME = 1_600_000_000
CODE_FIELDS = sorted(name for name in dir(types.CodeType) if name.startswith("co_") and name != "co_lnotab")
SOURCE = '''"""A module."""
import sys
NUMBERS = (1, 2.5, 3j, b"bytes", None, ..., frozenset({1}), "caf\\xe9")
def outer(a, /, b=1, *, c=2):
    def inner():
        try:
            return [x + a for x in range(b)]
        finally:
            del a
    return inner
class Class:
    value = lambda self: (yield self)
'''


def write_source(directory, source=SOURCE, name="m", mtime=MTIME):
    path = os.path.join(directory, f"{name}.py")
    with open(path, "wb") as file:
        file.write(source if isinstance(source, bytes) else source.encode())
    os.utime(path, (MTIME, mtime))
    return path


def bytecode_path(directory, name="m"):
    return importlib.util.cache_from_source(os.path.join(directory, f"{name}.py"))


def pyc_bytes(path, magic=importlib.util.MAGIC_NUMBER, flags=0, fields=None, code=None):
    """The .pyc that belongs to the source at `path`, or one that is wrong in a part."""
    status = os.stat(path)
    if fields is None:
        fields = [int(status.st_mtime) & 0xFFFFFFFF, status.st_size & 0xFFFFFFFF]
    if code is None:
        with open(path, "rb") as file:
            code = marshal.dumps(compile(file.read(), "elsewhere.py", "exec", dont_inherit=True))
    fields = fields if isinstance(fields, bytes) else b"".join(field.to_bytes(4, "little") for field in fields)
    return magic + flags.to_bytes(4, "little") + fields + code


def write_bytecode(path, **parts):
    """Put bytecode beside the source at `path`; give the path of the bytecode."""
    cached = importlib.util.cache_from_source(path)
    os.makedirs(os.path.dirname(cached), exist_ok=True)
    with open(cached, "wb") as file:
        file.write(pyc_bytes(path, **parts))
    os.utime(cached, (MTIME, MTIME))
    return cached


def both(directory, name="m", source=SOURCE, mtime=MTIME, **parts):
    """A source with valid bytecode, or with bytecode that is wrong in the parts given."""
    path = write_source(directory, source, name, mtime)
    return path, write_bytecode(path, **parts)


def describe_code(code):
    """A code object, and those within, down to the last table."""
    if not isinstance(code, types.CodeType):
        return repr(code)
    fields = {name: getattr(code, name) for name in CODE_FIELDS if not callable(getattr(code, name))}
    fields["co_consts"] = [describe_code(item) for item in code.co_consts]
    return fields | {"positions": list(code.co_positions()), "lines": list(code.co_lines())}


def frames(error):
    """File, function and line of each entry of a traceback, without those of the test."""
    entries, entry = [], error.__traceback__
    while entry is not None:
        code = entry.tb_frame.f_code
        entries.append((code.co_filename, code.co_name, entry.tb_lineno))
        entry = entry.tb_next
    return [item for item in entries if item[0] != __file__]


def describe_failure(error):
    return {**describe_error(error), "frames": frames(error)}


def describe_module(module):
    """Names in their order, and what importlib has set."""
    wanted = [name for name in vars(module) if name.startswith("__") and name != "__builtins__"]
    return {"order": list(vars(module)), **{name: describe(vars(module)[name]) for name in wanted}}


def files_below(directory):
    """Every file with its bytes and mode, so that what was written can be compared."""
    found = {}
    for parent, _, names in os.walk(directory):
        for path in (os.path.join(parent, name) for name in names):
            with open(path, "rb") as file:
                found[os.path.relpath(path, directory)] = (file.read(), os.stat(path).st_mode)
    return found


@dataclass(repr=False)
class Loaded:
    """What came of loading a module, step by step."""

    steps: dict
    files: dict
    roads: tuple
    module: object
    code: object
    loader: object

    @property
    def errors(self):
        return {step: result["error"] for step, result in self.steps.items() if result["error"]}

    @property
    def error_text(self):
        error = self.steps["code"]["error"]
        return error and f"{error['type'].rpartition('.')[2]}: {error['message']}"

    @property
    def code_events(self):
        return [event for event, _ in self.steps["code"]["events"]]


def without_addresses(line):
    """Code objects show their addresses, and importlib's temporary files and ``id`` events have them as numbers."""
    return re.sub(r" at 0x[0-9a-f]+|(?<=pyc\.)\d+|(?<=^\()\d{8,}(?=,\)$)", "", line)


def ask_once(events):
    """`events` without the first of two equal beginnings: what fails on the short road is tried again by importlib."""
    for size in (2, 1):
        if len(events) > size and events[:size] == events[size : 2 * size]:
            return events[size:]
    return events


def attempt(action, summarise):
    """The result of `action`, and all that can be observed of it."""
    result = error = None
    with recording() as events, warnings.catch_warnings(record=True) as caught:
        warnings.simplefilter("always")
        try:
            result = action()
        except BaseException as raised:
            error = raised
    return result, {
        "value": None if error else summarise(result),
        "error": error and describe_failure(error),
        "events": [(event, without_addresses(arguments)) for event, arguments in events],
        "warnings": [(item.category.__name__, str(item.message), item.filename) for item in caught],
    }


def road_counts():
    """How often our reader has read bytecode itself, and how often it left that to importlib."""
    finder = sys.modules.get("fastimport.finding.finder")
    reader = getattr(finder, "reader", None)
    return (reader.short_roads, reader.long_roads) if reader is not None else (0, 0)


def find(finder, name, directory):
    sys.path_importer_cache.pop(directory, None)
    return finder.find_spec(name, [directory])


def load(finder, directory, name="m", between=lambda spec: None, read_files=True):
    """Find `name`, call ``between(spec)``, then create the module, get its code, and execute it."""
    spec = find(finder, name, directory)
    loader = spec.loader
    before = road_counts()
    between(spec)
    module, created = attempt(lambda: importlib.util.module_from_spec(spec), describe_module)
    cached = attempt(lambda: (vars(spec).get("_cached"), spec.cached), repr)[1]
    code, got = attempt(lambda: spec.loader.get_code(name), describe_code)
    got["marshalled"] = marshal.dumps(code) if code is not None else None
    roads = tuple(after - earlier for after, earlier in zip(road_counts(), before, strict=True))
    executed = attempt(lambda: spec.loader.exec_module(module), lambda _: describe_module(module))[1]
    steps = {"module": created, "cached": cached, "code": got, "executed": executed}
    return Loaded(steps, files_below(directory) if read_files else {}, roads, module, code, loader)


class LoadingDuel:
    """Loads a module with importlib, makes the directory anew, loads it with the candidate, compares."""

    def __init__(self, finder, directory, is_stock=False):
        """`finder` is at work; for importlib's turn fastimport is uninstalled."""
        self.finder, self.directory, self.is_stock = finder, os.fspath(directory), is_stock

    def prepared(self, prepare):
        if os.path.lexists(self.directory):
            remove(self.directory)
        os.mkdir(self.directory)
        prepare(self.directory)

    def agree(self, prepare, name="m", road=None, asks_again=False, **how):
        """The candidate's loading after demanding that it equals importlib's.

        `road` says who has read the bytecode; with `asks_again` it may have been tried before that.
        """
        results = []
        for finder in in_turn(self.finder):
            self.prepared(prepare)
            results.append(load(finder, self.directory, name, **how))
        if asks_again:
            for step in results[1].steps.values():
                step["events"] = ask_once(step["events"])
        self.must_be_equal(*results)
        if road is not None and not self.is_stock:
            assert results[1].roads == ((1, 0) if road == "short" else (0, 1)), (road, results[1].roads)
        return results[1]

    @staticmethod
    def must_be_equal(stock, candidate):
        lines = compare("steps", stock.steps, candidate.steps) + compare("files", stock.files, candidate.files)
        assert not lines, "\n".join(lines)
