"""Each format against a file that a person has read, and against the tool or schema that it is made for."""

import json
import os
import random
import re
import urllib.request
from dataclasses import replace
from pathlib import Path

import pytest
from support.startups import MS, importtime_lines, written_by_hand

from fastimport.diagnosis.record import model
from fastimport.diagnosis.record.model import Module, NotARecording, Recording, Thread
from fastimport.diagnosis.record.reading import from_json
from fastimport.diagnosis.report import traces
from fastimport.diagnosis.report.comparison import compare
from fastimport.diagnosis.report.difference import markdown, render_comparison
from fastimport.diagnosis.report.formats import FORMATS, read_file, render
from fastimport.diagnosis.report.importtime import read_log
from fastimport.diagnosis.report.view import Selection

GOLDEN = Path(__file__).parents[1] / "golden"
VIEWS = {
    "tree.txt": ("text", Selection(), "tree"),
    "table.txt": ("text", Selection(sort="self"), "table"),
    "json": ("json", Selection(), "tree"),
    "speedscope": ("speedscope", Selection(), "tree"),
    "chrome": ("chrome", Selection(), "tree"),
    "folded": ("folded", Selection(), "tree"),
    "importtime": ("importtime", Selection(), "tree"),
}


def check_golden(name, text):
    path = GOLDEN / name
    if os.environ.get("UPDATE_GOLDEN"):
        path.write_text(text, encoding="utf-8")
    assert text == path.read_text(encoding="utf-8"), f"{name} has changed: look at it, then run with UPDATE_GOLDEN=1"


@pytest.mark.parametrize("name", VIEWS)
def test_each_format_is_as_it_was_when_a_person_read_it(name):
    kind, selection, view = VIEWS[name]
    check_golden(f"recording.{name}", render(written_by_hand(), kind, selection, view))


def test_the_page_is_as_it_was_when_a_person_read_it():
    """All but style and script, which have tests in a browser, and their hashes, which the browser checks."""
    page = re.sub(r"(<style>|<script>).*?(?=</)", r"\1...", render(written_by_hand(), "html"), flags=re.S)
    check_golden("recording.html", re.sub(r"sha256-[\w+/=]+", "sha256-...", page))


def test_the_page_has_the_parts_that_a_person_saw():
    page = render(written_by_hand(), "html")
    assert page.count("<script") == 2 and page.count("<style") == 1
    assert json.loads(re.search(r'id="data">(.*?)</script>', page, re.S)[1])["program"] == "python main.py"


def random_recording(seed, size=200):
    """A recording of nested imports on two threads, names and files of any characters."""
    pick = random.Random(seed)
    modules, clocks, stacks = [], [0, 0], [[], []]
    for number in range(size):
        thread = pick.randrange(2)
        stack = stacks[thread]
        while stack and pick.random() < 0.5:
            end(stack, clocks, thread, pick)
        parent = stack[-1].id if stack else None
        name = "".join(pick.choice("ab.<>&;\"'\n\x1b é\u2028") for _ in range(pick.randint(1, 8)))
        start = clocks[thread]
        clocks[thread] += pick.randint(1, MS)
        module = Module(number, name, parent, thread, start, 0, {"search": clocks[thread] - start})
        module.spans = [["search", start, clocks[thread]]]
        modules.append(module)
        stack.append(module)
    for thread in (0, 1):
        while stacks[thread]:
            end(stacks[thread], clocks, thread, pick)
    threads = [Thread(at, "<b>" * at, 0, clocks[at], 0) for at in (0, 1)]
    return Recording("python </script><script>alert(1)</script>", "x", "y", clocks[0], modules=modules, threads=threads)


def end(stack, clocks, thread, pick):
    module = stack.pop()
    own = pick.randint(0, MS)
    clocks[thread] += own
    module.ns["execute"] = own
    module.end_ns = clocks[thread]


@pytest.fixture(params=range(5))
def any_recording(request):
    return random_recording(request.param)


def test_json_comes_back_equal(any_recording):
    assert from_json(any_recording.to_json()) == any_recording


def check_speedscope(content):
    for profile in content["profiles"]:
        opened, last = [], profile["startValue"]
        for event in profile["events"]:
            assert event["at"] >= last
            last = event["at"]
            if event["type"] == "O":
                opened.append(event["frame"])
            else:
                assert opened.pop() == event["frame"]
        assert not opened and profile["endValue"] >= last


def test_speedscope_events_are_balanced_and_in_order(any_recording):
    content = json.loads(traces.speedscope(any_recording))
    check_speedscope(content)
    opened = sum(event["type"] == "O" for profile in content["profiles"] for event in profile["events"])
    assert opened == 2 * len(any_recording.modules)


def speedscope_schema():
    """As published with the package on npm, and on the tool's own site."""
    path = os.environ.get("SPEEDSCOPE_SCHEMA")
    if path:
        return json.loads(Path(path).read_text())
    try:
        with urllib.request.urlopen(traces.SPEEDSCOPE_SCHEMA, timeout=10) as answer:
            return json.load(answer)
    except (OSError, ValueError) as error:
        pytest.skip(f"speedscope's schema can't be had from its site ({error}), and SPEEDSCOPE_SCHEMA names no file")


def test_speedscope_files_satisfy_its_published_schema(any_recording):
    jsonschema = pytest.importorskip("jsonschema", reason="see tests/requirements-reports.txt")
    schema = speedscope_schema()
    check = jsonschema.validators.validator_for(schema)(schema)
    for recording in (any_recording, written_by_hand(), random_recording(0, 0)):
        check.validate(json.loads(traces.speedscope(recording)))
    assert not check.is_valid({"profiles": 1})


def test_tuna_reads_the_importtime_log(tmp_path):
    tuna = pytest.importorskip("tuna._import_profile", reason="see tests/requirements-reports.txt")
    path = tmp_path / "log"
    path.write_text(render(written_by_hand(), "importtime"))
    read = tuna.read_import_profile(path)
    found = {}
    stack = [read]
    while stack:
        node = stack.pop()
        found[node["text"][0]] = node
        stack += node.get("children", ())
    assert {"app", "app.core", "fast", "native", "other"} <= set(found)
    assert {each["text"][0] for each in found["app"]["children"]} >= {"app.core", "fast", "native"}


def test_chrome_events_of_a_thread_nest(any_recording):
    events = [event for event in json.loads(traces.chrome(any_recording))["traceEvents"] if event["ph"] == "X"]
    assert len(events) == 2 * len(any_recording.modules)
    for thread in (0, 1):
        opened = []
        for event in sorted((each for each in events if each["tid"] == thread), key=lambda each: (each["ts"], -each["dur"])):
            while opened and opened[-1] <= event["ts"] + 1e-6:
                opened.pop()
            assert not opened or event["ts"] + event["dur"] <= opened[-1] + 1e-3
            opened.append(event["ts"] + event["dur"])


def test_folded_lines_add_up_to_what_the_modules_cost(any_recording):
    lines = traces.folded(any_recording).rstrip("\n").split("\n")
    pattern = re.compile(r"^[^\n]+;\[\w+\] (\d+)$")
    total = sum(int(pattern.match(line)[1]) for line in lines)
    modules = any_recording.modules
    assert abs(total * 1000 - sum(sum(module.ns.values()) for module in modules)) <= 1000 * len(modules) * 2


def test_an_importtime_log_is_read_back_as_it_was_written():
    recording = replace(written_by_hand(), modules=[each for each in written_by_hand().modules if each.thread == 0])
    again = read_log(traces.importtime(recording), "log")
    assert [(each.name, each.parent, sum(each.ns.values()), each.cumulative_ns) for each in again.modules] == [
        (each.name, each.parent, sum(each.ns.values()), each.cumulative_ns) for each in recording.modules
    ]
    assert traces.importtime(again) == traces.importtime(recording)


def test_no_report_lets_a_name_command_the_terminal(any_recording):
    for view in ("tree", "table"):
        assert not re.search("[\x00-\x09\x0b-\x1f\x7f]", render(any_recording, "text", Selection(sort="self"), view))
    assert len(list(importtime_lines(traces.importtime(any_recording)))) == len(any_recording.modules)


HOSTILE = "</script><script>document.title='owned'</script><!--"


def test_nothing_that_was_recorded_becomes_markup(any_recording):
    modules = [
        replace(module, name=HOSTILE, error=HOSTILE, origin=HOSTILE, importer=[HOSTILE, 1]) for module in any_recording.modules
    ]
    page = render(replace(any_recording, program=HOSTILE, modules=modules, notes=[HOSTILE]), "html")
    assert page.count("<script") == 2 and page.count("</script") == 2 and "<!--" not in page
    data = json.loads(re.search(r'id="data">(.*?)</script>', page, re.S)[1])
    assert data["program"] == HOSTILE and data["modules"][0][0] == HOSTILE


def test_the_page_asks_for_nothing_from_anywhere():
    page = render(written_by_hand(), "html")
    assert not re.search(r"""(?:src|href)\s*=|@import|url\(|https?://""", page)
    policy = re.search(r'Content-Security-Policy" content="([^"]*)"', page)[1]
    assert policy.startswith("default-src 'none'; script-src 'sha256-") and "unsafe" not in policy


def test_what_is_selected_is_shown():
    recording = written_by_hand()
    shown = render(recording, "text", Selection(match="app"), "tree").split("cumulative", 1)[1]
    assert "app.core" in shown and "native" not in shown
    shown = render(recording, "text", Selection(depth=1), "tree").split("cumulative", 1)[1]
    assert "app.core" not in shown and "(3 not shown)" in shown
    shown = render(recording, "text", Selection(sort="search", top=1), "table").split("cumulative", 1)[1]
    assert "  app\n" in shown and "native" not in shown
    shown = render(recording, "text", Selection(hide_under_ms=10), "tree").split("cumulative", 1)[1]
    assert "native" not in shown and "app.core" in shown
    assert {name for name in FORMATS if render(recording, name)} == set(FORMATS)


def test_what_may_be_chance_is_not_listed():
    """The runs of both recordings overlap for one module, and not for the other; packages are taken together."""
    modules = {"sure": ([10, 12], [20, 22]), "sure.part": ([1, 2], [3, 4]), "chance": ([10, 30], [12, 40])}
    pair = []
    for side in (0, 1):
        made = [
            Module(n, name, None, 0, n * 100, n * 100 + 50, {"execute": spreads[side][0] * MS})
            for n, (name, spreads) in enumerate(modules.items())
        ]
        for module in made:
            module.spread = [each * MS for each in modules[module.name][side]]
        pair.append(Recording("p", "x", "y", 10**9, modules=made, threads=[Thread(0, "M", 0, 10**9, 0)]))
    comparison = compare(*pair)
    assert {each.name for each in comparison.certain} == {"sure", "sure.part"}
    text = render_comparison(comparison)
    assert "sure: 2 modules (sure, sure.part)" in text and "slower: 2 modules, +12.00 ms" in text
    assert "not listed, since it may be chance: 1 module differs by +2.00 ms" in text
    assert "| slower | `sure` | 2 | 11.0 | 23.0 | +12.00 |" in markdown(comparison)


def test_thousand_nested_imports_are_no_problem():
    modules = [Module(n, f"m{n}", n - 1 if n else None, 0, n, 10**8 - n, {"execute": 2000}) for n in range(5000)]
    deep = Recording("p", "x", "y", 10**8, modules=modules, threads=[Thread(0, "M", 0, 10**8, 0)])
    for name in FORMATS:
        assert render(deep, name)
    assert len(read_log(traces.importtime(deep), "log").modules) == 5000


def test_two_recordings_are_compared():
    before = written_by_hand()
    after = from_json(before.to_json())
    after.modules[3].name, after.modules[1].ns["compile"], after.total_ns = "renamed", 40 * MS, 130 * MS
    comparison = compare(before, after)
    assert [(each.name, each.difference_ns) for each in comparison.new] == [("renamed", 6 * MS)]
    assert [(each.name, each.difference_ns) for each in comparison.gone] == [("native", -6 * MS)]
    assert comparison.both[0].name == "app.core" and comparison.both[0].difference_ns == 10 * MS
    assert round(comparison.growth, 4) == round(10 / 120, 4) and comparison.within_spread
    check_golden("comparison.txt", render_comparison(comparison))
    check_golden("comparison.md.txt", markdown(comparison))
    check_golden("comparison.json", json.dumps(comparison.to_dict(), indent=1) + "\n")


VALID = written_by_hand().to_json()
BAD = {
    "nothing": ("", "neither a recording of fastimport (JSON) nor a log of python -X importtime"),
    "other text": ("hello\n", "neither a recording of fastimport (JSON) nor a log of python -X importtime"),
    "truncated": (VALID[:-50], "not JSON"),
    "other JSON": ('{"a": 1}', "no schema 'fastimport.recording/1'"),
    "a list": ("[1]", "no schema"),
    "newer": (VALID.replace("recording/1", "recording/2"), "is not one that this version of fastimport reads"),
    "field missing": (VALID.replace('"program"', '"programme"'), "recording lacks 'program'"),
    "module no object": ('{"schema":"fastimport.recording/1","modules":[3]}', "modules[0] must be an object, not int"),
    "wrong type": (VALID.replace('"thread":0', '"thread":"0"', 1), "modules[0].thread must be int"),
    "wrong item": (VALID.replace('"search":4000000', '"search":null'), "modules[0].ns must be dict[str, int]"),
    "no such thread": (VALID.replace('"thread":1', '"thread":9'), "there is no thread 9"),
    "own parent": (VALID.replace('"parent":0', '"parent":1', 1), "parent must be the id of an earlier module"),
    "backwards": (VALID.replace('"end_ns":90000000', '"end_ns":1'), "ends before it starts"),
    "span": (VALID.replace('["search",1000000,5000000]', '["search"]'), "spans must be a list of [kind, start, end]"),
    "importer": (VALID.replace('["main.py",3]', '["main.py"]'), "importer must be [file, line]"),
    "beyond a float": (VALID.replace('"total_ns":120000000', '"total_ns":1' + "0" * 400), "total_ns must be a number from 0 to"),
    "negative": (VALID.replace('"total_ns":120000000', '"total_ns":-5'), "total_ns must be a number from 0 to"),
    "negative cost": (VALID.replace('"search":4000000', '"search":-1'), "modules[0].ns must be a number from 0 to"),
    "not a number": (VALID.replace('"ratio":0.92', '"ratio":NaN'), "saving.ratio must be a number from 0 to"),
    "infinite": (VALID.replace('"ratio":0.92', '"ratio":Infinity'), "saving.ratio must be a number from 0 to"),
    "no time": (VALID.replace('"stock_s":0.125', '"stock_s":0'), "saving.stock_s must be more than 0"),
    "truth for a number": (VALID.replace('"runs":[120000000', '"runs":[true'), "runs must be list[int]"),
    "threads renumbered": (VALID.replace('"threads":[{"id":0', '"threads":[{"id":7'), "threads[0].id must be 0, not 7"),
    "parent in another thread": (
        VALID.replace('"parent":0,"thread":0', '"parent":0,"thread":1', 1),
        "the import of another thread",
    ),
    "spread": (VALID.replace('"spread":[29000000,', '"spread":[99000000,'), "spread must be [least, most]"),
    "span backwards": (
        VALID.replace('["search",1000000,5000000]', '["search",5,1]'),
        "spans must be a list of [kind, start, end]",
    ),
    "deep": ("[" * 100_000, "not a recording"),
}


@pytest.mark.parametrize("name", BAD)
def test_what_is_no_recording_is_refused_with_the_reason(tmp_path, name):
    text, reason = BAD[name]
    path = tmp_path / "file"
    path.write_text(text)
    with pytest.raises(NotARecording, match=re.escape(reason)) as caught:
        read_file(str(path))
    assert str(path) in str(caught.value)


@pytest.mark.parametrize("encoding", ["utf-8-sig", "utf-16"])
def test_what_windows_puts_before_a_text_is_no_obstacle(tmp_path, encoding):
    """PowerShell writes UTF-16 where a shell writes what it was given."""
    path = tmp_path / "file"
    for text in (VALID, render(written_by_hand(), "importtime")):
        path.write_text(text, encoding=encoding)
        assert len(read_file(str(path)).modules) == 5


def test_damage_anywhere_is_refused_or_harmless():
    """Bytes of a recording changed at random: a recording or a clear refusal, never another exception."""
    pick = random.Random(6)
    for _ in range(400):
        damaged = list(VALID)
        for _ in range(pick.randint(1, 3)):
            damaged[pick.randrange(len(damaged))] = pick.choice('{}[]",:0-.1eN')
        try:
            recording = from_json("".join(damaged))
        except NotARecording:
            continue
        for name in FORMATS:
            render(recording, name)


def test_fields_of_a_later_version_are_passed_over():
    assert from_json(VALID.replace('"program"', '"mood":1,"program"')) == written_by_hand()


def test_a_log_that_breaks_off_says_so():
    whole = render(written_by_hand(), "importtime").splitlines()
    recording = read_log("\n".join(whole[:3]), "log")
    assert [module.name for module in recording.modules] == ["app.core", "fast"]
    assert recording.notes == ["the log breaks off, or has been cut: 2 imports have lost what imported them"]


def test_the_kinds_of_cost_are_documented():
    text = (Path(__file__).parents[2] / "docs" / "diagnosis.md").read_text(encoding="utf-8")
    for kind in model.KINDS:
        assert f"| `{kind}` |" in text, kind


HEADING = "import time: self [us] | cumulative | imported package\n"
ODD_LOGS = {
    "negative self": ("import time:      -179 |      30404 | a\n", {"a": -179_000}, "negative self times: 1"),
    "negative both": (
        "import time:       -20 |        -20 | a\nimport time: 5 | 5 | b\n",
        {"a": -20_000, "b": 5_000},
        "negative",
    ),
    "negative and nested": (
        "import time:        10 |         10 |   b\nimport time:      -100 |         30 | a\n",
        {"a": -100_000, "b": 10_000},
        "negative self times: 1",
    ),
    "two lines in one": (
        "import time:       179 |import time:       5 |     5 | a\nimport time:  7 |  7 | b\n",
        {"a": 5_000, "b": 7_000},
        None,
    ),
    "cut": (
        "import time:       179 |\nimport time:  7 |  7 | b\n",
        {"b": 7_000},
        "can't be read: 1, the first: import time:       179 |",
    ),
    "no number": ("import time:  nan |  7 | a\nimport time:  7 |  7 | b\n", {"b": 7_000}, "can't be read: 1"),
    "no name": ("import time:  7 |  7 | \nimport time:  7 |  7 | b\n", {"b": 7_000}, "can't be read: 1"),
    "a program's own": ("import times are fun\nimport time:  7 |  7 | b\n", {"b": 7_000}, None),
}


@pytest.mark.parametrize("kind", ODD_LOGS)
def test_nothing_of_a_log_is_dropped_without_a_word(kind):
    """Threads that import at the same time make self times negative, and lines that run into each other."""
    text, own, note = ODD_LOGS[kind]
    recording = read_log(HEADING + text, "log")
    assert {module.name: sum(module.ns.values()) for module in recording.modules} == own
    assert [each for each in recording.notes if note is None or note not in each] == [] or "lost" in str(recording.notes)
    assert note is None or any(note in each for each in recording.notes)


@pytest.mark.parametrize("kind", [kind for kind in ODD_LOGS if kind.startswith("negative")])
def test_every_format_and_comparison_takes_negative_times(kind):
    recording = read_log(HEADING + ODD_LOGS[kind][0], "log")
    for name in FORMATS:
        assert isinstance(render(recording, name), str)
    assert all(module.end_ns >= module.start_ns for module in recording.modules)
    assert read_log(render(recording, "importtime"), "log").modules == recording.modules
    again = from_json(render(recording, "json"), "again")
    assert [module.ns for module in again.modules] == [module.ns for module in recording.modules]
    assert render_comparison(compare(recording, recording))
