"""``-X lazy_imports=all`` (Python 3.15): our own imports are late then, and no command may notice."""

import subprocess
import sys

import pytest
from support.installation import clean_environment

pytestmark = pytest.mark.skipif(sys.version_info < (3, 15), reason="no lazy imports")
BROKEN_FINDER = """
import sys
class Broken:
    def find_spec(self, name, path=None, target=None):
        raise ZeroDivisionError(name)
sys.meta_path.insert(0, Broken())
"""
BROKEN_IMPORT = """
import builtins
def broken(*_, **__):
    raise ZeroDivisionError("import")
builtins.__import__ = broken
"""
NO_PATH = "import sys; sys.path.clear(); sys.path_importer_cache.clear(); sys.path_hooks.clear(); sys.meta_path.clear()\n"


def lazily(*words):
    command = [sys.executable, "-X", "lazy_imports=all", *words]
    done = subprocess.run(command, capture_output=True, text=True, env=clean_environment(), check=False, timeout=120)
    return done.returncode, done.stdout, done.stderr


@pytest.mark.parametrize("breaking", [BROKEN_FINDER, BROKEN_IMPORT, NO_PATH], ids=["finder", "__import__", "no path"])
@pytest.mark.parametrize("ending", ["raise ValueError('of the program')", "sys.exit(3)", "1 / 0", "raise KeyboardInterrupt"])
def test_a_failure_is_reported_without_the_programs_hooks(tmp_path, breaking, ending):
    program = tmp_path / "program.py"
    program.write_text(f"import sys\nsys.path\n{breaking}{ending}\n", encoding="utf-8")
    assert lazily("-m", "fastimport", "run", str(program)) == lazily(str(program))


COMMANDS = [("explain", "json"), ("explain", "--json", "no_such_name"), ("status",), ("paths",), ("doctor",)]


@pytest.mark.parametrize("words", COMMANDS)
def test_commands_work(words):
    status, said, complaint = lazily("-m", "fastimport", *words)
    assert (status in (0, 1), complaint, bool(said)) == (True, "", True)
