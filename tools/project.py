"""What pyproject.toml says, for the Makefile, .ci/run and the workflows: what is supported is written in one place.

    project.py pythons      supported versions, a line each; free-threaded builds end in "t"
    project.py systems      supported operating systems, a line each
    project.py matrix       both, as JSON for a workflow's matrix
    project.py requires     build requirements, a line each
"""

import json
import sys
import tomllib
from pathlib import Path

RUNNERS = {
    "MacOS": "macos-latest",
    "Microsoft :: Windows": "windows-latest",
    "POSIX :: Linux": "ubuntu-latest",
}
# 3.13 is the first version that can be built without the GIL.
FIRST_FREE_THREADED = (3, 13)


def load():
    return tomllib.loads((Path(__file__).parents[1] / "pyproject.toml").read_text(encoding="utf-8"))


def classified(prefix):
    """What follows the prefix in each classifier that begins with it."""
    return [line[len(prefix) :] for line in load()["project"]["classifiers"] if line.startswith(prefix)]


def pythons():
    versions = [tail for tail in classified("Programming Language :: Python :: ") if tail[0].isdigit()]
    if not classified("Programming Language :: Python :: Free Threading"):
        return versions
    return versions + [f"{v}t" for v in versions if tuple(map(int, v.split("."))) >= FIRST_FREE_THREADED]


def systems():
    return [RUNNERS[tail] for tail in classified("Operating System :: ")]


ANSWERS = {
    "pythons": lambda: "\n".join(pythons()),
    "systems": lambda: "\n".join(systems()),
    "matrix": lambda: json.dumps({"python": pythons(), "os": systems()}),
    "requires": lambda: "\n".join(load()["build-system"]["requires"]),
}

if __name__ == "__main__":
    if len(sys.argv) != 2 or sys.argv[1] not in ANSWERS:
        sys.exit(f"usage: project.py {'|'.join(ANSWERS)}")
    print(ANSWERS[sys.argv[1]]())
