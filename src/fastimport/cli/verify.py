"""``fastimport verify``: are the answers importlib's, here, for every name of this environment?"""

import argparse
import sys
import time
from importlib.machinery import PathFinder

from fastimport.cli.output import show, show_json, show_progress
from fastimport.diagnosis.verification import Result, verify
from fastimport.diagnosis.words import counted
from fastimport.settings import FRESHNESS
from fastimport.snapshot.api import Snapshot
from fastimport.snapshot.code_check import Checked, check
from fastimport.snapshot.usefulness import Use
from fastimport.snapshot.verify import Problem

SCHEMA = "fastimport.verify/1"
CODE_SCHEMA = "fastimport.verify.code/1"
SHOWN = 50  # differences printed; JSON has them all


def add_parser(subparsers: "argparse._SubParsersAction[argparse.ArgumentParser]") -> None:
    """Add the command to the command line."""
    parser = subparsers.add_parser(
        "verify",
        help="ask fastimport and importlib for every importable name, and compare",
        description="Asks importlib's PathFinder and fastimport's for every name that can be imported in this "
        "environment, and for as many that can't, and prints what differs. Loaders of a sample are asked for code, "
        "data and resources. Nothing is imported or executed.",
        epilog="Exit status: 0 the answers are equal, 1 they differ, or the snapshot would be believed where it is "
        "wrong, or fastimport can't work here, 2 wrong usage.",
    )
    parser.add_argument("--json", action="store_true", help=f"write JSON, schema {SCHEMA}")
    parser.add_argument(
        "--level", "--freshness", choices=FRESHNESS, default="checked", metavar="LEVEL",
        help=f"freshness, one of {', '.join(FRESHNESS)} (default: %(default)s)",
    )  # fmt: skip
    parser.add_argument("--snapshot", metavar="FILE", help="with this snapshot, which is compared with the file system as well")
    parser.add_argument("--top", nargs="+", default=[], metavar="NAME", help="only these top-level names and those below")
    parser.add_argument(
        "--code", action="store_true", help="instead, make the code of every module from templates and with marshal, and compare"
    )
    parser.add_argument("--deep", action="store_true", help="ask the loaders of all modules, not of a sample")
    parser.add_argument("path", nargs="*", metavar="PATH", help="directories and archives (default: sys.path)")
    parser.set_defaults(func=run, parser=parser)


def run(arguments: argparse.Namespace) -> int:
    """Compare, print, and return 1 if anything differs."""
    if arguments.code:
        return _run_code(arguments)
    problems: list[Problem] | None = None
    use: Use | None = None
    unknown = [top for top in arguments.top if not _is_there(top, arguments.path or None)]
    if unknown:
        arguments.parser.error(f"--top: no entry of the search path has {' or '.join(unknown)}")
    try:
        if arguments.snapshot:
            loaded = Snapshot.load(arguments.snapshot)
            problems, use = loaded.verify(), loaded.use(arguments.level)
        result = verify(arguments.path or None, arguments.top, arguments.level, _show_count, arguments.snapshot, arguments.deep)
    except ValueError as error:
        print(f"fastimport verify: refused: {error}", file=sys.stderr)
        return 1
    except RuntimeError as error:
        print(f"fastimport verify: nothing to compare: {error}", file=sys.stderr)
        return 1
    show_progress()
    show_json(_plain(result, problems, use)) if arguments.json else show(_text(result, problems, use))
    return 1 if result.differences or any(_matters(problem, arguments.level) for problem in problems or ()) else 0


def _is_there(name: str, path: list[str] | None) -> bool:
    try:
        return PathFinder.find_spec(name, path) is not None
    except (ImportError, OSError, ValueError):
        return True  # there is something, which makes errors; they are compared


def _run_code(arguments: argparse.Namespace) -> int:
    started, count = time.monotonic(), 0
    different: list[Checked] = []
    try:
        for checked in check(arguments.path or None, _show_count):
            count += 1
            different += [checked] if checked.difference is not None else []
    except RuntimeError as error:
        print(f"fastimport verify: nothing to compare: {error}", file=sys.stderr)
        return 1
    show_progress()
    seconds = time.monotonic() - started
    if arguments.json:
        show_json(
            {"schema": CODE_SCHEMA, "modules": count, "differences": [each._asdict() for each in different], "seconds": seconds}
        )
    else:
        lines = [f"{each.path}: {each.difference}" for each in different[:SHOWN]]
        show("\n".join([*lines, f"{count} modules made both ways; {len(different)} differences ({seconds:.1f} s)"]))
    return 1 if different else 0


def _matters(problem: "Problem", level: str) -> bool:
    """What is stale does no harm, but for code that ``frozen`` runs. Stale directories show in the answers, if they matter."""
    return problem.kind != "stale" or (level == "frozen" and problem.of == "code")


def _show_count(count: int) -> None:
    show_progress(str(count))


def _plain(result: Result, problems: "list[Problem] | None", use: Use | None) -> dict[str, object]:
    differences = [
        {"name": item.name, "field": item.field, "stock": repr(item.stock), "fastimport": repr(item.ours)}
        for item in result.differences
    ]
    told = None if problems is None else [problem._asdict() for problem in problems]
    found = {"schema": SCHEMA, **result._asdict(), "differences": differences, "snapshot": told}
    return found if use is None else {**found, "use": use.as_json()}


def _text(result: Result, problems: "list[Problem] | None", use: Use | None) -> str:
    lines = [f"snapshot: {problem.kind}: {problem.path}: {problem.what}" for problem in (problems or ())[:SHOWN]]
    if problems is not None:
        fate = "imported as recorded" if result.freshness == "frozen" else "read afresh"
        lines.append(f"snapshot: {counted(len(problems), 'file or directory')} not as recorded; what is stale is {fate}")
    if use is not None:
        lines += [f"snapshot: {line}" for line in (use.summary, *use.lines())]
    lines += [
        f"{item.name}: {item.field}: importlib {item.stock!r}, fastimport {item.ours!r}" for item in result.differences[:SHOWN]
    ]
    if len(result.differences) > SHOWN:
        lines.append(f"... and {len(result.differences) - SHOWN} more; --json has all")
    lines.append(f"{counted(result.loaders, 'loader')} asked for code, source, data and resources")
    total = result.found + result.absent + result.errors
    lines.append(
        f"{counted(total, 'name')} asked at level {result.freshness}: {result.found} found, {result.absent} absent, "
        f"{counted(result.errors, 'error')}; {counted(len(result.differences), 'difference')} ({result.seconds:.1f} s)"
    )
    return "\n".join(lines)
