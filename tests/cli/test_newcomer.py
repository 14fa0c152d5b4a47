"""A newcomer's walk: the README's commands, copied out of it, in a fresh environment: a slow import is found and removed."""

import importlib.metadata
import json
import os
import re
import subprocess
import sys
import zipfile

import pytest
from support.installation import Installation, clean_environment
from support.projects import ROOT

SLOW = "import time\n\ntime.sleep(0.25)\nRATES = {'EUR': 1}\n"
MAIN = "from yourapp import shop\n\n\ndef main():\n    shop.run()\n\n\nif __name__ == '__main__':\n    main()\n"
BEFORE = """\
import json
import sys

from yourapp.rates import RATES


def run():
    print(json.dumps(sys.argv[1:]))


def convert(amount):
    return amount * RATES["EUR"]
"""
AFTER = """\
import json
import sys


def run():
    print(json.dumps(sys.argv[1:]))


def convert(amount):
    from yourapp.rates import RATES

    return amount * RATES["EUR"]
"""

EDIT = "lazy from yourapp.rates import RATES" if sys.version_info >= (3, 15) else "into convert()"

pytestmark = pytest.mark.skipif(os.name == "nt", reason="a shell as POSIX has it")


def commands():
    """Those of the README's first block, without what is said beside them."""
    block = re.search(r"^```\n(pip install.*?)^```", (ROOT / "README.md").read_text(encoding="utf-8"), re.M | re.S)[1]
    return [line.partition("  ")[0].strip() for line in block.splitlines()]


def pack_wheel(directory):
    """The installed distribution as the wheel that it came from."""
    found = importlib.metadata.distribution("fastimport-finder")
    tag = re.search(r"^Tag: (\S+)", found.read_text("WHEEL"), re.M)[1]
    directory.mkdir()
    with zipfile.ZipFile(directory / f"fastimport_finder-{found.version}-{tag}.whl", "w") as wheel:
        for path in found.files:
            outside = ".." in path.parts or "__pycache__" in path.parts
            if not outside and path.name not in ("INSTALLER", "REQUESTED", "direct_url.json", "RECORD"):
                wheel.write(path.locate(), path)
        record = next(path for path in found.files if path.name == "RECORD")
        kept = [line for line in found.read_text("RECORD").splitlines() if line.partition(",")[0] in wheel.namelist()]
        wheel.writestr(str(record), "\n".join([*kept, f"{record},,"]) + "\n")


class Newcomer:
    """Somebody at a prompt, in a directory with an application of their own."""

    def __init__(self, tmp_path):
        self.home = tmp_path / "home"
        self.bin = Installation(tmp_path / "env", with_fastimport=False).python.parent
        self.command("pip", f'#!/bin/sh\nexec {sys.executable} -m pip --python {self.bin}/python "$@"\n')
        self.command("yourapp", f"#!{self.bin}/python\nimport sys\nsys.path.insert(0, {str(self.home)!r})\n{MAIN}")
        for name, text in {"__init__": "", "__main__": MAIN, "rates": SLOW, "shop": BEFORE}.items():
            self.write(name, text)
        pack_wheel(tmp_path / "wheels")
        self.variables = {"PIP_NO_INDEX": "1", "PIP_FIND_LINKS": str(tmp_path / "wheels"), "PIP_DISABLE_PIP_VERSION_CHECK": "1"}
        self.variables |= {"PATH": f"{self.bin}{os.pathsep}{os.environ['PATH']}", "NO_COLOR": "1"}

    def command(self, name, text):
        (self.bin / name).write_text(text)
        (self.bin / name).chmod(0o755)

    def write(self, module, text):
        path = self.home / "yourapp" / f"{module}.py"
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text)

    def type(self, line):
        environment = {k: v for k, v in clean_environment().items() if not k.startswith("PIP_")} | self.variables
        done = subprocess.run(["sh", "-c", line], cwd=self.home, env=environment, capture_output=True, text=True, timeout=300)
        assert done.returncode == 0, f"$ {line}\n{done.stdout}{done.stderr}"
        return done.stdout

    def modules(self, file):
        return {module["name"] for module in json.loads((self.home / file).read_text())["modules"]}


def test_a_slow_import_is_found_removed_and_measured(tmp_path):
    newcomer = Newcomer(tmp_path)
    install, profile, execute = commands()
    newcomer.type(install)

    report = newcomer.type(profile)
    first = report.split("What to change", 1)[1].splitlines()[1]
    assert "put off yourapp.rates: yourapp/shop.py:4" in first, report
    assert EDIT in report
    newcomer.type(profile.replace("-m", "-o before.json -m"))

    newcomer.write("shop", AFTER)
    report = newcomer.type(profile)
    assert "yourapp.rates" not in report.split("Packages", 1)[0]
    newcomer.type(profile.replace("-m", "-o after.json -m"))
    assert "yourapp.rates" in newcomer.modules("before.json") - newcomer.modules("after.json")
    compared = newcomer.type("fastimport diff --fail-above 0% before.json after.json")
    assert re.search(r"^gone: .*\n.*yourapp\.rates$", compared, re.M), compared

    assert json.loads(newcomer.type(execute)) == ["--its", "--arguments"]
