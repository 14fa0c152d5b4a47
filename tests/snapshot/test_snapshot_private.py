"""What only its maker could list or read is told to nobody else by a snapshot."""

import os

import pytest
from support import plant
from support.process import unprivileged
from support.snapshots import contents_of, reader_of, settle

from fastimport.snapshot import store

needs_root = pytest.mark.skipif(os.geteuid() != 0, reason="only root can become somebody else")


@pytest.fixture
def lib(root):
    plant(root, {"lib": {"m.py": "X = 1", "secret.py": "X = 2", "p": {"__init__.py": ""}}, "out": {}})
    settle()
    return os.path.join(root, "lib")


def mode_of(contents, root):
    path = os.path.join(root, "out", "s.fastimport")
    store.save(contents, path)
    return os.stat(path).st_mode & 0o777


CHANGES = {
    "": (0o755, 0o444),
    "p": (0o700, 0o400),
    "p/__init__.py": (0o640, 0o400),
    "secret.py": (0o600, 0o400),
}


@pytest.mark.parametrize("what", CHANGES)
def test_the_file_is_private_if_anything_in_it_is(lib, root, what):
    """A directory that not everybody may list, a source that not everybody may read."""
    mode, expected = CHANGES[what]
    os.chmod(os.path.join(lib, what), mode)
    assert mode_of(contents_of([lib], home=os.path.join(root, "out")), root) == expected


def test_a_directory_on_the_way_counts(lib, root):
    """Nobody else gets as far as the library; who got as far as the snapshot has passed what is above that."""
    gate = plant(os.path.join(root, "gate"), {"lib": {"m.py": ""}})
    os.chmod(gate, 0o700)
    assert mode_of(contents_of([f"{gate}/lib"], home=os.path.join(root, "out")), root) == 0o400
    assert mode_of(contents_of([f"{gate}/lib"], home=gate), root) == 0o444
    assert mode_of(contents_of([f"{gate}/lib"], home=os.path.join(root, "out"), passed=[gate]), root) == 0o444


def test_links_are_followed_to_what_they_hide(lib, root):
    gate = plant(os.path.join(root, "gate"), {"m.py": "", "lib": {"c.py": ""}})
    os.chmod(gate, 0o700)
    os.symlink(f"{gate}/m.py", os.path.join(lib, "linked.py"))
    out = os.path.join(root, "out")
    assert mode_of(contents_of([lib], home=out), root) == 0o400
    os.unlink(os.path.join(lib, "linked.py"))
    assert mode_of(contents_of([lib], home=out), root) == 0o444
    os.symlink(f"{gate}/lib", os.path.join(lib, "linked"))
    assert mode_of(contents_of([lib], home=out), root) == 0o400


@needs_root
def test_others_get_no_code_of_what_they_may_not_read(lib, root):
    """Also in a process that has changed its user since it opened the snapshot."""
    os.chmod(os.path.join(lib, "secret.py"), 0o600)
    reader = reader_of([lib], "frozen", home=root)
    for name in ("m.py", "secret.py"):
        assert reader.code(os.path.join(lib, name)) is not None
    with unprivileged():
        assert reader.code(os.path.join(lib, "m.py")) is not None
        assert reader.code(os.path.join(lib, "secret.py")) is None


@needs_root
def test_others_get_no_answers_about_what_they_can_not_reach(lib, root):
    gate = plant(os.path.join(root, "gate"), {"lib": {"m.py": ""}})
    os.chmod(gate, 0o700)
    reader = reader_of([lib, f"{gate}/lib"], "frozen", home=os.path.join(root, "out"))
    assert reader.answer(f"{gate}/lib", "m") is not NotImplemented
    with unprivileged():
        assert reader.answer(f"{gate}/lib", "m") is NotImplemented
        assert reader.answer(lib, "m") is not NotImplemented
