"""The table of targets: pairing, means, sides and words; and what a start tells about itself."""

import importlib
import json
import subprocess
import sys
from pathlib import Path

import pytest

from fastimport.diagnosis.bench import launcher, measure
from fastimport.diagnosis.bench.statistics import Estimate

BENCHMARKS = Path(__file__).parents[2] / "benchmarks"


@pytest.fixture
def script(monkeypatch):
    """Loads a script of benchmarks/ as a module."""
    monkeypatch.syspath_prepend(str(BENCHMARKS))
    return importlib.import_module


def test_a_mean_is_geometric_and_its_interval_holds_what_each_program_varies(script):
    means = script("instruments.means")
    steady = ([1.0] * 9, [0.5] * 9)
    other = ([1.0] * 9, [2.0] * 9)
    assert means.of_pairs([steady, other]) == Estimate(pytest.approx(1), pytest.approx(1), pytest.approx(1), 9)
    wild = ([1.0] * 9, [0.4, 0.5, 0.6] * 3)
    found = means.of_pairs([wild, steady])
    assert found.ratio == pytest.approx(0.5)
    assert 0.4 <= found.low < found.ratio < found.high <= 0.6
    assert means.of_pairs([([2.0], [1.0]), ([1.0, 1.0], [1.0, 1.0])]).pairs == 1


def test_a_mean_of_nothing_is_refused(script):
    with pytest.raises(ValueError, match="no programs"):
        script("instruments.means").of_pairs([])


OF_TWO_LINES = "text = '''a\nb'''\nassert text == 'a\\nb', text"


@pytest.mark.parametrize("code", ["pass", "raise SystemExit(0)", OF_TWO_LINES])
def test_a_start_tells_when_its_program_is_done_and_when_its_process_is(script, code):
    starts = script("instruments.whole_starts")
    start = starts.run(starts.telling(launcher.Program("code", code)), launcher.STOCK)
    assert 0 < start.until_ready < start.seconds


def test_what_comes_after_the_last_statement_is_the_exit(script):
    starts = script("instruments.whole_starts")
    code = "import atexit, time; atexit.register(time.sleep, 0.2)"
    start = starts.run(starts.telling(launcher.Program("code", code)), launcher.STOCK)
    assert start.seconds - start.until_ready >= 0.2


def test_a_program_that_fails_is_no_start(script):
    starts = script("instruments.whole_starts")
    with pytest.raises(measure.ProgramFailed, match="ZeroDivisionError"):
        starts.run(starts.telling(launcher.Program("code", "1 / 0")), launcher.STOCK)


def measured(targets, applications, seconds, application=None):
    """One application with these seconds for each side; the exit takes a tenth."""
    starts = {name: [targets.Start(each, each * 0.9) for each in column] for name, column in seconds.items()}
    sides = [launcher.Variant(name, "pass", False) for name in seconds]
    account = targets.identity.Account(True, {"a": "b"}, frozenset(), (), 0, 3, 1000)
    accounts = dict.fromkeys(seconds, account)
    return targets.Measured(application or applications.SYMPY, launcher.Program("code", "pass"), sides, accounts, starts)


def test_sides_are_compared_with_stock_and_the_rival_in_the_same_round(script):
    targets, sides = script("targets"), script("instruments.target_sides")
    found = measured(targets, script("instruments.applications"), {
        "stock": [1.0, 2.0, 4.0], sides.FROZEN: [0.5, 1.0, 2.0], sides.RIVAL: [1.0, 2.0, 4.0],
    })  # fmt: skip
    rows = {name: whole.ratio for name, whole, _ in targets.mean_rows([found])}
    assert rows == {sides.FROZEN: 0.5, sides.RIVAL: 1.0, f"{sides.FROZEN} ÷ {sides.RIVAL}": 0.5}
    text = targets.mean_table([found], {sides.FROZEN: 0.49}).rows
    assert text[1][-2:] == ("<= 0.49", "NO") and text[2][-2:] == ("-", "-")


def test_a_mean_leaves_out_applications_without_the_side_and_counts_all_the_others(script):
    targets, applications = script("targets"), script("instruments.applications")
    with_rival = measured(targets, applications, {"stock": [1.0], "PyCDS": [0.25]})
    without = measured(targets, applications, {"stock": [1.0]})
    assert targets.mean([with_rival, without], "PyCDS").ratio == 0.25
    assert targets.mean([without], "PyCDS") is None


def test_every_round_starts_each_side_once_and_the_first_does_not_count(script, monkeypatch):
    targets, asked = script("targets"), []
    found = measured(targets, script("instruments.applications"), {"stock": [], "x": [], "y": []})

    def start(program, side):
        asked.append(side.name)
        return targets.Start(len(asked), 0)

    monkeypatch.setattr(targets.whole_starts, "run", start)
    assert targets.time_rounds([found], 4, None) == 4
    assert [sorted(asked[at : at + 3]) for at in range(0, 15, 3)] == [["stock", "x", "y"]] * 5
    assert {name: len(starts) for name, starts in found.starts.items()} == {"stock": 4, "x": 4, "y": 4}
    assert min(start.seconds for starts in found.starts.values() for start in starts) == 4


def test_the_time_that_is_given_ends_the_rounds_but_not_before_an_interval_is_one(script, monkeypatch):
    targets = script("targets")
    found = measured(targets, script("instruments.applications"), {"stock": []})
    monkeypatch.setattr(targets.whole_starts, "run", lambda program, side: targets.Start(1, 1))
    assert targets.time_rounds([found], 50, 1e-9) == targets.FEWEST_PAIRS


def test_the_thirteen_are_thirteen_and_every_big_one_can_be_asked_for(script):
    applications = script("instruments.applications")
    assert len(set(applications.TARGETS)) == 13
    assert {*applications.TARGETS, *applications.BIG} <= set(applications.ALL)
    assert len({each.name for each in applications.ALL}) == len(applications.ALL)


def test_sides_of_snapshots_use_ready_made_code_where_this_interpreter_allows_it(script):
    sides = script("instruments.target_sides")
    program = launcher.Program("code", "import json.tool, wave; raise SystemExit")
    with sides.prepared(program, None, [sides.CHECKED, sides.FROZEN]) as variants:
        assert [each.name for each in variants] == ["stock", sides.CHECKED, sides.FROZEN]
        accounts = sides.accounts(program, variants)
        assert "json.tool" in accounts[sides.FROZEN].modules
        told = [sides.obstacle(program, each) for each in variants]
    assert told[:2] == ["", ""]
    code = "import fastimport, json; fastimport.install(); print(json.dumps(fastimport.stats().unmarshalled))"
    assert json.loads(subprocess.run([sys.executable, "-c", code], check=True, capture_output=True, text=True).stdout) is None
    assert told[2] == "" or "not ready-made" in told[2]


def test_a_side_that_imports_something_else_is_no_side(script):
    sides = script("instruments.target_sides")
    other = launcher.Variant("other", "import wave; import sys; wave.__spec__.origin = 'elsewhere'", False)
    with pytest.raises(AssertionError, match=r"other: .*wave"):
        sides.accounts(launcher.Program("code", "import wave"), [launcher.STOCK, other])


def test_levels_with_the_collector_that_waits_are_levels(script):
    levels = script("instruments.levels")
    names = [each.name for each in levels.variants("checked,frozen+deferred")]
    assert names == ["stock", "checked", "frozen+deferred"]
    assert "collector='deferred', freshness='frozen'" in levels.variant("frozen+deferred").setup
    for wrong in ("stock+deferred", "frozn+deferred", "+deferred"):
        with pytest.raises(launcher.UnsupportedLevel):
            levels.variant(wrong)


def test_words_say_faster_slower_or_neither(script):
    chart, figure = script("instruments.chart_of_targets"), script("instruments.results").Figure
    said = [chart.in_words(figure("x", "ratio", *each)) for each in ((0.8, 0.75, 0.9), (1.2, 1.1, 1.5), (0.99, 0.9, 1.05))]
    assert said == ["20 % faster (10 to 25)", "20 % slower (10 to 50)", "no difference (-10 to +5 %)"]


def test_bars_are_as_long_as_the_times(script):
    chart, results = script("instruments.chart_of_targets"), script("instruments.results")
    sides = script("instruments.target_sides")
    figures = [results.Figure(f"geometric mean, {sides.FROZEN}", "ratio", 0.5, 0.4, 0.6, 9)]
    lines = list(chart.lines(results.Result([], figures, {})))
    assert [line.count("█") for line in lines if "█" in line] == [chart.WIDTH, chart.WIDTH // 2]
    assert list(chart.lines(results.Result([], [], {}))) == []


def test_the_rivals_absence_is_a_reason_not_a_failure(script, monkeypatch, tmp_path):
    rival = script("instruments.nearest_rival")
    monkeypatch.setattr(rival, "LAST_VERSION", (3, 10))
    with pytest.raises(rival.Unavailable, match="no release for this Python"):
        rival.fetched(tmp_path)
    monkeypatch.setattr(rival, "LAST_VERSION", (9, 9))
    monkeypatch.setattr(rival, "REQUIREMENT", str(tmp_path / "no-such.whl"))
    with pytest.raises(rival.Unavailable, match="can't be fetched"):
        rival.fetched(tmp_path / "place")


def test_the_demos_sentence_names_the_rival_only_where_it_took_part(script):
    demo = script("demo")
    ratios = {"snapshot": [0.8, 0.8], "frozen snapshot": [0.7, 0.7]}
    assert "20 % faster" in demo.sentence(ratios) and "30 % faster" in demo.sentence(ratios)
    assert "PyCDS" not in demo.sentence(ratios)
    assert "PyCDS, the nearest rival: 5 % slower" in demo.sentence({**ratios, "PyCDS": [1.05]})


def test_one_section_of_the_page_is_replaced_and_the_others_stay(script, monkeypatch, tmp_path):
    page, results = script("measured_page"), script("instruments.results")
    (tmp_path / "docs").mkdir()
    titles = {each.name: each.title for each in page.SUITE}
    before = ["# Measured\n\nwords\n", "## In short\n\nold\n", f"## {titles['peers']}\n\nthe peers\n"]
    (tmp_path / "docs" / "measured.md").write_text("\n".join(before))
    results.save(results.Result([results.Table([("a",), ("new",)])], [], {}), str(tmp_path / "targets.json"))
    ending = {"name": "targets", "status": "ran", "seconds": 1, "message": ""}
    (tmp_path / "suite.json").write_text(json.dumps({"commit": "abc", "conditions": {}, "benchmarks": [ending]}))
    for _ in range(2):
        page.install_section(tmp_path, "targets", tmp_path)
        text = (tmp_path / "docs" / "measured.md").read_text()
        assert [line for line in text.splitlines() if line.startswith("#")] == [
            "# Measured", "## In short", f"## {titles['targets']}", f"## {titles['peers']}",
        ]  # fmt: skip
        assert "the peers" in text and text.count("\nnew\n") == 1 and "Commit abc." in text


def test_the_figures_of_readme_and_page_are_replaced_and_the_rest_stays(script, tmp_path):
    page, results = script("measured_page"), script("instruments.results")
    (tmp_path / "docs").mkdir()
    (tmp_path / "docs" / "measured.md").write_text("# Measured\n\nwords\n\n## In short\n\nold\n\n## The rest\n\nstays\n")
    (tmp_path / "README.md").write_text(f"before\n{page.BEGIN}\nold\n{page.END}\nafter\n")
    figure = results.Figure("Django admin, 1 ms, frozen", "ratio", 0.1, 0.09, 0.11, 8)
    results.save(results.Result([], [figure], {"date": "today"}), str(tmp_path / "slow-file-systems.json"))
    for _ in range(2):
        page.install_summary(tmp_path, tmp_path)
        text, readme = (tmp_path / "docs" / "measured.md").read_text(), (tmp_path / "README.md").read_text()
        for each in (text, readme):
            assert "old" not in each and each.count("Measured today.") == 1 and each.count("(89 to 91)") == 1
        assert text.startswith("# Measured\n\nwords\n\n## In short\n\n|") and text.endswith("\n## The rest\n\nstays\n")
        assert readme.startswith(f"before\n{page.BEGIN}\n") and readme.endswith(f"{page.END}\nafter\n")
