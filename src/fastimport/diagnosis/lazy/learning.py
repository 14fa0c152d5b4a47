"""Learning which imports of a program may be late: all that has no effect elsewhere at first, then less until it passes."""

import datetime
import math
import sys
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, field
from typing import Any

from fastimport.diagnosis.lazy.halving import smallest
from fastimport.diagnosis.lazy.knowledge import Knowledge
from fastimport.diagnosis.lazy.runs import described
from fastimport.diagnosis.lazy.trial import NotLearnable, OutOfRuns, Trials
from fastimport.diagnosis.lazy.versions import versions_of
from fastimport.finding.lazy import FORMAT

_GUESSES = 6  # how often what a failure names is made eager before all modules are suspected
_UNTIL = "its import ends each run"
_FAILED = "late, the program did not do the same"


@dataclass
class Learnt:
    """The best so far, always one that passed: `data` for the file; `is_complete` unless it was interrupted."""

    data: dict[str, Any] | None = None
    is_complete: bool = False
    notes: list[str] = field(default_factory=list)


class Learning:
    """One learning; `learnt` can be read at any time, also after an exception."""

    def __init__(self, trials: Trials, allowed: Iterable[str], trust: str, say: Callable[[str], None]) -> None:
        self.trials, self.allowed, self.trust, self.say = trials, sorted(set(allowed)), trust, say
        self.learnt = Learnt()
        self.reasons: dict[str, str] = {}
        self.changes: dict[str, list[str]] = {}

    def learn(self) -> None:
        """Run the program as often as it takes. Raises `NotLearnable`, or whatever interrupts it."""
        try:
            self._prepare()
            self._search()
            self.learnt.is_complete = True
        except OutOfRuns:
            self.learnt.notes.append(f"ended after {self.trials.used} runs, as --runs says")
        if self.learnt.data is not None:
            self._finish()

    def finish_early(self) -> None:
        """Make what there is ready for the file."""
        if self.learnt.data is not None:
            self._finish()

    def _prepare(self) -> None:
        self.say("running it twice with everything eager")
        self.trials.take_baseline()
        missing = [name for name in ("stdout", "stderr") if name not in self.trials.eager["compared"]]
        if missing:
            self._note(f"what it writes to {' and '.join(missing)} is not the same each time: not compared")
        self.say(f"watching what its imports change (about {12 * self.trials.eager['seconds']:.0f} s)")
        report = self.trials.observe()
        if report["status"] != self.trials.eager["status"]:
            self._note(f"watched, it ended with status {report['status']}: some effects may not have been seen")
        self.knowledge = Knowledge(report)
        harmless = [*self.allowed, *self.knowledge.trusted(self.trust)]
        effects, self.changes = self.knowledge.kept_for_effects(harmless), self.knowledge.changes(harmless)
        until = self.trials.runner.until
        self.reasons = {**(self.knowledge.reasons([until], {until: _UNTIL}) if until is not None else {}), **effects}

    def _search(self) -> None:
        """From all that has no effect elsewhere, take away what makes a run fail: the least, by halving."""
        eager = frozenset(self.reasons)
        lazy = self.knowledge.lazy(eager)
        self.say(f"{len(lazy)} of {len(self.knowledge.order)} modules may be late; trying it")
        failure = self._fails(eager)
        if failure is not None:
            if self._fails(frozenset(self.knowledge.order)) is not None:
                raise NotLearnable(f"it does not do the same even with everything eager, under a filter: {failure['words']}")
            eager = self._narrow(eager, failure)
        if self._fails(eager, "again") is not None:
            raise NotLearnable("it passed, and failed when it was run again: it is not the same each time")

    def _narrow(self, eager: frozenset[str], failure: dict[str, Any]) -> frozenset[str]:
        suspected = self._trusted(eager) or self._guess(eager, failure)
        if not suspected:
            suspected = self.knowledge.lazy(eager)
            self._say_estimate(suspected)
        found = smallest(lambda wanted: self._fails(self._closed(wanted)) is None, eager, suspected)
        why = dict.fromkeys(found, _FAILED if not failure["words"] else f"{_FAILED}: {failure['words']}")
        self.reasons = {**self.knowledge.reasons(found, why), **self.reasons}
        return frozenset(self.reasons)

    def _trusted(self, eager: frozenset[str]) -> list[str]:
        """Modules with effects that were trusted, if that is why it failed."""
        suspected = [name for name in self.knowledge.trusted(self.trust) if name not in {*eager, *self.allowed}]
        if not suspected:
            return []
        self.say(f"it failed; trying with all eager that have side effects ({len(suspected)} more)")
        if self._fails(self._closed(eager.union(suspected))) is not None:
            return []
        self._say_estimate(suspected)
        return suspected

    def _guess(self, eager: frozenset[str], failure: dict[str, Any]) -> list[str]:
        """Modules that failures name, as many as it takes for a run to pass; empty if that doesn't help."""
        guessed: dict[str, None] = {}
        for _ in range(_GUESSES):
            suspects = self._in_question(failure["suspects"] or (), eager, guessed)
            if not suspects:
                return []
            guessed.update(dict.fromkeys(suspects))
            self.say(f"it failed ({failure['words'][:60]}); trying with {len(guessed)} more eager")
            found = self._fails(self._closed(eager.union(guessed)))
            if found is None:
                return sorted(guessed)
            failure = found
        return []

    def _in_question(self, names: Sequence[str], eager: frozenset[str], guessed: dict[str, None]) -> list[str]:
        """Names of modules among `names`, or whose attribute they are, that are late so far."""
        modules = [name if name in self.knowledge.within else name.rpartition(".")[0] for name in names]
        return [name for name in dict.fromkeys(modules) if name in self.knowledge.within and name not in {*eager, *guessed}]

    def _closed(self, names: Iterable[str]) -> frozenset[str]:
        return frozenset(self.knowledge.with_importers(names))

    def _say_estimate(self, suspected: Sequence[str]) -> None:
        runs = 2 * math.ceil(math.log2(max(2, len(suspected))))
        seconds = runs * self.trials.seconds_each
        self.say(
            f"it failed; {len(suspected)} modules are suspected: about {runs} runs for each that is at fault, {seconds:.0f} s"
        )

    def _fails(self, eager: frozenset[str], again: str = "") -> dict[str, Any] | None:
        data = self._data(eager)
        failure = self.trials.fails(data, again)
        best = self.learnt.data
        if failure is None and (best is None or len(data["lazy"]["modules"]) >= len(best["lazy"]["modules"])):
            self.learnt.data = data
        return failure

    def _data(self, eager: frozenset[str]) -> dict[str, Any]:
        names = self.knowledge.shadowed_names()
        return {
            "format": FORMAT,
            "python": "{}.{}".format(*sys.version_info),
            "lazy": {"modules": self.knowledge.lazy(eager)},
            "eager": {name: self.reasons.get(name, _FAILED) for name in sorted(eager)},
            "changes": {name: changed for name, changed in self.changes.items() if name not in eager},
            "names": names,
        }

    def _finish(self) -> None:
        data = self.learnt.data
        assert data is not None
        runner = self.trials.runner
        files = {name: self.knowledge.files[name] for name in self.knowledge.order}
        about: dict[str, Any] = {
            "format": data["format"], "python": data["python"], "program": described(runner.program),
            "learnt": datetime.date.today().isoformat(), "complete": self.learnt.is_complete, "runs": self.trials.used,
        }  # fmt: skip
        if runner.until is not None:
            about["until"] = runner.until
        if self.trials.command is not None:
            about["check"] = self.trials.command
        about |= {"notes": self.learnt.notes} if self.learnt.notes else {}
        about |= {"allowed": self.allowed} if self.allowed else {}
        about |= {"trust": self.trust} if self.trust != "none" else {}
        taken = self.trials.taken_with(data)
        saved = {"saved": {"eager": round(self.trials.eager["taken"] / 1e6), "lazy": round(taken / 1e6)}} if taken else {}
        self.learnt.data = {
            **about,
            "packages": versions_of(files),
            **saved,
            **{k: data[k] for k in ("lazy", "changes", "eager", "names")},
        }

    def _note(self, text: str) -> None:
        self.learnt.notes.append(text)
        self.say(text)
