"""Run modules of CPython's test suite in a farm, and collect what became of each test."""

import json
import os
import signal
import subprocess
import time
from collections import Counter
from concurrent.futures import ThreadPoolExecutor

from differences import FAILED
from farm import clean_environment

MODULE_TIMEOUT = 300  # seconds
OUTCOMES = ("pass", "skip", "fail", "error")


class Outcomes(dict):
    """Test id → one of OUTCOMES, with tracebacks and reasons for skipping (`details`), and the ids of each module (`modules`)."""

    def __init__(self, outcomes=(), details=(), modules=()):
        super().__init__(outcomes)
        self.details = dict(details)
        self.modules = dict(modules)

    def add(self, other):
        self.update(other)
        self.details.update(other.details)
        self.modules.update(other.modules)

    def only(self, modules):
        names = {name for module in modules for name in self.modules[module]}
        details = {name: text for name, text in self.details.items() if name in names}
        return Outcomes({name: self[name] for name in names}, details, {module: self.modules[module] for module in modules})

    def modules_of(self, names):
        """The modules that ran any of `names`."""
        return {module for module, ran in self.modules.items() if not names.isdisjoint(ran)}

    def failed(self):
        return {name for name, outcome in self.items() if outcome in FAILED}

    def summary(self):
        counts = Counter(self.values())
        return ", ".join(f"{counts[outcome]} {outcome}" for outcome in OUTCOMES)

    def save(self, path):
        path.write_text(json.dumps([self, self.details, self.modules]))

    @classmethod
    def load(cls, path):
        return cls(*json.loads(path.read_text()))


def available(farm, modules):
    """Those of `modules` that this version has: the list spans five versions."""
    tests = farm.library / "test"
    return [name for name in modules if (tests / f"{name}.py").exists() or (tests / name).is_dir()]


def everything(farm):
    """All of CPython's test suite, as regrtest finds it."""
    found = {path.stem for path in (farm.library / "test").iterdir() if path.suffix == ".py" or (path / "__init__.py").exists()}
    return sorted(name for name in found if name.startswith("test_") and name != "test_bigmem")  # gigabytes, and minutes


def run_modules(farm, modules, logs, note=lambda text: None, jobs=1):
    """The outcomes of `modules`, each in its own interpreter, `jobs` at a time; what they print goes to `logs`."""
    logs.mkdir(parents=True, exist_ok=True)
    collected = Outcomes()

    def run_one(module):
        started = time.monotonic()
        one = run_module(farm, module, logs)
        note(f"  {module}: {one.summary()} in {time.monotonic() - started:.1f} s")
        return one

    with ThreadPoolExecutor(jobs) as pool:
        for one in pool.map(run_one, modules):
            collected.add(one)
    return collected


def run_module(farm, module, logs):
    target = logs / f"{module}.json"
    target.unlink(missing_ok=True)
    with open(logs / f"{module}.log", "wb") as stream:
        status = wait_for(
            [farm.python, "-m", "comparison_runner", module, target],
            stdin=subprocess.DEVNULL, stdout=stream, stderr=subprocess.STDOUT, cwd=farm.root, env=clean_environment(),
        )  # fmt: skip
    found = json.loads(target.read_text()) if target.exists() else without_outcomes(module, status, logs)
    return Outcomes(found["outcomes"], found["details"], {module: list(found["outcomes"])})


def without_outcomes(module, status, logs):
    """A crash, or a time-out: the module counts as one test, in error."""
    tail = (logs / f"{module}.log").read_text(errors="backslashreplace").splitlines()[-20:]
    name = f"test.{module}"
    return {"outcomes": {name: "error"}, "details": {name: "\n".join([f"no outcomes, {status}", *tail])}}


def wait_for(command, **options):
    """Run in a session of its own, so that a module that hangs goes with its children."""
    process = subprocess.Popen(command, start_new_session=True, **options)
    try:
        return f"exit status {process.wait(MODULE_TIMEOUT)}"
    except subprocess.TimeoutExpired:
        os.killpg(process.pid, signal.SIGKILL)
        process.wait()
        return f"killed after {MODULE_TIMEOUT} s"
