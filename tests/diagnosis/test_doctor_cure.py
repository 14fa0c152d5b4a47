"""Bytecode that is stale or missing at every start: the command that the doctor names is the cure."""

import compileall
import json
import os
import shlex
import subprocess
import zipfile

import pytest
from support.installation import Installation, clean_environment
from support.trees import plant

SOURCE = "".join(f"def f{number}(a, b):\n    return [a, b, {number}]\n" for number in range(8000))


def unpacked_again(bundle, tmp_path):
    """As an archive for AWS Lambda: bytecode inside, sources with the time of unpacking."""
    plant(str(tmp_path / "made"), {"pkg": {"__init__.py": "", "inner.py": SOURCE}})
    for path in (tmp_path / "made").rglob("*.py"):
        os.utime(path, (1_000_000_000, 1_000_000_000))
    compileall.compile_dir(tmp_path / "made", quiet=2)
    with zipfile.ZipFile(tmp_path / "bundle.zip", "w") as archive:
        for path in (tmp_path / "made").rglob("*.*"):
            archive.write(path, path.relative_to(tmp_path / "made"))
    with zipfile.ZipFile(tmp_path / "bundle.zip") as archive:
        archive.extractall(bundle)


def never_compiled(bundle, tmp_path):
    """As a layer of an image, or a standard library, whose bytecode was deleted or never made."""
    plant(str(bundle), {"pkg": {"__init__.py": "", "inner.py": SOURCE}})


SITUATIONS = {
    unpacked_again: ("stale, unwritable", "made for sources of another time (unpacked or copied since)"),
    never_compiled: ("missing, unwritable", "have no bytecode"),
}


@pytest.mark.parametrize("situation", SITUATIONS, ids=lambda function: function.__name__)
def test_the_command_that_the_doctor_names_is_the_cure(situation, tmp_path):
    """Where nothing is written: PYTHONDONTWRITEBYTECODE=1."""
    environment = Installation(tmp_path / "env")
    bundle = tmp_path / "bundle"
    situation(bundle, tmp_path)
    variables = {"PYTHONPATH": str(bundle), "PYTHONDONTWRITEBYTECODE": "1"}

    def examine():
        done = environment.fastimport("doctor", "--json", "--only", "bytecode", **variables)
        return [each for each in json.loads(done.stdout)["findings"] if each["subject"] == str(bundle)]

    kind, cause = SITUATIONS[situation]
    (finding,) = examine()
    assert (finding["kind"], finding["severity"]) == (kind, "warning")
    assert cause in finding["text"] and "compiled at each start; all take" in finding["text"]
    assert finding["details"]["seconds"] > 0
    cured = subprocess.run(
        shlex.split(finding["remedy"]), env=clean_environment(**variables), cwd=tmp_path, capture_output=True, text=True
    )
    assert cured.returncode == 0, cured.stderr
    (finding,) = examine()
    assert (finding["severity"], finding["remedy"]) == ("notice", "")
    assert "of compiling are saved" in finding["text"]
    loaded = environment.says(
        "-c", "import fastimport; fastimport.install(); import pkg.inner; print(fastimport.stats().snapshot_codes)", **variables
    )
    assert int(loaded) >= 1
