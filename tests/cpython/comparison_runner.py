"""Run in the copied installation, one process per module: `python -m comparison_runner test_x OUTCOMES.json`.

Not regrtest: its XML forgets failed sub-tests, and errors outside a test (setUpModule, an import that fails), and
what is forgotten would be a difference that nobody sees.
"""

import json
import os
import signal
import sys
import tempfile
import unittest

SEVERITY = ("pass", "skip", "fail", "error")


def name_of(test):
    """`test.id()`, unless the test keeps a number in its attribute `id` (test__interpreters)."""
    return test.id() if callable(test.id) else unittest.TestCase.id(test)


class Recorder(unittest.TextTestResult):
    """Keeps the worst outcome of each test id; sub-tests count for their test."""

    def __init__(self, *args, **kwargs):
        super().__init__(*args, **kwargs)
        self.outcomes = {}
        self.details = {}

    def record(self, test, outcome, detail=""):
        name = name_of(test)
        if SEVERITY.index(outcome) >= SEVERITY.index(self.outcomes.get(name, "pass")):
            self.outcomes[name] = outcome
            if detail:
                self.details[name] = detail

    def addSuccess(self, test):
        super().addSuccess(test)
        self.record(test, "pass")

    def addExpectedFailure(self, test, err):
        super().addExpectedFailure(test, err)
        self.record(test, "pass")

    def addUnexpectedSuccess(self, test):
        super().addUnexpectedSuccess(test)
        self.record(test, "fail", "unexpected success")

    def addSkip(self, test, reason):
        super().addSkip(test, reason)
        self.record(test, "skip", reason)

    def addFailure(self, test, err):
        super().addFailure(test, err)
        self.record(test, "fail", self._exc_info_to_string(err, test))

    def addError(self, test, err):
        super().addError(test, err)
        self.record(test, "error", self._exc_info_to_string(err, test))

    def addSubTest(self, test, subtest, err):
        super().addSubTest(test, subtest, err)
        if err is not None:
            outcome = "fail" if issubclass(err[0], test.failureException) else "error"
            self.record(test, outcome, f"{subtest}\n{self._exc_info_to_string(err, test)}")


def run(module):
    """Outcomes and details of `module`."""
    prepare()
    name = f"test.{module}"
    try:
        suite = unittest.defaultTestLoader.loadTestsFromName(name)
    except unittest.SkipTest as reason:
        return {name: "skip"}, {name: str(reason)}
    # warnings=False: leave the filters as regrtest would find them.
    result = unittest.TextTestRunner(verbosity=2, resultclass=Recorder, warnings=False).run(suite)
    return result.outcomes, result.details


def prepare():
    """What regrtest sets (quiet, optional resources off), with what tests of threaded imports need: CPU time, memory on paper."""
    from test import support

    support.verbose = 0
    support.use_resources = ["cpu"]
    support.set_memlimit("4G")
    # A shell's background job ignores SIGINT, and so would the interpreters that the tests interrupt.
    signal.signal(signal.SIGINT, signal.default_int_handler)


def main():
    module, target = sys.argv[1:]
    del sys.argv[1:]
    with tempfile.TemporaryDirectory(ignore_cleanup_errors=True) as scratch:
        os.chdir(scratch)
        outcomes, details = run(module)
        os.chdir(os.path.dirname(target))
    with open(target, "w", encoding="utf-8", errors="backslashreplace") as stream:
        json.dump({"outcomes": outcomes, "details": details}, stream)


if __name__ == "__main__":
    main()
