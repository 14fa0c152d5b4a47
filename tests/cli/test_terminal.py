"""Colours and lines that fit, for terminals alone."""

import os
import pty
import re
import subprocess
import sys

import pytest
from support.installation import clean_environment
from support.process import python

PROFILE = ("-m", "fastimport", "profile", "--runs", "1", "--no-saving", "-c", "import asyncio, email.message")


def on_terminal(*words, columns=80, **variables):
    """What a command prints on a terminal of that width."""
    leader, follower = pty.openpty()
    environment = clean_environment(TERM="xterm", COLUMNS=str(columns), **variables)
    with subprocess.Popen([sys.executable, *words], stdin=subprocess.DEVNULL, stdout=follower, env=environment) as process:
        os.close(follower)
        parts = []
        try:
            while part := os.read(leader, 65536):
                parts.append(part)
        except OSError:  # Linux: the other end is closed
            pass
        os.close(leader)
    assert process.returncode in (0, 1)
    return b"".join(parts).decode().replace("\r\n", "\n")


def bare(text):
    return re.sub(r"\x1b\[\d*m", "", text)


def test_a_terminal_has_colours_and_a_file_none():
    shown = on_terminal(*PROFILE)
    assert "\x1b[1mWhere the time went" in shown and "\x1b[0m" in shown
    assert "\x1b" not in python(*PROFILE).stdout


@pytest.mark.parametrize("variables", [{"NO_COLOR": "1"}, {"NO_COLOR": "1", "FORCE_COLOR": "1"}])
def test_colours_are_not_forced_on_anybody(variables):
    assert "\x1b" not in on_terminal(*PROFILE, **variables)


def test_colours_can_be_forced():
    assert "\x1b[1mWhere the time went" in python(*PROFILE, FORCE_COLOR="1").stdout


@pytest.mark.parametrize("words", [("--json",), ("--format", "folded"), ("--format", "importtime")])
def test_what_programs_read_is_never_painted(words):
    assert "\x1b" not in python(*PROFILE[:-2], *words, *PROFILE[-2:], FORCE_COLOR="1").stdout


@pytest.mark.parametrize("view", ["tree", "table", "summary", "short"])
def test_lines_fit_the_terminal_and_are_whole_elsewhere(view):
    words = (*PROFILE[:-2], "--view", view, "--hide-under", "0", *PROFILE[-2:])
    assert max(map(len, bare(on_terminal(*words, columns=60)).splitlines())) <= 60
    if view in ("tree", "table"):
        assert max(map(len, python(*words).stdout.splitlines())) > 80
        assert "\u2026" in on_terminal(*words, columns=60)


def test_severities_of_the_doctor_stand_out():
    shown = on_terminal("-B", "-m", "fastimport", "doctor", "--only", "interpreter")
    assert "\x1b[33mwarning interpreter" in shown
