"""What ``fastimport lazy learn`` says at its end."""

import pytest

from fastimport.cli import lazy

LEARNT = {"lazy": {"modules": ["a"]}, "eager": {}, "complete": True, "program": ["a.py"]}


@pytest.mark.parametrize(("late", "is_said"), [(90, False), (100, True), (130, True)])
def test_a_file_that_gains_nothing_is_called_so(late, is_said):
    text = lazy._summary("lazy.toml", {**LEARNT, "saved": {"eager": 100, "lazy": late}})
    assert f"100 ms with everything eager, {late} ms with this\n" in text
    assert ("\nno gain: " in text) is is_said


def test_a_file_whose_time_is_unknown_is_not_called_useless():
    assert "no gain" not in lazy._summary("lazy.toml", LEARNT)
