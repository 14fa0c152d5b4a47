"""What a benchmark hands back, in one form for all: tables to read, figures to compare, and the conditions of both.

``--json FILE`` of each script writes this form; `suite` collects the files, `measured_page` prints them, `agree` compares
two collections.  The number of the schema grows when a field changes its meaning or goes away, not when one is added.
"""

import json
import os
import shlex
import sys
from collections.abc import Sequence
from pathlib import Path
from typing import Any, Literal, NamedTuple

from fastimport.diagnosis.bench import report
from fastimport.diagnosis.bench.statistics import Estimate
from instruments import conditions

SCHEMA = "fastimport.benchmark/1"
Kind = Literal["ratio", "count", "seconds"]


class Figure(NamedTuple):
    """One number with its interval.

    A ``ratio`` has a 95 % interval from so many *pairs*; a ``count`` repeats, so its interval is itself; ``seconds``
    depend on what else the machine does: they give the scale, and are not compared between runs.
    """

    id: str
    kind: Kind
    value: float
    low: float
    high: float
    pairs: int = 0


class Table(NamedTuple):
    """Rows of text, the first of which are the headings."""

    rows: Sequence[Sequence[str]]
    title: str = ""


class Result(NamedTuple):
    """Everything that one benchmark found; `data` is what its tables and figures were made from."""

    tables: Sequence[Table]
    figures: Sequence[Figure]
    conditions: dict[str, str]
    notes: Sequence[str] = ()
    data: Any = None
    command: str = ""

    def text(self) -> str:
        """Return what the command prints."""
        parts = [(f"{table.title}\n\n" if table.title else "") + report.table(table.rows) for table in self.tables]
        parts.append("\n".join(f"{name}: {value}" for name, value in self.conditions.items()))
        return "\n\n".join(parts) + "".join(f"\nnote: {note}" for note in self.notes)


class Malformed(ValueError):
    """A file is not a result of this schema; the message says which and why."""


def ratio(name: str, estimate: Estimate) -> Figure:
    """Return *estimate* as a figure."""
    return Figure(name, "ratio", estimate.ratio, estimate.low, estimate.high, estimate.pairs)


def count(name: str, value: float) -> Figure:
    """Return what repeats as a figure."""
    return Figure(name, "count", value, value, value)


def seconds(name: str, value: float, low: float, high: float) -> Figure:
    """Return a time, and the middle half or the span of its values, as a figure."""
    return Figure(name, "seconds", value, low, high)


def circumstances(**more: str) -> dict[str, str]:
    """Return the conditions that every benchmark tells, and *more* of its own."""
    return {**conditions.of_this_machine(), **{name.replace("_", " "): value for name, value in more.items()}}


def publish(result: Result, path: str | None) -> None:
    """Print *result*, and write it to *path* if there is one."""
    print(result.text())
    save(result, path)


def save(result: Result, path: str | None) -> None:
    """Write *result* to *path* if there is one."""
    if path is not None:
        document = {"schema": SCHEMA, **_as_document(result._replace(command=_own_command()))}
        Path(path).write_text(json.dumps(document, indent=1) + "\n", encoding="utf-8")


def load(path: Path) -> Result:
    """Read what `publish` wrote.

    Raises `Malformed` for anything else.
    """
    try:
        raw = json.loads(path.read_text(encoding="utf-8"))
        if raw.pop("schema") != SCHEMA:
            raise Malformed(f"{path}: not of the schema {SCHEMA}; measure again with this version")
        tables = [Table(**table) for table in raw.pop("tables")]
        return Result(tables, [Figure(**figure) for figure in raw.pop("figures")], **raw)
    except (ValueError, KeyError, TypeError, AttributeError) as error:
        raise error if isinstance(error, Malformed) else Malformed(f"{path}: not a benchmark's result: {error!r}") from None


def _as_document(result: Result) -> dict[str, Any]:
    nested = {"tables": [each._asdict() for each in result.tables], "figures": [each._asdict() for each in result.figures]}
    return {**result._asdict(), **nested}


def _own_command() -> str:
    """The command line as somebody would type it: relative to the project, and without the output file."""
    words = iter(sys.argv[1:])
    shown = []
    for word in words:
        if word == "--json":
            next(words, None)
        else:
            shown.append(word)
    return shlex.join(["python", f"benchmarks/{os.path.basename(sys.argv[0])}", *shown])
