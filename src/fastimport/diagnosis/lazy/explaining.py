"""Why a module may be late or not, and whether what was learnt still holds."""

import os
import sys
import tempfile
from collections.abc import Mapping
from typing import Any

from fastimport.diagnosis.bench.launcher import Program
from fastimport.diagnosis.lazy.journal import Journal
from fastimport.diagnosis.lazy.knowledge import IMPORTS
from fastimport.diagnosis.lazy.runs import Runner
from fastimport.diagnosis.lazy.showing import locate
from fastimport.diagnosis.lazy.trial import CheckEnvironment, NotLearnable, Trials
from fastimport.diagnosis.lazy.versions import changes, versions_of

_BEFORE, _AFTER = IMPORTS.split("{}")


def explain(data: Mapping[str, Any], table: Mapping[str, frozenset[str] | None], name: str) -> list[str] | None:
    """What the file says of a module, a sentence for each line; None if it says nothing."""
    eager: Mapping[str, str] = data.get("eager", {})
    if name in eager:
        lines, reason = [f"{name} is not late: {eager[name]}"], eager[name]
        while reason.startswith(_BEFORE) and reason.endswith(_AFTER):
            cause = reason.removeprefix(_BEFORE).removesuffix(_AFTER)
            if cause not in eager:
                break
            reason = eager[cause]
            lines.append(f"{cause}: {reason}")
        if not reason.startswith(_BEFORE):
            lines.append(f"to make it late all the same, learn with --allow {lines[-1].partition(':')[0].partition(' ')[0]}")
        return lines
    if name not in table:
        return None
    changed = data.get("changes", {}).get(name)
    until = f" until one of these is loaded, which it changes: {', '.join(changed)}" if changed else ""
    lines = [f"{name} may be late{until}"]
    kept = table[name]
    if kept:
        lines.append(f"but for: from {name} import {', '.join(sorted(kept))}")
    parents = [parent for parent in _parents(name) if parent not in table]
    if parents:
        lines.append(f"once {parents[0]} has been imported, which is not late")
    return lines


def _parents(name: str) -> list[str]:
    parts = name.split(".")
    return [".".join(parts[:end]) for end in range(1, len(parts))]


def outdated(data: Mapping[str, Any]) -> list[str]:
    """Why what was learnt may no longer hold, a line for each reason; empty if all is as it was."""
    here = "{}.{}".format(*sys.version_info)
    if data["python"] != here:
        return [f"learnt with Python {data['python']}, this is {here}"]
    names = [*data["lazy"]["modules"], *data.get("eager", ())]
    found = changes(data.get("packages", {}), versions_of({name: locate(name) for name in names}))
    if not data.get("complete", True):
        found.append("the learning was not completed: more could be late")
    return found


def run_both_ways(data: dict[str, Any], module: str, with_lazy: CheckEnvironment) -> list[str]:
    """Run the program of the file with everything eager and with the file: what differs, a line for each; see `Runner`."""
    kind, *words = data.get("program") or [""]
    if not kind:
        return ["the file names no program to run"]
    if kind in ("-m", "-c"):
        program = Program("module" if kind == "-m" else "code", words[0], tuple(words[1:]))
    else:
        program = Program("script", kind, tuple(words))
    with tempfile.TemporaryDirectory(prefix="fastimport-") as directory:
        runner = Runner(program, module, data.get("until"))
        trials = Trials(runner, Journal(os.path.join(directory, "verify"), []), data.get("check"), with_lazy, 9)
        try:
            trials.take_baseline()
            failure = trials.fails(data)
        except NotLearnable as reason:
            return [str(reason)]
    return [] if failure is None else [f"the program does not do the same: {failure['words'] or 'other output'}"]
