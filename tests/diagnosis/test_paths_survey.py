"""fastimport paths: what each entry is, found out from the file system."""

import os
import subprocess
import sys
import time
import zipfile

import pytest
from support.foreign import Finder, claim
from support.process import unprivileged
from support.trees import Link, plant

from fastimport.diagnosis import file_systems, latency
from fastimport.diagnosis.paths.advice import advise
from fastimport.diagnosis.paths.entries import survey

MOUNTINFO = """\
21 1 8:1 / / rw,relatime shared:1 - ext4 /dev/sda1 rw
22 21 0:5 / /proc rw - proc proc rw
30 21 0:40 / /users rw,nosuid shared:5 master:2 - nfs4 server:/export/users rw,vers=4.2
31 30 0:41 / /users/local rw - tmpfs tmpfs rw
32 21 0:42 / /mnt/with\\040space rw - fuse.sshfs me@host: rw
33 21 0:43 / /mnt/twice rw - ext4 /dev/sdb rw
34 33 0:44 / /mnt/twice rw - lustre 10.0.0.1@tcp:/scratch rw
35 21 0:45 / /vm rw - virtiofs share rw
36 21 0:46 / /image rw - overlay overlay rw
37 21 0:47 / /box rw - fuse.mine thing rw
38 21 0:48 / /ntfs rw - fuseblk /dev/sdc rw
"""


@pytest.fixture
def mounts(tmp_path):
    (tmp_path / "mountinfo").write_text(MOUNTINFO + "a line that is none\n")
    return file_systems.read_mounts(str(tmp_path / "mountinfo"))


@pytest.mark.parametrize(
    ("path", "kind", "category", "source"),
    [
        ("/srv/lib", "ext4", "local", "/dev/sda1"),
        ("/users/me/venv", "nfs4", "network", "server:/export/users"),
        ("/userspace", "ext4", "local", "/dev/sda1"),
        ("/users/local/x", "tmpfs", "local", "tmpfs"),
        ("/mnt/with space/x", "fuse.sshfs", "network", "me@host:"),
        ("/mnt/twice/x", "lustre", "network", "10.0.0.1@tcp:/scratch"),
        ("/vm", "virtiofs", "host share", "share"),
        ("/image/lib", "overlay", "layered", "overlay"),
        ("/box", "fuse.mine", "user space", "thing"),
        ("/ntfs", "fuseblk", "local", "/dev/sdc"),
    ],
)
def test_the_innermost_and_last_mount_holds_a_path(mounts, path, kind, category, source):
    found = file_systems.identify(path, mounts)
    assert (found.kind, found.category, found.source) == (kind, category, source)
    assert found.is_remote == (category in ("network", "host share"))


@pytest.mark.skipif(sys.platform != "linux", reason="mountinfo and statfs are Linux")
def test_this_machine_agrees_with_df(tmp_path):
    df = subprocess.run(["df", "--output=fstype", tmp_path], capture_output=True, text=True, check=True).stdout
    assert file_systems.identify(str(tmp_path)).kind == df.split()[-1]


@pytest.mark.skipif(sys.platform != "linux", reason="statfs is Linux's")
def test_without_mountinfo_the_kernel_is_asked_for_the_magic_number(tmp_path):
    """`stat -f` says the same number; its names differ."""
    for path in (str(tmp_path), "/proc"):
        magic = subprocess.run(["stat", "-f", "-c", "%t", path], capture_output=True, text=True, check=True).stdout.strip()
        assert file_systems._magic(path) == int(magic, 16)
    assert file_systems.identify("/proc", []).kind == "type 0x9fa0"
    assert file_systems.read_mounts("/proc/no/such/file") == []


def test_entries_are_described(tmp_path, monkeypatch):
    root = plant(tmp_path / "root", {"spam.py": "", "pkg": {"__init__.py": ""}, "text.txt": "no zip", "__pycache__": {}})
    plant(tmp_path, {"link": Link("root")})
    archive = str(tmp_path / "lib.zip")
    with zipfile.ZipFile(archive, "w") as members:
        members.writestr("packed.py", "")
    monkeypatch.setattr(sys, "path_hooks", [claim("foreign:", Finder()), *sys.path_hooks])
    path = [root, str(tmp_path / "link"), "/nowhere/at/all", f"{root}/text.txt", archive, "foreign:", 7]
    entries = survey(path)
    assert [entry.finder for entry in entries] == ["FileFinder", "FileFinder", None, None, "zipimporter", "Finder"]
    assert entries[0].names == ["pkg", "spam"]
    assert (entries[1].duplicate_of, entries[2].is_missing, entries[4].is_archive) == (0, True, True)
    assert {each.kind for each in advise(entries, None)} == {"duplicate", "missing", "useless"}
    assert entries[0].file_system.kind == file_systems.identify(root).kind


def test_the_archive_of_the_standard_library_may_be_missing():
    entry = survey([f"/nowhere/python{sys.version_info[0]}{sys.version_info[1]}.zip"])[0]
    assert not entry.is_missing
    assert advise([entry], None) == []


def test_only_what_wins_shadows(tmp_path):
    """A directory without __init__ hides nothing; a module hides modules and packages, once per entry."""
    trees = [
        {"spam.py": "", "space": {}, "lone": {}},
        {"spam": {"__init__.py": ""}, "space": {"__init__.py": ""}},
        {"spam.py": "", "space.py": "", "lone.py": ""},
    ]
    entries = survey([plant(tmp_path / str(number), tree) for number, tree in enumerate(trees)])
    assert [entry.shadows for entry in entries] == [{"spam": 2}, {"space": 1}, {}]
    (advice,) = [each for each in advise(entries, None) if each.entry == 0]
    assert advice.kind == "shadowing" and "(spam)" in advice.text


def test_latency_is_that_of_a_failed_stat(tmp_path, monkeypatch):
    stat = os.stat

    def slow(path, *args, **kwargs):
        if "fastimport-latency" in str(path):
            time.sleep(0.002)
        return stat(path, *args, **kwargs)

    assert survey([str(tmp_path)])[0].is_slow is False
    monkeypatch.setattr(os, "stat", slow)
    entry = survey([str(tmp_path)])[0]
    assert 0.002 <= entry.latency < 0.02
    (advice,) = advise([entry], None)
    assert advice.kind == "slow"


def test_an_entry_that_does_not_answer_is_reported_and_left(tmp_path, monkeypatch):
    listdir = os.listdir
    hung = str(tmp_path / "hung")
    os.mkdir(hung)
    monkeypatch.setattr(os, "listdir", lambda path=".": time.sleep(1) if path == hung else listdir(path))
    fine, stuck = survey([str(tmp_path), hung], patience=0.1)
    assert fine.finder == "FileFinder"
    assert stuck.note == "does not answer: no answer within 0.1 s"
    assert [each.kind for each in advise([fine, stuck], None)] == ["no answer"]


def test_patience_gives_results_and_errors_back():
    assert latency.call_with_patience(lambda: 3) == 3
    with pytest.raises(ZeroDivisionError):
        latency.call_with_patience(lambda: 1 / 0)


def test_a_directory_that_may_not_be_listed(public_root):
    plant(public_root, {"closed": {"spam.py": ""}})
    os.chmod(f"{public_root}/closed", 0o311)
    with unprivileged():
        entry = survey([f"{public_root}/closed"])[0]
    assert "can't be listed" in entry.note


def test_remote_entries_get_advice(tmp_path, monkeypatch):
    monkeypatch.setattr(file_systems, "read_mounts", lambda: [file_systems.Mount("/", "nfs4", "server:/")])
    (advice,) = advise(survey([str(tmp_path)]), None)
    assert (advice.kind, "on nfs4 (network)" in advice.text) == ("remote", True)
