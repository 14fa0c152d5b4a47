"""On which file system a path lies, and whether asking it goes over a network.

Linux says it in ``/proc/self/mountinfo``. Where that can't be read, statfs(2) gives a number for the type. Elsewhere the
answer is ``unknown``.
"""

import os
import re
import sys
from typing import NamedTuple

MOUNTINFO = "/proc/self/mountinfo"

LOCAL, NETWORK, SHARED, LAYERED, USER_SPACE, UNKNOWN = "local", "network", "host share", "layered", "user space", "unknown"

_CATEGORIES = {
    NETWORK: "nfs nfs4 cifs smb3 smbfs ncpfs afs ceph lustre gpfs beegfs beegfs_nodev pvfs2 orangefs glusterfs panfs wekafs "
    "ocfs2 gfs2 coda davfs curlftpfs sshfs s3fs goofys gcsfuse rclone juicefs mountpoint-s3 cvmfs2 blobfuse "
    "blobfuse2 dvs vmhgfs-fuse",
    SHARED: "9p virtiofs vboxsf prl_fs vmhgfs drvfs fakeowner",
    LAYERED: "overlay overlayfs aufs unionfs fuse-overlayfs",
}
_CATEGORY = {kind: category for category, kinds in _CATEGORIES.items() for kind in kinds.split()}

_MAGIC = {
    0x6969: "nfs",
    0xFF534D42: "cifs",
    0xFE534D42: "smb3",
    0x517B: "smbfs",
    0x5346414F: "afs",
    0x00C36400: "ceph",
    0x0BD00BD0: "lustre",
    0x47504653: "gpfs",
    0x19830326: "beegfs",
    0x20030528: "orangefs",
    0xAAD7AAEA: "panfs",
    0x7461636F: "ocfs2",
    0x01161970: "gfs2",
    0x73757245: "coda",
    0x01021997: "9p",
    0x6A656A63: "virtiofs",
    0x786F4256: "vboxsf",
    0x794C7630: "overlay",
    0x61756673: "aufs",
    0x65735546: "fuse",
    0xEF53: "ext4",
    0x58465342: "xfs",
    0x9123683E: "btrfs",
    0x2FC12FC1: "zfs",
    0x01021994: "tmpfs",
    0x73717368: "squashfs",
    0xE0F5E1E2: "erofs",
    0xF2F52010: "f2fs",
}


class FileSystem(NamedTuple):
    """What a path lies on: the kernel's name of the type, where it is mounted and from what, and what that means."""

    kind: str
    category: str
    mount_point: str | None = None
    source: str | None = None

    @property
    def is_remote(self) -> bool:
        """Whether each question about a file may leave this machine, or this virtual machine."""
        return self.category in (NETWORK, SHARED)

    def __str__(self) -> str:
        return self.kind if self.category in (LOCAL, UNKNOWN) else f"{self.kind} ({self.category})"


class Mount(NamedTuple):
    """A line of mountinfo."""

    point: str
    kind: str
    source: str


def read_mounts(name: str = MOUNTINFO) -> list[Mount]:
    """The mounts that this process sees, in the order in which they were made; none where the kernel does not tell."""
    try:
        with open(name, encoding="utf-8", errors="surrogateescape") as file:
            return [mount for line in file if (mount := _parse(line))]
    except OSError:
        return []


def identify(path: str, mounts: list[Mount] | None = None) -> FileSystem:
    """Say what `path` lies on, links followed. It may wait for a server that does not answer (see `latency`)."""
    real = os.path.realpath(path or os.curdir)
    holding = [mount for mount in (read_mounts() if mounts is None else mounts) if _holds(mount.point, real)]
    if not holding:
        kind = _kind_by_magic(real)
        return FileSystem(kind, categorize(kind))
    longest = max(len(mount.point) for mount in holding)
    mount = [mount for mount in holding if len(mount.point) == longest][-1]  # a later mount hides an earlier one
    return FileSystem(mount.kind, categorize(mount.kind), mount.point, mount.source)


def categorize(kind: str) -> str:
    """What a type of file system means for the cost of a question: one of the constants above."""
    if kind == UNKNOWN:
        return UNKNOWN
    name = kind.removeprefix("fuse.")
    return _CATEGORY.get(name) or (USER_SPACE if kind.startswith("fuse") and kind != "fuseblk" else LOCAL)


def _parse(line: str) -> Mount | None:
    """proc(5): fields, a varying number of optional ones, a hyphen, type, source."""
    fields = line.split(" ")
    if "-" not in fields[6:] or len(fields) < fields.index("-", 6) + 3:
        return None
    end = fields.index("-", 6)
    return Mount(_unescape(fields[4]), fields[end + 1], _unescape(fields[end + 2]))


def _unescape(text: str) -> str:
    return re.sub(r"\\([0-7]{3})", lambda match: chr(int(match[1], 8)), text)


def _holds(point: str, path: str) -> bool:
    return path == point or path.startswith(point.rstrip("/") + "/")


def _kind_by_magic(path: str) -> str:
    if sys.platform != "linux":
        return UNKNOWN
    magic = _magic(path)
    return UNKNOWN if magic is None else _MAGIC.get(magic, f"type 0x{magic:x}")


def _magic(path: str) -> int | None:
    """The first member of struct statfs; the buffer is larger than the struct is anywhere."""
    try:
        import ctypes

        libc = ctypes.CDLL(None, use_errno=True)
    except (ImportError, OSError):
        return None
    buffer = (ctypes.c_long * 64)()
    if libc.statfs(os.fsencode(path), buffer):
        return None
    word = ctypes.c_uint if os.uname().machine == "s390x" else ctypes.c_long
    return int(word.from_buffer(buffer).value) & 0xFFFFFFFF
