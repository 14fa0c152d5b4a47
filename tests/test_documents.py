"""The documents say what is there: commands, links, variables; and no tracked file knows somebody's machine."""

import re
import shutil
import subprocess
from pathlib import Path

import pytest
from support.projects import ROOT

import fastimport
from fastimport import settings

DOCUMENTS = sorted([*ROOT.glob("*.md"), *ROOT.glob("docs/**/*.md")])
# Read by the build and by .ci/run, not by the package.
ELSEWHERE = {"FASTIMPORT_BUILD", "FASTIMPORT_PYTHONS", "FASTIMPORT_DEBUG"}
ELSEWHERE |= {"FASTIMPORT_FOUND", "FASTIMPORT_ABSENT", "FASTIMPORT_ASK"}  # of fastimport.h
LINK = re.compile(r"\[[^\]]*\]\(([^)\s]+)\)")
TARGET = re.compile(r"^([a-z][a-z-]*):", re.MULTILINE)
MACHINE = re.compile(r"/(?:root|work|tmp)/|/home/\w|/opt/\w|\.pythonhosted\.org|(?<![\w.])pypi\.org/simple", re.ASCII)

every_document = pytest.mark.parametrize("document", DOCUMENTS, ids=lambda path: path.relative_to(ROOT).as_posix())


def text_of(path):
    return path.read_text(encoding="utf-8")


def anchors(path):
    """What GitHub makes of the headings."""
    titles = re.findall(r"^#+ +(.+)$", text_of(path), re.MULTILINE)
    return {re.sub(r"[^\w\- ]", "", title.lower()).strip().replace(" ", "-") for title in titles}


def tracked_files():
    """Of the repository, or, in an unpacked sdist, every text file that may have come with it."""
    if shutil.which("git") and (ROOT / ".git").exists():
        listing = subprocess.run(["git", "ls-files", "-z"], cwd=ROOT, capture_output=True, text=True, check=True).stdout
        return [ROOT / name for name in listing.split("\0")[:-1] if (ROOT / name).is_file()]
    return [path for path in ROOT.glob("*/**/*.*") if path.suffix in (".py", ".pyx", ".md", ".toml", ".yml", ".h")]


def test_documents_were_found():
    assert {"README.md", "CHANGELOG.md", "CONTRIBUTING.md"} <= {path.name for path in DOCUMENTS}


@every_document
def test_every_make_target_that_is_named_exists(document):
    named = set(re.findall(r"(?:^|`)make ([a-z][a-z-]*)", text_of(document), re.MULTILINE))
    assert named <= set(TARGET.findall(text_of(ROOT / "Makefile")))


def test_every_make_target_is_explained_by_make_help():
    makefile = text_of(ROOT / "Makefile")
    phony = re.search(r"^\.PHONY: (.*)$", makefile, re.MULTILINE)[1].split()
    assert set(phony) == set(TARGET.findall(makefile))
    assert set(phony) == set(re.findall(r"^([a-z-]+):.*## \w", makefile, re.MULTILINE))


def test_readme_opens_with_the_two_commands_and_the_install_line():
    first_screen = "\n".join(text_of(ROOT / "README.md").splitlines()[:40])
    for command in ("make demo", "make test", "pip install fastimport-finder"):
        assert command in first_screen


@every_document
def test_every_link_leads_somewhere(document):
    for link in LINK.findall(text_of(document)):
        if link.startswith(("https://", "http://", "mailto:")):
            continue
        name, _, anchor = link.partition("#")
        target = document.parent / name if name else document
        assert target.exists(), link
        assert not anchor or anchor in anchors(target), link


@every_document
def test_every_variable_that_is_named_exists(document):
    assert set(re.findall(r"\bFASTIMPORT(?:_[A-Z_]*[A-Z])?\b", text_of(document))) <= {*settings.VARIABLES, *ELSEWHERE}


def test_every_variable_is_documented():
    everything = "\n".join(map(text_of, DOCUMENTS))
    assert [name for name in settings.VARIABLES if not re.search(rf"\b{name}\b", everything)] == []


def test_every_variable_that_settings_reads_is_listed_there():
    found = re.findall(r"""["'](FASTIMPORT(?:_[A-Z_]+)?)["']""", text_of(Path(settings.__file__)))
    assert set(found) == set(settings.VARIABLES)


def test_changelog_names_this_version_or_says_unreleased():
    assert re.search(rf"^## \[(Unreleased|{re.escape(fastimport.__version__)})\]", text_of(ROOT / "CHANGELOG.md"), re.MULTILINE)


def test_no_tracked_file_knows_a_machine():
    found = []
    for path in tracked_files():
        if path == Path(__file__) or path.suffix in (".png", ".svg"):
            continue
        for number, line in enumerate(path.read_text(encoding="utf-8", errors="replace").splitlines(), 1):
            if MACHINE.search(line):
                found.append(f"{path.relative_to(ROOT)}:{number}: {line.strip()}")
    assert not found, "\n".join(found)
