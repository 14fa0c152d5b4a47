"""``fastimport speedup``: which lever is worth it for a program, here, measured side by side."""

import argparse
import shlex
import subprocess
import sys

from fastimport.cli.output import show, show_json, show_progress
from fastimport.cli.showing import at_least
from fastimport.cli.subject import add_program, program_of
from fastimport.diagnosis.bench import launcher, levers, measure, plan, recorded, session

SCHEMA = "fastimport.speedup/1"
DESCRIPTION = """\
Measures a program's start as it is, and with each thing that can make it faster here, in turns: compiled finding, a garbage
collector that waits, a snapshot, a snapshot that is believed, huge pages. Says which is worth it and how sure that is. The
program must end by itself and succeed; its output is thrown away. Nothing is written unless --apply says so.
"""
EPILOG = "Exit status: 0 measured, 1 the program failed or did not import the same modules, 2 usage, 3 --apply could not write."
_APPLY = ("build", "enable")


def add_parser(subparsers: "argparse._SubParsersAction[argparse.ArgumentParser]") -> None:
    """Add the command to the command line."""
    parser = subparsers.add_parser(
        "speedup",
        help="measure what would make a program start faster, and say what is worth it",
        description=DESCRIPTION,
        epilog=EPILOG,
        usage="fastimport speedup [options] [-m MOD | -c CODE | SCRIPT | CMD] ARGS...",
    )
    parser.add_argument(
        "--pairs", type=at_least(1), default=15, metavar="N", help="rounds, each with every side once (%(default)s)"
    )
    what = "then build a snapshot of this environment, and enable fastimport in it"
    parser.add_argument("--apply", action="store_true", help=what)
    parser.add_argument("--json", action="store_true", help=f"write JSON, schema {SCHEMA}")
    add_program(parser)
    parser.set_defaults(func=run, parser=parser)


def run(arguments: argparse.Namespace) -> int:
    """Measure, advise, apply if asked for; the exit status."""
    program = program_of(arguments)
    how = plan.Plan(pairs=arguments.pairs, warmups=1)
    try:
        show_progress("a first run, and a snapshot of what it uses")
        with recorded.resolved(levers.variants(), program) as variants:
            comparison = session.compare(program, variants, how, session.Options(counts=False), show_progress)
    except measure.ProgramFailed as error:
        print(f"fastimport speedup: {error}", file=sys.stderr)
        return 1
    except KeyboardInterrupt:
        print("fastimport speedup: interrupted before the first round was over: nothing was measured", file=sys.stderr)
        return 130
    finally:
        show_progress("")
    choice = levers.best(comparison)
    show_json(_plain(comparison, choice)) if arguments.json else show("\n".join(_text(program, comparison, choice)))
    if not comparison.is_identical:
        return 1
    return _apply() if arguments.apply and choice is not None else 0


def _text(program: launcher.Program, comparison: session.Comparison, choice: levers.Lever | None) -> list[str]:
    lines = [str(program), ""]
    for name, seconds, words, meaning in levers.table(comparison.sides):
        lines.append(f"{name if name != 'stock' else 'without':18}{seconds * 1000:>8.1f} ms   {words or meaning}")
        if words:
            lines.append(f"{'':32}{meaning}")
    for side in comparison.sides:
        lines += [f"DIFFERENT under {side.name}: {difference}" for difference in side.differences[:5]]
    lines.append("Times are medians; gains are of pairs of runs, with their 95 % interval.")
    return [*lines, "", *_advice(comparison, choice), *(f"note: {note}" for note in comparison.notes)]


def _advice(comparison: session.Comparison, choice: levers.Lever | None) -> list[str]:
    uncompiled = next((note for note in comparison.notes if note.startswith("no bytecode file")), "")
    if choice is None:
        return ["Nothing here makes this program start faster, as far as can be told.",
                "fastimport profile shows what it spends its time on."]  # fmt: skip
    estimate = next(side.estimate for side in comparison.sides if side.name == choice.name)
    lines = [f"Worth it: {choice.name}, {levers.in_words(estimate)}: {choice.command}"]
    if uncompiled:
        lines.append("Much of it is compiling, at every start: the snapshot has the code ready.")
    if sys.version_info >= (3, 15):
        lines.append("On this Python imports can also be postponed: fastimport lazy learn.")
    lines.append("For this whole environment: --apply, or fastimport build && fastimport enable.")
    return [*lines, "Undone by: fastimport disable && fastimport clean."]


def _plain(comparison: session.Comparison, choice: levers.Lever | None) -> dict[str, object]:
    sides = [
        {
            "name": side.name,
            "seconds": list(side.seconds),
            "ratio": side.estimate and side.estimate.ratio,
            "interval": side.estimate and [side.estimate.low, side.estimate.high],
            "differences": list(side.differences),
        }
        for side in comparison.sides
    ]
    best = choice and {"name": choice.name, "command": choice.command}
    return {"schema": SCHEMA, "program": comparison.program, "sides": sides, "best": best, "conditions": comparison.conditions}


def _apply() -> int:
    """Run the commands that are said, and say them."""
    for command in _APPLY:
        words = [sys.executable, "-m", "fastimport", command]
        print(f"running: {shlex.join(['fastimport', command])}", file=sys.stderr)
        status = subprocess.run(words, check=False).returncode
        if status:
            return status
    print("undo: fastimport disable && fastimport clean", file=sys.stderr)
    return 0
