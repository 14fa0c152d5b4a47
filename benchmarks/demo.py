"""What ``make demo`` runs: four applications start without fastimport, and with what a user would choose.

    python benchmarks/demo.py [--pairs N] [APPLICATION ...]

``fastimport speedup`` does the same for a program of yours; ``benchmarks/macro.py`` measures more.
"""

import argparse
import sys

from instruments import applications

from fastimport.diagnosis.bench import launcher, levers, measure, plan, recorded, session
from fastimport.diagnosis.bench.statistics import geometric_mean

PAIRS = 11
SIDES = ("snapshot", "frozen snapshot")


def main(arguments):
    """Measure, print a table and one sentence; 1 if an application failed or imported something else."""
    names = arguments.application or [each.name for each in applications.DEMO]
    chosen = [each for each in applications.ALL if each.name in names]
    sides = [launcher.STOCK, *(lever.variant for lever in levers.LEVERS if lever.name in SIDES)]
    print("Four applications, started in turns; each time is that of the whole process, its end included.\n")
    print(f"{'':16}{'without':>11}   {'with a snapshot':34}{'snapshot believed (frozen)':34}")
    ratios = {name: [] for name in SIDES}
    for application in chosen:
        comparison = compare(application, sides, arguments.pairs)
        if comparison is None or not comparison.is_identical:
            print(f"{application.name:16} not the same modules, or it could not be started")
            return 1
        stock, *others = comparison.sides
        for side in others:
            ratios[side.name].append(side.estimate.ratio)
        told = "".join(f"{levers.in_words(side.estimate):34}" for side in others)
        without = sorted(stock.seconds)[len(stock.seconds) // 2] * 1000
        print(f"{application.name:16}{without:>8.0f} ms   {told}".rstrip(), flush=True)
    print(f"\n{sentence(ratios)}")
    return 0


def compare(application, sides, pairs):
    """The comparison of one application, or None if it can't be started."""
    program = launcher.Program("code", application.code)
    how, options = plan.Plan(pairs=pairs, warmups=1), session.Options(counts=False)
    try:
        with recorded.resolved(sides, program) as variants:
            return session.compare(program, variants, how, options)
    except measure.ProgramFailed as error:
        print(error, file=sys.stderr)
        return None


def sentence(ratios):
    """What a newcomer takes away."""
    checked, frozen = (round((1 - geometric_mean(ratios[name])) * 100) for name in SIDES)
    return (
        f"On this machine these programs start {checked} % faster with a snapshot that is checked as importlib checks, and "
        f"{frozen} % faster\nwith one that is believed; every module is the same, from the same file. Yours: fastimport speedup."
    )


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--pairs", type=int, default=PAIRS, metavar="N", help="rounds (%(default)s)")
    parser.add_argument("application", nargs="*", metavar="APPLICATION", help="by the names of instruments/applications.py")
    sys.exit(main(parser.parse_args()))
