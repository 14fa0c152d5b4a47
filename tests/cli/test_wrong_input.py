"""All commands and wrong input: exit status 2, one line on stderr that names what was wrong, and nothing written or run."""

import argparse
import os
import re
import signal
import stat
import subprocess
import sys
import time

import pytest
from support.process import python, unprivileged

from fastimport.cli import FAMILIES
from fastimport.cli.help import EXAMPLES
from fastimport.cli.project import read_defaults

WRONG = {
    "unknown command": (["profle", "x"], "no command is called 'profle': did you mean profile?"),
    "far from any command": (["zzz"], "no command is called 'zzz'; fastimport --help lists them"),
    "profile: no such file": (["profile", "nope.py"], "nope.py: no such file, and no command of that name on PATH"),
    "bench: no such file": (["bench", "nope.py"], "nope.py: no such file, and no command"),
    "paths: no such file": (["paths", "nope.py"], "nope.py: no such file, and no command"),
    "a module without -m": (["profile", "json"], "json: no such file, and no command of that name on PATH. A module?"),
    "python, and no such file": (["profile", "python", "nope.py"], "nope.py: no such file"),
    "python alone": (["profile", "python"], "python alone is a prompt"),
    "options of python": (["bench", "--", "python", "-X", "dev", "x.py"], "options of the interpreter go before fastimport"),
    "another python": (["profile", "python2.7", "x.py"], "python2.7: fastimport runs in Python 3."),
    "no Python program": (["profile", "sh"], "is no Python program"),
    "no program": (["profile"], "give a program: -m MOD, -c CODE, a SCRIPT or a command"),
    "nothing after -m": (["bench", "-m"], "give a program"),
    "runs: no number": (["profile", "--runs", "five", "-c", "pass"], "must be a whole number, not 'five'"),
    "runs: none": (["profile", "--runs", "0", "-c", "pass"], "must be at least 1, not 0"),
    "idle: no number": (
        ["profile", "--until-idle", "soon", "-c", "pass"],
        "must be a number of seconds from 0.01 to 3600, not 'soon'",
    ),
    "idle: not at all": (
        ["profile", "--until-idle", "0", "-c", "pass"],
        "must be a number of seconds from 0.01 to 3600, not '0'",
    ),
    "pairs: no number": (["bench", "--pairs", "1.5", "-c", "pass"], "must be a whole number, not '1.5'"),
    "no percentage": (["diff", "--fail-above", "five", "a", "b"], "must be a percentage such as 5%, not 'five'"),
    "a negative percentage": (["diff", "--fail-above=-5%", "a", "b"], "must be a percentage such as 5%, not '-5%'"),
    "no milliseconds": (["report", "--hide-under", "soon", "a"], "must be a number of milliseconds, not 'soon'"),
    "a mistyped option of run": (["run", "--freshnes", "trusted", "x.py"], "--freshnes: did you mean --freshness?"),
    "a mistyped option of enable": (["enable", "--freshnes", "trusted"], "did you mean --freshness?"),
    "a mistyped option of verify": (["verify", "--jsn"], "--jsn: did you mean --json?"),
    "an unknown level": (["bench", "--levels", "fresh", "-c", "pass"], "level 'fresh' is not known; choose from checked"),
    "no such top-level name": (["verify", "--top", "json", "nosuch"], "--top: no entry of the search path has nosuch"),
    "no second command": (["bench", "-c", "pass", "--"], "A -- B: after -- the second command is missing"),
    "a second command that is not there": (["bench", "-c", "pass", "--", "nosuchcommand"], "nosuchcommand: no such command"),
    "counting two commands": (["bench", "--callgrind", "-c", "pass", "--", "true"], "--callgrind is for one program"),
    "diff: a mistyped option": (["diff", "--markdwon", "a", "b"], "did you mean --markdown?"),
    "an ending without a format": (["profile", "-o", "x.xyz", "-c", "pass"], "-o x.xyz: no format has the ending .xyz"),
    "the same of report": (["report", "-o", "x.pdf", "recording.json"], "no format has the ending .pdf"),
}


@pytest.mark.parametrize("case", WRONG)
def test_wrong_input_is_named(tmp_path, case):
    """Usage, status 2, the reason, no traceback, no file."""
    words, reason = WRONG[case]
    done = python("-m", "fastimport", *words, cwd=tmp_path)
    assert done.returncode == 2, done.stdout + done.stderr
    assert reason in " ".join(done.stderr.split())
    assert "Traceback" not in done.stderr and done.stdout == "" and os.listdir(tmp_path) == []


WRONG_PROJECTS = {
    "an option that is not there": ("[tool.fastimport.profile]\nrns = 3", "no option is called 'rns': did you mean runs?"),
    "a command that is not there": ("[tool.fastimport.profle]\nruns = 3", "has 'profle', which is none of bench, build"),
    "an option without its command": ("[tool.fastimport]\nruns = 3", "has 'runs', which is none of bench, build"),
    "a value of the wrong type": ("[tool.fastimport.profile]\nruns = true", "runs is a word or a number, not True"),
    "no switch": ("[tool.fastimport.profile]\nno-saving = 'yes'", "no-saving is true or false, not 'yes'"),
    "a value that typing would refuse": ("[tool.fastimport.profile]\nruns = 0", "runs: must be at least 1, not 0"),
    "none of the choices": ("[tool.fastimport.profile]\nview = 'wide'", "view: 'wide' is none of short, tree, table, summary"),
    "no table": ("[tool.fastimport]\nprofile = 1", "tool.fastimport.profile must be a table"),
    "no TOML": ("[tool.fastimport", "pyproject.toml: "),
    "what changes an environment": ("[tool.fastimport.speedup]\napply = true", "no option is called 'apply'"),
}


@pytest.mark.parametrize("case", WRONG_PROJECTS)
def test_wrong_defaults_of_a_project_are_named(tmp_path, case):
    """With the file, whichever directory of the project the command is typed in."""
    text, reason = WRONG_PROJECTS[case]
    (tmp_path / "pyproject.toml").write_text(text)
    (tmp_path / "below").mkdir()
    command = "speedup" if "speedup" in text else "profile"
    done = python("-m", "fastimport", command, "-c", "pass", cwd=tmp_path / "below")
    assert done.returncode == 2 and done.stdout == "", done.stdout + done.stderr
    assert reason in " ".join(done.stderr.split()) and "pyproject.toml" in done.stderr and "Traceback" not in done.stderr


def test_defaults_of_a_project_are_taken_and_overridden(tmp_path):
    (tmp_path / "pyproject.toml").write_text(
        "[tool.fastimport.profile]\nruns = 2\nno-saving = true\nno-advice = true\nview = 'summary'\nhide-under = 0.5\n"
    )
    done = python("-m", "fastimport", "profile", "-c", "pass", cwd=tmp_path)
    assert done.returncode == 0 and "median of 2 runs" in done.stdout and "More:" not in done.stdout, done.stderr
    done = python("-m", "fastimport", "profile", "--runs", "3", "-c", "pass", cwd=tmp_path)
    assert "median of 3 runs" in done.stdout
    assert python("-m", "fastimport", "status", cwd=tmp_path).returncode == 0


@pytest.mark.skipif(os.name == "nt", reason="permissions of POSIX")
def test_a_project_that_may_not_be_looked_at_has_no_defaults(public_root, monkeypatch, capsys):
    private = os.path.join(public_root, "private")
    below = os.path.join(private, "below")
    os.makedirs(below)
    with open(os.path.join(private, "pyproject.toml"), "w") as file:
        file.write("[tool.fastimport.profile]\nruns = 'many'\n")
    monkeypatch.chdir(below)
    os.chmod(private, 0)
    parser = argparse.ArgumentParser()
    with unprivileged():
        read_defaults("profile", parser)
    os.chmod(private, 0o755)
    with pytest.raises(SystemExit):
        read_defaults("profile", parser)
    assert "'runs'" in capsys.readouterr().err


@pytest.mark.parametrize("command", FAMILIES)
def test_every_command_has_examples_with_options_that_exist(command):
    """And on a narrow terminal no example is broken in two."""
    done = python("-m", "fastimport", command, "--help", COLUMNS="60", NO_COLOR="1")
    examples = [line.strip() for line in done.stdout.partition("\nexamples:\n")[2].splitlines()]
    assert done.returncode == 0 and examples == EXAMPLES[command]
    known = done.stdout.partition("\nexamples:\n")[0]
    for example in examples:
        assert example.startswith(f"fastimport {command}")
        own = re.split(r" -- | -m ", example)[0]
        parts = {"lazy": "--check"}  # of its parts, which have helps of their own
        for option in set(re.findall(r"(?<= )--[a-z][a-z-]*", own)) - {parts.get(command)}:
            assert option in known, option


def script(place, name, text):
    path = place / name
    path.write_text(text)
    path.chmod(path.stat().st_mode | stat.S_IXUSR)
    return path


PROFILE = ("-m", "fastimport", "profile", "--runs", "1", "--no-saving", "--hide-under", "0")


@pytest.mark.parametrize(
    "line",
    [
        ["python", "app.py", "word"],
        ["--", "python", "app.py", "word"],
        ["--", "app.py", "word"],
        [sys.executable, "app.py", "word"],
        ["python", "-m", "app", "word"],
        ["python3", "-c", "import app", "word"],
        ["tool", "word"],
        ["env-tool", "word"],
        ["long-tool", "word"],
    ],
    ids=" ".join,
)
def test_whatever_is_typed_before_a_program(tmp_path, line):
    """The program runs, with its own arguments: its import is in the report."""
    (tmp_path / "app.py").write_text("import sys, colorsys\nassert sys.argv[1:] == ['word'], sys.argv\n")
    long_form = f"#!/bin/sh\n'''exec' {sys.executable} \"$0\" \"$@\"\n' '''"
    shebangs = {"tool": f"#!{sys.executable}", "env-tool": "#!/usr/bin/env python", "long-tool": long_form}
    commands = tmp_path / "bin"
    commands.mkdir()
    for name, first in shebangs.items():
        script(commands, name, f"{first}\nimport sys; sys.path.insert(0, {str(tmp_path)!r}); import app\n")
    path = os.pathsep.join([str(commands), os.path.dirname(sys.executable), os.environ["PATH"]])
    done = python(*PROFILE, *line, cwd=tmp_path, PATH=path)
    assert done.returncode == 0 and "colorsys" in done.stdout, done.stdout + done.stderr


def test_a_command_of_another_environment_is_not_measured_here(tmp_path):
    """It would be measured with the wrong packages."""
    commands = tmp_path / "bin"
    commands.mkdir()
    script(commands, "theirs", "#!/somewhere/else/bin/python3\n")
    done = python(*PROFILE, "theirs", cwd=tmp_path, PATH=str(commands))
    assert done.returncode == 2 and "another environment" in done.stderr


def test_the_reason_of_a_failure_is_no_border_of_a_table(tmp_path):
    """And a program that failed is not shown import by import."""
    table = "+-- Error --+\n| no such command: x |\n+-----------+\n\u2570\u2500\u2500\u256f"
    code = f"import colorsys, sys; print({table!r}, file=sys.stderr); sys.exit(2)"
    done = python(*PROFILE, "-c", code, cwd=tmp_path, PYTHONIOENCODING="utf-8")
    assert done.returncode == 1
    assert "the program ended with status 2: no such command: x" in done.stderr
    assert "cumulative" not in done.stdout


@pytest.mark.parametrize("name", ["shopp.web", "json.nothing", "sys"])
def test_a_module_that_is_never_imported_ends_no_start(tmp_path, name):
    """--until-import NAME of a name that does not come is a failure, told at the end where it is read."""
    done = python(*PROFILE, "--until-import", name, "-c", "import json", cwd=tmp_path)
    assert done.returncode == 1 and f"--until-import {name}: it was" in done.stderr


@pytest.mark.parametrize("ending", ["html", "json", "txt"])
def test_what_was_written_is_said(tmp_path, ending):
    done = python(*PROFILE, "-o", f"report.{ending}", "-c", "pass", cwd=tmp_path)
    assert done.returncode == 0 and f"fastimport profile: wrote report.{ending}" in done.stderr
    assert (tmp_path / f"report.{ending}").stat().st_size > 0


@pytest.mark.skipif(os.name == "nt", reason="signals as POSIX has them")
def test_what_was_measured_is_shown_after_ctrl_c(tmp_path):
    """Rounds that are over are not lost, and there is no traceback."""
    marks = tmp_path / "marks"
    code = f"open({str(marks)!r}, 'a').write('x')"
    command = [sys.executable, "-m", "fastimport", "bench", "--pairs", "100000", "--warmups", "0", "-c", code]
    process = subprocess.Popen(command, cwd=tmp_path, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)
    while process.poll() is None and (not marks.exists() or marks.stat().st_size < 40):
        time.sleep(0.05)
    process.send_signal(signal.SIGINT)
    out, errors = process.communicate(timeout=60)
    assert process.returncode == 0 and "interrupted:" in out and "Traceback" not in out + errors
