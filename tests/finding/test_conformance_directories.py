"""FileFinder: which entries are directories, and what path they become.

Rules

2.1  The hook takes directories only. stat raising OSError is "no"; ValueError (NUL) and
     UnicodeEncodeError (surrogates outside U+DC80..DCFF) leave the import.
2.2  FileFinder.path: '.' is getcwd(), which may raise; absolute paths stay as they are, trailing and
     double slashes included; relative ones are joined to the cwd, since 3.12 without one leading './'.
"""

import os
import sys

import pytest
from support import Link, plant


@pytest.fixture
def tree(duel, root):
    """A directory with a module m, alone on the search path."""
    plant(root, {"e": {"m.py": ""}})
    entry = os.path.join(root, "e")
    duel.set_path(entry)
    return entry


@pytest.mark.parametrize("entry", ["file.txt", "nowhere", "file.txt/below", "loop", "dangling"])
def test_what_is_no_directory_is_refused(duel, root, entry):
    """2.1 The hook says no, without an error."""
    plant(root, {"file.txt": "", "loop": Link("loop"), "dangling": Link("nowhere")})
    answer = duel.ask("m", [os.path.join(root, entry)])
    assert (answer.outcome, answer.cache[0][1]) == ("absent", "builtins.NoneType")


def test_name_too_long_for_the_file_system_is_refused(duel):
    """2.1 ENAMETOOLONG is an OSError like the others."""
    assert duel.ask("m", ["/" + "x" * 10_000]).outcome == "absent"


def test_nul_in_an_entry_raises(duel, tree):
    """2.1 ValueError, out of the import, nothing cached."""
    answer = duel.ask("m", ["/a\0b", tree])
    assert answer.error_text.startswith("ValueError") and "embedded null" in answer.error_text
    assert answer.cache == []


def test_surrogate_that_cannot_be_encoded_raises(duel, tree):
    """2.1 UnicodeEncodeError; those of surrogateescape are file names."""
    assert duel.ask("m", ["/\ud800", tree]).error_text.startswith("UnicodeEncodeError")
    assert duel.ask("m", ["/\udc80", tree]).found


@pytest.mark.parametrize("spelling", ["{0}/", "{0}//", "/{0}", "//{0}", "{0}/.", "{0}/../e", "{0}//."])
def test_absolute_spellings_are_kept(duel, tree, spelling):
    """2.2 Each is a path of its own, and appears in the origin as it was joined."""
    entry = spelling.format(tree)
    answer = duel.ask("m", [entry])
    assert answer.found
    assert answer.cache[0][1]["path"] == entry


def test_leading_dot_slash(duel, tree, root):
    """2.2 Removed since 3.12, kept before."""
    os.chdir(root)
    answer = duel.ask("m", ["./e"])
    kept = "e" if sys.version_info >= (3, 12) else "./e"
    assert answer.cache[0][1]["path"] == os.path.join(root, kept)


def test_dot_without_working_directory_raises(duel, root):
    """2.2 stat('.') still works there, so the hook takes it, and getcwd() fails."""
    gone = plant(os.path.join(root, "gone"), {})
    os.chdir(gone)
    os.rmdir(gone)
    answer = duel.ask("m", ["."])
    assert answer.error_text.startswith("FileNotFoundError")
    assert answer.cache == []
