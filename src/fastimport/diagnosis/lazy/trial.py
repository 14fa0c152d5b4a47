"""Whether a program does the same with some imports late: one run, or as many as its check needs."""

import contextlib
import hashlib
import os
import tempfile
from collections.abc import Callable, Iterator
from typing import Any

from fastimport.diagnosis.lazy import document
from fastimport.diagnosis.lazy.journal import Journal
from fastimport.diagnosis.lazy.runs import Outcome, Runner, check

CheckEnvironment = Callable[[dict[str, str], str], dict[str, str]]
_REPORTED = ("modules", "effects", "changed", "asked")


class NotLearnable(Exception):
    """Nothing can be learnt from this program; the text says why."""


class OutOfRuns(Exception):
    """As many runs as were allowed have been used."""


class Trials:
    """Runs of one program, compared with its eager run; what the journal has already is not run again."""

    def __init__(self, runner: Runner, journal: Journal, command: str | None, with_lazy: CheckEnvironment, limit: int) -> None:
        self.runner, self.journal, self.command, self.with_lazy = runner, journal, command, with_lazy
        self.limit = limit
        self.used = 0
        self.seconds: list[float] = []
        self.eager: dict[str, Any] = {}

    def take_baseline(self) -> None:
        """Run the program twice with nothing late: what it does, and what of it is the same. Raises `NotLearnable`."""
        known = self.journal.get("baseline")
        if known is None:
            first, second = self._run("none"), self._run("none")
            self._check_baseline(first)
            known = {**_seen(first), "taken": min(first.report["taken"], second.report["taken"]), "seconds": second.seconds}
            known["compared"] = [key for key in ("stdout", "stderr") if _seen(first)[key] == _seen(second)[key]]
            if second.status != first.status:
                raise NotLearnable(f"it ends with status {first.status} and then, run again, with {second.status}")
            if self.command is not None:
                self._check_command()
            self.journal.add("baseline", known)
        self.eager = known
        self.runner.patience = max(self.runner.patience, 10 * known["seconds"])

    def _check_baseline(self, outcome: Outcome) -> None:
        if "taken" not in outcome.report:
            raise NotLearnable(f"it can't be run: {outcome.last_words or f'status {outcome.status}'}")
        if self.runner.until is not None and not outcome.report.get("reached"):
            raise NotLearnable(f"it ended without importing {self.runner.until}")
        if outcome.status != 0:
            words = f": {outcome.last_words}" if outcome.last_words else ""
            raise NotLearnable(f"it fails with everything eager, with status {outcome.status}{words}")

    def _check_command(self) -> None:
        outcome = self._call_check(None)
        if outcome.status != 0:
            words = f": {outcome.last_words}" if outcome.last_words else ""
            raise NotLearnable(f"the check fails with everything eager, with status {outcome.status}{words}")

    def observe(self) -> dict[str, Any]:
        """Run the program watched; what an `Observer` found. Raises `NotLearnable`."""
        known = self.journal.get("observed")
        if known is None or not known.keys() >= {*_REPORTED, "status"}:
            outcome = self._run("none", observe=True)
            if "modules" not in outcome.report:
                raise NotLearnable(f"it can't be watched: {outcome.last_words or 'it left no report'}")
            known = {key: outcome.report[key] for key in _REPORTED}
            known["status"] = outcome.status
            self.journal.add("observed", known)
        return dict(known)

    def fails(self, data: dict[str, Any], again: str = "") -> dict[str, Any] | None:
        """Run with the contents of a file of lazy imports: None if all is as when everything was eager, or else what is known.

        Another word in `again`: not the run that was made with the same contents before. Raises `OutOfRuns`.
        """
        key = _key(data) + again
        known = self.journal.get(key)
        if known is None:
            with _written(data) as path:
                known = self._compare(path)
            self.journal.add(key, known)
        return None if known["passes"] else dict(known)

    def taken_with(self, data: dict[str, Any]) -> int:
        """The nanoseconds that the program took with these contents; 0 if it was not run."""
        runs = [run for key, run in self.journal.runs.items() if key.startswith(_key(data)) and run["taken"]]
        return min((run["taken"] for run in runs), default=0)

    def _compare(self, path: str) -> dict[str, Any]:
        outcome = self._run(path)
        seen = _seen(outcome)
        reached = self.runner.until is None or outcome.report.get("reached", False)
        passes = reached and all(seen[key] == self.eager[key] for key in ("status", *self.eager["compared"]))
        report = {key: outcome.report.get(key) for key in ("taken", "loaded", "suspects")}
        if passes and self.command is not None:
            outcome = self._call_check(path)
            passes = outcome.status == 0
        return {**report, "passes": passes, "words": outcome.last_words}

    def _run(self, lazy: str, observe: bool = False) -> Outcome:
        self._use_one()
        outcome = self.runner.run(lazy, observe)
        if not observe:
            self.seconds.append(outcome.seconds)
        return outcome

    def _call_check(self, lazy: str | None) -> Outcome:
        assert self.command is not None
        environment = self.runner.environment
        if lazy is not None:
            environment = self.with_lazy(environment, lazy)
        outcome = check(self.command, environment, self.runner.patience * 20)
        self.seconds.append(outcome.seconds)
        return outcome

    def _use_one(self) -> None:
        if self.used >= self.limit:
            raise OutOfRuns
        self.used += 1

    @property
    def seconds_each(self) -> float:
        """What a run takes, about."""
        recent = self.seconds[-4:]
        return sum(recent) / len(recent) if recent else 1.0


def _key(data: dict[str, Any]) -> str:
    return hashlib.sha256(repr((data["lazy"], data.get("changes"))).encode()).hexdigest()


@contextlib.contextmanager
def _written(data: dict[str, Any]) -> Iterator[str]:
    with tempfile.TemporaryDirectory(prefix="fastimport-") as directory:
        path = os.path.join(directory, "lazy.toml")
        document.write(path, data)
        yield path


def _seen(outcome: Outcome) -> dict[str, Any]:
    return {"status": outcome.status, "stdout": outcome.stdout.hex(), "stderr": outcome.stderr.hex()}
