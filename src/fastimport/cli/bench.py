"""``fastimport bench``: a program's start-up with and without fastimport."""

import argparse
import json
import sys
from collections.abc import Callable
from pathlib import Path

from fastimport.cli.output import show_progress
from fastimport.cli.showing import at_least
from fastimport.cli.subject import add_program, program_of
from fastimport.diagnosis.bench import commands, launcher, measure, plan, pyperf_json, recorded, report, session, svg

DESCRIPTION = """\
Measures the start-up of a program without fastimport (stock) and at each of the levels, in fresh interpreters,
interleaved and in random order, and says what may be concluded. The program must end by itself and succeed; its
output is thrown away. For a server, measure the import: fastimport bench -c "import app". With A -- B it compares two commands,
as a shell would start them; a -- that belongs to the program itself needs one more in front of the program.
"""

EPILOG = """\
Exit status: 0 measured, 1 the program failed or did not import the same modules from the same files, 2 usage.
"""


def add_parser(subparsers: "argparse._SubParsersAction[argparse.ArgumentParser]") -> None:
    """Add the command to the command line."""
    parser = subparsers.add_parser(
        "bench",
        help="measure a program's start-up with and without fastimport",
        description=DESCRIPTION,
        epilog=EPILOG,
        usage="fastimport bench [options] [-m MOD | -c CODE | SCRIPT] ARGS...\n       fastimport bench [options] A... -- B...",
    )
    _add_measuring(parser)
    _add_output(parser)
    add_program(parser)
    parser.set_defaults(func=run, parser=parser)


def _add_measuring(parser: argparse.ArgumentParser) -> None:
    parser.add_argument(
        "--levels",
        default="checked,trusted",
        metavar="LIST",
        help="freshness levels to compare with stock, separated by commas (default: %(default)s); "
        "snapshot, snapshot-trusted and frozen are measured with a snapshot of what the program uses; "
        "'stock' is a control that must show no difference",
    )
    parser.add_argument(
        "--pairs",
        type=at_least(1),
        metavar="N",
        help="timed rounds; default: until each ratio's 95 %% interval is narrower than 2 %%, at most 60",
    )
    parser.add_argument("--warmups", type=at_least(0), default=2, metavar="N", help="rounds not timed (%(default)s)")
    parser.add_argument("--seed", type=int, default=1, metavar="N", help="of the random order (%(default)s)")
    parser.add_argument("--cold", action="store_true", help="drop the program's files from the page cache before each run")
    parser.add_argument("--callgrind", action="store_true", help="count instructions with valgrind: slow, repeatable")


def _add_output(parser: argparse.ArgumentParser) -> None:
    parser.add_argument(
        "--json",
        metavar="FILE",
        help="write the times for pyperf; with {variant} in FILE, one file for each variant, as compare_to wants them",
    )
    parser.add_argument("--markdown", action="store_true", help="print the result for a pull request")
    parser.add_argument("--svg", metavar="FILE", help="draw the distributions")


def run(arguments: argparse.Namespace) -> int:
    """Carry the command out and return its exit status."""
    sides = _two_commands(arguments)
    if sides is not None:
        return _measure(arguments, lambda how: commands.compare(sides, how, show_progress))
    program = program_of(arguments)
    try:
        variants = [launcher.STOCK, *map(launcher.variant_for_level, arguments.levels.split(","))]
    except ValueError as error:
        arguments.parser.error(str(error))
    if arguments.cold and not measure.can_evict():
        arguments.parser.error("--cold: this platform has no way to drop a file from the page cache")
    options = session.Options(cold=arguments.cold, callgrind=arguments.callgrind)

    def compare(how: plan.Plan) -> session.Comparison:
        with recorded.resolved(variants, program) as chosen:
            return session.compare(program, chosen, how, options, show_progress)

    return _measure(arguments, compare)


def _two_commands(arguments: argparse.Namespace) -> tuple[list[str], list[str]] | None:
    """The commands of ``A -- B``; None for one program, which may have a ``--`` of its own if one stands before it, too."""
    words = arguments.script
    for option, given in (("-m", arguments.module), ("-c", arguments.code)):
        if given:  # argparse lets an option's words end at --, and what follows be the script's
            words = [option, *given, *words]
    if "--" not in words or words[0] == "--":
        return None
    at = words.index("--")
    first, second = words[:at], words[at + 1 :]
    if not second:
        arguments.parser.error("A -- B: after -- the second command is missing")
    for name, given in (("--cold", arguments.cold), ("--callgrind", arguments.callgrind)):
        if given:
            arguments.parser.error(f"{name} is for one program, not for A -- B")
    try:
        commands.resolved(first), commands.resolved(second)
    except commands.NoSuchCommand as error:
        arguments.parser.error(str(error))
    return first, second


def _measure(arguments: argparse.Namespace, compare: Callable[[plan.Plan], session.Comparison]) -> int:
    how = plan.Plan(pairs=arguments.pairs, warmups=arguments.warmups, seed=arguments.seed)
    try:
        comparison = compare(how)
    except measure.ProgramFailed as error:
        print(f"fastimport bench: {error}", file=sys.stderr)
        return 1
    except KeyboardInterrupt:
        print("fastimport bench: interrupted before the first round was over: nothing was measured", file=sys.stderr)
        return 130
    finally:
        show_progress("")
    sys.stdout.write(report.markdown(comparison) if arguments.markdown else report.text(comparison))
    _write_files(arguments, comparison)
    return 0 if comparison.is_identical else 1


def _write_files(arguments: argparse.Namespace, comparison: session.Comparison) -> None:
    if arguments.json:
        for path, content in pyperf_json.files(comparison, arguments.json).items():
            Path(path).write_text(json.dumps(content, indent=1) + "\n", encoding="utf-8")
    if arguments.svg:
        Path(arguments.svg).write_text(svg.plot(comparison), encoding="utf-8")
