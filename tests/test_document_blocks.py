"""Commands of ours in code blocks have the options that they name, and docs/python-api.md is what the docstrings say."""

import re
import shutil
import subprocess
import sys

import pytest
from support.installation import clean_environment
from support.process import python
from support.projects import ROOT

EVERY = sorted([*ROOT.glob("*.md"), *ROOT.glob("docs/**/*.md")])
BLOCK = re.compile(r"^```(\w*)\n(.*?)^```$", re.M | re.S)
COMMAND = re.compile(r"(?<![\w/.-])fastimport (\w+)((?: +-{1,2}[a-z][\w-]*(?:[= ](?!-)\S+)?)*)")
PROGRAM = re.compile(r" (?:-m|-c) ")  # what follows is the program's


@pytest.fixture(scope="module")
def options():
    """Command to the words that its help has."""
    known = {}

    def words(command):
        if command not in known:
            done = python("-m", "fastimport", command, "--help", COLUMNS="200", NO_COLOR="1")
            known[command] = set(re.findall(r"(?<![\w-])--?[a-z][\w-]*", done.stdout)) if done.returncode == 0 else None
        return known[command]

    return words


@pytest.mark.parametrize("page", EVERY, ids=lambda page: page.name)
def test_commands_in_blocks_exist_with_the_options_that_they_name(page, options):
    """Also where they can't be run: in a Dockerfile, say."""
    wrong = []
    for _, text in BLOCK.findall(page.read_text(encoding="utf-8")):
        for command, given in COMMAND.findall(text):
            known = options(command)
            if known is None:
                wrong += [command] if given else []
            else:
                wrong += [
                    f"{command} {each}"
                    for each in re.findall(r"(?<=\s)--?[a-z][\w-]*", PROGRAM.split(given)[0])
                    if each not in known
                ]
    assert wrong == []


def test_the_interface_page_is_what_the_docstrings_say(tmp_path):
    """docs/python-api.md is generated: `python tools/api_page.py` after a change."""
    tools = tmp_path / "tools"
    tools.mkdir()
    (tmp_path / "docs").mkdir()
    shutil.copy(ROOT / "tools" / "api_page.py", tools)
    subprocess.run([sys.executable, str(tools / "api_page.py")], check=True, capture_output=True, env=clean_environment())
    made = (tmp_path / "docs" / "python-api.md").read_text(encoding="utf-8")
    assert made == (ROOT / "docs" / "python-api.md").read_text(encoding="utf-8")
