"""Images: an environment is made in one place, enabled with a snapshot, copied to another, and runs there at the level frozen.

Rules: the same modules, from the new place; nothing in site-packages is touched to find and load them; times may have been
reset; what a snapshot can't do is told by `enable`, by `status` and by `verify`, and stops no start.
"""

import json
import os
import shutil
import sys

import pytest
from support.components import FILE_CALL, traced
from support.installation import Installation
from support.trees import plant

from fastimport.environment import site_files

KINDS = [(), ("--start-file",)] if sys.version_info >= site_files.FIRST_WITH_START_FILES else [()]
USED = """
import fastimport
from fastimport.state import describe
print(describe()["freshness"], describe()["snapshot"], *fastimport.stats().refusals)
"""
PRODUCT = {
    "product": {"__init__.py": "from product import parts, deep", "parts.py": "def fail(): raise LookupError", "data.txt": "text",
                "deep": {"__init__.py": "", "er.py": "X = 6"}},
    "space": {"one": {"__init__.py": "Y = 7"}},
}  # fmt: skip
PROGRAM = """
import os, sys
os.access("/begin", 0)
import product.deep.er, space.one, product.parts
try:
    import product.absent
except ImportError as error:
    absent = str(error)
os.access("/end", 0)
import json, traceback
from importlib import resources
try:
    product.parts.fail()
except LookupError as error:
    frames = [frame.filename for frame in traceback.extract_tb(error.__traceback__)][1:]
def told(module):
    return repr(module.__file__), module.__spec__.name, str(module.__spec__.submodule_search_locations)
modules = [told(sys.modules[name]) for name in ("product", "product.deep.er", "space", "space.one")]
print(json.dumps([modules, absent, frames, resources.files("product").joinpath("data.txt").read_text()]))
"""
STATE = """
import fastimport, json, product
from fastimport.state import describe
print(json.dumps([fastimport.stats().snapshot_codes > 0, list(fastimport.stats().refusals), describe()["freshness"],
                  describe()["snapshot"]]))
"""


@pytest.fixture(scope="module")
def image(tmp_path_factory):
    """The environment at its second place; the first is gone, and the tool that copied it gave every file the same time."""
    place = tmp_path_factory.mktemp("image")
    built = Installation(place / "builder" / "env")
    plant(built.site, PRODUCT)
    (built.directory / "program.py").write_text(PROGRAM, encoding="utf-8")
    assert built.fastimport("build", "--by-content", "--from", "program.py").returncode == 0
    assert built.fastimport("enable", "--freshness", "frozen").returncode == 0
    shutil.copytree(built.directory, place / "srv" / "env", symlinks=True)
    shutil.rmtree(place / "builder")
    for directory, _, names in os.walk(place / "srv"):
        for name in (".", *names):
            os.utime(os.path.join(directory, name), (315532800,) * 2, follow_symlinks=False)
    built.move(place / "srv" / "env")
    return built


def test_it_runs_frozen_from_the_new_place(image):
    snapshot = f"{image.directory}/fastimport/{sys.implementation.cache_tag}.fastimport"
    assert json.loads(image.says("-c", STATE)) == [True, [], "frozen", snapshot]


def test_everything_is_as_importlib_would_have_it_there(image):
    ours = json.loads(image.says("program.py"))
    assert ours == json.loads(image.says("program.py", FASTIMPORT="0"))
    assert ours[2] == [str(image.site / "product" / "parts.py")]


@pytest.mark.skipif(shutil.which("strace") is None, reason="no strace to count system calls with")
def test_no_module_of_the_environment_is_looked_for(image):
    text = traced([str(image.python), "program.py"], cwd=image.directory)
    lines = text.split('"/begin"')[1].split('"/end"')[0].splitlines()
    assert [line for line in lines if FILE_CALL.match(line) and "site-packages" in line] == []


def test_status_says_where_it_comes_from(image):
    found = json.loads(image.says("-m", "fastimport", "status", "--json"))
    assert (found["active"], found["freshness"], found["refusals"]) == (True, "frozen", {})
    assert {each["place"]: each["refused"] for each in found["snapshots"]} == {"in use": None, "environment": None}


def test_verify_says_when_it_has_to_be_made_again(image):
    """What is installed into a running image is not found: importlib, and whoever verifies, sees it."""
    snapshot = next((image.directory / "fastimport").iterdir())
    words = ("verify", "--level", "frozen", "--snapshot", str(snapshot), "--top", "product", "patched", "--", str(image.site))
    done = image.fastimport(*[word for word in words if word != "patched"])
    assert (done.returncode, "builder" in done.stdout) == (0, False), "it is compared with what is where it is now"
    (image.site / "patched.py").write_text("", encoding="utf-8")
    try:
        assert image.run("-c", "import patched").returncode == 1
        assert image.says("-c", "import patched", FASTIMPORT_FRESHNESS="checked", FASTIMPORT_SNAPSHOT="none") == ""
        done = image.fastimport(*words)
        assert (done.returncode, "patched: " in done.stdout) == (1, True)
    finally:
        (image.site / "patched.py").unlink()


def test_a_snapshot_made_for_the_place_where_the_image_has_it(tmp_path):
    """The tool copies the files, but not into an environment: --root says where they will be."""
    built = Installation(tmp_path / "env")
    plant(built.directory, {"stage": PRODUCT})
    made = ("build", "--root", f"{built.directory}/stage=/srv/application", "-o", "app.fastimport", "stage")
    assert built.fastimport(*made).returncode == 0
    code = "import sys; sys.path.append('/srv/application'); import product.deep.er as er; print(er.X, er.__file__)"
    words = ("run", "--freshness", "frozen", "--snapshot", "app.fastimport", "-c", code)
    assert built.says("-m", "fastimport", *words) == "6 /srv/application/product/deep/er.py"


@pytest.fixture
def own(tmp_path):
    """An environment that a test may break."""
    return Installation(tmp_path / "env")


def build(environment, *words):
    """A snapshot of one small directory; the whole environment would take its time."""
    (environment.directory / "lib").mkdir(exist_ok=True)
    (environment.directory / "lib" / "plain.py").write_text("X = 5", encoding="utf-8")
    done = environment.fastimport("build", *words, "lib")
    assert (done.returncode, done.stderr) == (0, "")


@pytest.mark.parametrize("words", KINDS, ids=lambda words: " ".join(words) or "line")
def test_a_snapshot_is_used_by_every_start_and_moves_with_its_environment(own, words):
    """Said as a path from the current directory; recorded relative to the prefix; variables of one process count more."""
    build(own, "--by-content", "-o", "s.fastimport")
    done = own.fastimport("enable", "--freshness", "frozen", "--snapshot", "s.fastimport", *words)
    assert (done.returncode, done.stderr) == (0, "")
    for switches in ((), ("-I",)):
        assert own.says(*switches, "-c", USED) == f"frozen {own.directory / 's.fastimport'}"
    assert own.says("-c", USED, FASTIMPORT_SNAPSHOT="none", FASTIMPORT_FRESHNESS="checked") == "checked None"
    assert own.says("-E", "-c", USED, FASTIMPORT_SNAPSHOT="none") == f"frozen {own.directory / 's.fastimport'}"
    written = [(own.site / name).read_text(encoding="utf-8") for name in own.files() & set(site_files.NAMES)]
    assert str(own.directory) not in "".join(written)


def test_a_snapshot_elsewhere_is_named_by_its_path(own, tmp_path):
    build(own, "-o", str(tmp_path / "s.fastimport"))
    assert own.fastimport("enable", "--snapshot", str(tmp_path / "s.fastimport")).returncode == 0
    assert own.says("-c", USED) == f"checked {tmp_path / 's.fastimport'}"


@pytest.mark.parametrize("word", ["none", "auto"])
def test_words_for_a_snapshot_are_no_paths(own, tmp_path, word):
    """The environment has a snapshot of its own, which either of them hides."""
    build(own)
    assert own.fastimport("enable", "--snapshot", word).returncode == 0
    assert own.says("-c", USED, FASTIMPORT_CACHE_DIR=str(tmp_path / "cache"), FASTIMPORT_READONLY="1") == "checked None"


def test_a_snapshot_that_will_be_refused_is_told_and_stops_no_start(own):
    done = own.fastimport("enable", "--snapshot", "missing.fastimport")
    assert done.returncode == 0
    missing = own.directory / "missing.fastimport"
    reason = f"{missing}: No such file or directory"
    told = f"as it is now, the snapshot will be refused: {reason}; fastimport build makes one"
    assert done.stderr == f"fastimport enable: warning: {told}\n"
    assert own.says("-c", USED) == f"checked None snapshot: {reason}"
