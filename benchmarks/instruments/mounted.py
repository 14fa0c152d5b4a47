"""File systems to mount, twice: the same tree once more, as after a remount or in another container, or another in its place.

Everything happens in a mount namespace of its own (`unshare --mount`), as root. What this machine can't do is told, and why.
"""

import os
import shutil
import subprocess
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

EPOCH = "1700000000"
UUID = "11111111-2222-3333-4444-555555555555"
IMAGE_SIZE = {"ext4": "32M", "xfs": "400M", "btrfs": "200M"}


class Unavailable(RuntimeError):
    """This machine can't do it; the message says what is missing."""


def call(*words: object, **variables: str) -> None:
    """Run a program. Raises `Unavailable` with what it said."""
    if shutil.which(str(words[0]), path=f"{os.environ['PATH']}:/usr/sbin:/sbin") is None:
        raise Unavailable(f"no {words[0]}")
    path = f"{os.environ['PATH']}:/usr/sbin:/sbin"
    done = subprocess.run([*map(str, words)], env={**os.environ, "PATH": path, **variables}, capture_output=True, text=True)
    if done.returncode:
        said = (done.stderr or done.stdout).strip().splitlines()
        raise Unavailable(f"{words[0]}: {said[-1] if said else f'status {done.returncode}'}")


def plant(directory: Path, which: str) -> None:
    """A tree of modules below `directory`/lib; the two that there are have files of equal names, sizes and, in images, times."""
    lib = directory / "lib"
    lib.mkdir(parents=True)
    for number in range(6):
        package = lib / f"p{number}"
        package.mkdir()
        (package / "__init__.py").write_text(f"WHICH = {which!r}\n")
        for module in range(4):
            (package / f"m{module}.py").write_text(f"WHICH = {which!r}\nNUMBER = {module}\n")
    (lib / f"only_{which}.py").touch()


class Place:
    """Somewhere to mount things: `at` is where modules are imported from."""

    def __init__(self, work: Path) -> None:
        self.work, self.at = work, work / "at"
        self.at.mkdir()
        self.mounted: list[Path] = []
        self.count = 0

    def new(self) -> Path:
        """A directory that nobody used."""
        self.count += 1
        path = self.work / f"d{self.count}"
        path.mkdir()
        return path

    def mount(self, target: Path, *words: object) -> None:
        """Mount something on `target` with the words that mount(8) has."""
        call("mount", *words, target)
        self.mounted.append(target)

    def clear(self) -> None:
        """Unmount everything, last first."""
        while self.mounted:
            call("umount", self.mounted.pop())

    def tree(self, which: str) -> Path:
        """A directory with a tree."""
        path = self.new()
        plant(path, which)
        return path

    def overlay(self, target: Path, layers: list[Path], upper: Path | None = None) -> None:
        """An overlay with a new upper directory on the file system of `upper`, or on a tmpfs."""
        if upper is None:
            upper = self.new()
            self.mount(upper, "-t", "tmpfs", "none")
        parts = [upper / f"u{self.count}", upper / f"w{self.count}"]
        self.count += 1
        for part in parts:
            part.mkdir()
        lower = ":".join(map(str, layers))
        self.mount(target, "-t", "overlay", "overlay", "-o", f"lowerdir={lower},upperdir={parts[0]},workdir={parts[1]}")


Make = Callable[[Place, str], Callable[[], None]]
"""Prepares a tree, "old" or "new"; what it returns mounts it. Called again for the same tree it mounts it once more."""


def disk(kind: str) -> Make:
    """A disk that this kernel wrote: the tree is copied onto it."""

    def make(place: Place, which: str) -> Callable[[], None]:
        image, tree = place.work / f"{kind}-{which}.img", place.tree(which)
        call("truncate", "-s", IMAGE_SIZE[kind], image)
        call(f"mkfs.{kind}", "-q", image)
        place.mount(place.at, "-o", "loop", image)
        call("cp", "-r", tree / "lib", place.at / "lib")
        place.clear()
        return lambda: place.mount(place.at, "-o", "loop", image)

    return make


def image(kind: str) -> Make:
    """A file system that a tool wrote, with times of its choice."""

    def make(place: Place, which: str) -> Callable[[], None]:
        file, tree = place.work / f"{which}.img", place.tree(which)
        write(kind, file, tree)
        return lambda: place.mount(place.at, "-o", "loop,ro", file)

    return make


def write(kind: str, file: Path, tree: Path) -> None:
    """Write a tree to an image file; all of one kind have the same times."""
    if kind == "erofs":
        call("mkfs.erofs", "-T", EPOCH, "-U", UUID, file, tree)
    elif kind == "squashfs":
        call("mksquashfs", tree, file, "-quiet", "-mkfs-time", EPOCH, "-all-time", EPOCH)
    else:
        call("truncate", "-s", IMAGE_SIZE[kind], file)
        options = {"ext4": ("-d", tree, "-U", UUID, "-E", f"hash_seed={UUID}"), "btrfs": ("--rootdir", tree, "-U", UUID)}[kind]
        call("find", tree, "-exec", "touch", "-h", "-d", f"@{EPOCH}", "{}", "+")
        call(f"mkfs.{kind}", "-q", *options, file, SOURCE_DATE_EPOCH=EPOCH)


def layer_on_disk(place: Place, which: str) -> Callable[[], None]:
    """A layer as a container engine unpacks it; each mount is another container, with an upper directory of its own."""
    layer = place.tree(which)
    return lambda: place.overlay(place.at, [layer], upper=place.new())


def merged_layers(place: Place, which: str) -> Callable[[], None]:
    """Two layers that both have lib."""
    first, second = place.tree(which), place.new()
    (second / "lib").mkdir()
    (second / "lib" / "added.py").touch()
    return lambda: place.overlay(place.at, [second, first], upper=place.new())


def layer_on_image(kind: str) -> Make:
    """An overlay over an image."""

    def make(place: Place, which: str) -> Callable[[], None]:
        file, tree = place.work / f"{which}.img", place.tree(which)
        write(kind, file, tree)

        def mount() -> None:
            below = place.new()
            place.mount(below, "-o", "loop,ro", file)
            place.overlay(place.at, [below])

        return mount

    return make


def bound_image(place: Place, which: str) -> Callable[[], None]:
    """A directory of an image, bound to where it is used."""
    file, tree = place.work / f"{which}.img", place.tree(which)
    write("erofs", file, tree)

    def mount() -> None:
        below = place.new()
        place.mount(below, "-o", "loop,ro", file)
        place.mount(place.at, "--bind", below)

    return mount


def program(*words: str, kind: str | None = None) -> Make:
    """A file system in user space; of an image of this kind, or of a directory."""

    def make(place: Place, which: str) -> Callable[[], None]:
        tree = place.tree(which)
        source = tree
        if kind is not None:
            source = place.work / f"{which}.img"
            write(kind, source, tree)

        def mount() -> None:
            call(*(word.format(source=source, upper=place.new(), work=place.new()) for word in words), place.at)
            place.mounted.append(place.at)

        return mount

    return make


def bound(place: Place, which: str) -> Callable[[], None]:
    """What this directory is on, mounted once more."""
    tree = place.tree(which)
    return lambda: place.mount(place.at, "--bind", tree)


def memory(place: Place, which: str) -> Callable[[], None]:
    """A tmpfs: each is another, filled in the same order."""
    tree = place.tree(which)

    def mount() -> None:
        place.mount(place.at, "-t", "tmpfs", "none")
        call("cp", "-r", tree / "lib", place.at / "lib")

    return mount


def copied(*words: str) -> Make:
    """The tree is made anew each time by a program that copies it."""

    def make(place: Place, which: str) -> Callable[[], None]:
        tree = place.tree(which)

        def mount() -> None:
            target = place.new()
            call(*words, tree / "lib", target / "lib")
            place.mount(place.at, "--bind", target)

        return mount

    return make


def over_sftp(place: Place, which: str) -> Callable[[], None]:
    """A directory of a server, over SSH's file transfer; the server is a process here."""
    tree, wrapper = place.tree(which), place.work / f"sftp-{which}"
    wrapper.write_text("#!/bin/sh\nexec /usr/lib/openssh/sftp-server\n")  # whatever words ssh(1) would get
    wrapper.chmod(0o700)
    if not Path("/usr/lib/openssh/sftp-server").exists():
        raise Unavailable("no sftp-server")

    def mount() -> None:
        call("sshfs", "-o", f"ssh_command={wrapper}", f"server:{tree}", place.at)
        place.mounted.append(place.at)

    return mount


def served(name: str, *kinds: str) -> Make:
    """File systems of a server, for which neither the client nor the server can be had of everywhere."""

    def make(place: Place, which: str) -> Callable[[], None]:
        known = Path("/proc/filesystems").read_text().split()
        lacks = not any(kind in known for kind in kinds)
        raise Unavailable(f"this kernel has no {name} client" if lacks else f"no {name} server")

    return make


PLACES: dict[str, Make] = {
    "ext4, mounted again": disk("ext4"),
    "xfs, mounted again": disk("xfs"),
    "btrfs, mounted again": disk("btrfs"),
    "a bind mount": bound,
    "tmpfs, filled again": memory,
    "overlay: one layer, in another container": layer_on_disk,
    "overlay: merged layers, in another container": merged_layers,
    "overlay over erofs": layer_on_image("erofs"),
    "overlay over squashfs": layer_on_image("squashfs"),
    "overlay over an ext4 image": layer_on_image("ext4"),
    "erofs": image("erofs"),
    "erofs, bound": bound_image,
    "squashfs": image("squashfs"),
    "ext4 image (mke2fs -d)": image("ext4"),
    "btrfs image (mkfs.btrfs --rootdir)": image("btrfs"),
    "FUSE: squashfuse": program("squashfuse", "{source}", kind="squashfs"),
    "FUSE: bindfs": program("bindfs", "{source}"),
    "FUSE: fuse-overlayfs": program("fuse-overlayfs", "-o", "lowerdir={source},upperdir={upper},workdir={work}"),
    "FUSE: mergerfs": program("mergerfs", "{source}"),
    "FUSE: sshfs, mounted again": over_sftp,
    "hard links (uv, conda, cp -al)": copied("cp", "-al"),
    "a copy with its times (cp -a, tar)": copied("cp", "-a"),
    "a copy (unzip)": copied("cp", "-r"),
    "NFS, on another node": served("NFS", "nfs", "nfs4"),
    "SMB": served("SMB", "cifs", "smb3"),
    "9P, virtiofs (shares of the host)": served("9P or virtiofs", "9p", "virtiofs"),
    "CephFS": served("CephFS", "ceph"),
    "Lustre, GPFS": served("Lustre or GPFS", "lustre", "gpfs"),
}


@contextmanager
def place_in(work: Path) -> Iterator[Place]:
    """A `Place` below a directory; nothing stays mounted."""
    place = Place(work)
    try:
        yield place
    finally:
        place.clear()
