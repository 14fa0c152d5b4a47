"""What a recording is: the objects, and their JSON, schema ``fastimport.recording/1``.

Times are whole nanoseconds. A moment is counted from the start of the recording. Every nanosecond of a thread belongs to
exactly one module and kind of cost, or to the thread itself (``outside_ns``, ``ns``): nested imports are charged once.

In JSON a recording is an object with the fields of `Recording`, and each module, thread, entry, finder and shadowed name an
object with the fields of its class here. The number in the schema grows when a field changes its meaning or goes away, not
when one is added: a reader ignores fields that it does not know.
"""

import json
from dataclasses import asdict, dataclass, field
from typing import Any

SCHEMA = "fastimport.recording/1"

KINDS = {
    "search": "finding the module: the finders of sys.meta_path, path entries, directories",
    "wait": "module locks, while other threads import: waiting for a module that another thread is at",
    "read": "stat of the source, reading bytecode or source",
    "validate": "is the bytecode valid for the source, hashing included",
    "unmarshal": "bytes to code object",
    "load": "read, validate and unmarshal in one step: fastimport's compiled reader, archives",
    "compile": "source to code object",
    "write": "writing bytecode",
    "dlopen": "loading an extension module and its libraries, its init function, built-in modules",
    "execute": "running the module's own code",
    "collect": "garbage collection: it comes when enough objects were made, by whomever, and is nobody's own cost",
    "unsplit": "all kinds together: a log of -X importtime, or an end that was not recorded",
    "machinery": "module objects, locks, what importlib does in between, and most of what recording costs",
}
"""The kinds of cost, in the order in which an import pays them."""


class NotARecording(ValueError):
    """The data is not a recording that this version can read; the text says where and why."""


@dataclass(slots=True)
class Module:
    """One import: of a module that was loaded, or of one that could not be."""

    id: int  # position in Recording.modules, which is in order of start
    name: str
    parent: int | None  # id of the import during which this one happened; None at the top
    thread: int  # position in Recording.threads
    start_ns: int
    end_ns: int
    ns: dict[str, int] = field(default_factory=dict)  # own cost by kind, nested imports excluded; kinds without cost left out
    spans: list[list[Any]] = field(default_factory=list)  # [kind, start_ns, end_ns], nested imports included
    importer: list[Any] | None = None  # [file, line] of the statement or call; of a late one, of its first use
    finder: str | None = None  # the finder on sys.meta_path that found it
    loader: str | None = None
    origin: str | None = None
    entry: str | None = None  # the path entry (of sys.path, or of the package's __path__) that it was found on
    form: str = "other"  # bytecode, source (compiled), extension, builtin, frozen, namespace, other; absent: not found
    size: int | None = None  # bytes of bytecode, or of source, that were read
    compiled: str | None = None  # why it was compiled from source; None if it was not
    written: str | None = None  # what became of the bytecode: written, or why not
    error: str | None = None  # "Type: message" of the exception that ended the import
    spread: list[int] | None = None  # least and most own cost in all runs; None after a single one
    importers: list[str] | None = None  # all modules that import it, "FILE:LINE" where a statement does; None: nobody looked
    only_ns: int | None = None  # own cost of all modules that only this one needs, itself included; None: nobody looked
    late: bool = False  # a lazy import (PEP 810), made up when its name was used

    @property
    def self_ns(self) -> int:
        """Own cost, without nested imports, and without collections of garbage, which others have made as well."""
        return sum(self.ns.values()) - self.ns.get("collect", 0)

    @property
    def cumulative_ns(self) -> int:
        """Own cost and that of everything imported meanwhile."""
        return self.end_ns - self.start_ns


@dataclass(slots=True)
class Thread:
    """A thread in which something was imported. The first is the one that recorded."""

    id: int
    name: str
    start_ns: int
    end_ns: int
    outside_ns: int  # time in which no import was under way
    ns: dict[str, int] = field(default_factory=dict)  # by kind: searching, reading ... outside of imports, as runpy does


@dataclass(slots=True)
class Entry:
    """A path entry that importlib's own finders asked. fastimport asks all entries in one step and leaves these at zero."""

    path: str
    index: int | None  # position on sys.path at the end; None for the directory of a package and for entries taken off
    probes: int  # how many times it was asked for a module
    found: int  # modules and namespace portions
    ns: int  # all the time spent asking it, and on making its finder
    listings: int = 0  # directory reads
    listing_ns: int = 0  # included in ns


@dataclass(slots=True)
class Finder:
    """A finder on sys.meta_path."""

    name: str
    searches: int
    found: int
    ns: int  # without imports that happened inside


@dataclass(slots=True)
class Shadowed:
    """A top-level name that is there more than once along sys.path: `winner` was imported, `hidden` never can be."""

    name: str
    winner: str
    hidden: list[str]


@dataclass(slots=True)
class Saving:
    """What fastimport saves at `level`, measured on this program without recording: whole process, median seconds."""

    level: str
    stock_s: float
    fastimport_s: float
    ratio: float
    low: float  # of the 95 % interval of the ratio
    high: float
    pairs: int


@dataclass(slots=True)
class Change:
    """Something that could be changed, and what it would save."""

    kind: str  # import (put off one import statement or more), collector, bytecode, fastimport, together
    title: str  # what is gained by it, in a few words: "pandas"
    saving_ns: int  # predicted: the cost of all that would no longer be imported
    places: list[str] = field(default_factory=list)  # FILE:LINE of each statement, the program's own first
    modules: int = 0  # how many would no longer be imported
    why: str = ""  # unused in this run, and the like
    edit: str = ""  # what to write instead
    risk: str = ""  # what may go wrong; empty: nothing is known
    measured_ns: int | None = None  # the same, measured with that statement put off, the median; None: not measured
    measured_low_ns: int = 0  # the least of the measured pairs, and the most
    measured_high_ns: int = 0


@dataclass(slots=True)
class Recording:
    """The start-up of a program, or a part of it."""

    program: str
    python: str
    platform: str
    total_ns: int  # before_ns + install_ns + the time that was recorded on the first thread
    before_ns: int = 0  # the interpreter's own start and site, before recording began
    install_ns: int = 0  # import and install of fastimport, if it was asked for
    level: str | None = None  # freshness, if fastimport was active at the end
    complete: bool = True  # False: the process ended before it could say so, and the last milliseconds are missing
    outcome: str = ""  # how the program ended, if it did not end well
    modules: list[Module] = field(default_factory=list)
    threads: list[Thread] = field(default_factory=list)
    path: list[str] = field(default_factory=list)  # sys.path at the end
    entries: list[Entry] = field(default_factory=list)
    finders: list[Finder] = field(default_factory=list)
    shadowed: list[Shadowed] = field(default_factory=list)
    preloaded: list[str] = field(default_factory=list)  # modules that were there before
    process_ns: int = 0  # the whole process when recorded, as its parent sees it, without the recorder's preparations: median
    calls: int = 0  # times that the recorder was called
    overhead_ns: int = 0  # what those calls cost at least, by a calibration at the end; included in the figures
    runs: list[int] = field(default_factory=list)  # total_ns of every run; this recording is the median one
    first_run_compiled: list[str] = field(default_factory=list)  # compiled in the first run only, as "name: reason"
    saving: Saving | None = None
    changes: list[Change] = field(default_factory=list)  # what to change, the largest saving first
    could_be_ns: int | None = None  # total_ns if all `changes` were made; None: nobody looked
    notes: list[str] = field(default_factory=list)
    source: str = "recorder"  # or importtime: a log of -X importtime, in which only self and cumulative are known

    def to_dict(self) -> dict[str, Any]:
        """Plain values for JSON, in the schema `SCHEMA`."""
        return {"schema": SCHEMA, **asdict(self)}

    def to_json(self) -> str:
        """The same as text."""
        return json.dumps(self.to_dict(), separators=(",", ":"))
