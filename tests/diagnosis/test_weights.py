"""What each module weighs: all its importers, and what would be gone with it; in the recording and on the page's data."""

import json
import re

from support import plant
from support.process import python

from fastimport.diagnosis.record.reading import from_json
from fastimport.diagnosis.report.formats import render

TREE = {
    "main.py": "import one\nimport two\n",
    "one.py": "import shared\nimport only_one\n",
    "two.py": "import shared\n",
    "shared.py": "import below_shared\n",
    "only_one.py": "import below_one\n",
    "below_shared.py": "",
    "below_one.py": "import time\ntime.sleep(0.01)\n",
}


def weighed(tmp_path, *options):
    tree = plant(tmp_path, TREE)
    done = python("-m", "fastimport", "profile", "--runs", "1", "--no-saving", *options, "--json", "main.py", cwd=tree)
    assert (done.returncode, done.stderr) == (0, "")
    return from_json(done.stdout)


def test_all_importers_and_what_only_it_needs(tmp_path):
    found = {module.name: module for module in weighed(tmp_path).modules}
    own = {name: module.self_ns for name, module in found.items()}
    assert found["shared"].importers == ["one.py:1", "two.py:1"]
    assert found["one"].importers == ["main.py:1"]
    assert found["shared"].only_ns == own["shared"] + own["below_shared"]
    assert found["only_one"].only_ns == own["only_one"] + own["below_one"] > 10_000_000
    assert found["one"].only_ns == own["one"] + own["only_one"] + own["below_one"], "not what the second also needs"
    assert found["two"].only_ns == own["two"]


def test_nobody_looked_without_advice(tmp_path):
    found = weighed(tmp_path, "--no-advice").modules
    assert {module.importers for module in found} == {module.only_ns for module in found} == {None}


def test_the_page_has_both(tmp_path):
    recording = weighed(tmp_path)
    page = json.loads(re.search(r'id="data">(.*?)</script>', render(recording, "html"), re.S)[1])
    row = next(row for row in page["modules"] if row[0] == "shared")
    assert row[-3:] == [["one.py:1", "two.py:1"], next(m.only_ns for m in recording.modules if m.name == "shared"), False]
