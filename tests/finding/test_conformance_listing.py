"""FileFinder: which names, and when the directory is listed again.

Rules

2.3  The name looked for is what follows the last dot, unvalidated, compared by code point.
2.4  Freshness: st_mtime as a float, -1 if stat fails; the directory is listed again iff that differs
     from the remembered value. Backwards counts, 100 ns do not, and a directory whose mtime is
     exactly -1 is never listed. Inode and ctime are not looked at.
2.5  os.listdir with its audit event, whose veto propagates. FileNotFound, Permission and
     NotADirectory: an empty listing. Other OSErrors propagate, each time.
"""

import errno
import os

import pytest
from support import audit, plant
from support.process import no_descriptors, unprivileged

SECOND = 1_000_000_000
NOON = 1_700_000_000 * SECOND


@pytest.fixture
def tree(duel, root):
    """A directory with a module m, whose mtime is set to a known time."""
    plant(root, {"e": {"m.py": ""}})
    entry = os.path.join(root, "e")
    set_time(entry)
    duel.set_path(entry)
    return entry


def set_time(path, time=NOON):
    os.utime(path, ns=(time, time))


def add_quietly(directory, tree, time=NOON):
    """Add files and put the mtime back, or to `time`."""
    plant(directory, tree)
    set_time(directory, time)


def listings(answer):
    return [event for event, _ in answer.events].count("os.listdir")


@pytest.mark.parametrize("stem", ["", " ", "1", "a b", "a-b", "é", "e\u0301", "ﬁ", "\udc80", "x\n", "class", "🐍", "a" * 200])
def test_unusual_names_are_found(duel, root, stem):
    """2.3 Whatever stands after the last dot, if a file is called so."""
    plant(root, {f"{stem}.py": ""})
    answer = duel.ask(f"parent.{stem}", [root])
    assert answer.origin == os.path.join(root, f"{stem}.py")


def test_names_are_compared_by_code_point(duel, root):
    """2.3 No normalisation, no case folding, no part of a name."""
    plant(root, {"é.py": "", "Upper.py": ""})
    for name in ("e\u0301", "upper", "UPPER", "Uppe", "Upper.py"):
        assert duel.ask(name, [root]).outcome == "absent"


def test_only_the_last_part_is_looked_for(duel, tree):
    """2.3 The parent's name plays no part."""
    assert duel.ask("any.thing.at.all.m").origin == os.path.join(tree, "m.py")
    assert duel.ask("m.").outcome == "absent"


def test_directory_is_listed_once(duel, tree):
    """2.4 Until its mtime changes."""
    assert [listings(duel.ask(name)) for name in ("m", "m", "absent")] == [1, 0, 0]


@pytest.mark.parametrize("step", [SECOND, -SECOND, 1000, -1000])
def test_any_change_of_the_time_counts(duel, tree, step):
    """2.4 Forwards and backwards."""
    duel.ask("m")
    add_quietly(tree, {"new.py": ""}, NOON + step)
    answer = duel.ask("new")
    assert (answer.found, listings(answer)) == (True, 1)


@pytest.mark.parametrize("step", [0, 100])
def test_equal_as_a_float_is_unchanged(duel, tree, step):
    """2.4 No time passed, or too little for a float: the old names stay, the new are not seen."""
    duel.ask("m")
    add_quietly(tree, {"new.py": ""}, NOON + step)
    answer = duel.ask("new")
    assert (answer.found, listings(answer)) == (False, 0)


def test_time_of_minus_one_is_never_listed(duel, tree):
    """2.4 It equals the mark for "unknown"."""
    set_time(tree, -SECOND)
    answer = duel.ask("m")
    assert (answer.found, listings(answer)) == (False, 0)


@pytest.mark.parametrize("time", [0, -SECOND - 1000, -2 * SECOND, 2**33 * SECOND])
def test_odd_times_are_times(duel, tree, time):
    """2.4 The epoch, before it, and far ahead."""
    set_time(tree, time)
    assert duel.ask("m").found


def test_replaced_directory_of_equal_time_is_not_noticed(duel, tree, root):
    """2.4 Another inode, the same mtime: the old names are believed, then fail the stat."""
    duel.ask("m")
    os.rename(tree, os.path.join(root, "old"))
    add_quietly(tree, {"new.py": ""})
    assert duel.ask("new").outcome == "absent"
    assert duel.ask("m").outcome == "absent"


def test_file_removed_behind_an_equal_time(duel, tree):
    """2.4, 2.6 The listing still has it; the stat decides."""
    duel.ask("m")
    os.unlink(os.path.join(tree, "m.py"))
    set_time(tree)
    assert duel.ask("m").outcome == "absent"


def test_vanished_directory(duel, tree, root):
    """2.4 Absent, and found again when it comes back."""
    duel.ask("m")
    os.rename(tree, os.path.join(root, "away"))
    assert [listings(duel.ask("m")) for _ in range(2)] == [1, 0]
    os.rename(os.path.join(root, "away"), tree)
    assert duel.ask("m").found


def test_vanished_before_the_first_look(duel, tree):
    """2.4 A finder that never listed has -1, and stat fails with -1: nothing is listed."""
    duel.ask("m")
    duel.invalidate()
    os.unlink(os.path.join(tree, "m.py"))
    os.rmdir(tree)
    assert listings(duel.ask("m")) == 0


def test_directory_replaced_by_a_file(duel, tree):
    """2.5 Its mtime is that of a file; listing it is NotADirectoryError: empty."""
    duel.ask("m")
    os.unlink(os.path.join(tree, "m.py"))
    os.rmdir(tree)
    plant(os.path.dirname(tree), {"e": "now a file"})
    answer = duel.ask("m")
    assert (answer.outcome, listings(answer)) == ("absent", 1)


def test_audit_event_names_the_directory(duel, tree):
    """2.5 os.listdir, with the path of the finder, and no other event."""
    assert duel.ask("m").events == [("os.listdir", repr((tree,)))]


def test_veto_of_the_audit_event_propagates(duel, tree):
    """2.5 And nothing is remembered, so that the next look-up lists."""
    answer = duel.ask("m", around=lambda: audit.veto("os.listdir", RuntimeError("no")))
    assert answer.error_text == "RuntimeError: no"
    assert duel.ask("m").found


@pytest.mark.parametrize("error", [FileNotFoundError, PermissionError, NotADirectoryError])
def test_veto_with_a_forgiven_error_is_an_empty_listing(duel, tree, error):
    """2.5 The same except clause catches it; the time is remembered."""
    veto = lambda: audit.veto("os.listdir", error("veto"))  # noqa: E731
    assert duel.ask("m", around=veto).outcome == "absent"
    assert duel.ask("m").outcome == "absent"


def test_unreadable_directory_is_empty(duel, public_root):
    """2.5 PermissionError: no names, and the time is remembered."""
    entry = plant(os.path.join(public_root, "e"), {"m.py": ""})
    os.chmod(entry, 0o311)
    answer = duel.ask("m", [entry], around=unprivileged)
    assert (answer.outcome, listings(answer)) == ("absent", 1)
    os.chmod(entry, 0o755)
    assert duel.ask("m", [entry], around=unprivileged).outcome == "absent"
    duel.invalidate()
    assert duel.ask("m", [entry], around=unprivileged).found


def test_loop_of_links_propagates_each_time(duel, tree):
    """2.5 ELOOP is an error, not "not found"."""
    duel.ask("m")
    os.unlink(os.path.join(tree, "m.py"))
    os.rmdir(tree)
    os.symlink(tree, tree)
    for _ in range(2):
        assert duel.ask("m").error["attributes"]["errno"] == str(errno.ELOOP)


def test_out_of_descriptors_propagates_each_time(duel, tree):
    """2.5 EMFILE too; once there are descriptors again, the directory is listed."""
    for _ in range(2):
        answer = duel.ask("m", around=no_descriptors)
        assert answer.error["attributes"]["errno"] == str(errno.EMFILE)
    assert duel.ask("m").found


def test_listed_directory_needs_no_descriptor(duel, tree):
    """2.4, 2.5 A find that does not list opens nothing."""
    duel.ask("m")
    assert duel.ask("m", around=no_descriptors).found
