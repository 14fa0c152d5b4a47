"""Snapshots in tests: made of a tree, in memory or in a file, and put to use."""

import io
import os
import time
from contextlib import contextmanager, nullcontext
from dataclasses import dataclass

import fastimport
from fastimport.finding import finder
from fastimport.snapshot import attachment
from fastimport.snapshot._reader import SnapshotReader
from fastimport.snapshot.build import build
from fastimport.snapshot.encode import encode
from fastimport.snapshot.stamps import TICK_NS
from support.registration import registered

SETTLED_S = 1.5 * TICK_NS / 1e9


def settle():
    """Until stamps are older than the tick of the file system."""
    time.sleep(SETTLED_S)


def contents_of(path, **options):
    return build([os.fspath(entry) for entry in path], **options)


def encoded(contents):
    stream = io.BytesIO()
    assert encode(contents, stream) == len(stream.getvalue())
    return stream.getvalue()


def reader_of(path, level="checked", **options):
    """A reader of a new snapshot of a search path, ready to be asked."""
    reader = SnapshotReader(data=encoded(contents_of(path, **options)))
    attachment.use(reader, level)
    attachment.detach()
    return reader


@contextmanager
def in_use(reader, level):
    """Everything that fastimport finds and loads goes by the snapshot."""
    already = fastimport.installed()
    with nullcontext() if already else registered("meta_path", snapshot="none"):
        finder.set_freshness(finder.resolver, level)
        attachment.use(reader, level)
        try:
            yield reader
        finally:
            attachment.detach()
            finder.set_freshness(finder.resolver, "checked")


@dataclass(frozen=True)
class TakeSnapshot:
    """A step of a history: from now on the candidate has a snapshot of the stage as it is now."""

    level: str = "checked"

    def take(self, stage):
        settle()
        entries = [stage.at(name) for name in ("a", "b", "c", "late", "a/p")]
        attachment.use(SnapshotReader(data=encoded(contents_of(entries))), self.level)
