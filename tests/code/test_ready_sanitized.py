"""Damaged templates under AddressSanitizer and UBSan: the command of tests/fuzz, with a count that is soon done."""

import subprocess
import sys
from pathlib import Path

import pytest

COMMAND = Path(__file__).parents[1] / "fuzz" / "damage.py"
COUNT = 20_000
CANNOT_RUN = 3


def test_damage_under_sanitizers():
    """A report ends the process with another status."""
    command = [sys.executable, COMMAND, "--count", str(COUNT)]
    done = subprocess.run(command, capture_output=True, text=True, timeout=600, check=False)
    if done.returncode == CANNOT_RUN:
        pytest.skip(done.stdout.strip())
    assert (done.returncode, done.stderr) == (0, ""), done.stdout
    assert COUNT // 50 < int(done.stdout.split()[0]) < COUNT
