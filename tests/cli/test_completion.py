"""``fastimport completion``: scripts that the shells take, with every command and option."""

import shutil
import subprocess

import pytest
from support.process import python

from fastimport.cli import FAMILIES


def completion(*words, **variables):
    return python("-m", "fastimport", "completion", *words, **variables)


@pytest.mark.parametrize("shell", ["bash", "tcsh", "zsh"])
def test_every_command_is_completed(shell):
    done = completion(shell)
    assert (done.returncode, done.stderr) == (0, "")
    assert not [command for command in FAMILIES if command not in done.stdout]
    assert shell == "tcsh" or ("--fail-above" in done.stdout and "--freshness" in done.stdout)  # tcsh: commands only


@pytest.mark.skipif(shutil.which("bash") is None, reason="no bash")
def test_bash_completes_with_it():
    script = completion("bash").stdout
    ask = """
COMP_WORDS=(fastimport pro); COMP_CWORD=1; COMP_LINE='fastimport pro'; _shtab_fastimport; echo "${COMPREPLY[@]}"
COMP_WORDS=(fastimport doctor --js); COMP_CWORD=2; COMP_LINE='fastimport doctor --js'; _shtab_fastimport; echo "${COMPREPLY[@]}"
"""
    done = subprocess.run(["bash", "-c", script + ask], capture_output=True, text=True, check=False, timeout=60)
    assert (done.stdout.split(), done.stderr) == (["profile", "--json"], "")


def test_without_shtab_it_says_what_to_install(tmp_path):
    (tmp_path / "shtab.py").write_text("raise ImportError")
    done = completion("bash", PYTHONPATH=str(tmp_path))
    assert (done.returncode, done.stdout) == (2, "")
    assert "pip install 'fastimport-finder[completion]'" in done.stderr


def test_another_shell_is_refused():
    done = completion("fish")
    assert done.returncode == 2 and "'fish'" in done.stderr and "zsh" in done.stderr
