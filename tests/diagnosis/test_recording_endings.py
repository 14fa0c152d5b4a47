"""Recordings that end in the middle, and programs that take away what recording needs."""

import marshal
import os
import subprocess
import sys

import pytest
from support.startups import by_name, profile, record
from support.trees import plant

from fastimport.diagnosis.record.assembly import assemble
from fastimport.diagnosis.record.lanes import Lane
from fastimport.diagnosis.record.reading import from_json
from fastimport.diagnosis.record.session import read_log
from fastimport.diagnosis.report import view

MANY = "asyncio, decimal, http.client, xml.dom.minidom, unittest.mock, sqlite3"


def add_up(recording):
    """Each import is itself and what is nested in it, and the total is its parts."""
    nested = dict.fromkeys(range(len(recording.modules)), 0)
    for module in recording.modules:
        if module.parent is not None:
            above = recording.modules[module.parent]
            assert above.start_ns <= module.start_ns and module.end_ns <= above.end_ns, (module.name, above.name)
            nested[above.id] += module.cumulative_ns
    for module in recording.modules:
        assert abs(sum(module.ns.values()) + nested[module.id] - module.cumulative_ns) <= 0.02 * module.cumulative_ns, module
    parts = sum(view.parts(recording).values())
    assert abs(parts - recording.total_ns) <= 0.02 * recording.total_ns
    return True


def test_a_file_that_the_program_opens_under_our_number_is_not_written_to(tmp_path):
    """Daemons close every file that is open, and open their own."""
    tree = plant(
        tmp_path,
        {
            "daemon.py": "import os, time\nos.closerange(3, 200)\nfile = open('mine', 'w')\nfile.write('mine')\nfile.flush()\n"
            f"time.sleep(0.03)\nimport colorsys\nimport {MANY}\nfile.close()\n"
        },
    )
    recording = record("daemon.py", cwd=tree)
    assert (tmp_path / "mine").read_text() == "mine"
    assert recording.complete and "sqlite3" in by_name(recording)


def test_a_program_that_closes_all_files_is_recorded_to_its_end():
    recording = record("-c", f"import os; os.closerange(3, 200); import time; time.sleep(.03); import {MANY}")
    assert recording.complete and "sqlite3" in by_name(recording)


def test_a_full_disk_does_not_disturb_the_program(tmp_path):
    """The log is exchanged for a device that is always full; the program writes what it has come to on standard error."""
    code = (
        "import os, sys, time\n"
        "for number in range(3, 20):\n"
        "    try: path = os.readlink(f'/proc/self/fd/{number}')\n"
        "    except OSError: continue\n"
        "    if path.endswith('log'):\n"
        "        os.unlink(path); os.symlink('/dev/full', path); os.close(number)\n"
        "time.sleep(.03)\n"
        f"import {MANY}\n"
        "sys.exit('all is well')\n"
    )
    done = profile("--runs", "1", "--json", "-c", code)
    assert done.stderr.endswith("all is well\n") and done.returncode == 1


@pytest.mark.parametrize("code", ["1+", "import colorsys #\udcff"])
def test_code_that_can_not_be_compiled_is_a_program_that_fails(code):
    """Up to 3.13 the interpreter went on to use our script's namespace after it had been freed."""
    done = profile("--runs", "1", "--json", "-c", code)
    assert "the program ended with status 1: " in done.stderr
    assert from_json(done.stdout).complete


@pytest.mark.parametrize(
    "ending", ["os.kill(os.getpid(), 9)", "posix._exit(0)", "os.execv(sys.executable, [sys.executable, '-V'])"]
)
def test_the_parts_of_a_recording_that_breaks_off_add_up(tmp_path, ending):
    tree = plant(
        tmp_path,
        {
            "outer.py": "import time\ntime.sleep(.03)\nimport middle\n",
            "middle.py": f"import colorsys\nimport {MANY}\nimport inner\n",
            "inner.py": f"import os, posix, sys, time\nimport wave\ntime.sleep(.006)\nimport this\n{ending}\n",
        },
    )
    done = profile("--runs", "1", "--json", "-c", "import outer", cwd=tree)
    recording = from_json(done.stdout)
    assert done.returncode == 1 and not recording.complete and add_up(recording)
    names = [module.name for module in recording.modules if not (module.error or "").startswith("ModuleNotFound")]
    assert len(names) == len(set(names))  # none is there as interrupted and again as done


def test_imports_of_a_thread_that_is_still_at_it_add_up(tmp_path):
    tree = plant(tmp_path, {"slow.py": "import colorsys\nimport time\nready.set()\ntime.sleep(60)\n"})
    code = (
        "import builtins, threading\n"
        "ready = builtins.ready = threading.Event()\n"
        "threading.Thread(target=__import__, args=('slow',), daemon=True).start()\n"
        "ready.wait()\n"
    )
    recording = record("-c", code, cwd=tree)
    slow = by_name(recording)["slow"]
    assert slow.error.startswith("interrupted") and slow.ns["execute"] and add_up(recording)


class Log:
    """A log as a recorded process writes it, with a clock that is set by hand."""

    def __init__(self, path):
        self.path, self.now = path, 0
        self.lane = Lane(lambda: self.now, "MainThread")

    def begin(self, name):
        self.now += 10
        return self.lane.begin_import(name)

    def end(self, node):
        self.now += 10
        self.lane.end_import(node)
        return [node.plain()]

    def snapshot(self, complete):
        return {
            "begun_at": 0, "now": self.now, "call_ns": 1, "calls": 1, "lanes": [self.lane.plain()], "finders": {},
            "preloaded": [], "path": [], "writes_bytecode": True, "complete": complete,
        }  # fmt: skip

    def read(self, *parts):
        self.path.write_bytes(b"".join(marshal.dumps(part) for part in parts))
        nodes, state = read_log(self.path)
        return assemble("program", nodes, state), state


def test_an_import_whose_parent_is_not_known_is_nested_in_the_one_above(tmp_path):
    log = Log(tmp_path / "log")
    log.begin("known")
    state = log.snapshot(False)
    log.begin("began after the snapshot, and never ended")
    done = log.end(log.begin("done"))
    recording, _ = log.read(state, done)
    assert [(module.name, module.parent) for module in recording.modules] == [("known", None), ("done", 0)]
    assert (
        recording.modules[0].ns == {"machinery": 10, "unsplit": 10}
        and recording.threads[0].outside_ns == 10
        and add_up(recording)
    )


def test_a_thread_that_is_late_with_its_snapshot_does_not_make_the_recording_incomplete(tmp_path):
    log = Log(tmp_path / "log")
    done = log.end(log.begin("done"))
    late, last = log.snapshot(False), log.snapshot(True)
    _, state = log.read(done, last, late)
    assert state["complete"]


@pytest.mark.skipif(os.name == "nt", reason="a POSIX shell closes the file")
@pytest.mark.parametrize("words", ["profile --runs 1 --no-saving -c pass", "paths", "explain json", "doctor --only interpreter"])
def test_standard_output_that_is_closed_or_full_is_said(words):
    for where, message in ((">&-", "standard output is closed"), (">/dev/full", "No space left")):
        shell = ["/bin/sh", "-c", f'exec "$0" -m fastimport {words} {where}', sys.executable]
        done = subprocess.run(shell, stderr=subprocess.PIPE, text=True, timeout=60)
        assert done.returncode == 1 and message in done.stderr and len(done.stderr.splitlines()) == 1, done.stderr


def test_a_report_that_can_not_be_written_is_said_before_the_program_runs(tmp_path):
    code = f"open({str(tmp_path / 'ran')!r}, 'w')"
    for place in (tmp_path, tmp_path / "no" / "report.html"):
        done = profile("-o", str(place), "-c", code)
        assert done.returncode == 1 and "the report can't be written: " in done.stderr
    assert not (tmp_path / "ran").exists()
