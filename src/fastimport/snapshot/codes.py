"""The code of a snapshot as it is written: templates where this interpreter can make code of them, marshalled bytes elsewhere."""

import sys
from collections.abc import Iterable
from typing import BinaryIO, NamedTuple

from fastimport.code._ready import fold_sum, unusable
from fastimport.snapshot import probe
from fastimport.snapshot._templates import TextTable, caches
from fastimport.snapshot.identity import build_number
from fastimport.snapshot.layout import aligned
from fastimport.snapshot.model import TEMPLATE_CODE, Source

_PIECE = 1 << 22


class Written(NamedTuple):
    """Where the code of a source is, counted from the first; of a size of 0 if there is none."""

    offset: int = 0
    size: int = 0
    checksum: int = 0
    marshalled: int = 0
    """Its size when marshalled."""
    digest: int = 0
    flags: int = 0
    """Those of what was loaded, and `TEMPLATE_CODE`."""

    @property
    def is_templates(self) -> bool:
        return bool(self.flags & TEMPLATE_CODE)


class CodeWriter:
    """Writes all code to the start of a stream, since the tables that come before it depend on it, and moves it then."""

    def __init__(self, stream: BinaryIO, templates: bool) -> None:
        self._stream = stream
        self._texts = TextTable() if templates and unusable(sys.hexversion) is None else None
        self.size = 0
        self.written: list[Written] = []
        self.probe = Written()

    def write(self, sources: Iterable[Source]) -> None:
        """A probe, and the code of each source, in their order."""
        if self._texts is not None:
            self.probe = self._write(probe.marshalled())
        for source in sources:
            loaded = source.load()
            written = self._write(loaded.code)
            self.written.append(written._replace(digest=loaded.digest, flags=loaded.flags | written.flags))

    def sections(self) -> dict[str, bytes]:
        """What the templates of all modules share."""
        texts, data = (b"", b"") if self._texts is None else self._texts.sections()
        return {"texts": texts, "text bytes": data, "caches": caches() if self._texts is not None else b""}

    def made_by(self) -> tuple[int, int]:
        """Release and build of the interpreter whose counters the templates have; zeros if there are none."""
        return (sys.hexversion, build_number()) if self.probe.is_templates else (0, 0)

    def move(self, to: int) -> None:
        """Move everything further back, the end first."""
        for end in range(self.size, 0, -_PIECE):
            start = max(0, end - _PIECE)
            self._stream.seek(start)
            data = self._stream.read(end - start)
            self._stream.seek(to + start)
            self._stream.write(data)

    def _write(self, marshalled: bytes) -> Written:
        if not marshalled:
            return Written()
        templates = None if self._texts is None else self._texts.encode(marshalled)
        data = marshalled if templates is None else templates
        offset = self.size
        self.size = aligned(offset + len(data), 16)
        self._stream.write(data.ljust(self.size - offset, b"\0"))
        return Written(offset, len(data), fold_sum(data), len(marshalled), flags=0 if templates is None else TEMPLATE_CODE)
