"""A recording from its JSON. Whoever wrote it: what is accepted here can be reported in every format."""

import json
from dataclasses import fields
from typing import Any

from fastimport.diagnosis.record.model import (
    SCHEMA,
    Change,
    Entry,
    Finder,
    Module,
    NotARecording,
    Recording,
    Saving,
    Shadowed,
    Thread,
)

_PARTS = {"modules": Module, "threads": Thread, "entries": Entry, "finders": Finder, "shadowed": Shadowed, "changes": Change}
_LARGEST = 2**63  # ns: 292 years
_TYPES = {"int": int, "str": str, "bool": bool, "float": (int, float), "None": type(None), "dict": dict, "list": list}


def from_json(text: str, where: str = "recording") -> Recording:
    """The recording in `text`; raises `NotARecording`, naming `where` it came from."""
    try:
        data = json.loads(text)
    except ValueError as error:
        raise NotARecording(f"{where}: not JSON: {error}") from None
    except RecursionError:
        raise NotARecording(f"{where}: not a recording: too deeply nested") from None
    try:
        return from_dict(data)
    except NotARecording as error:
        raise NotARecording(f"{where}: {error}") from None


def from_dict(data: Any) -> Recording:
    """The recording in plain values, as `Recording.to_dict` gives them; raises `NotARecording`."""
    schema = data.get("schema") if isinstance(data, dict) else None
    if not isinstance(schema, str) or not schema.startswith("fastimport.recording/"):
        raise NotARecording(f"not a recording: no schema {SCHEMA!r}")
    if schema != SCHEMA:
        raise NotARecording(f"schema {schema!r} is not one that this version of fastimport reads ({SCHEMA!r})")
    values = dict(data)
    for name, cls in _PARTS.items():
        items = values.get(name, [])
        if not isinstance(items, list):
            raise NotARecording(f"{name} must be a list")
        values[name] = [_object(cls, item, f"{name}[{index}]") for index, item in enumerate(items)]
    if values.get("saving") is not None:
        values["saving"] = _object(Saving, values["saving"], "saving")
    recording: Recording = _object(Recording, values, "recording")
    for number, thread in enumerate(recording.threads):
        if thread.id != number:
            raise NotARecording(f"threads[{number}].id must be {number}, not {thread.id}")
    for number, module in enumerate(recording.modules):
        _check_references(recording, number, module)
    if recording.saving is not None and not recording.saving.stock_s > 0:
        raise NotARecording(f"saving.stock_s must be more than 0, not {recording.saving.stock_s!r}")
    return recording


def _object(cls: type, data: Any, where: str) -> Any:
    if not isinstance(data, dict):
        raise NotARecording(f"{where} must be an object, not {type(data).__name__}")
    known = {each.name: _spelling(each.type) for each in fields(cls)}
    values = {name: value for name, value in data.items() if name in known}
    for name, value in values.items():
        if not _is_of(value, known[name]):
            raise NotARecording(f"{where}.{name} must be {known[name]}, not {value!r:.60}")
        for number in (value, *_items(_without_logs(value))):
            _check_number(number, f"{where}.{name}")
    try:
        return cls(**values)
    except TypeError as error:
        missing = str(error).rpartition(": ")[2]
        raise NotARecording(f"{where} lacks {missing}") from None


def _spelling(annotation: Any) -> str:
    return annotation.__name__ if type(annotation) is type else str(annotation)


def _is_of(value: Any, annotation: str) -> bool:
    """Whether a value is of a type of the classes of model.py: the outermost type, and the items where they are plain."""
    for choice in annotation.split(" | "):
        name, _, items = choice.partition("[")
        kind = _TYPES.get(name)
        if kind is None:
            return value is None or not isinstance(value, (dict, list))
        if isinstance(value, kind) and not (name in ("int", "float") and isinstance(value, bool)):  # type: ignore[arg-type]
            return _items_are_of(value, items.rstrip("]").rpartition(" ")[2])
    return False


def _items_are_of(value: Any, items: str) -> bool:
    """Whether all items are of the plain type `items`; of a dict, its values."""
    return items not in ("int", "str") or all(
        isinstance(each, _TYPES[items]) and not isinstance(each, bool)  # type: ignore[arg-type]
        for each in _items(value)
    )


def _items(value: Any) -> list[Any]:
    return list(value.values()) if isinstance(value, dict) else value if isinstance(value, list) else []


def _without_logs(value: Any) -> Any:
    """Without what a log of ``-X importtime`` gives as self time: where threads import at the same time, it can be negative."""
    if not isinstance(value, dict) or not isinstance(value.get("unsplit"), int) or not -_LARGEST < value["unsplit"] < 0:
        return value
    return {kind: number for kind, number in value.items() if kind != "unsplit"}


def _check_number(value: Any, where: str) -> None:
    """All other numbers are times, sizes, counts, positions: finite, and not below zero."""
    if isinstance(value, (int, float)) and not 0 <= value < _LARGEST:
        raise NotARecording(f"{where} must be a number from 0 to 2**63, not {value!r:.60}")  # nan neither


def _check_references(recording: Recording, number: int, module: Module) -> None:
    where = f"modules[{number}]"
    if module.id != number:
        raise NotARecording(f"{where}.id must be {number}, not {module.id}")
    if module.parent is not None and not 0 <= module.parent < number:
        raise NotARecording(f"{where}.parent must be the id of an earlier module, not {module.parent}")
    if not 0 <= module.thread < len(recording.threads):
        raise NotARecording(f"{where}.thread: there is no thread {module.thread}")
    if module.parent is not None and recording.modules[module.parent].thread != module.thread:
        raise NotARecording(f"{where}.parent: the import of another thread")
    if module.importer is not None and [type(each) for each in module.importer] != [str, int]:
        raise NotARecording(f"{where}.importer must be [file, line], not {module.importer!r:.60}")
    if module.spread is not None and not (len(module.spread) == 2 and module.spread[0] <= module.spread[1]):
        raise NotARecording(f"{where}.spread must be [least, most], not {module.spread!r:.60}")
    for span in module.spans:
        if (
            not isinstance(span, list)
            or [type(each) for each in span] != [str, int, int]
            or not 0 <= span[1] <= span[2] < _LARGEST
        ):
            raise NotARecording(f"{where}.spans must be a list of [kind, start, end], not of {span!r:.60}")
    if module.end_ns < module.start_ns:
        raise NotARecording(f"{where} ends before it starts")
