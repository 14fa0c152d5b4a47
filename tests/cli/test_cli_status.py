"""``fastimport status``, and what all commands share: help, usage errors, laziness."""

import json
import re
from pathlib import Path

import pytest
from support.process import python

import fastimport
from fastimport import cli

COMMANDS = sorted(cli.FAMILIES)


def status(*words, switches=(), **variables):
    done = python(*switches, "-m", "fastimport", "status", *words, **variables)
    assert (done.returncode, done.stderr) == (0, "")
    return done.stdout


def test_a_plain_interpreter_is_not_active():
    assert re.match(r"fastimport +not active", status())
    found = json.loads(status("--json"))
    assert found["schema"] == "fastimport.status/1"
    assert (found["active"], found["position"], found["register"]) == (False, None, None)
    assert found["meta_path"][-1] == "PathFinder"


@pytest.mark.parametrize("register", ["meta_path", "in_place"])
def test_under_fastimport_it_says_where_and_how(register):
    options = ["--register", register, "--freshness", "trusted"]
    done = python("-m", "fastimport", "run", *options, "-m", "fastimport", "status", "--json")
    found = json.loads(done.stdout)
    assert (found["active"], found["register"], found["freshness"]) == (True, register, "trusted")
    assert found["meta_path"][found["position"]] == "PathFinder"
    assert found["counts"]["hits"] > 0
    text = python("-m", "fastimport", "run", *options, "-m", "fastimport", "status").stdout
    assert f"active: {register}, trusted, position {found['position']}" in text


def test_files_and_versions_are_those_in_use():
    found = json.loads(status("--json"))
    assert found["versions"]["fastimport"] == fastimport.__version__
    assert re.fullmatch(r"\d+\.\d+.*", found["versions"]["cython"])
    for path in found["modules"].values():
        assert Path(path).is_file()
    assert set(found["counts"]) == set(fastimport.stats()._fields) - {"refusals", "snapshot_unused", "unmarshalled"}


def test_variables_are_shown_with_what_is_wrong_with_them():
    text = status(FASTIMPORT_FRESHNESS="fresh", FASTIMPORT_STATS="0")
    assert re.search(r"environment +FASTIMPORT_FRESHNESS=fresh$", text, re.M)
    assert re.search(r"environment +FASTIMPORT_STATS=0$", text, re.M)
    assert re.search(r"problem +FASTIMPORT_FRESHNESS='fresh': must be one of checked, trusted", text)


def test_ignored_variables_are_called_ignored():
    text = status(switches=["-E"], FASTIMPORT_FRESHNESS="fresh")
    assert "FASTIMPORT_FRESHNESS=fresh (ignored: -E or -I)" in text
    assert "problem" not in text


def test_what_was_declined_is_listed_with_its_reason():
    code = "import fastimport.cli as c, fastimport.finding.finder as f; f.resolver.refuse('a reason'); c.main(['status'])"
    assert re.search(r"^declined +a reason \(1 times\)$", python("-c", code).stdout, re.M)


def test_help_of_all_lists_every_command():
    done = python("-m", "fastimport", "--help")
    assert (done.returncode, done.stderr) == (0, "")
    for command in COMMANDS:
        assert re.search(rf"^ +{command}(?: |$)", done.stdout, re.M)


@pytest.mark.parametrize("command", COMMANDS)
def test_one_command_loads_only_its_own_module(command):
    code = (
        f"import sys, fastimport.cli as c; c.main([{command!r}, '--help']);"
        "print(*[n for n in sys.modules if n.startswith('fastimport.cli.') and n.rpartition('.')[2] in c.FAMILIES.values()])"
    )
    assert python("-c", code).stdout.splitlines()[-1] == f"fastimport.cli.{cli.FAMILIES[command]}"


@pytest.mark.parametrize("words", [(), ("nonsense",), ("status", "--nonsense"), ("verify", "--level", "stale")])
def test_wrong_usage_is_status_2_on_stderr(words):
    done = python("-m", "fastimport", *words)
    assert (done.returncode, done.stdout) == (2, "")
    assert done.stderr.startswith("usage: fastimport")


def test_main_returns_the_status(capsys):
    assert cli.main(["--help"]) == cli.OK
    assert cli.main(["nonsense"]) == cli.USAGE
    assert cli.main(["--version"]) == cli.OK
    assert f"fastimport {fastimport.__version__}\n" in capsys.readouterr().out


def test_nothing_is_coloured_with_no_color():
    for words in ([], ["status"], ["run", "--help"]):
        done = python("-m", "fastimport", *words, NO_COLOR="1", FORCE_COLOR="1")
        assert "\x1b" not in done.stdout + done.stderr
