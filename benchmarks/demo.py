"""What ``make demo`` runs: four applications start without fastimport, with what a user would choose, and with the nearest rival.

    python benchmarks/demo.py [--pairs N] [--levers LIST] [--no-rival] [APPLICATION ...]

The rival, PyCDS, is fetched from the package index into build/benchmarks; it has releases up to CPython 3.12.

``fastimport speedup`` does the same for a program of yours; ``benchmarks/macro.py`` measures more.
"""

import argparse
import sys
import tempfile
from contextlib import ExitStack
from pathlib import Path

from instruments import applications, nearest_rival

from fastimport.diagnosis.bench import launcher, levers, measure, plan, recorded, session
from fastimport.diagnosis.bench.statistics import geometric_mean

PAIRS = 9  # the fewest of which a 95 % interval leaves out the best and the worst; more don't fit into two minutes
CHOSEN = "frozen snapshot"
HEADS = {CHOSEN: "fastimport, frozen", nearest_rival.NAME: "PyCDS, the rival"}


def main(arguments):
    """Measure, print a table and one sentence; 1 if an application failed or imported something else."""
    names = arguments.application or [each.name for each in applications.DEMO]
    chosen = [each for each in applications.ALL if each.name in names]
    sides = [launcher.STOCK, *(lever.variant for lever in levers.LEVERS if lever.name in arguments.levers)]
    print("Four applications, started in turns; each time is that of the whole process, its end included.\n")
    rival = found_rival() if arguments.rival else None
    ratios = {name: [] for name in (*arguments.levers, *([nearest_rival.NAME] if rival else []))}
    print(f"{'':16}{'without':>11}   {''.join(f'{HEADS.get(name, name):34}' for name in ratios)}".rstrip())
    undecided = 0
    for application in chosen:
        comparison = compare(application, sides, arguments.pairs, rival)
        if comparison is None or not comparison.is_identical:
            print(f"{application.name:16} not the same modules, or it could not be started")
            return 1
        stock, *others = comparison.sides
        for side in others:
            ratios[side.name].append(side.estimate.ratio)
        undecided += any(side.estimate.low <= 1 <= side.estimate.high for side in others if side.name in arguments.levers)
        told = "".join(f"{levers.in_words(side.estimate).replace(' that can be told', ''):34}" for side in others)
        without = sorted(stock.seconds)[len(stock.seconds) // 2] * 1000
        print(f"{application.name:16}{without:>8.0f} ms   {told}".rstrip(), flush=True)
    print(f"\n{sentence(ratios)}")
    if undecided:
        busy = "other programs are busy here. More rounds: make demo DEMO_ARGS='--pairs 20'"
        print(f"{undecided} of {len(chosen)} can't be told from noise: {busy}")
    return 0


def found_rival():
    """Where the rival's package is, or None after saying why it takes no part."""
    try:
        return nearest_rival.fetched()
    except nearest_rival.Unavailable as reason:
        print(f"(PyCDS takes no part: {reason})\n")
        return None


def compare(application, sides, pairs, rival=None):
    """The comparison of one application, or None if it can't be started."""
    program = launcher.Program("code", application.code)
    how, options = plan.Plan(pairs=pairs, warmups=0), session.Options(counts=False)  # warm: it has just been recorded
    try:
        with recorded.resolved(sides, program) as variants, ExitStack() as stack:
            if rival is not None:
                scratch = Path(stack.enter_context(tempfile.TemporaryDirectory()))
                setup = nearest_rival.setup(rival, nearest_rival.prepare(program, scratch, rival))
                variants = [*variants, launcher.Variant(nearest_rival.NAME, setup, False)]
            return session.compare(program, variants, how, options)
    except (measure.ProgramFailed, nearest_rival.Unavailable) as error:
        print(error, file=sys.stderr)
        return None


def sentence(ratios):
    """What a newcomer takes away."""
    means = {name: in_per_cent(geometric_mean(each)) for name, each in ratios.items()}
    rival = means.pop(nearest_rival.NAME, None)
    beside = f" ({nearest_rival.NAME}, the nearest rival: {rival})" if rival else ""
    gains = " and ".join(f"{gain} with {HEADS.get(name, name)}" for name, gain in means.items())
    same = "every module is the same, from the same file. Yours: fastimport speedup."
    return f"On this machine these programs start {gains}, on average{beside};\n{same}"


def some_of(names):
    """The type of an argument: some of `names`, separated by commas."""

    def chosen(text):
        if unknown := [name for name in text.split(",") if name not in names]:
            raise argparse.ArgumentTypeError(f"no lever is called {', '.join(unknown)}")
        return text.split(",")

    return chosen


def in_per_cent(ratio):
    return f"{abs(1 - ratio) * 100:.0f} % {'faster' if ratio < 1 else 'slower'}"


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--pairs", type=int, default=PAIRS, metavar="N", help="rounds (%(default)s)")
    names = [lever.name for lever in levers.LEVERS]
    parser.add_argument(
        "--levers", type=some_of(names), default=CHOSEN, metavar="LIST", help=f"of {', '.join(names)} (%(default)s)"
    )
    parser.add_argument("--no-rival", dest="rival", action="store_false", help="without PyCDS")
    parser.add_argument("application", nargs="*", metavar="APPLICATION", help="by the names of instruments/applications.py")
    sys.exit(main(parser.parse_args()))
