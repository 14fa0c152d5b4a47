"""``fastimport lazy``: which imports of a program may be late, learnt, verified, explained and shown."""

import argparse
import json
import os
import sys
from typing import Any

from fastimport.cli.output import look_as_program, show, write
from fastimport.cli.showing import at_least
from fastimport.cli.subject import add_program, program_of
from fastimport.diagnosis.lazy import document, explaining, showing
from fastimport.diagnosis.lazy.journal import Journal
from fastimport.diagnosis.lazy.learning import Learning
from fastimport.diagnosis.lazy.runs import Runner, described
from fastimport.diagnosis.lazy.trial import NotLearnable, Trials
from fastimport.environment.variables import with_fastimport
from fastimport.finding import lazy

SCHEMA = "fastimport.lazy/1"
FAILED, USAGE, INTERRUPTED = 1, 2, 130
TRUST = ("none", "packages", "all")
JOURNAL = 3  # of what it holds: another number, and it is not gone on with
FORMS = ("filter", "lines", "modules")
FILE = "lazy.toml"
_CHILD = "fastimport.cli.learning"
_NO_GAIN = "no gain: it uses most of what it imports, or the machine was busy"
ADVICE = "'fastimport profile' tells which imports are worth moving into the functions that use them"

DESCRIPTION = """\
Python 3.15 can postpone imports until they are used (PEP 810). 'learn' finds out which of a program's imports may be late: it
runs the program, looks for what imports change elsewhere, and compares what the program does. The result is a file for
run, exec and enable --lazy, FASTIMPORT_LAZY and install(lazy=FILE).
"""
EPILOG = "Exit status: 0 fine; 1 nothing could be learnt, or the file does not hold; 2 wrong usage; 130 interrupted."
HELPS = {
    "learn": "find out which imports of a program may be late",
    "verify": "does a file still hold?",
    "explain": "why a module may be late, or not",
    "show": "a file as a filter without fastimport, as lines to edit, as __lazy_modules__",
}


def add_parser(subparsers: "argparse._SubParsersAction[argparse.ArgumentParser]") -> None:
    """Add the command and its four parts to the command line."""
    parser = subparsers.add_parser("lazy", help="which imports may be late (Python 3.15)", description=DESCRIPTION, epilog=EPILOG)
    parts = parser.add_subparsers(title="parts", metavar="PART", required=True)
    add = {"learn": _add_learn, "verify": _add_verify, "explain": _add_explain, "show": _add_show}
    run = {"learn": learn, "verify": verify, "explain": explain, "show": show_as}
    for name, text in HELPS.items():
        part = parts.add_parser(name, help=text, description=text[0].upper() + text[1:] + ".", epilog=EPILOG)
        add[name](part)
        part.set_defaults(func=run[name], parser=part)


def _add_learn(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("-o", "--output", default=FILE, metavar="FILE", help="the file to write (%(default)s)")
    parser.add_argument("--check", metavar="CMD", help="a shell command that must succeed, too, such as a test suite")
    parser.add_argument("--until-import", metavar="NAME", help="end each run once this module has been imported")
    parser.add_argument("--allow", action="append", default=[], metavar="NAME", help="a module whose side effects do no harm")
    trusted = "side effects that are left to program and check: none, packages (of those that change only themselves), all"
    parser.add_argument("--trust", choices=TRUST, default="none", metavar="WHAT", help=trusted)
    parser.add_argument(
        "--runs", type=at_least(5), default=200, metavar="N", help="run the program no more than N times (%(default)s)"
    )
    parser.add_argument("--json", action="store_true", help=f"write the result as JSON, schema {SCHEMA}")
    add_program(parser)


def _add_verify(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("file", metavar="FILE", help="what 'lazy learn' wrote")
    parser.add_argument("--run", action="store_true", help="run its program both ways as well, and compare")
    parser.add_argument("--json", action="store_true", help=f"write JSON, schema {SCHEMA}")
    parser.add_argument(
        "program", nargs=argparse.REMAINDER, metavar="PROGRAM", help="the program, to see that it is the one of FILE"
    )


def _add_explain(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("name", metavar="NAME", help="a module")
    parser.add_argument("--file", default=FILE, metavar="FILE", help="what 'lazy learn' wrote (%(default)s)")
    parser.add_argument("--json", action="store_true", help=f"write JSON, schema {SCHEMA}")


def _add_show(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("file", metavar="FILE", help="what 'lazy learn' wrote")
    parser.add_argument(
        "--as", dest="form", choices=FORMS, default="lines", metavar="FORM", help=f"one of {', '.join(FORMS)} (lines)"
    )
    parser.add_argument("--all", action="store_true", help="lines of installed packages, too")


def learn(arguments: argparse.Namespace) -> int:
    """Learn, write the file, and return the exit status."""
    program = program_of(arguments)
    if sys.version_info < lazy.FIRST_PYTHON:
        return _refuse("learn", f"{lazy.NEEDED}; this is {sys.version.split()[0]}. Before that, {ADVICE}", USAGE)
    problem = _output_problem(arguments.output, described(program))
    if problem is not None:
        return _refuse("learn", problem, USAGE)
    runner = Runner(program, _CHILD, arguments.until_import)
    journal = Journal(arguments.output, _fingerprint(program, arguments))
    if journal.is_resumed:
        _say(f"going on with what {journal.path} has")
    if journal.is_other:
        _say(f"what {journal.path} has is of another program, another state of it or another version: starting anew")
    learning = Learning(
        Trials(runner, journal, arguments.check, _with_lazy, arguments.runs), arguments.allow, arguments.trust, _say
    )
    status = _learn(learning, str(program))
    data = learning.learnt.data
    if data is None:
        return status
    document.write(arguments.output, data)
    if learning.learnt.is_complete:
        journal.forget()
    if arguments.json:
        show(json.dumps({"schema": SCHEMA, "file": arguments.output, **data}, indent=1))
    else:
        show(_summary(arguments.output, data))
    return status


def _learn(learning: Learning, program: str) -> int:
    try:
        learning.learn()
    except NotLearnable as reason:
        learning.learnt.data = None
        return _refuse("learn", f"{program}: {reason}", FAILED)
    except KeyboardInterrupt:
        learning.finish_early()
        kept = "what was learnt is kept" if learning.learnt.data is not None else "nothing could be told yet"
        return _refuse("learn", f"interrupted: {kept}; the same command goes on", INTERRUPTED)
    return 0


def _fingerprint(program: Any, arguments: argparse.Namespace) -> list[Any]:
    """What the runs of a journal depend on."""
    places = [(entry, os.stat(entry).st_mtime_ns) for entry in sys.path if os.path.isdir(entry)]
    words = described(program)
    script = os.stat(words[0]).st_mtime_ns if program.kind == "script" and os.path.exists(words[0]) else None
    return [JOURNAL, sys.version, os.getcwd(), words, script, arguments.check, arguments.until_import, places[1:]]


def _with_lazy(environment: dict[str, str], file: str) -> dict[str, str]:
    return with_fastimport(environment, {"lazy": file})


def _output_problem(path: str, program: list[str]) -> str | None:
    """Why the file can't or should not be written, or None."""
    directory = os.path.dirname(os.path.abspath(path))
    if not os.path.isdir(directory) or not os.access(directory, os.W_OK):
        return f"{path}: can't be written there"
    if not os.path.exists(path):
        return None
    try:
        data = lazy.read(path)
    except lazy.Unusable as reason:
        return f"{reason}. It is not overwritten: remove it, or give another -o"
    former = data.get("program", program)
    return None if former == program else f"{path} was learnt with {' '.join(former)}: remove it, or give another -o"


def _summary(path: str, data: dict[str, Any]) -> str:
    late, eager = len(data["lazy"]["modules"]), len(data["eager"])
    lines = [f"{path}: {late} of {late + eager} modules may be late" + ("" if data["complete"] else " (not complete)")]
    if "saved" in data:
        lines.append(f"the program took {data['saved']['eager']} ms with everything eager, {data['saved']['lazy']} ms with this")
        lines += [_NO_GAIN] if data["saved"]["lazy"] >= data["saved"]["eager"] else []
    lines += data.get("notes", [])
    lines += [f"  stays eager: {name}: {reason}" for name, reason in _first_reasons(data["eager"])]
    if data["eager"] and "trust" not in data:
        lines.append("more with --trust packages or all, which leave side effects to the program and a --check")
    return "\n".join([*lines, f"use it: fastimport run --lazy {path} {' '.join(data['program'])}"])


def _first_reasons(eager: dict[str, str]) -> list[tuple[str, str]]:
    """A few that stay eager for a reason of their own."""
    own = [(name, reason) for name, reason in eager.items() if not reason.startswith("imports ")]
    more = [("...", f"{len(eager) - 5} more, see 'fastimport lazy explain NAME'")] if len(eager) > 5 else []
    return own[:5] + more


def verify(arguments: argparse.Namespace) -> int:
    """Say whether the file still holds, and return the exit status."""
    _tell_if_nothing_can_be_late()
    try:
        data = lazy.read(arguments.file)
    except lazy.Unusable as reason:
        return _refuse("verify", str(reason), FAILED)
    _look_as(data)
    problems = explaining.outdated(data)
    words, learnt_with = arguments.program, data.get("program", ["an unknown program"])
    if words and words != learnt_with:
        problems.append(f"it was learnt with {' '.join(learnt_with)}, not with {' '.join(words)}")
    if arguments.run:
        problems += explaining.run_both_ways(data, _CHILD, _with_lazy)
    if arguments.json:
        show(json.dumps({"schema": SCHEMA, "file": arguments.file, "problems": problems}, indent=1))
    else:
        show("\n".join(problems) or f"{arguments.file} holds")
    return FAILED if problems else 0


def explain(arguments: argparse.Namespace) -> int:
    """Say why a module may be late, or not; exit status 1 if the file does not know it."""
    _tell_if_nothing_can_be_late()
    try:
        data = lazy.read(arguments.file)
    except lazy.Unusable as reason:
        return _refuse("explain", str(reason), USAGE)
    lines = explaining.explain(data, lazy.table_of(arguments.file, data, data["python"]), arguments.name)
    if arguments.json:
        show(json.dumps({"schema": SCHEMA, "name": arguments.name, "lines": lines}, indent=1))
    else:
        show("\n".join(lines or [f"{arguments.name} was not imported when {arguments.file} was learnt: it is not late"]))
    return 0 if lines else FAILED


def show_as(arguments: argparse.Namespace) -> int:
    """Write the file in another form."""
    _tell_if_nothing_can_be_late()
    try:
        data = lazy.read(arguments.file)
    except lazy.Unusable as reason:
        return _refuse("show", str(reason), USAGE)
    table = lazy.table_of(arguments.file, showing.without_waiting(data), data["python"])
    if arguments.form == "filter":
        write(showing.as_filter(data, table))
        return 0
    _look_as(data)
    statements = showing.statements_of(data, table, arguments.all)
    if not statements:
        print(
            "fastimport lazy show: no import of the program's own files may be late (--all: those of packages)", file=sys.stderr
        )
    write(showing.as_lines(statements) if arguments.form == "lines" else showing.as_modules(statements))
    return 0


def _look_as(data: dict[str, Any]) -> None:
    """See the modules that the program of the file sees."""
    look_as_program()
    program = data.get("program", [])
    if program and program[0] not in ("-m", "-c"):
        sys.path[:1] = [os.path.dirname(os.path.abspath(program[0]))]


def _tell_if_nothing_can_be_late() -> None:
    if sys.version_info < lazy.FIRST_PYTHON:
        _say(f"{lazy.NEEDED}; this is {sys.version.split()[0]}: here a file has no effect, and {ADVICE}")


def _say(text: str) -> None:
    print(f"fastimport lazy: {text}", file=sys.stderr, flush=True)


def _refuse(part: str, text: str, status: int) -> int:
    print(f"fastimport lazy {part}: {text}", file=sys.stderr)
    return status
