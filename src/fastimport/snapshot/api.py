"""`fastimport.Snapshot`: making, keeping and comparing snapshots from Python."""

import io
import os
from collections.abc import Sequence

from fastimport.snapshot import attachment, build, decode, store
from fastimport.snapshot._reader import SnapshotReader
from fastimport.snapshot.encode import encode
from fastimport.snapshot.usefulness import Use, survey
from fastimport.snapshot.verify import Problem, verify


class Snapshot:
    """Directory tables and code of what can be imported. `fastimport.install` takes the path of a saved one."""

    def __init__(self, data: bytes | None = None, reader: SnapshotReader | None = None) -> None:
        """Not called directly: use `build`, `load` or `from_bytes`."""
        self._data = data
        self._roots: list[str] | None = None
        self._reader = reader if reader is not None else SnapshotReader(data=data)

    @classmethod
    def build(cls, path: Sequence[str] | None = None, *, by_content: bool = False) -> "Snapshot":
        """Of everything that can be imported from `path` (default: ``sys.path`` without its first entry). Nothing is executed.

        `by_content`: no stamps are kept, and bytecode is not believed for the times of its source, so that equal trees give
        equal bytes.
        """
        stream = io.BytesIO()
        encode(build.build(path, by_content=by_content), stream)
        return cls(stream.getvalue())

    @classmethod
    def load(cls, path: "str | os.PathLike[str]") -> "Snapshot":
        """A saved snapshot, mapped; if it was moved with its environment, it is about the new place.

        Raises `ValueError` if it would be refused: not there, not safe, damaged, or made for another interpreter.
        """
        try:
            reader = attachment.open_snapshot(os.fspath(path))
        except attachment.Refused as error:
            raise ValueError(str(error))
        loaded = cls(reader=reader)
        loaded._roots = attachment.present_roots(reader, os.fspath(path))
        return loaded

    @classmethod
    def from_bytes(cls, data: bytes) -> "Snapshot":
        """The reverse of `to_bytes`. Raises `ValueError` if the data is damaged."""
        return cls(bytes(data))

    def to_bytes(self) -> bytes:
        """The bytes of the file."""
        if self._data is None:
            raise ValueError("a snapshot that was loaded is in its file")
        return self._data

    def save(self, path: "str | os.PathLike[str]") -> None:
        """Write it to a file, whole or not at all. Raises `OSError` if that can't be done."""
        store.save_bytes(self.to_bytes(), os.fspath(path))

    def facts(self) -> dict[str, object]:
        """What it says of itself: sizes, counts, roots, for which interpreter it was made."""
        return decode.facts(self._reader)

    def use(self, level: str = "checked") -> Use:
        """How much of it is of use here at a level, and why the rest is not: stamps, and where they say nothing, contents."""
        self._reader.set_roots(self._roots or [root for root, _ in self._reader.roots()])
        return survey(self._reader, level, self._roots)

    def verify(self) -> list[Problem]:
        """Compare it with the file system: what is damaged, stale or wrong; empty if nothing is."""
        return list(verify(self._reader, self._roots))
