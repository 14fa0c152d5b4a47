"""What to change: which imports were of no use, what only they need, and that a prediction is proved by doing it."""

import json
import os
import subprocess
import sys

import pytest
from support.installation import Installation, clean_environment
from support.process import python
from support.startups import profile
from support.trees import plant

from fastimport.diagnosis.advice.changes import find_changes
from fastimport.diagnosis.advice.deferral import Side, command_without
from fastimport.diagnosis.advice.graph import MAIN, dominators, reachable
from fastimport.diagnosis.advice.program import Program
from fastimport.diagnosis.bench import launcher
from fastimport.diagnosis.record.reading import from_json

WASTE = """import time
end = time.perf_counter() + 0.03
while time.perf_counter() < end: pass
X = 1
class C: pass
"""


def advice(tmp_path, tree, *options, main="main.py"):
    """The changes that are found for a program, by title."""
    plant(tmp_path, {**tree, "waste.py": WASTE, "below.py": WASTE})
    done = profile("--runs", "1", "--no-saving", *options, "--json", main, cwd=str(tmp_path))
    assert done.returncode == 0, done.stderr
    recording = from_json(done.stdout)
    return {change.title: change for change in recording.changes if change.kind == "import"}, recording


USED = {
    "by the module's own code": {"main.py": "import waste\nwaste.X\n"},
    "by a function that ran": {"main.py": "import waste\ndef g(): return waste.X\ng()\n"},
    "by a decorator": {"main.py": "import waste\n@(lambda f: waste.C)\ndef g(): pass\n"},
    "by a base class": {"main.py": "from waste import C\nclass D(C): pass\n"},
    "by who takes it from there": {"main.py": "from middle import X\nprint(X)\n", "middle.py": "from waste import X\n"},
    "as an attribute of who has it": {"main.py": "import middle\nprint(middle.waste.X)\n", "middle.py": "import waste\n"},
    "by a star": {"main.py": "from waste import *\n"},
    "by a lambda that ran": {"main.py": "import waste\n(lambda: waste.X)()\n"},
    "by a class body": {"main.py": "import waste\nclass D:\n    y = waste.X\n"},
    "under another name": {"main.py": "import waste as w\nw.X\n"},
}
UNUSED = {
    "plainly": ({"main.py": "import waste\n"}, ["main.py:1"]),
    "a function that did not run": ({"main.py": "\nimport waste\ndef g(): return waste.X\n"}, ["main.py:2"]),
    "from": ({"main.py": "from waste import X\n"}, ["main.py:1"]),
    "passed on to nobody": ({"main.py": "import a\na.Y\n", "a.py": "Y = 1\nfrom waste import X\n"}, ["a.py:2"]),
    "passed round": (
        {"main.py": "import a\na.Y\n", "a.py": "Y = 1\nimport b\nfrom waste import X\nb.Y\n", "b.py": "Y = 1\nfrom a import Y\n"},
        ["a.py:3"],
    ),
    "twice": ({"main.py": "import waste, other\nother.Y\n", "other.py": "Y = 1\nimport waste\n"}, ["main.py:1", "other.py:2"]),
    "of a type only": ({"main.py": "import waste\nif 0:\n    pass\n"}, ["main.py:1"]),
}


@pytest.mark.parametrize("case", USED)
def test_what_is_used_is_not_named(tmp_path, case):
    found, recording = advice(tmp_path, USED[case])
    assert "waste" not in found and "waste" in {module.name for module in recording.modules}


@pytest.mark.parametrize("case", UNUSED)
def test_what_is_unused_is_named_with_all_its_places(tmp_path, case):
    tree, places = UNUSED[case]
    found, recording = advice(tmp_path, tree)
    assert found["waste"].places == places and found["waste"].why == "unused in this run"
    assert found["waste"].saving_ns > 20e6 and recording.could_be_ns <= recording.total_ns - found["waste"].saving_ns


def test_what_others_need_as_well_is_not_saved(tmp_path):
    """The cumulative time of `big` is that of `below` too, which the program uses."""
    tree = {"main.py": "import big\nimport below\nbelow.X\n", "big.py": "import below, waste\nbelow.X\nwaste.X\n"}
    found, recording = advice(tmp_path, tree)
    assert set(found) == {"big"} and found["big"].modules == 2
    own = sum(module.self_ns for module in recording.modules if module.name in ("big", "waste"))
    assert found["big"].saving_ns == own


NOT_RUN = {
    "for the module as a script": "if __name__ == '__main__':\n    import waste\n",
    "in a branch that is not taken": "import os\nif os.name == 'none':\n    import waste\n",
    "in a handler of what is not raised": "try:\n    import below\nexcept ImportError:\n    import waste\n",
    "after a return": "def f():\n    return\n    import waste\nf()\n",
    "for types only": "import typing\nif typing.TYPE_CHECKING:\n    import waste\n",
}


@pytest.mark.parametrize("statement", NOT_RUN)
def test_a_statement_that_did_not_run_needs_nothing(tmp_path, statement):
    """`other` stays, and would import `waste` in some other run."""
    tree = {"main.py": "import big, other\nother.Y\n", "big.py": "import waste\nwaste.X\n"}
    found, _ = advice(tmp_path, {**tree, "other.py": "Y = 1\n" + NOT_RUN[statement]})
    assert found["big"].modules == 2
    found, _ = advice(tmp_path, {**tree, "other.py": "Y = 1\nif Y:\n    import waste\n"})
    assert goes_with_big(found) < 2


def goes_with_big(found):
    """How many modules; of itself alone there may be too little to be named."""
    return found["big"].modules if "big" in found else 0


@pytest.mark.skipif(sys.version_info < (3, 15), reason="PEP 810")
@pytest.mark.parametrize(("use", "gone"), [("", 2), ("def f(): return waste.X\n", 2), ("f = lambda: waste.X\nf()\n", 1)])
def test_a_late_statement_needs_what_is_used_of_it(tmp_path, use, gone):
    tree = {"main.py": "import big, other\nother.Y\n", "big.py": "import waste\nwaste.X\n"}
    found, _ = advice(tmp_path, {**tree, "other.py": "Y = 1\nlazy import waste\n" + use})
    assert goes_with_big(found) in {gone, gone // 2 * 2}


REPLACING = "import builtins\nreal = builtins.__import__\nbuiltins.__import__ = lambda *words: real(*words)\n"


def test_a_program_that_imports_its_own_way_is_guessed_from_its_source(tmp_path):
    tree = {"main.py": "import big, other\nother.Y\n", "big.py": "import waste\nwaste.X\n"}
    found, _ = advice(tmp_path, {**tree, "other.py": REPLACING + "Y = 1\nif Y:\n    import waste\n"})
    assert goes_with_big(found) < 2


def test_collecting_is_in_the_cost_of_no_import(tmp_path):
    """It is a line of its own, and what the other lines save makes it no shorter."""
    _, recording = advice(tmp_path, {"main.py": "import waste\n"})
    recording.threads[0].ns["collect"] = recording.total_ns
    recording.total_ns *= 2
    program = Program(recording, {"files": {}}, (str(tmp_path / "main.py"), "import waste\n", ""))
    changes, could_be, _ = find_changes(program)
    by_title = {change.title: change for change in changes}
    own = next(module.self_ns for module in recording.modules if module.name == "waste")
    assert by_title["waste"].saving_ns == own
    assert by_title["let the garbage collector wait"].saving_ns >= recording.total_ns // 2
    assert could_be == recording.total_ns - sum(change.saving_ns for change in changes)


def test_a_prediction_is_proved_by_doing_it(tmp_path):
    """The statement is put off in real runs; what it saves there is near what was predicted."""
    plant(tmp_path, {"main.py": "import waste\n", "waste.py": WASTE})
    done = profile("--runs", "3", "--json", "main.py", cwd=str(tmp_path))
    (change,) = [each for each in from_json(done.stdout).changes if each.title == "waste"]
    assert change.measured_ns is not None and change.measured_ns > 0


ENDS = {
    "exit functions belong to it": ("import atexit\natexit.register(lambda: print(is_told()))\n", "False\n", True),
    "the end of its interpreter does not": (
        "class Last:\n    def __del__(self, say=print, told=is_told):\n        say(told())\nlast = Last()\n", "True\n", True),
    "a child's exit is not its own": (
        "import sys\nchild = os.fork()\nif not child: sys.exit()\nos.waitpid(child, 0)\nprint(is_told())\n", "False\n", True),
    "one that never ends tells nothing": ("os._exit(0)\n", "", False),
}  # fmt: skip


@pytest.mark.parametrize("end", ENDS)
def test_a_proof_is_of_the_program_to_its_end(tmp_path, end):
    """That is when it tells what it took. What was not told is taken from the process."""
    code, printed, is_told = ENDS[end]
    place = tmp_path / "spent"
    looks = f"import os\ndef is_told(look=os.access):\n    return look({str(place)!r}, 0)\n"
    program = launcher.Program("code", looks + code)
    command = command_without(program, (), str(place))
    done = subprocess.run(command, capture_output=True, text=True, check=True, env=clean_environment())
    assert (done.stdout, done.stderr, place.exists()) == (printed, "", is_told)
    assert Side(program, (), str(place)).run() > 0 and place.exists() == is_told


def test_a_proof_leaves_collections_out(tmp_path):
    """As if all until here were one."""
    place = tmp_path / "spent"
    code = "import gc, time\n[collected] = gc.callbacks\ncollected('stop', {})\nprint(time.process_time())\n"
    command = command_without(launcher.Program("code", code), (), str(place))
    done = subprocess.run(command, capture_output=True, text=True, check=True, env=clean_environment())
    assert float(place.read_text()) < float(done.stdout)


NEEDED = {
    "fails": ("import waste\nimport sys\nassert 'waste' in sys.modules\n", "the program fails without it"),
    "prints something else": (
        "import waste\nimport sys\nprint('waste' in sys.modules)\n",
        "the program prints something else without it",
    ),
}


@pytest.mark.parametrize("case", NEEDED)
def test_what_can_not_be_put_off_is_no_advice(tmp_path, case):
    """Its absence is noticed by something that no name tells of."""
    code, reason = NEEDED[case]
    plant(tmp_path, {"main.py": code, "waste.py": WASTE})
    recording = from_json(profile("--runs", "3", "--json", "main.py", cwd=str(tmp_path)).stdout)
    waste = next(module for module in recording.modules if module.name == "waste")
    assert "waste" not in {change.title for change in recording.changes}
    assert f"needed, though no name of it is used: waste: {reason}" in recording.notes
    assert recording.could_be_ns > recording.total_ns - waste.self_ns


def test_a_program_that_never_prints_the_same_is_judged_by_its_success(tmp_path):
    plant(tmp_path, {"main.py": "import waste\nimport os, sys\nprint(os.getpid(), 'waste' in sys.modules)\n", "waste.py": WASTE})
    recording = from_json(profile("--runs", "3", "--json", "main.py", cwd=str(tmp_path)).stdout)
    (change,) = [each for each in recording.changes if each.title == "waste"]
    assert change.measured_low_ns <= change.measured_ns <= change.measured_high_ns


REGISTERING = {
    "by a call": "from registry import add\nadd('x')\n",
    "by a call of an attribute": "import registry\nregistry.NAMES.append('x')\n",
    "by a decorator": "import registry\n@registry.decorate\ndef f(): pass\n",
    "by a decorator with arguments": "from registry import decorating\n@decorating('x')\nclass C: pass\n",
    "by an item": "from registry import TABLE\nTABLE['x'] = 1\n",
    "by an attribute": "import registry\nregistry.default = 1\n",
    "by an augmented assignment": "import registry\nregistry.NAMES += ['x']\n",
    "in a condition": "import registry\nif registry.NAMES == []:\n    registry.NAMES.append('x')\n",
}
REGISTRY = """NAMES, TABLE = [], {}
def add(name): NAMES.append(name)
def decorate(f): return f
def decorating(name): return decorate
"""
HARMLESS = {
    "a dataclass": "import registry\nimport dataclasses\n@dataclasses.dataclass\nclass C:\n    x: int = len(registry.NAMES)\n",
    "in a function": "import registry\ndef f(): registry.add('x')\n",
    "its own table": "import registry\nTABLE = {}\nTABLE['x'] = registry.NAMES\n",
}


@pytest.mark.parametrize("case", [*REGISTERING, *HARMLESS])
def test_a_module_that_registers_itself_is_marked(tmp_path, case):
    code = {**REGISTERING, **HARMLESS}[case]
    tree = {"main.py": "import registry\nimport plugin\nregistry.NAMES\n", "registry.py": REGISTRY, "plugin.py": WASTE + code}
    change = advice(tmp_path, tree)[0]["plugin"]
    marked = "plugin registers with registry" in change.risk or "plugin changes registry" in change.risk
    assert marked is (case in REGISTERING), change.risk
    assert sys.version_info >= (3, 15) or "unless it is there for what it does" in change.edit


def test_a_submodule_is_called_by_its_name(tmp_path):
    tree = {"main.py": "from package import waste as w\n", "package/__init__.py": "", "package/waste.py": WASTE}
    (tmp_path / "package").mkdir()
    assert advice(tmp_path, tree)[0]["package.waste"].places == ["main.py:1"]


@pytest.mark.parametrize("main", [["-m", "shop"], ["-m", "shop.tool"], ["-c", "import waste"], ["folder"]], ids=" ".join)
def test_the_main_module_is_known_however_it_is_started(tmp_path, main):
    plant(tmp_path, {"waste.py": WASTE, "shop": {"__init__.py": "", "__main__.py": "import waste\n", "tool.py": "import waste\n"},
                     "folder": {"__main__.py": "import sys; sys.path.append('.')\nimport waste\n"}})  # fmt: skip
    done = profile("--runs", "1", "--no-saving", "--json", *main, cwd=str(tmp_path))
    assert "waste" in {each.title for each in from_json(done.stdout).changes}


def test_nobody_is_told_to_edit_the_standard_library(tmp_path):
    """logging.handlers imports a dozen modules that this program does not use."""
    found, _ = advice(tmp_path, {"main.py": "import logging.handlers\nimport waste\nlogging.handlers.QueueHandler\n"})
    places = [place for change in found.values() for place in change.places]
    assert places == ["main.py:2"]


def test_what_only_others_can_change_comes_last(tmp_path):
    """However much it would save: it is theirs to do."""
    environment = Installation(tmp_path / "env")
    plant(environment.site, {"theirs.py": "import waste\nX = 1\n", "waste.py": WASTE.replace("0.03", "0.2")})
    plant(tmp_path, {"main.py": "import theirs\nimport small\ntheirs.X\n", "small.py": WASTE})
    done = environment.fastimport("profile", "--runs", "1", "--no-saving", "--json", str(tmp_path / "main.py"))
    titles = [change.title for change in from_json(done.stdout).changes if change.kind == "import"]
    assert titles == ["small", "waste"]


@pytest.mark.skipif(sys.version_info >= (3, 15), reason="there it is a lazy import")
def test_the_edit_names_the_function(tmp_path):
    found, _ = advice(tmp_path, {"main.py": "import waste as w\ndef report(): return w.X\n"})
    assert found["waste"].edit == "move `import waste as w` into report()"
    found, _ = advice(tmp_path, {"main.py": "import waste as w\nimport reports\nreports.X\n", "reports.py": "X = 1\n"})
    assert found["waste"].edit.startswith("remove `import waste as w`, unless it is there")


@pytest.mark.skipif(sys.version_info < (3, 15), reason="PEP 810")
def test_the_edit_is_a_lazy_import(tmp_path):
    found, _ = advice(tmp_path, {"main.py": "import waste as w\ndef report(): return w.X\n"})
    assert found["waste"].edit == "lazy import waste as w"


def test_a_try_around_it_is_a_risk(tmp_path):
    found, _ = advice(tmp_path, {"main.py": "try:\n    import waste\nexcept ImportError:\n    pass\n"})
    assert "a try around it" in found["waste"].risk


def test_dominators():
    """A diamond: what both ways need belongs to neither."""
    graph = {MAIN: ["a"], "a": ["b", "c"], "b": ["d", "e"], "c": ["d"], "d": [], "e": []}
    assert dominators(graph) == {MAIN: MAIN, "a": MAIN, "b": "a", "c": "a", "d": "a", "e": "b"}
    assert reachable(graph, ["b"]) == {MAIN, "a", "c", "d"}


def test_a_recording_without_sources_has_no_advice(tmp_path):
    """And nothing fails: sources may be gone, or be no Python."""
    plant(tmp_path, {"main.py": "import json\n"})
    recording = from_json(profile("--runs", "1", "--no-saving", "--no-advice", "--json", "main.py", cwd=str(tmp_path)).stdout)
    for module in recording.modules:
        module.origin = str(tmp_path / "gone.py")
    assert find_changes(Program(recording, {"files": {}}, (str(tmp_path / "main.py"), "import (", "")))[2] == []


def test_the_report_fits_one_screen_and_begins_with_it(tmp_path):
    plant(tmp_path, {"main.py": "import waste, json, email.message\n", "waste.py": WASTE})
    done = profile("--runs", "1", "--no-saving", "main.py", cwd=str(tmp_path))
    lines = done.stdout.splitlines()
    assert lines[3].startswith("What to change") and "put off waste: main.py:1" in done.stdout
    assert len(lines) <= 40 and max(map(len, lines[1:])) <= 80


def test_collections_are_charged_to_nobody(tmp_path):
    """Whoever happens to be running when enough objects were made has not paid for it."""
    main = "import gc, big\ngc.collect()\n"
    big = "import gc\nx = [[i] for i in range(200_000)]\nfor _ in range(5): gc.collect()\n"
    plant(tmp_path, {"main.py": main, "big.py": big})
    data = json.loads(profile("--runs", "1", "--no-saving", "--no-advice", "--json", "main.py", cwd=str(tmp_path)).stdout)
    (module,) = [each for each in data["modules"] if each["name"] == "big"]
    recording = from_json(json.dumps(data))
    (known,) = [each for each in recording.modules if each.name == "big"]
    assert module["ns"]["collect"] > 0 and known.self_ns == sum(module["ns"].values()) - module["ns"]["collect"]


def test_the_callback_goes_with_the_recording():
    code = "import gc, fastimport\nwith fastimport.record(): import json\nprint(gc.callbacks)"
    done = python("-c", code, cwd=os.getcwd())
    assert done.stdout == "[]\n", done.stderr


USING = "import shared\nshared.X\n"


def test_what_several_entries_save_together_is_a_line_of_its_own(tmp_path):
    """`shared` is imported by both: neither saves it alone. The list adds up to what could be."""
    tree = {"main.py": "import left\nimport right\n", "left.py": WASTE + USING, "right.py": WASTE + USING}
    _, recording = advice(tmp_path, {**tree, "shared.py": WASTE})
    by_kind = {change.kind: change for change in recording.changes}
    shared = next(module for module in recording.modules if module.name == "shared")
    assert by_kind["together"].saving_ns == shared.self_ns
    assert recording.total_ns - sum(change.saving_ns for change in recording.changes) == recording.could_be_ns
