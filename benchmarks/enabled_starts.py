"""What a start costs that is too short to gain: in an enabled environment, under ``fastimport exec``, and with ``install()``.

    python benchmarks/enabled_starts.py [--pairs N] [--json FILE]

A virtual environment that holds nothing but fastimport is made. `python -c pass` and a script with one import of its own are
counted (callgrind, which repeats) before and after ``fastimport enable``, and once more where a `.pth` file with nothing but a
comment is read. Times are of whole processes, in turn: the second's median over the first's.
"""

import argparse
import shutil
import statistics
import subprocess
import sys
import tempfile
import venv
from importlib import metadata
from pathlib import Path

from instruments import conditions, results

from fastimport.diagnosis.bench import counting, measure

INSTALLING = "import fastimport; fastimport.install()"
STARTS = {"python -c pass": ["-c", "pass"], "a script with one import": ["script.py"]}
ENVIRONMENT = conditions.clean_environment()


class Environment:
    """A virtual environment with fastimport, enabled or not."""

    def __init__(self, root: Path) -> None:
        venv.create(root, symlinks=True)
        self.root, self.python = root, str(root / "bin" / "python")
        self.site = next(root.glob("lib*/python*/site-packages"))
        for file in metadata.distribution("fastimport-finder").files or ():
            source, target = Path(str(file.locate())), self.site / str(file)
            if ".." not in Path(str(file)).parts and source.exists() and not file.name.endswith((".pth", ".start")):
                target.parent.mkdir(parents=True, exist_ok=True)
                shutil.copy2(source, target)
        (root / "script.py").write_text("import other\n", encoding="utf-8")
        (root / "other.py").write_text("VALUE = 1\n", encoding="utf-8")

    def fastimport(self, *words: str) -> None:
        """Run one of its commands."""
        subprocess.run([self.python, "-m", "fastimport", *words], check=True, env=ENVIRONMENT, stdout=subprocess.DEVNULL)

    def command(self, words: list[str]) -> list[str]:
        """The command line of one start."""
        return [self.python, *(str(self.root / word) if word.endswith(".py") else word for word in words)]

    def count(self, words: list[str]) -> int:
        """Instructions of one start, once bytecode is there."""
        measure.run_once(self.command(words), ENVIRONMENT)
        return counting.count_instructions_exactly(self.command(words), ENVIRONMENT)


def instructions(environment: Environment) -> tuple[list[list[str]], list[results.Figure]]:
    """Of each start, in thousands; leaves the environment enabled."""
    comment = environment.site / "aaa.pth"
    plain = {name: environment.count(words) for name, words in STARTS.items()}
    installing = environment.count(["-c", INSTALLING]) - plain["python -c pass"]
    comment.write_text("# nothing\n", encoding="utf-8")
    beside = {name: environment.count(words) for name, words in STARTS.items()}
    environment.fastimport("enable")
    enabled_beside = {name: environment.count(words) for name, words in STARTS.items()}
    comment.unlink()
    enabled = {name: environment.count(words) for name, words in STARTS.items()}
    rows = [["thousands of instructions", "not enabled", "enabled", "ratio"]]
    figures = []
    for name in STARTS:
        for where, before, after in (("", plain[name], enabled[name]), (", another .pth", beside[name], enabled_beside[name])):
            rows.append([f"{name}{where}", f"{before / 1e3:,.0f}", f"{after / 1e3:,.0f}", f"{after / before:.3f}"])
            figures.append(results.count(f"instructions, {name}{where}", after / before))
    rows.append([INSTALLING, "", f"{installing / 1e3:,.0f}", ""])
    return rows, [*figures, results.count("instructions, install()", installing)]


def times(environment: Environment, pairs: int) -> tuple[list[list[str]], list[results.Figure]]:
    """Milliseconds of `python -c pass`: enabled over switched off, and under ``fastimport exec`` over alone."""
    off, start = {**ENVIRONMENT, "FASTIMPORT": "0"}, environment.command(["-c", "pass"])
    executed = [str(environment.root / "bin" / "python"), "-m", "fastimport", "exec", "--", *start]
    sides = {"off": (start, off), "enabled": (start, ENVIRONMENT), "exec": (executed, off)}
    taken: dict[str, list[float]] = {name: [] for name in sides}
    for number in range(pairs + 1):
        for name, (command, variables) in sides.items():
            seconds = measure.run_once(command, variables).seconds
            if number:
                taken[name].append(1000 * seconds)
    rows = [["milliseconds", "median", "over off"]]
    figures = []
    for name, values in taken.items():
        more = statistics.median(each - plain for each, plain in zip(values, taken["off"], strict=True))
        rows.append([f"python -c pass, {name}", f"{statistics.median(values):.1f}", f"{more:+.1f}" if name != "off" else ""])
        figures.append(results.seconds(f"pass, {name}", statistics.median(values) / 1e3, min(values) / 1e3, max(values) / 1e3))
    return rows, figures


def main() -> int:
    """Make the environment, count, time, and print the tables."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--pairs", type=int, default=41, metavar="N", help="starts of each side that are timed (%(default)s)")
    parser.add_argument("--json", metavar="FILE", help="write the result there, too")
    arguments = parser.parse_args()
    with tempfile.TemporaryDirectory() as directory:
        environment = Environment(Path(directory) / "environment")
        notes = []
        tables, figures = [], []
        try:
            rows, figures = instructions(environment)
            tables.append(results.Table(rows))
        except counting.Unavailable as reason:
            environment.fastimport("enable")
            notes.append(str(reason))
        rows, more = times(environment, arguments.pairs)
        tables.append(results.Table(rows))
    results.publish(results.Result(tables, [*figures, *more], results.circumstances(), notes), arguments.json)
    return 0


if __name__ == "__main__":
    sys.exit(main())
