"""``fastimport bench`` as a command: its options, what it writes, its exit status."""

import argparse
import json

import pytest

from fastimport.cli import bench


def run(*arguments):
    parser = argparse.ArgumentParser(prog="fastimport")
    bench.add_parser(parser.add_subparsers())
    parsed = parser.parse_args(["bench", *arguments])
    return parsed.func(parsed)


def test_two_pairs_of_the_control_are_measured_and_written(tmp_path, capsys):
    status = run(
        "--levels", "stock", "--pairs", "2", "--warmups", "0",
        "--json", str(tmp_path / "t.json"), "--svg", str(tmp_path / "t.svg"), "-c", "pass",
    )  # fmt: skip
    assert status == 0
    assert "stock again" in capsys.readouterr().out
    assert len(json.loads((tmp_path / "t.json").read_text())["benchmarks"]) == 2
    assert (tmp_path / "t.svg").read_text().startswith("<svg")


def test_options_after_the_program_are_the_programs(capsys):
    assert run("--levels", "stock", "--pairs", "1", "-m", "json.tool", "--help") == 0
    assert capsys.readouterr().out.startswith("python -m json.tool --help")


def test_cold_says_what_was_evicted(capsys):
    assert run("--levels", "stock", "--pairs", "1", "--cold", "-c", "import json") == 0
    assert "evicted before each run" in capsys.readouterr().out


def test_a_failing_program_is_status_1(capsys):
    assert run("--pairs", "1", "--levels", "stock", "-c", "1/0") == 1
    assert "ZeroDivisionError" in capsys.readouterr().err


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        ([], "give a program"),
        (["--levels", "frozen,cold", "-c", "pass"], "choose from checked, trusted, snapshot, snapshot-trusted, frozen, stock"),
        (["--levels", "fast", "-c", "pass"], "is not known; choose from checked, trusted"),
        (["--pairs", "0", "-c", "pass"], "must be at least 1"),
    ],
)
def test_wrong_usage_is_status_2_and_says_what_is_allowed(arguments, message, capsys):
    with pytest.raises(SystemExit) as stopped:
        run(*arguments)
    assert stopped.value.code == 2
    assert message in capsys.readouterr().err


def test_two_commands_are_compared(capsys):
    """A -- B: as a shell would start them; nothing is said of their modules."""
    assert run("--pairs", "2", "--warmups", "0", "-c", "pass", "--", "python", "-c", "import json") == 0
    out = capsys.readouterr().out
    assert out.startswith("A: -c pass\nB: python -c import json\n") and "\nB: too few pairs" in out
    assert "modules" not in out and "stock" not in out


def test_a_command_that_fails_ends_the_comparison(capsys):
    assert run("--pairs", "1", "-c", "pass", "--", "python", "-c", "raise SystemExit(3)") == 1
    assert "exit status 3" in capsys.readouterr().err


def test_the_programs_own_dashes_need_dashes_before_the_program(capsys):
    code = "import sys; assert sys.argv[1:] == ['--', 'x'], sys.argv"
    assert run("--levels", "stock", "--pairs", "1", "--", "python", "-c", code, "--", "x") == 0
    assert "stock again" in capsys.readouterr().out


def test_markdown_is_a_table(capsys):
    assert run("--levels", "stock", "--pairs", "1", "--markdown", "-c", "pass") == 0
    lines = capsys.readouterr().out.splitlines()
    table = [line for line in lines if line.startswith("|")]
    assert len(table) == 4 and len({line.count("|") for line in table}) == 1
    assert lines[0].startswith("`python -c pass`") and any("the same from the same files" in line for line in lines)
