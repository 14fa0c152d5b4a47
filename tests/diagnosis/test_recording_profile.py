"""``fastimport profile``, ``report`` and ``diff``, from outside."""

import json
import os
import re
import signal
import sys

import pytest
from support.process import python
from support.startups import by_name, profile, record, written_by_hand
from support.trees import plant

from fastimport.diagnosis.record.reading import from_json


def test_results_go_to_stdout_and_nothing_to_stderr():
    done = profile("--runs", "2", "--view", "summary", "-c", "import json; print('spoken'.upper())")
    assert (done.returncode, done.stderr) == (0, "")
    assert "median of 2 runs" in done.stdout and "SPOKEN" not in done.stdout
    assert re.search(r"A faster finder can save at most [\d.]+ ms \([\d.]+ %\)", done.stdout)
    assert re.search(r"Measured, not recorded: fastimport \(checked\) takes [\d.]+ of the time", done.stdout)
    assert re.search(r"Recording itself cost at least [\d.]+ ms", done.stdout)


def test_a_module_a_script_and_a_directory_are_run_as_python_runs_them(tmp_path):
    tree = plant(
        tmp_path, {"mod.py": "import colorsys", "pkg": {"__main__.py": "import colorsys"}, "script.py": "import colorsys"}
    )
    for program in (["-m", "mod"], ["-m", "pkg"], ["pkg"], ["script.py", "--runs", "x"]):
        assert "colorsys" in by_name(record(*program, cwd=tree)), program


def test_files_of_the_program_that_hide_modules_of_the_library_do_not_hide_them_from_us(tmp_path):
    broken = dict.fromkeys(("argparse.py", "json.py", "statistics.py", "tempfile.py", "subprocess.py"), "raise SystemExit(9)")
    tree = plant(tmp_path, {**broken, "mod.py": "import colorsys"})
    assert "colorsys" in by_name(record("-m", "mod", cwd=tree))


def test_options_behind_the_program_are_the_programs():
    modules = by_name(record("-c", "import sys; assert sys.argv[1:] == ['--top', '3']; import colorsys", "--top", "3"))
    assert "colorsys" in modules


def test_options_of_the_interpreter_reach_the_program():
    code = "import sys; assert sys.flags.dev_mode and sys.flags.optimize == 1"
    done = python("-X", "dev", "-O", "-m", "fastimport", "profile", "--runs", "1", "--no-saving", "--json", "-c", code)
    assert done.returncode == 0, done.stderr


ENDINGS = {
    "status": ("import colorsys, sys; sys.exit(3)", "the program ended with status 3"),
    "exception": ("import colorsys; 1/0", "the program ended with status 1: ZeroDivisionError: division by zero"),
    "os._exit": ("import colorsys, os; os._exit(5)", "the program ended with status 5"),
    "killed": (
        "import colorsys, os, time; time.sleep(.05); import wave; time.sleep(.05); import csv; os.kill(os.getpid(), 9)",
        "the program was killed by SIGKILL",
    ),
    "aborted": ("import colorsys, os, time; time.sleep(.05); import wave; os.abort()", "the program was killed by SIGABRT"),
}


@pytest.mark.parametrize("name", ENDINGS)
def test_a_program_that_ends_badly_gives_a_message_and_what_was_recorded(name):
    code, message = ENDINGS[name]
    done = profile("--runs", "3", "--json", "-c", code)
    assert done.returncode == 1
    assert done.stderr == f"fastimport profile: {message}\n"
    recording = from_json(done.stdout)
    assert recording.outcome == message
    assert "colorsys" in by_name(recording)
    assert recording.complete is (name not in ("killed", "aborted"))


def test_a_program_that_is_killed_in_the_middle_of_an_import_shows_where(tmp_path):
    tree = plant(tmp_path, {"stuck.py": "import os, time\ntime.sleep(0.1)\nimport colorsys\nos.kill(os.getpid(), 9)\n"})
    done = profile("--runs", "1", "--json", "-c", "import stuck", cwd=tree)
    module = by_name(from_json(done.stdout))["stuck"]
    assert module.error.startswith("interrupted")


def test_an_interpreter_that_cannot_start_is_explained(tmp_path):
    done = profile("-c", "pass", PYTHONHOME=str(tmp_path))
    assert done.returncode != 0  # our own interpreter has the same variable


def test_nothing_recorded_is_said(tmp_path):
    """The child is killed before it gets to us: by a sitecustomize that only it sees."""
    tree = plant(tmp_path, {"sitecustomize.py": "import sys, os\nif sys.orig_argv[1].endswith('boot.py'): os._exit(9)\n"})
    done = profile("-c", "pass", PYTHONPATH=tree)
    assert done.returncode == 1
    assert done.stderr == "fastimport profile: nothing was recorded: python -c pass: the program ended with status 9\n"


def test_until_import_ends_the_program_there(tmp_path):
    tree = plant(tmp_path, {"server.py": "import colorsys, ready, wave\nwhile True: pass\n", "ready.py": "import csv\n"})
    recording = record("server.py", cwd=tree, options=("--runs", "1", "--until-import", "ready"))
    modules = by_name(recording)
    assert {"colorsys", "ready", "csv"} <= set(modules) and "wave" not in modules
    assert not [module for module in recording.modules if (module.error or "").startswith("interrupted")]


def test_until_an_import_that_never_comes_is_noted():
    done = profile("--runs", "1", "--until-import", "wave", "--json", "-c", "import colorsys")
    note = "--until-import wave: it was never imported; the program ran to its end"
    assert (done.returncode, done.stderr) == (1, f"fastimport profile: {note}\n")
    assert from_json(done.stdout).notes == [note]


SERVER = "import colorsys, time, threading\nthreading.Thread(target=__import__, args=['csv']).start()\nimport wait\nimport wave\n"


def test_until_idle_ends_a_server_there(tmp_path):
    """An import that takes its time is no idleness, and that does not count."""
    tree = plant(tmp_path, {"server.py": f"{SERVER}while True: time.sleep(60)\n", "wait.py": "import time\ntime.sleep(2)\n"})
    recording = record("server.py", cwd=tree, options=("--runs", "1", "--until-idle", "0.5"))
    assert {"colorsys", "csv", "wait", "wave"} <= set(by_name(recording))
    assert recording.outcome == "" and recording.notes == []
    ends = max(module.end_ns for module in recording.modules) + recording.before_ns + recording.install_ns
    assert recording.total_ns == ends


def test_a_program_that_ends_before_it_is_idle():
    recording = record("-c", "import colorsys", options=("--runs", "1", "--until-idle", "60"))
    assert "colorsys" in by_name(recording) and recording.complete


def test_idleness_at_the_end_is_noted():
    recording = record("-c", "import colorsys, time; time.sleep(1.5)", options=("--runs", "1"))
    assert [note for note in recording.notes if "--until-idle 1" in note]
    assert not record("-c", "import time; time.sleep(1.5); import colorsys", options=("--runs", "1")).notes


def test_what_happens_in_the_first_run_only_is_kept(tmp_path):
    tree = plant(tmp_path, {"once.py": "x = 1"})
    recording = record("-c", "import once", cwd=tree, options=("--runs", "2", "--no-saving"))
    assert recording.first_run_compiled == ["once: no bytecode"]
    assert by_name(recording)["once"].form == "bytecode"
    assert len(recording.runs) == 2 and recording.total_ns in recording.runs


@pytest.mark.parametrize("level", ["checked", "trusted"])
def test_with_fastimport_the_same_modules_are_recorded(level):
    plain = record("-c", "import email.mime.text")
    ours = record("-c", "import email.mime.text", options=("--runs", "1", "--level", level))
    assert ours.level == level
    assert [module.name for module in plain.modules] == [module.name for module in ours.modules]
    assert [module.origin for module in plain.modules] == [module.origin for module in ours.modules]
    assert {module.entry for module in plain.modules} == {module.entry for module in ours.modules}


def test_frozen_with_a_snapshot_takes_everything_from_it(tmp_path):
    """Search and code come from the snapshot; the same modules are recorded, from the same files."""
    tree = plant(tmp_path / "tree", {"spam": {"__init__.py": "import spam.eggs", "eggs.py": "x = 1"}, "ham.py": "import spam"})
    snapshot = str(tmp_path / "snapshot")
    assert python("-m", "fastimport", "build", "-o", snapshot, tree).returncode == 0
    variables = {"PYTHONPATH": tree, "FASTIMPORT_SNAPSHOT": snapshot}
    ours = record("-c", "import ham", options=("--runs", "1", "--level", "frozen"), **variables)
    plain = record("-c", "import ham", PYTHONPATH=tree)
    assert ours.level == "frozen" and ours.install_ns > 0
    assert [(module.name, module.origin, module.entry) for module in ours.modules] == [
        (module.name, module.origin, module.entry) for module in plain.modules
    ]
    assert not [module for module in ours.modules if module.compiled or "compile" in module.ns]  # nothing had been compiled
    assert any("load" in module.ns for module in ours.modules if module.name.startswith("spam"))


@pytest.mark.parametrize("runs", [1, 3])
def test_the_cost_of_each_module_has_a_spread(runs):
    recording = record("-c", "import colorsys", options=("--runs", str(runs), "--no-saving"))
    module = by_name(recording)["colorsys"]
    if runs == 1:
        assert module.spread is None
    else:
        assert module.spread[0] <= module.self_ns <= module.spread[1] and module.spread[0] < module.spread[1]


FORMATS = {
    "r.json": lambda text: json.loads(text)["schema"] == "fastimport.recording/1",
    "r.html": lambda text: text.startswith("<!doctype html>"),
    "r.folded": lambda text: re.fullmatch(r"(\S.* \d+\n)+", text),
    "r.txt": lambda text: "Where the time went" in text,
}


@pytest.mark.parametrize("name", FORMATS)
def test_the_ending_of_the_file_says_the_format(tmp_path, name):
    source = tmp_path / "source"
    source.write_text(written_by_hand().to_json())
    done = python("-m", "fastimport", "report", "-o", str(tmp_path / name), str(source))
    assert (done.returncode, done.stdout) == (0, "") and done.stderr.endswith(f"wrote {tmp_path / name}\n")
    assert FORMATS[name]((tmp_path / name).read_text(encoding="utf-8"))


def test_report_reads_logs_of_both_levels(tmp_path):
    for level in ("1", "2") if sys.version_info >= (3, 14) else ("1",):
        log = tmp_path / "log"
        log.write_text(
            "noise\n" + python("-X", f"importtime={level}" if level == "2" else "importtime", "-c", "import csv").stderr
        )
        done = python("-m", "fastimport", "report", "--sort", "self", "--hide-under", "0", str(log))
        assert (done.returncode, done.stderr) == (0, "")
        assert re.search(r"\d\.\d+  csv$", done.stdout, re.M)
        assert ("were there already" in done.stdout) is (level == "2")


def test_what_cannot_be_read_or_written_is_said(tmp_path):
    source = tmp_path / "source"
    source.write_text(written_by_hand().to_json())
    for words, message in (
        (["report", str(tmp_path / "none")], "can't be read: No such file or directory"),
        (["report", str(tmp_path)], "a directory, not a recording"),
        (["diff", str(source), os.devnull], "neither a recording of fastimport"),
        (["report", "-o", str(tmp_path / "no" / "file"), str(source)], "the report can't be written"),
    ):
        done = python("-m", "fastimport", *words)
        assert done.returncode == 1 and message in done.stderr and "Traceback" not in done.stderr


@pytest.mark.parametrize(
    "words",
    [[], ["-"], ["--runs", "0", "x.py"], ["--sort", "size", "x.py"], ["--hide-under", "nan", "x.py"],
     ["--hide-under", "x", "x.py"], ["--level", "frozen!", "x.py"], ["--format", "pdf", "x.py"]],
)  # fmt: skip
def test_wrong_usage_is_2(words):
    done = profile(*words)
    assert done.returncode == 2 and done.stderr.startswith("usage: fastimport profile")


def test_diff_finds_what_changed_and_can_fail(tmp_path):
    before, after = tmp_path / "a.json", tmp_path / "b.json"
    recording = written_by_hand()
    before.write_text(recording.to_json())
    before_ns, recording.total_ns = recording.total_ns, int(recording.total_ns * 1.06)
    recording.runs = [2 * recording.total_ns] * 2
    recording.modules[4].name = "newcomer"
    after.write_text(recording.to_json())
    done = python("-m", "fastimport", "diff", str(before), str(after))
    assert done.returncode == 0 and re.search(r"new: 1 module.*\n.*newcomer", done.stdout)
    assert python("-m", "fastimport", "diff", "--fail-above", "7%", str(before), str(after)).returncode == 0
    done = python("-m", "fastimport", "diff", "--fail-above", "5", "--json", str(before), str(after))
    assert done.returncode == 1 and done.stderr == "fastimport diff: the total grew by 6.0 %; --fail-above allows 5 %\n"
    assert json.loads(done.stdout)["schema"] == "fastimport.diff/1"
    recording.runs = [before_ns, recording.total_ns]
    after.write_text(recording.to_json())
    done = python("-m", "fastimport", "diff", "--fail-above", "5", str(before), str(after))
    assert done.returncode == 0 and "so this may be chance" in done.stdout
    assert python("-m", "fastimport", "diff", "--fail-above", "much", str(before), str(after)).returncode == 2


def test_names_that_stdout_cannot_write_do_no_harm(tmp_path):
    recording = written_by_hand()
    recording.modules[0].name = "caf\u00e9\udc80"
    source = tmp_path / "source"
    source.write_text(recording.to_json())
    done = python("-m", "fastimport", "report", str(source), PYTHONIOENCODING="ascii")
    assert (done.returncode, done.stderr) == (0, "") and "caf\\xe9\\udc80" in done.stdout


@pytest.mark.skipif(os.name == "nt", reason="no SIGINT to a process group")
def test_ctrl_c_shows_what_was_recorded_until_then(tmp_path):
    import subprocess
    import time

    code = "import colorsys, time; open('ready', 'w').close(); time.sleep(60)"
    command = [sys.executable, "-m", "fastimport", "profile", "--runs", "1", "--json", "-c", code]
    environment = {k: v for k, v in os.environ.items() if not k.startswith(("PYTHON", "FASTIMPORT"))}
    former = signal.signal(signal.SIGINT, signal.default_int_handler)  # what is ignored here would be ignored there
    process = subprocess.Popen(
        command, cwd=tmp_path, env=environment, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True, start_new_session=True
    )
    signal.signal(signal.SIGINT, former)
    while not (tmp_path / "ready").exists():
        time.sleep(0.01)
    os.killpg(process.pid, signal.SIGINT)
    stdout, stderr = process.communicate(timeout=120)
    assert process.returncode == 1 and "SIGINT" in stderr
    assert "colorsys" in by_name(from_json(stdout))
