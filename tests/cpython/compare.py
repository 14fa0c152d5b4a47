"""CPython's own import tests, with fastimport active from interpreter start and without: does any answer differ?

    python tests/cpython/compare.py [--python EXE] [--register meta_path|in_place] [--freshness checked|trusted]
                                    [--replace | --enable [--snapshot]] [--only test_x | --quick | --everything]
                                    [--jobs N] [--work DIR]

Both sides run in one copy of the installation behind EXE (farm.py), so that only fastimport differs. A test that passes
without it and does not with it is run again, up to three times on both sides. With --everything it is all of CPython's tests;
then the stock side runs only the modules in which something failed with fastimport. Exit status: 0 no difference but those listed
in expected_differences.toml, 1 others (or listed ones that no longer occur), 2 usage, 77 the interpreter has no tests.
"""

import argparse
import sys
import tempfile
from pathlib import Path

from differences import Expected, compare, judge, render
from farm import Activation, NoTestPackage, make_farm
from outcomes import Outcomes, available, everything, run_modules

MODULES = Path(__file__).with_name("modules.txt")
NO_TESTS = 77
RERUNS = 3


def main(argv=None):
    options = parse(argv)
    if options.work:
        return run(options, options.work.resolve())
    with tempfile.TemporaryDirectory(prefix="cpython-tests-", ignore_cleanup_errors=True) as work:
        return run(options, Path(work))


def parse(argv):
    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
    option = parser.add_argument
    option("--python", default=sys.executable, metavar="EXE", help="an interpreter that imports fastimport (default: this one)")
    option("--register", choices=("meta_path", "in_place"), default="meta_path")
    option("--freshness", choices=("checked", "trusted"), default="checked")
    option("--replace", action="store_true", help="put the class in _frozen_importlib_external too, where tests name it")
    option("--enable", action="store_true", help="by 'fastimport enable', as users do, not by install() in each interpreter")
    option("--snapshot", action="store_true", help="with --enable: after 'fastimport build', so that code is ready-made")
    option("--only", action="append", metavar="test_x", help="only this test module; may be repeated")
    option("--quick", action="store_true", help="a subset that takes less than a minute")
    option("--everything", action="store_true", help="not only those that concern imports: half an hour on two processors")
    option("--jobs", type=int, default=1, metavar="N", help="test modules at a time (default: 1)")
    option("--work", type=Path, metavar="DIR", help="keep the copy, the logs and the stock outcomes, and use them again")
    options = parser.parse_args(argv)
    if options.snapshot and not options.enable:
        parser.error("--snapshot needs --enable")
    return options


def run(options, work):
    try:
        farm = make_farm(options.python, work / "installation")
    except NoTestPackage as reason:
        print(reason)
        return NO_TESTS
    modules = everything(farm) if options.everything else available(farm, options.only or listed_modules(options.quick))
    if not modules:
        print(f"none of {', '.join(options.only)} is in {farm.library / 'test'}", file=sys.stderr)
        return 2
    activation = Activation(options.register, options.freshness, options.replace, options.enable, options.snapshot)
    ours = one_side(farm, modules, work, activation, jobs=options.jobs)
    if options.everything:
        ran, modules = ours, sorted(ours.modules_of(ours.failed()))
        print(f"{len(ran.modules)} modules: {ran.summary()}\nof these, {len(modules)} modules in which something failed:")
        ours = ran.only(modules)
    stock = stock_outcomes(farm, modules, work)
    expected = Expected.load(farm.version, activation)
    worse = compare(stock, ours).keys() - expected.reasons.keys()
    again = sorted(stock.modules_of(worse) | ours.modules_of(worse))
    repeats = [repeat(farm, again, work, activation, number) for number in range(RERUNS)] if again else []
    verdict = judge(stock, ours, repeats, expected)
    print(f"CPython {farm.version}, {activation.label}\n{render(stock, ours, verdict, activation.label)}")
    return int(verdict.failed)


def listed_modules(quick):
    _, first, others = MODULES.read_text(encoding="utf-8").split("\n\n")
    return first.split() if quick else first.split() + others.split()


def stock_outcomes(farm, modules, work):
    """The stock side, which a kept work directory remembers for the next mode."""
    kept = work / "stock.json"
    known = Outcomes.load(kept) if kept.exists() else Outcomes()
    known.add(one_side(farm, [name for name in modules if name not in known.modules], work, Activation()))
    known.save(kept)
    return known.only(modules)


def one_side(farm, modules, work, activation, suffix="", jobs=1):
    if not modules:
        return Outcomes()
    farm.activate(activation)
    note(f"{activation.label}{suffix}:")
    logs = work / "logs" / (activation.label + suffix).replace(", ", "-").replace(" ", "-")
    return run_modules(farm, modules, logs, note, jobs)


def repeat(farm, modules, work, activation, number):
    suffix = f", again {number + 1}"
    return one_side(farm, modules, work, Activation(), suffix), one_side(farm, modules, work, activation, suffix)


def note(text):
    print(text, file=sys.stderr, flush=True)


if __name__ == "__main__":
    sys.exit(main())
