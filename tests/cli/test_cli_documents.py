"""docs/command-line.md is true: its commands work, its options are those of ``--help``, its sections are complete."""

import os
import re
import shlex
import subprocess
import sys
from pathlib import Path

import pytest
from support.process import python

from fastimport import cli, settings

DOCUMENT = Path(__file__).parents[2] / "docs" / "command-line.md"
TEXT = DOCUMENT.read_text(encoding="utf-8")
SECTIONS = dict(re.findall(r"^## (\w+)\n(.*?)(?=^## |\Z)", TEXT, re.M | re.S))
COMMANDS = re.findall(r"^\$ (.*)$", TEXT, re.M)


PARTS = {"lazy": ("learn", "verify", "explain", "show")}


def help_of(command):
    """Of a command, and of its parts if it has any."""
    texts = []
    for words in ([command], *([command, part] for part in PARTS.get(command, ()))):
        done = python("-m", "fastimport", *words, "--help", COLUMNS="200", NO_COLOR="1")
        assert (done.returncode, done.stderr) == (0, "")
        texts.append(done.stdout)
    return "\n".join(texts)


def options_in(text):
    return set(re.findall(r"(?<![\w-])--?[a-z][\w-]*", text))


def test_sections_are_in_alphabetical_order_and_are_commands():
    assert list(SECTIONS) == sorted(SECTIONS)
    assert set(SECTIONS) <= set(cli.FAMILIES)
    assert set(SECTIONS) == set(cli.FAMILIES)


@pytest.mark.parametrize("command", SECTIONS)
def test_documented_options_and_those_of_the_help_are_the_same(command):
    documented = re.findall(r"^\| (`[^|]*)", SECTIONS[command], re.M)
    offered = re.findall(r"^ +(-.*?)(?:  |$)", help_of(command), re.M)
    assert options_in(" ".join(documented)) == options_in(" ".join(offered)) - {"-h", "--help"}


@pytest.fixture(scope="module")
def place(tmp_path_factory):
    return tmp_path_factory.mktemp("documented")


@pytest.mark.parametrize("command", COMMANDS)
def test_documented_commands_work(command, place):
    """In the order of the document, in one directory: a later one uses what an earlier one wrote."""
    program, *words = shlex.split(command)
    if program == "fastimport":
        words = ["-m", "fastimport", *words]
    environment = {k: v for k, v in os.environ.items() if not k.startswith(("PYTHON", "FASTIMPORT"))}
    done = subprocess.run([sys.executable, *words], cwd=place, env=environment, capture_output=True, timeout=180)
    assert (done.returncode, done.stderr.replace(b"fastimport profile: wrote report.html\n", b"")) == (0, b"")


def test_every_variable_is_documented():
    assert set(re.findall(r"^\| `(FASTIMPORT\w*)", TEXT, re.M)) == set(settings.VARIABLES)


def test_levels_and_ways_are_documented():
    for word in (*settings.FRESHNESS, *settings.REGISTER):
        assert f"`{word}`" in SECTIONS["run"]
