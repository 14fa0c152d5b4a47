"""Imports of an MPI job: one rank reads or builds a snapshot, every rank imports from it.

`install` is collective, and the only thing here that is. Afterwards each rank imports what it likes in the order it likes, and
resolves and loads pure modules without a file-system call.
"""

import os
import shutil
import tempfile
from contextlib import contextmanager
from importlib.machinery import EXTENSION_SUFFIXES

from fastimport import activation
from fastimport.finding import finder

SHARED_MEMORY = "/dev/shm"


class SnapshotError(RuntimeError):
    """The root rank has no snapshot to give; raised on every rank, with the root's reason."""


def install(comm=None, root=0, *, snapshot=None, register="meta_path"):
    """Install fastimport on every rank of `comm`, at the level ``frozen``, from one snapshot that rank `root` provides.

    comm
        An mpi4py communicator; None: ``MPI.COMM_WORLD``. Every rank of it must call.
    root
        The rank that reads the file system for all.
    snapshot
        The path of one made by ``fastimport build --by-content``, read by the root; None: the root builds one of all that can be
        imported from its ``sys.path``, which takes a second for every few thousand modules.
    register
        As for `fastimport.install`.

    The bytes go once to each node, into a private file in shared memory, which the ranks of the node map and which has no name
    any more when this returns. Where a rank can't use them (another version of Python, say), importlib does its work and its
    `fastimport.stats` says why. Raises `SnapshotError` on all ranks alike if the root fails.
    """
    from mpi4py import MPI

    comm = MPI.COMM_WORLD if comm is None else comm
    with _groups(comm, root, MPI) as (node, leaders):
        data = _provide(snapshot) if comm.rank == root else None
        problem = comm.bcast(data if isinstance(data, str) else None, root=root)
        if problem is not None:
            raise SnapshotError(f"rank {root}: {problem}")
        directory = _place(leaders, data, MPI) if node.rank == 0 else None
        _use(node, node.bcast(directory, root=0), register)


@contextmanager
def _groups(comm, root, MPI):
    """The ranks of this node, and the first ranks of all nodes (null elsewhere); the root comes first in both."""
    turn = (comm.rank - root) % comm.size
    node = comm.Split_type(MPI.COMM_TYPE_SHARED, key=turn)
    leaders = comm.Split(0 if node.rank == 0 else MPI.UNDEFINED, key=turn)
    try:
        yield node, leaders
    finally:
        for each in (leaders, node):
            if each != MPI.COMM_NULL:
                each.Free()


def _use(node, directory, register):
    """Install from the directory of this node, which is removed as soon as every rank of the node has the file mapped."""
    try:
        if directory is None:
            if finder.resolver is not None:
                finder.resolver.refuse("mpi: no room for the snapshot on this node, in shared memory or among temporary files")
        else:
            activation.install(freshness="frozen", snapshot=os.path.join(directory, "snapshot"), register=register)
    finally:
        node.Barrier()
        if node.rank == 0 and directory is not None:
            shutil.rmtree(directory, ignore_errors=True)


def _provide(path):
    """The root's bytes, or the reason why it has none, as text: an exception on one rank alone would leave the others waiting."""
    try:
        if path is None:
            from fastimport.snapshot.api import Snapshot

            return Snapshot.build(by_content=True).to_bytes()
        return _read(path)
    except Exception as error:
        return f"{type(error).__name__}: {error}"


def _read(path):
    from fastimport.snapshot import attachment

    reader = attachment.open_snapshot(os.fspath(path))
    moving = [place for place, moves in reader.roots() if moves]
    if moving:
        raise ValueError(f"{path} moves with the environment that it lies in ({', '.join(moving)}): build it elsewhere, with -o")
    with open(path, "rb") as file:
        return file.read()


def _place(leaders, data, MPI):
    """Give the bytes to all nodes; a new directory of this node that has them, or None if it has no room."""
    size = leaders.bcast(None if data is None else len(data), root=0)
    buffer = bytearray(size) if data is None else bytearray(data)
    leaders.Bcast([buffer, MPI.BYTE], root=0)
    for parent in (SHARED_MEMORY, None):
        directory = None
        try:
            directory = tempfile.mkdtemp(prefix="fastimport-", dir=parent)
            with open(os.path.join(directory, "snapshot"), "xb", opener=_private) as file:
                file.write(buffer)
            return directory
        except OSError:
            if directory is not None:
                shutil.rmtree(directory, ignore_errors=True)
    return None


def _private(path, flags):
    return os.open(path, flags, 0o400)


def extension_modules():
    """Files of the extension modules that the snapshot in use knows, to be copied to each node's own disk beforehand.

    The dynamic loader opens them, and the libraries that they need, by itself. Empty if no snapshot is in use. Not collective.
    """
    from fastimport.snapshot import attachment, decode, identity

    reader, _ = attachment.attached()
    kinds = [(number, suffix) for number, suffix in enumerate(identity.suffixes(), 1) if suffix in EXTENSION_SUFFIXES]
    return [
        f"{directory.path}/{stem}{suffix}"
        for directory in (decode.directories(reader) if reader is not None else ())
        for stem, name in sorted(directory.names.items())
        for number, suffix in kinds
        if name.resolved >> number & 1
    ]
