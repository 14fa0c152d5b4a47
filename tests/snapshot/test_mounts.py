"""Snapshots and real file systems: each that can be mounted here, once more and with another tree of the same times in its place.

The table in docs/snapshots.md comes from the same script. What this machine can't mount is skipped, with the reason.
"""

import json
import os
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
SCRIPT = ROOT / "benchmarks" / "snapshot_places.py"
KEPT = [
    "ext4, mounted again", "xfs, mounted again", "btrfs, mounted again", "a bind mount", "FUSE: bindfs",
    "overlay: one layer, in another container", "overlay: merged layers, in another container",
]  # fmt: skip
CHOSEN = [
    "erofs", "erofs, bound", "squashfs", "overlay over erofs", "overlay over squashfs", "overlay over an ext4 image",
    "ext4 image (mke2fs -d)", "btrfs image (mkfs.btrfs --rootdir)", "FUSE: squashfuse", "FUSE: fuse-overlayfs",
]  # fmt: skip
COPIED = ["tmpfs, filled again", "hard links (uv, conda, cp -al)", "a copy with its times (cp -a, tar)", "a copy (unzip)"]


def row(place):
    """What the script says of one place."""
    if sys.platform != "linux" or os.geteuid() != 0 or shutil.which("unshare") is None:
        pytest.skip("mounting needs Linux, root and unshare")
    if subprocess.run(["unshare", "--mount", "true"], capture_output=True).returncode:
        pytest.skip("no mount namespaces here")
    clean = {name: value for name, value in os.environ.items() if not name.startswith(("PYTHON", "FASTIMPORT"))}
    words = [sys.executable, "-B", SCRIPT, "--json", "--only", place]
    done = subprocess.run(words, env=clean, capture_output=True, text=True)
    assert done.stderr == ""
    (found,) = json.loads(done.stdout)
    if "missing" in found:
        pytest.skip(f"{place}: {found['missing']}")
    return found


@pytest.mark.parametrize("place", KEPT)
def test_one_snapshot_serves_a_second_mount(place):
    """Listings and code by their stamps, although the device number is another; another tree is noticed."""
    found = row(place)
    assert found["same"]
    for level in ("checked", "trusted"):
        assert found[level]["listings"] >= 6 and found[level]["stamps"] == found[level]["of"]
    assert found["frozen"]["stamps"] == found["frozen"]["of"]


@pytest.mark.parametrize("place", CHOSEN + COPIED)
def test_times_that_were_chosen_are_not_believed(place):
    """The next image with the same inodes and times is noticed; code is recognized by its content."""
    found = row(place)
    assert found["same"]
    for level in ("checked", "trusted"):
        assert (found[level]["listings"], found[level]["stamps"], found[level]["contents"]) == (0, 0, found[level]["of"])
    assert found["frozen"]["stamps"] == found["frozen"]["of"]
