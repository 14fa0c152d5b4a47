"""What the line that ``fastimport enable`` writes costs a start: with fastimport switched off, and on.

    python benchmarks/start_up_file.py [--runs 200]

In each new interpreter, `site` reads a directory that has the file, as it does at its start, and before it one whose file is a
comment; the difference is the line's. The first call is what counts: nothing has been compiled or cached by an earlier one.
Medians, with quartiles. Budget: 0.3 ms when off.
"""

import argparse
import os
import py_compile
import statistics
import subprocess
import sys
import tempfile

from fastimport.environment import site_files

CHILD = """
import site, sys, time
comment, line = sys.argv[1:]
sys.path.append(line)  # as site does before it reads the files
known = site._init_pathinfo()
times = []
for directory, name in ((comment, "comment.pth"), (comment, "comment.pth"), (line, "fastimport-finder.pth")):
    start = time.perf_counter_ns()
    site.addpackage(directory, name, known)
    times.append(time.perf_counter_ns() - start)
print(times[2] - times[1])
"""


def measure(directories, runs, **variables):
    """Milliseconds, one for each run."""
    environment = {key: value for key, value in os.environ.items() if not key.startswith("FASTIMPORT")} | variables
    command = [sys.executable, "-c", CHILD, *directories]
    return [int(subprocess.run(command, env=environment, check=True, capture_output=True).stdout) / 1e6 for _ in range(runs)]


def main():
    """Print a line for each state, and exit 1 if the budget is exceeded."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--runs", type=int, default=200)
    runs = parser.parse_args().runs
    with tempfile.TemporaryDirectory() as comment, tempfile.TemporaryDirectory() as line:
        with open(os.path.join(comment, "comment.pth"), "w", encoding="utf-8") as file:
            file.write("# nothing\n")
        for name, text in site_files.contents({}).items():
            with open(os.path.join(line, name), "w", encoding="utf-8") as file:
                file.write(text)
        py_compile.compile(os.path.join(line, site_files.START_MODULE))
        for state, variables in (("off", {"FASTIMPORT": "0"}), ("on", {})):
            times = measure((comment, line), runs, **variables)
            low, middle, high = statistics.quantiles(times, n=4)
            print(f"{state:3}  {middle:.3f} ms ({low:.3f} to {high:.3f}), {runs} runs")
            if state == "off" and middle > 0.3:
                sys.exit("over the budget of 0.3 ms")


if __name__ == "__main__":
    main()
