"""Threads that list one directory at once: each stores a listing, then its time, and another may do so in between."""

import os
import sys

import pytest
from support import plant
from support.audit import veto


def test_nothing_is_stored_before_a_directory_is_listed(candidate, root):
    """What a new FileFinder has is not to come over the listing that another thread has stored by now."""
    directory = plant(root, {"module.py": ""})
    candidate.find_spec("module", [directory])
    finder = sys.path_importer_cache[directory] = sys.path_hooks[-1](directory)
    unlisted = finder._path_cache
    with veto("os.listdir", RuntimeError("not now")), pytest.raises(RuntimeError, match="not now"):
        candidate.find_spec("module", [directory])
    assert finder._path_cache is unlisted
    assert finder._path_mtime == -1
    assert candidate.find_spec("module", [directory]).origin == os.path.join(directory, "module.py")
