"""Ctrl-C ends a command in one line, whichever it is. (``run`` leaves it to the program.)"""

import argparse

import pytest

from fastimport import cli


@pytest.mark.parametrize("command", sorted(set(cli.FAMILIES) - {"run"}))
def test_every_command_ends_in_a_line(command, monkeypatch, capsys):
    def interrupted(_):
        raise KeyboardInterrupt

    monkeypatch.setattr(argparse.ArgumentParser, "parse_known_args", lambda *_: (argparse.Namespace(func=interrupted), []))
    monkeypatch.setattr("fastimport.cli.program.leave_search_path", lambda: None)
    assert cli.main([command]) == cli.INTERRUPTED == 130
    assert capsys.readouterr() == ("", f"fastimport {command}: interrupted\n")


def test_without_a_command_the_help_is_shown(capsys):
    assert cli.main([]) == cli.USAGE
    out, err = capsys.readouterr()
    assert out == "" and all(f"\n    {command}" in err for command in cli.FAMILIES)
