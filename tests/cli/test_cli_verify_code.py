"""``fastimport verify --code``: every module made from templates and by marshal, and compared."""

import json
import sys

import pytest
from support import plant
from support.process import python

from fastimport.code._ready import unusable
from fastimport.snapshot import code_check

IS_READY = unusable(sys.hexversion) is None


def test_modules_are_counted_and_equal(root):
    plant(root, {"m.py": "X = 1, 'two words'", "p": {"__init__.py": "def f(): pass"}, "bad.py": "syntax error"})
    done = python("-m", "fastimport", "verify", "--code", root)
    if not IS_READY:
        assert done.returncode == 1 and "nothing to compare: " in done.stderr
        return
    assert done.returncode == 0 and done.stdout.startswith("2 modules made both ways; 0 differences (")
    told = json.loads(python("-m", "fastimport", "verify", "--code", "--json", root).stdout)
    assert (told["schema"], told["modules"], told["differences"]) == ("fastimport.verify.code/1", 2, [])


@pytest.mark.skipif(not IS_READY, reason="this build unmarshals")
def test_differences_are_told(root, monkeypatch, capsys):
    from fastimport import cli

    plant(root, {"m.py": "X = 1"})
    monkeypatch.setattr(code_check, "difference", lambda expected, built: "co_consts: another size")
    assert cli.main(["verify", "--code", root]) == 1
    assert f"{root}/m.py: co_consts: another size\n1 modules made both ways; 1 differences" in capsys.readouterr().out
