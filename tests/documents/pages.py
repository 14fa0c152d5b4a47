"""The code in the tutorial and the how-to pages runs: each page from its top, in one directory, with an environment of its own.

A block marked ``sh`` or ``python`` is run; one that begins with ``# file: NAME`` is written to that file. Other blocks show
output, or belong to programs that are not here. Takes minutes, so `make docs` runs it, and `make test` does not.
"""

import os
import re
import subprocess

import pytest
from support.installation import Installation, clean_environment
from support.process import python
from support.projects import ROOT

PAGES = [ROOT / "docs" / "tutorial.md", *sorted((ROOT / "docs" / "how-to").glob("*.md"))]
BLOCK = re.compile(r"^```(\w*)\n(.*?)^```$", re.M | re.S)
NEEDS = {"django.md": "django"}

pytestmark = pytest.mark.skipif(os.name == "nt", reason="the pages speak to a shell as POSIX has it")


@pytest.fixture
def place(tmp_path):
    """An environment with a `fastimport` command, and an empty directory."""
    installed = Installation(tmp_path / "env")
    command = installed.python.parent / "fastimport"
    command.write_text(f"#!{installed.python}\nfrom fastimport.cli import finish, main\nfinish(main())\n")
    command.chmod(0o755)
    (tmp_path / "page").mkdir()
    return tmp_path / "page"


def lend(environment, package):
    """Let an environment import what the one of the tests has."""
    found = python("-c", f"import {package}; print({package}.__path__[0])").stdout.strip()
    (next(environment.glob("lib/python*/site-packages")) / "lent.pth").write_text(os.path.dirname(found))
    command = environment / "bin" / "django-admin"
    command.write_text(
        f"#!{environment}/bin/python\nfrom django.core.management import execute_from_command_line as main\nmain()\n"
    )
    command.chmod(0o755)


def blocks(page):
    return BLOCK.findall(page.read_text(encoding="utf-8"))


@pytest.mark.parametrize("page", PAGES, ids=lambda page: page.stem)
def test_the_code_on_a_page_runs(page, place):
    """From the top: a later block uses what an earlier one wrote."""
    package = NEEDS.get(page.name)
    if package:
        pytest.importorskip(package)
        lend(place.parent / "env", package)
    path = f"{place.parent / 'env' / 'bin'}{os.pathsep}{os.environ['PATH']}"
    environment = clean_environment(PATH=path, NO_COLOR="1", XDG_CACHE_HOME=str(place.parent / "cache"))
    ran = 0
    for language, text in blocks(page):
        written = re.match(r"# file: (\S+)\n", text)
        if written:
            file = place / written[1]
            file.parent.mkdir(parents=True, exist_ok=True)
            file.write_text(text, encoding="utf-8")
        elif language in ("sh", "python"):
            words = ["sh", "-euc", text] if language == "sh" else ["python", "-c", text]
            done = subprocess.run(words, cwd=place, env=environment, capture_output=True, text=True, timeout=300)
            assert done.returncode == 0, f"{text}\n{done.stdout}{done.stderr}"
            ran += 1
    assert ran, "nothing on this page was run"
