"""What the loader of a spec answers when it is asked, but for executing the module: what ``fastimport verify`` compares.

Asked are importlib's own loaders only: what those of others do when they are asked is not known.
"""

import hashlib
import importlib.machinery
import importlib.util
import sys
import types
import warnings
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any
from zipimport import zipimporter

_NATIVE = importlib.machinery.ExtensionFileLoader  # whose create_module runs code
_PURE = (
    importlib.machinery.SourceFileLoader, importlib.machinery.SourcelessFileLoader, importlib.machinery.NamespaceLoader,
    zipimporter,
)  # fmt: skip
# Without methods, and a deprecated attribute: they are other views of the tables.
_CODE_FIELDS = [
    name
    for name in dir(types.CodeType)
    if name.startswith("co_") and name != "co_lnotab" and not callable(getattr(types.CodeType, name))
]

Answers = dict[str, object]


def can_be_asked(spec: Any) -> bool:
    """Whether the loader of `spec` is importlib's; a namespace package gets its own with its module."""
    if spec.loader is None:
        return spec.submodule_search_locations is not None
    return type(spec.loader) in (*_PURE, _NATIVE)


def answers_of(spec: Any) -> Answers:
    """The answers to each question that the loader knows; an exception is one. No ``.pyc`` is written, no module executed."""
    with _quietly():
        found: Answers = {}
        if type(spec.loader) is not _NATIVE:
            found["module"] = _told(lambda: _attributes(spec))
        loader, name = spec.loader, spec.name
        for method in ("is_package", "get_code", "get_source", "get_filename"):
            if hasattr(loader, method):
                found[method] = _told(lambda method=method: getattr(loader, method)(name))  # type: ignore[misc]
        if hasattr(loader, "get_data"):
            found["get_data"] = _told(lambda: hashlib.blake2b(loader.get_data(spec.origin)).hexdigest())
        if hasattr(loader, "get_resource_reader"):
            found["resources"] = _told(lambda: _resources(loader.get_resource_reader(name)))
        return found


def differences(stock: Answers, ours: Answers) -> Iterator[tuple[str, object, object]]:
    """Question and both answers, for each that differs; of code objects, the field that does."""
    for question in {**stock, **ours}:
        pair = stock.get(question, "(not asked)"), ours.get(question, "(not asked)")
        if all(isinstance(answer, types.CodeType) for answer in pair):
            yield from _code_differences(question, *pair)
        elif pair[0] != pair[1]:
            yield question, *pair


def _code_differences(where: str, stock: Any, ours: Any) -> Iterator[tuple[str, object, object]]:
    """As `differences`, down to the constants: ``==`` takes code in another file, and ``0.0`` and ``-0.0``, for equal."""
    if isinstance(stock, types.CodeType) and isinstance(ours, types.CodeType):
        for field in _CODE_FIELDS:
            yield from _code_differences(f"{where}.{field}", getattr(stock, field), getattr(ours, field))
    elif type(stock) is type(ours) is tuple and len(stock) == len(ours):
        for index, pair in enumerate(zip(stock, ours, strict=True)):
            yield from _code_differences(f"{where}[{index}]", *pair)
    elif type(stock) is not type(ours) or (stock != ours if isinstance(stock, frozenset) else repr(stock) != repr(ours)):
        yield where, stock, ours


@contextmanager
def _quietly() -> Iterator[None]:
    """Compiling neither warns nor leaves files."""
    before, sys.dont_write_bytecode = sys.dont_write_bytecode, True
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            yield
    finally:
        sys.dont_write_bytecode = before


def _told(ask: Callable[[], object]) -> object:
    try:
        return ask()
    except Exception as error:
        return f"{type(error).__name__}: {error}"


def _attributes(spec: Any) -> dict[str, object]:
    """The attributes of a module made from `spec`, without what is an object of its own each time."""
    module = importlib.util.module_from_spec(spec)
    found = dict(vars(module))
    found["__spec__"], found["__loader__"] = found["__spec__"] is spec, found.get("__loader__") is spec.loader
    if "__path__" in found:
        found["__path__"] = type(found["__path__"]).__name__, list(found["__path__"])
    found["type"] = type(module)
    return found


def _resources(reader: Any) -> object:
    """What a resource reader shows of its package: type, where it is, and each of its files."""
    if reader is None:
        return None
    root = reader.files()
    names = sorted(item.name for item in root.iterdir())
    return type(reader), type(root), str(root), [(name, _told(lambda name=name: _resource(reader, name))) for name in names]  # type: ignore[misc]


def _resource(reader: Any, name: str) -> object:
    return reader.is_resource(name), _told(lambda: str(reader.resource_path(name)))
