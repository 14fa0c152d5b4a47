"""Applications in one file, made by the real shiv and PEX: they start with fastimport inside them, or around them.

Rules: what is imported from the archive is zipimport's, what the archive unpacks is found as ever; everything is imported from
where it is without fastimport.
"""

import json
import shutil
import subprocess
import sys
from pathlib import Path

import pytest
from support.components import needs, run
from support.installation import clean_environment
from support.trees import plant

import fastimport

APPLICATION = """
import sys

def main():
    import fastimport
    fastimport.install()
    import product.parts, product.deep.er, colorsys
    try:
        import product.absent
    except ImportError as error:
        absent = str(error)
    import json
    told = {}
    for name, module in sorted(sys.modules.items()):
        if name.partition(".")[0] in ("product", "colorsys", "_bootstrap", "pex", "__main__"):
            told[name] = getattr(module, "__file__", None), type(getattr(module, "__loader__", None)).__name__
    stats = fastimport.stats()
    print(json.dumps([fastimport.installed(), told, absent, sys.path, stats.hits > 0, list(stats.refusals)]))
"""


@pytest.fixture(scope="module")
def stage(tmp_path_factory):
    """What goes into the archives: an application and fastimport."""
    place = tmp_path_factory.mktemp("archives")
    tree = {"product": {"__init__.py": APPLICATION, "parts.py": "", "deep": {"__init__.py": "", "er.py": ""}}}
    plant(place, {"stage": tree})
    package = Path(fastimport.__file__).parent
    shutil.copytree(package, place / "stage" / "fastimport", ignore=shutil.ignore_patterns("__pycache__"))
    return place


def made(place, *words):
    command = [sys.executable, "-m", *words]
    environment = clean_environment(PEX_ROOT=str(place / "pex_root"), SHIV_ROOT=str(place / "shiv_root"))
    done = subprocess.run(command, cwd=place, env=environment, capture_output=True, text=True, timeout=100, check=False)
    assert done.returncode == 0, done.stdout + done.stderr


def start(place, words, **variables):
    done = run([*words, "./app"], cwd=place, PEX_ROOT=str(place / "pex_root"), SHIV_ROOT=str(place / "shiv_root"), **variables)
    assert (done.returncode, done.stderr) == (0, ""), done.stderr
    return json.loads(done.stdout)


def check(place):
    """Started plainly with fastimport inside, under `fastimport exec`, and with it switched off: the same modules."""
    stock = start(place, [sys.executable], FASTIMPORT="0")
    assert (stock[0], stock[4]) == (False, False)
    execute = [sys.executable, "-m", "fastimport", "exec", "--", sys.executable]
    for ours in (start(place, [sys.executable]), start(place, execute)):
        assert (ours[0], ours[4], ours[5]) == (True, True, [])
        assert ours[1:4] == stock[1:4]
    return stock[1]


@needs("shiv")
def test_shiv(stage):
    """Its bootstrap is imported from the archive; the application from the directory that it unpacks."""
    made(stage, "shiv", "-o", "app", "-e", "product:main", "--site-packages", "stage")
    told = check(stage)
    assert told["_bootstrap"][1] == told["__main__"][1] == "zipimporter"
    assert told["product.deep.er"][1] == "SourceFileLoader"
    assert "shiv_root" in told["product.deep.er"][0]


@needs("pex")
def test_pex(stage):
    """It unpacks itself once, and starts again from there."""
    made(stage, "pex", "-D", "stage", "-m", "product:main", "-o", "app", "--disable-cache")
    told = check(stage)
    assert told["product.deep.er"][1] == "SourceFileLoader"
    assert "pex_root" in told["product.deep.er"][0]


@pytest.mark.parametrize("level", ["checked", "trusted"])
def test_entries_inside_an_archive(tmp_path, level):
    """As a launcher that does not unpack has them: directories of a zip file on sys.path, between others."""
    tree = {"one": {"zipped.py": "X = 1", "package": {"__init__.py": "", "sub.py": ""}}}
    plant(tmp_path, {"tree": tree, "after": {"late.py": ""}})
    archive = shutil.make_archive(str(tmp_path / "app"), "zip", tmp_path / "tree")
    code = f"import sys; sys.path[:0] = [{archive!r} + '/one', {archive!r}, {str(tmp_path / 'after')!r}]\n"
    code += "import fastimport; fastimport.install(freshness=sys.argv[1])\n"
    code += "import zipped, package.sub, late, one.zipped\n"
    code += "modules = zipped, package.sub, late, one.zipped\n"
    code += "print([type(module.__loader__).__name__ for module in modules], package.__path__, one.zipped.__file__)"
    words = [sys.executable, "-W", "error", "-c", code, level]
    ours, stock = run(words, cwd=tmp_path), run(words, cwd=tmp_path, FASTIMPORT="0")
    assert (ours.returncode, ours.stderr, ours.stdout) == (0, "", stock.stdout)
    assert "['zipimporter', 'zipimporter', 'SourceFileLoader', 'zipimporter']" in stock.stdout
