"""Single operations, each in a tight loop: benchmarks/micro under pytest-benchmark, as one table.

    python benchmarks/operations.py [--seconds S] [--json FILE] [PYTEST-ARGUMENT …]

The sides of an operation are timed one after the other, as pytest-benchmark does it: good for the scale of things.  Where a
ratio has to be trusted, `budgets.py` takes both sides in turn.
"""

import argparse
import json
import os
import subprocess
import sys
import tempfile
from collections import defaultdict
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any

from instruments import results

MICRO = Path(__file__).with_name("micro")
STOCK = ("importlib", "rpartition", "stock")
HEADINGS = ("operation", "side", "median", "middle half", "of importlib")
FEWEST_ROUNDS = 5


def measured(seconds: float, arguments: Sequence[str]) -> list[dict[str, Any]]:
    """Run pytest-benchmark, and return its benchmarks.

    Raises `RuntimeError` with the end of pytest's output if a test fails: then both sides did not give the same answer.
    """
    with tempfile.TemporaryDirectory() as directory:
        file = Path(directory, "micro.json")
        limits = [f"--benchmark-max-time={seconds}", f"--benchmark-min-rounds={FEWEST_ROUNDS}", "--benchmark-disable-gc"]
        command = [sys.executable, "-m", "pytest", "-q", "-p", "no:cacheprovider", f"--benchmark-json={file}", *limits]
        done = subprocess.run([*command, *arguments, os.fspath(MICRO)], cwd=MICRO.parents[1], capture_output=True, text=True)
        if done.returncode:
            raise RuntimeError("\n".join(done.stdout.splitlines()[-20:]) or done.stderr.strip())
        return json.loads(file.read_text(encoding="utf-8"))["benchmarks"]


def groups(benchmarks: Sequence[Mapping[str, Any]]) -> dict[str, dict[str, Mapping[str, float]]]:
    """Return the statistics of each side, by operation; importlib comes first."""
    found: dict[str, dict[str, Mapping[str, float]]] = defaultdict(dict)
    for each in benchmarks:
        found[each["group"]][_side(each)] = each["stats"]
    return {name: dict(sorted(sides.items(), key=lambda item: item[0] not in STOCK)) for name, sides in found.items()}


def _side(benchmark: Mapping[str, Any]) -> str:
    parameters = benchmark["params"] or {}
    if "variant" in parameters or "split" in parameters:
        # Objects: the test's id names them.
        return next(part for part in reversed(benchmark["param"].split("-")) if not part.startswith(("top", "a.b")))
    return parameters.get("side", "floor: marshal.loads")


def rows(found: Mapping[str, Mapping[str, Mapping[str, float]]]) -> Iterator[Sequence[str]]:
    """Lay the operations out."""
    for name, sides in found.items():
        stock = next((stats for side, stats in sides.items() if side in STOCK), None)
        for side, stats in sides.items():
            half = f"{_scaled(stats['q1'])} to {_scaled(stats['q3'])}"
            share = "-" if stock is None else f"{stats['median'] / stock['median']:.3f}"
            yield name, side, _scaled(stats["median"]), half, share


def _scaled(seconds: float) -> str:
    for unit, factor in (("ms", 1e3), ("us", 1e6)):
        if seconds * factor >= 1:
            return f"{seconds * factor:.3g} {unit}"
    return f"{seconds * 1e9:.3g} ns"


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--seconds", type=float, default=0.3, metavar="S", help="for each operation and side (%(default)s)")
    parser.add_argument("--json", metavar="FILE", help="write the result for the suite")
    arguments, others = parser.parse_known_args()
    try:
        found = groups(measured(arguments.seconds, others))
    except RuntimeError as error:
        print(error, file=sys.stderr)
        return 1
    figures = [
        results.seconds(f"{name}, {side}", stats["median"], stats["q1"], stats["q3"])
        for name, sides in found.items()
        for side, stats in sides.items()
    ]
    told = results.circumstances(rounds=f"as many as fit into {arguments.seconds:g} s, at least {FEWEST_ROUNDS}")
    results.publish(results.Result([results.Table([HEADINGS, *rows(found)])], figures, told), arguments.json)
    return 0


if __name__ == "__main__":
    sys.exit(main())
