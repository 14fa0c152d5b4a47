"""Which stamps are believed: those that a kernel can have made. What stat, statfs, statx and mountinfo say is faked here.

tests/snapshot/test_mounts.py has the same with real file systems, where they can be mounted.
"""

import compileall
import os
import re
import stat
import sys
from pathlib import Path

import pytest
from support import plant
from support.snapshots import contents_of, encoded, in_use, settle

import fastimport
from fastimport.snapshot import build, mounts, reasons, stamps
from fastimport.snapshot._reader import SnapshotReader
from fastimport.snapshot._stamps import provenance, system_of
from fastimport.snapshot.model import Directory, Source
from fastimport.snapshot.stamps import Judge, marked

SECOND = 10**9
NOW = 1_800_000_000 * SECOND
CTIME, MTIME = NOW - 100 * SECOND + 123_456_789, NOW - 200 * SECOND
EXT4, XFS, TMPFS, NFS = 0xEF53, 0x58465342, 0x01021994, 0x6969
OVERLAY, FUSE, SQUASHFS, EROFS, HOST = 0x794C7630, 0x65735546, 0x73717368, 0xE0F5E1E2, 0x01021997


def found(ctime=CTIME, mtime=MTIME, mode=stat.S_IFREG | 0o644, links=1, device=5, inode=7, size=10):
    """A stat result; the times in ns."""
    fields = {"st_mtime_ns": mtime, "st_ctime_ns": ctime, "st_atime_ns": mtime}
    return os.stat_result((mode, inode, device, links, 0, 0, size, 0, 0, 0), fields)


def found_directory(**fields):
    return found(**{"mode": stat.S_IFDIR | 0o755, "links": 3} | fields)


@pytest.fixture
def system(monkeypatch):
    """What the system says of every file; to be changed by the test."""

    class System:
        kind, birth_ns, mount, lines = EXT4, 0, 0, []
        births = {}

    monkeypatch.setattr(stamps, "system_of", lambda path, device: (99, System.kind))
    monkeypatch.setattr(stamps, "provenance", lambda path: (System.births.get(path, System.birth_ns), System.mount))
    monkeypatch.setattr(mounts, "read_mounts", lambda: [mounts.parsed(line) for line in System.lines])
    System.births = {}
    return System


def doubt(result, path="/somewhere/file"):
    return Judge().doubt(path, result, NOW)


@pytest.mark.parametrize("kind", [EXT4, XFS, TMPFS, NFS])
@pytest.mark.parametrize("make", [found, found_directory])
def test_what_a_kernel_writes_is_believed(system, kind, make):
    """Also where file and directory were just written, so that both times are one; and with the mtime of an archive."""
    system.kind = kind
    assert doubt(make()) == doubt(make(mtime=CTIME)) == doubt(make(mtime=1)) == reasons.SOUND


@pytest.mark.parametrize("kind", [EXT4, XFS, TMPFS, NFS, OVERLAY])
@pytest.mark.parametrize(("ctime", "mtime"), [(CTIME // SECOND * SECOND, MTIME), (MTIME, MTIME), (SECOND, CTIME)])
def test_a_ctime_in_whole_seconds_is_a_makers(system, kind, ctime, mtime):
    """`mke2fs -d`, with SOURCE_DATE_EPOCH or without, below an overlay, or exported."""
    system.kind, system.birth_ns = kind, 1
    assert doubt(found(ctime=ctime, mtime=mtime)) == reasons.WHOLE_SECONDS


@pytest.mark.parametrize("kind", [EXT4, XFS, TMPFS, OVERLAY])
def test_a_file_is_not_older_than_itself(system, kind):
    """An image tool copies the ctime of another file into a new one."""
    system.kind, system.birth_ns = kind, CTIME + 1
    assert doubt(found()) == reasons.OLDER
    system.birth_ns = CTIME
    assert doubt(found()) == reasons.SOUND


def test_a_file_is_not_older_than_its_file_system(system):
    """Where the root is what was made with it: not of a directory that is mounted by itself, nor of an overlay or an export."""
    system.mount, system.births = 3, {"/image": CTIME + 1}
    system.lines = ["3 1 7:0 / /image rw - ext4 /dev/loop0 rw"]
    assert doubt(found()) == reasons.OLDER
    system.lines = ["3 1 7:0 /part /image rw - ext4 /dev/loop0 rw"]
    assert doubt(found()) == reasons.SOUND
    for kind, name in ((OVERLAY, "overlay"), (NFS, "nfs4")):
        system.kind, system.lines, system.birth_ns = kind, [f"3 1 0:40 / /image rw - {name} x rw"], 1
        assert doubt(found()) == reasons.SOUND


UNSOUND = [(SQUASHFS, reasons.IMAGE), (EROFS, reasons.IMAGE), (FUSE, reasons.USER_SPACE), (HOST, reasons.USER_SPACE)]


@pytest.mark.parametrize(("kind", "reason"), [*UNSOUND, (77, reasons.UNKNOWN)])
def test_what_no_kernel_keeps_is_not_believed(system, kind, reason):
    """However good its times look."""
    system.kind = kind
    assert doubt(found()) == doubt(found_directory()) == reason


def test_times_that_are_not_kept(system):
    assert doubt(found(ctime=0)) == doubt(found(mtime=0)) == reasons.NO_TIMES


@pytest.mark.parametrize("late", ["ctime", "mtime"])
def test_within_the_tick_of_the_last_change(system, late):
    assert doubt(found(**{late: NOW - stamps.TICK_NS + 1})) == reasons.RECENT
    assert doubt(found(**{late: NOW - stamps.TICK_NS - 1})) == reasons.SOUND


def test_an_overlay_is_looked_through(system):
    """What lies below tells when the file was made, or it may be an image: erofs and squashfs don't tell."""
    system.kind = OVERLAY
    assert doubt(found()) == doubt(found_directory()) == reasons.LAYERED
    system.birth_ns = CTIME - 5
    assert doubt(found()) == doubt(found_directory()) == reasons.SOUND
    assert doubt(found_directory(links=1)) == reasons.MERGED
    system.mount, system.lines = 4, ["4 1 0:40 / / rw - overlay overlay rw,lowerdir=/x,metacopy=on"]
    assert doubt(found()) == reasons.LAYERED  # the data may be another layer's
    assert doubt(found_directory()) == reasons.SOUND


def test_a_program_that_shows_a_directory_is_looked_through(system, monkeypatch, root):
    """bindfs names its source. The file there is judged, if it is the same; whoever shows something else is not believed."""
    plant(root, {"m.py": "", "x.py": ""})
    below = os.path.join(root, "m.py")
    real = os.stat(below)
    kinds = {real.st_dev: EXT4, 5: FUSE}
    monkeypatch.setattr(stamps, "system_of", lambda path, device: (99, kinds[device]))
    system.mount, system.lines = 4, [f"4 1 0:40 / /shown rw - fuse {root} rw"]
    shown = found(ctime=real.st_ctime_ns, mtime=real.st_mtime_ns, size=real.st_size)
    now = real.st_ctime_ns + SECOND
    assert Judge().doubt("/shown/m.py", shown, now) == reasons.SOUND
    assert Judge().doubt("/shown/gone.py", shown, now) == reasons.USER_SPACE
    assert Judge().doubt("/shown/m.py", found(ctime=real.st_ctime_ns, mtime=5, size=real.st_size), now) == reasons.USER_SPACE
    system.birth_ns = real.st_ctime_ns + 1
    assert Judge().doubt("/shown/m.py", shown, now) == reasons.OLDER
    system.birth_ns, system.lines = 0, ["4 1 0:40 / /shown rw - fuse.squashfuse squashfuse rw"]
    assert Judge().doubt("/shown/m.py", shown, now) == reasons.USER_SPACE


def noted(judge, results):
    records = [Directory(f"/nowhere/{number}") for number, _ in enumerate(results)]
    for record, result in zip(records, results):
        judge.note(record, result)
    judge.doubt_shared()
    return [record.flags for record in records]


def test_a_ctime_that_everything_has_was_chosen():
    """Three or more files; one with another ctime is a sign of life; other file systems don't count."""
    same, other = found(), found(ctime=CTIME + 1)
    assert noted(Judge(), [same] * 3) == [marked(reasons.SHARED)] * 3
    assert noted(Judge(), [same, same]) == [0, 0]
    assert noted(Judge(), [same, same, same, other]) == [0] * 4
    assert noted(Judge(), [same] * 3 + [found(ctime=CTIME + 1, device=6)]) == [marked(reasons.SHARED)] * 3 + [0]


def test_a_ctime_that_everything_has_but_what_is_above(root):
    """A small tree that was written within one tick, in a directory that has been there for longer."""
    plant(root, {"a.py": "", "b.py": "", "c.py": ""})
    paths = [os.path.join(root, name) for name in ("a.py", "b.py", "c.py")]
    device = os.stat(root).st_dev
    judge, records = Judge(), [Source(path, lambda: None) for path in paths]
    for record in records:
        judge.note(record, found(device=device))
    judge.doubt_shared()
    assert [record.flags for record in records] == [0, 0, 0]


def test_mountinfo_is_read_as_it_is_written(root):
    lines = [
        "36 35 7:0 / /srv/software ro,nodev shared:1 master:2 - squashfs /dev/loop0 ro",
        "37 35 0:42 / /a\\040b rw,noatime - fuse.x /the\\040source rw,user_id=0",
        "38 35 8:1 /sub / rw - ext4 /dev/sda1 rw",
        "nonsense",
        "39 35 8:2 / /srv/software/deep rw - xfs /dev/sdb rw",
    ]
    plant(root, {"mountinfo": "\n".join(lines) + "\n"})
    read = mounts.read_mounts(f"{root}/mountinfo")
    assert [mount.number for mount in read] == [36, 37, 38, 39]
    assert read[1] == mounts.Mount(37, "/", "/a b", "fuse.x", "/the source", ("rw", "user_id=0"))
    assert mounts.holding("/srv/software/deep/er", 0, read).number == 39
    assert mounts.holding("/srv/softwares", 0, read).number == 38
    assert mounts.holding("/a b/c", 36, read).number == 36
    assert mounts.holding("/a b/c", 99, read).number == 37
    assert mounts.read_mounts(f"{root}/none") == []


def test_what_the_system_says_is_asked_once_for_each_file_system(monkeypatch, root):
    plant(root, {"a.py": "", "b.py": ""})
    asked = []
    monkeypatch.setattr(stamps, "system_of", lambda path, device: asked.append(device) or (1, EXT4))
    build.build([root])
    assert len(asked) == len(set(asked))


def test_the_real_system(root):
    """A file of now: its file system has a number, always the same, and it was made before its last change."""
    plant(root, {"m.py": "", "p": {"n.py": ""}})
    device = os.stat(root).st_dev
    assert system_of(f"{root}/m.py", device) == system_of(f"{root}/p", device) != system_of("/proc", os.stat("/proc").st_dev)
    assert system_of(f"{root}/missing", device) == (0, 0)
    birth, mount = provenance(f"{root}/m.py")
    assert birth <= os.stat(f"{root}/m.py").st_ctime_ns and provenance(root)[1] == mount
    assert provenance(f"{root}/missing") == (0, 0)


@pytest.fixture
def lib(root):
    plant(root, {"lib": {"m.py": "X = 1", "p": {"__init__.py": "", "c.py": ""}}})
    compileall.compile_dir(f"{root}/lib", quiet=2)  # or the first use would write bytecode, which changes directories
    settle()
    return f"{root}/lib"


def used(data, lib, level):
    """How many listings and modules were taken, in an interpreter that just opened the snapshot; and why others were not."""
    reader = SnapshotReader(data=data)
    sys.path_importer_cache.clear()
    fastimport.install(freshness=level)
    try:
        with in_use(reader, level):
            for name, path in (("m", [lib]), ("p", [lib]), ("p.c", [f"{lib}/p"])):
                fastimport.PathFinder.find_spec(name, path).loader.get_code(name)
    finally:
        fastimport.uninstall()
    tables, codes = ({number for number, count in enumerate(counts) if count} for counts in reader.doubts())
    return reader.tables_used, reader.codes_used - reader.codes_by_content, tables, codes


@pytest.mark.parametrize("level", ["checked", "trusted"])
@pytest.mark.parametrize("which", range(1, reasons.LAYERED + 1))
def test_a_recorded_doubt_is_respected_and_said(lib, level, which):
    """Each reason, by the number that it has in the file."""
    contents = contents_of([lib])
    assert used(encoded(contents), lib, level)[:2] == (2, 3)
    stamps.mark_all([*contents.directories.values(), *contents.sources.values()], which)
    tables, codes, why_tables, _ = used(encoded(contents), lib, level)
    assert (tables, codes, why_tables) == (0, 0, {which})


@pytest.mark.parametrize("level", ["checked", "trusted"])
@pytest.mark.parametrize("field", ["system", "inode", "mtime_ns", "ctime_ns", "links"])
def test_each_part_of_a_stamp_counts(lib, level, field):
    contents = contents_of([lib])
    for record in (*contents.directories.values(), *contents.sources.values()):
        record.stamp = record.stamp._replace(**{field: getattr(record.stamp, field) + 1})
    tables, codes, why, _ = used(encoded(contents), lib, level)
    assert tables == 0 and why == {reasons.ELSEWHERE if field == "system" else reasons.CHANGED}
    assert codes == (3 if field == "links" else 0)  # a hard link to a source changes nothing


def test_the_device_number_does_not_count(lib, monkeypatch):
    """Another one for the same file system, as after a remount: it is asked what it is."""
    monkeypatch.setattr(stamps, "system_of", lambda path, device: system_of(path, device + 1))
    assert used(encoded(contents_of([lib])), lib, "checked")[:2] == (2, 3)


def test_numbers_are_those_of_the_compiled_reader():
    header = Path(__file__).parents[2].joinpath("src/fastimport/snapshot/stamps.h").read_text(encoding="utf-8")
    assert f"FS_DOUBT_SHIFT = {reasons.SHIFT}, FS_DOUBTS = 16" in header
    later = "FS_ELSEWHERE, FS_OTHER, FS_BY_CONTENT, FS_WARNING, FS_FORBIDDEN"
    names = re.search(rf"enum {{ FS_RECENT = (\d+), FS_LAYERED = (\d+), {later} }}", header)
    assert [int(number) for number in names.groups()] == [reasons.RECENT, reasons.LAYERED]
    found = [reasons.ELSEWHERE, reasons.CHANGED, reasons.CONTENT, reasons.WARNING, reasons.FORBIDDEN]
    assert found == [reasons.LAYERED + number for number in range(1, 6)]
    assert set(reasons.TEXTS) == set(range(1, 16))
