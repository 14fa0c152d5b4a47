"""Opening a snapshot and giving it to the resolver and the bytecode reader. Loaded only when a snapshot is asked for."""

import _imp
import os
import sys

from fastimport.finding import finder
from fastimport.snapshot import identity
from fastimport.snapshot.trust import Refused, check_place, open_trusted


class _Attached:
    """What is in use: one per interpreter."""

    reader = path = None


def attach(path, freshness):
    """Use the snapshot at `path` at a level. Raises `Refused`; then nothing is used."""
    detach()
    reader = open_snapshot(path)
    try:
        relocate(reader, path)
    except ValueError as error:  # what is no path, or out of bounds, in a file whose checksums are right
        raise Refused(f"{path}: {error}")
    use(reader, freshness, path)
    return reader


def attach_any(path, freshness, environment):
    """Use the snapshot that settings ask for: the level that results, what undoes it, and why it was refused, or None.

    `path` may be "auto", or None for the level frozen without a snapshot.
    """
    undo = detach
    try:
        if path is None:
            raise Refused("the level frozen needs one; fastimport build makes it")
        if path == "auto":
            if freshness == "frozen":
                freshness = "checked"
                raise Refused("an automatic one can't be frozen, it would never be renewed")
            from fastimport.snapshot.places import automatic_snapshot

            path = automatic_snapshot(environment)
            if path is None:
                raise Refused("no place for an automatic one: neither FASTIMPORT_CACHE_DIR nor HOME is set")
            undo = _keep_automatic(path, environment)
            if not os.path.lexists(path):
                check_place(path)
                from fastimport.snapshot.attempts import failure

                return freshness, undo, failure(path)
        attach(path, freshness)
    except Refused as error:
        return freshness, undo, str(error)
    return freshness, undo, None


def _keep_automatic(path, environment):
    if environment.readonly:
        return detach
    import atexit

    from fastimport.snapshot import recording

    renew = recording.keep_automatic(path, lambda: _Attached.reader)

    def undo():
        atexit.unregister(renew)
        detach()

    return undo


def use(reader, freshness, path=None):
    """Give an opened snapshot to the finder and the bytecode reader."""
    reader.serve(identity.suffixes(), _imp._fix_co_filename, freshness == "frozen", finder.external.FileFinder)
    reader.prepare(sys.hexversion, identity.build_number(), finder.resolver.refuse)
    finder.resolver.use_snapshot(reader)
    if finder.reader is not None:
        finder.reader.use_snapshot(reader)
    _Attached.reader, _Attached.path = reader, path


def detach():
    """Use no snapshot any more."""
    if _Attached.reader is not None:
        finder.resolver.use_snapshot(None)
        if finder.reader is not None:
            finder.reader.use_snapshot(None)
    _Attached.reader = _Attached.path = None


def attached():
    """The `SnapshotReader` in use and its path, or None twice."""
    return _Attached.reader, _Attached.path


def open_snapshot(path):
    """A `SnapshotReader` of a file that may be trusted and was made for this interpreter. Raises `Refused`."""
    try:
        from fastimport.snapshot._reader import SnapshotReader
    except ImportError as error:
        raise Refused(f"compiled module: {error}")
    descriptor, found = open_trusted(path)
    try:
        reader = SnapshotReader(descriptor, found.st_size)
    except (ValueError, OSError, MemoryError) as error:
        raise Refused(f"{path}: {error}")
    finally:
        os.close(descriptor)
    reason = identity.difference(reader.identity)
    if reason is not None:
        raise Refused(f"{path}: {reason}")
    return reader


def relocate(reader, path):
    """Put roots that move with the file where they are now."""
    recorded, now = [root for root, _ in reader.roots()], present_roots(reader, path)
    if now != recorded:
        reader.set_roots(now)


def present_roots(reader, path):
    """Where the roots are now, in their order: those that move with the file lie, seen from it, as when it was made."""
    roots, home = reader.roots(), reader.facts()[4]
    here = os.path.dirname(os.path.abspath(path))
    if not home or here == home or os.path.realpath(here) == os.path.realpath(home):
        return [root for root, _ in roots]
    return [os.path.normpath(os.path.join(here, os.path.relpath(root, home))) if moves else root for root, moves in roots]
