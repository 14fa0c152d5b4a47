"""How much of a snapshot is of use here and now, and why the rest is not."""

import os
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from fastimport.snapshot import decode, reasons
from fastimport.snapshot.model import MISSING, PRIVATE, UNLISTED

if TYPE_CHECKING:
    from fastimport.snapshot._reader import SnapshotReader

BY_CONTENT = -1
"""What `SnapshotReader.source_doubt` says of a source that has the recorded content, and not the recorded stamp."""
_UNHOOK = "install what brings it in another way than editable"
_HOOK = "FileFinder.path_hook.<locals>.path_hook_for_FileFinder"


@dataclass
class Use:
    """Numbers of directories and modules: recorded, of use, and of no use by reason, one of `reasons`."""

    level: str
    directories: int = 0
    modules: int = 0
    directories_used: int = 0
    modules_used: int = 0
    by_content: int = 0
    """Modules whose source has to be read, because its stamp says nothing."""
    directory_doubts: Counter[int] = field(default_factory=Counter)
    module_doubts: Counter[int] = field(default_factory=Counter)

    @property
    def summary(self) -> str:
        """One line: how much is of use."""
        content = f", {self.by_content} of them by content" if self.by_content else ""
        return (
            f"of use here at level {self.level}: {self.directories_used} of {self.directories} directories, "
            f"{self.modules_used} of {self.modules} modules{content}"
        )

    def lines(self) -> list[str]:
        """One line for each reason why something is not of use, with the remedy."""
        return [*_lines("directory", "directories", self.directory_doubts), *_lines("module", "modules", self.module_doubts)]

    def as_json(self) -> dict[str, object]:
        """Plain data."""
        names = ("level", "directories", "directories_used", "modules", "modules_used", "by_content")
        return {**{name: getattr(self, name) for name in names}, "reasons": self.lines()}


def _lines(one: str, many: str, doubts: Counter[int]) -> Iterator[str]:
    for reason, count in doubts.items():
        yield f"{count} {one if count == 1 else many}: {told(reason)}"


def told(reason: int) -> str:
    """A reason in words, with its remedy."""
    what, remedy = reasons.TEXTS[reason]
    return f"{what}; remedy: {remedy}"


def survey(reader: "SnapshotReader", level: str, roots: list[str] | None = None) -> Use:
    """Compare each stamp in a snapshot with the file, as a start would. `roots`: where they are now, if not as recorded.

    Raises `ValueError` where the snapshot is damaged. Sources whose stamps say nothing are read.
    """
    use = Use(level)
    for path, flags in decode.places(reader, "directories", roots):
        use.directories += 1
        doubt = _frozen_doubt(reader, flags) if level == "frozen" else _directory_doubt(reader, path, flags)
        if doubt:
            use.directory_doubts[doubt] += 1
        else:
            use.directories_used += 1
    for path, _ in decode.places(reader, "codes", roots):
        use.modules += 1
        doubt = reader.source_doubt(path, level == "frozen")
        use.by_content += doubt == BY_CONTENT
        if doubt > 0:
            use.module_doubts[doubt] += 1
        else:
            use.modules_used += 1
    return use


def _frozen_doubt(reader: "SnapshotReader", flags: int) -> int:
    is_for_us = not flags & UNLISTED and (not flags & PRIVATE or reader.facts()[3] == os.geteuid())
    return reasons.SOUND if flags & MISSING or is_for_us else reasons.FORBIDDEN


def _directory_doubt(reader: "SnapshotReader", path: str, flags: int) -> int:
    """Its listing is asked for as a start would; what the reader counts then, is the reason."""
    try:
        now = os.stat(path)
    except OSError:
        return reasons.SOUND if flags & MISSING else reasons.CHANGED
    before = reader.doubts()[0]
    times = (now.st_mtime_ns, now.st_ctime_ns)
    from fastimport.finding._tables import Kinds  # not at the top: the doctor has to run where nothing is built

    kinds = Kinds([(suffix, None) for suffix in reader.suffixes])  # type: ignore[misc]
    if reader.table(path, kinds, now.st_dev, now.st_ino, *times, now.st_nlink, False) is not None:
        return reasons.SOUND
    counts = zip(before, reader.doubts()[0])
    return next((number for number, (old, new) in enumerate(counts) if old != new), reasons.CHANGED)


def so_far(reader: "SnapshotReader") -> dict[str, int]:
    """What a program asked for and did not get from the snapshot in use, by reason; numbers of questions."""
    found = {}
    for what, counts in zip(("directories", "modules"), reader.doubts()):
        for number, count in enumerate(counts):
            if count:
                found[f"{what}: {told(number)}"] = count
    return found


def obstacle(hooks: object) -> str | None:
    """What keeps `frozen` from answering for directories at once: a path hook of others that stands before importlib's."""
    for hook in _items(hooks):
        name = getattr(hook, "__qualname__", None) or type(hook).__qualname__
        if name == _HOOK:
            return None
        if name != "zipimporter":
            where = f"{getattr(hook, '__module__', '?')}.{name}"
            return f"the path hook {where} stands before importlib's and is asked first, once for each; remedy: {_UNHOOK}"
    return "importlib's own path hook is not on sys.path_hooks"


def _items(hooks: object) -> Iterator[object]:
    try:
        yield from list(hooks)  # type: ignore[call-overload]
    except TypeError:
        return
