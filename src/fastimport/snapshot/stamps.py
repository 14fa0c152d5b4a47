"""Whether a stamp says that a file is unchanged: only if the kernel can have made it.

A ctime can't be set by a program, but the maker of an image can choose it. In the next image in the same place, inode and times
are the same and the content is not. So a stamp is believed where a kernel is known to keep it, and not where it looks chosen.
"""

import os
import stat
from collections.abc import Iterable

from fastimport.snapshot import mounts, reasons
from fastimport.snapshot._stamps import provenance, system_of
from fastimport.snapshot.model import RACY, Directory, Source, Stamp

TICK_NS = 10_000_000
"""As in _tables.pyx: what changes within this time of a stamp may not show in it."""
_SECOND_NS = 1_000_000_000
_FEWEST_SHARED = 3
"""So many files with one ctime, and nothing on the way to them with another, are no coincidence."""
_OVERLAY, _FUSE, _9P = 0x794C7630, 0x65735546, 0x01021997
_IMAGES = {
    0x73717368: "squashfs", 0xE0F5E1E2: "erofs", 0x28CD3D45: "cramfs", 0x7275: "romfs", 0x9660: "iso9660", 0x15013346: "udf",
}  # fmt: skip
_KEPT = {
    0xEF53: "ext4", 0x58465342: "xfs", 0x9123683E: "btrfs", 0x01021994: "tmpfs", 0x858458F6: "ramfs", 0xF2F52010: "f2fs",
    0x2FC12FC1: "zfs", 0xCA451A4E: "bcachefs", 0x3153464A: "jfs", 0x52654973: "reiserfs", 0x3434: "nilfs2", 0x24051905: "ubifs",
    0x7366746E: "ntfs3", 0x7461636F: "ocfs2", 0x01161970: "gfs2", 0x6969: "nfs", 0x00C36400: "ceph", 0x0BD00BD0: "lustre",
    0x47504653: "gpfs", 0x19830326: "beegfs", 0xFF534D42: "cifs", 0xFE534D42: "smb", 0xAAD7AAEA: "panfs",
}  # fmt: skip
"""Types whose kernel, here or on the server, writes the ctime at each change, and nothing else does."""
_ROOTED = (0xEF53, 0x58465342, 0x01021994, 0xF2F52010)
"""Types whose root was made with the file system; that of an overlay, or of an export, may be younger than what is in it."""


def file_of(found: os.stat_result) -> Stamp:
    """What is compared within one process: the device number stands for the file system."""
    return Stamp(found.st_dev, found.st_ino, found.st_mtime_ns, found.st_ctime_ns)


class Judge:
    """Judges stamps for one recording; what it learns of a file system, or a mount, it asks once."""

    def __init__(self) -> None:
        self._systems: dict[int, tuple[int, int]] = {}
        self._mounts: list[mounts.Mount] | None = None
        self._made: dict[int, int] = {}
        self._on: dict[int, list[Directory | Source]] = {}
        self._ctimes: dict[int, set[int]] = {}

    def system(self, path: str, found: os.stat_result) -> tuple[int, int]:
        """The number of a file system and its type; `found` is the stat result of `path`."""
        if found.st_dev not in self._systems:
            self._systems[found.st_dev] = system_of(path, found.st_dev)
        return self._systems[found.st_dev]

    def stamp(self, path: str, found: os.stat_result) -> Stamp:
        """What is recorded: the file system's own identity stands for it."""
        links = found.st_nlink if stat.S_ISDIR(found.st_mode) else 0
        return Stamp(self.system(path, found)[0], found.st_ino, found.st_mtime_ns, found.st_ctime_ns, links)

    def doubt(self, path: str, found: os.stat_result, now_ns: int) -> int:
        """Why the stamp says nothing, one of `reasons`, or `SOUND`. `now_ns` is the time before the file was looked at."""
        if not (found.st_mtime_ns and found.st_ctime_ns):
            return reasons.NO_TIMES
        doubt = self._doubt_system(path, found)
        if doubt:
            return doubt
        if found.st_ctime_ns % _SECOND_NS == 0:
            return reasons.WHOLE_SECONDS
        if now_ns - max(found.st_mtime_ns, found.st_ctime_ns) < TICK_NS:
            return reasons.RECENT
        birth_ns, number = provenance(path)
        making_ns = self._making_of(path, number) if self.system(path, found)[1] in _ROOTED else 0
        return reasons.OLDER if found.st_ctime_ns < max(birth_ns, making_ns) else reasons.SOUND

    def _doubt_system(self, path: str, found: os.stat_result) -> int:
        kind = self.system(path, found)[1]
        if not kind or kind in _KEPT:  # 0: no Linux
            return reasons.SOUND
        if kind in _IMAGES:
            return reasons.IMAGE
        if kind == _OVERLAY:
            return self._doubt_layers(path, found)
        if kind == _FUSE:
            return self._doubt_program(path, found)
        return reasons.USER_SPACE if kind == _9P else reasons.UNKNOWN

    def _doubt_layers(self, path: str, found: os.stat_result) -> int:
        """An overlay hands times through. That the layer below tells when the file was made, is what no erofs or squashfs
        does. A directory that is merged has one link; its times are those of the topmost layer."""
        if stat.S_ISDIR(found.st_mode) and found.st_nlink < 2:
            return reasons.MERGED
        birth_ns, number = provenance(path)
        mount = self._mount(path, number)
        has_data_elsewhere = mount is not None and "metacopy=on" in mount.options and not stat.S_ISDIR(found.st_mode)
        return reasons.SOUND if birth_ns and not has_data_elsewhere else reasons.LAYERED

    def _doubt_program(self, path: str, found: os.stat_result) -> int:
        """A program that shows a directory of this machine as it is (bindfs) names it as its source: then that is judged."""
        real = os.path.realpath(path)
        mount = self._mount(real, provenance(path)[1])
        below = mounts.counterpart(real, mount) if mount is not None else None
        try:
            other = os.stat(below) if below is not None and below != real else None
        except OSError:
            other = None
        if below is None or other is None or other.st_dev == found.st_dev:
            return reasons.USER_SPACE
        is_same = (other.st_mtime_ns, other.st_ctime_ns, other.st_size) == (found.st_mtime_ns, found.st_ctime_ns, found.st_size)
        return self.doubt(below, other, other.st_ctime_ns + TICK_NS) if is_same else reasons.USER_SPACE

    def _mount(self, path: str, number: int) -> mounts.Mount | None:
        if self._mounts is None:
            self._mounts = mounts.read_mounts()
        return mounts.holding(os.path.realpath(path), number, self._mounts)

    def _making_of(self, path: str, number: int) -> int:
        """When the file system was made: the birth of its root, if that is what is mounted. 0 if that can't be told."""
        if number not in self._made:
            mount = self._mount(path, number)
            is_whole = mount is not None and mount.root == "/"
            self._made[number] = provenance(mount.point)[0] if mount is not None and is_whole else 0
        return self._made[number]

    def note(self, recorded: Directory | Source, found: os.stat_result) -> None:
        """Remember what was recorded, for `doubt_shared`."""
        self._on.setdefault(found.st_dev, []).append(recorded)
        ctimes = self._ctimes.setdefault(found.st_dev, set())
        if len(ctimes) < 2:
            ctimes.add(found.st_ctime_ns)
            ctimes.update(_ctimes_above(recorded.path, found.st_dev))

    def doubt_shared(self) -> None:
        """Mark what is on a file system where everything recorded, and all above it, has one and the same ctime."""
        for device, ctimes in self._ctimes.items():
            if len(ctimes) == 1 and len(self._on[device]) >= _FEWEST_SHARED:
                mark_all(self._on[device], reasons.SHARED)


def mark_all(records: Iterable[Directory | Source], reason: int) -> None:
    """Mark the stamps of records that are not marked yet."""
    for record in records:
        if not record.flags & RACY:
            record.flags |= marked(reason)


def marked(reason: int) -> int:
    """The flags that say why a stamp says nothing; 0 if it says something."""
    return RACY | reason << reasons.SHIFT if reason else 0


def _ctimes_above(path: str, device: int) -> Iterable[int]:
    """Of the directories above, as far as they are on the same device."""
    real = os.path.realpath(path)
    while real != "/":
        real = os.path.dirname(real)
        try:
            found = os.stat(real)
        except OSError:
            return
        if found.st_dev != device:
            return
        yield found.st_ctime_ns
