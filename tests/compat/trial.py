"""A package's commands run in one mode, and what came of it, in a form that can be compared."""

import json
import re
import shlex
import subprocess
from dataclasses import dataclass

ROUNDS = ("first", "second")
ADDRESS = re.compile(r"0x[0-9a-fA-F]{6,}")


class Inactive(Exception):
    """fastimport was not there when it should have been, or the other way round: nothing was compared."""


@dataclass(frozen=True)
class Outcome:
    """One line of what was seen: the round, the command, and what of it."""

    values: dict

    def differences(self, other):
        """What `other` has otherwise, as texts."""
        keys = [key for key in {**self.values, **other.values} if self.values.get(key) != other.values.get(key)]
        return [difference(key, self.values.get(key), other.values.get(key)) for key in keys]

    def failures(self):
        """Commands that did not end with 0, and what they said: a table's programs succeed."""
        broken = [key for key, value in self.values.items() if key.endswith("status") and value != 0]
        return [f"{key} {self.values[key]}: {self.said(key)}" for key in broken]

    def said(self, key):
        """The end of what a command wrote whose status is at `key`."""
        return "".join(self.values[key.replace("status", what)][-600:] for what in ("output", "errors"))


def difference(key, expected, given):
    """The first line that differs, and its place."""
    ours, stock = ("" if given is None else str(given)).splitlines(), ("" if expected is None else str(expected)).splitlines()
    width = max(len(ours), len(stock))
    pairs = zip(stock + ["(nothing)"] * (width - len(stock)), ours + ["(nothing)"] * (width - len(ours)))
    line, (was, now) = next((n, pair) for n, pair in enumerate(pairs, 1) if pair[0] != pair[1])
    return f"{key}, line {line}: {was!r}, with fastimport {now!r}"


def run(environment, mode):
    """Every command twice: without bytecode, and with what the first round has left."""
    environment.renew()
    probe(environment, mode)
    seen = {}
    for number in ROUNDS:
        for place, line in enumerate(environment.package.commands, 1):
            done = execute(environment, mode, shlex.split(environment.expand(line)))
            for what, value in zip(("status", "output", "errors"), done):
                seen[f"{number} round, command {place}, {what}"] = value
        seen[f"{number} round, files"] = "\n".join(files(environment.work))
    return Outcome(seen)


def execute(environment, mode, words, **added):
    """Exit status, output and errors of a command, without what differs from run to run."""
    status, output, errors = started(environment, mode, words, **added)
    return status, masked(environment, output), masked(environment, errors)


def started(environment, mode, words, **added):
    """Exit status, and the bytes of output and errors."""
    command = mode.command(words, environment)
    variables = environment.variables(mode.variables(environment) | added)
    try:
        done = subprocess.run(
            command, cwd=environment.work, env=variables, stdin=subprocess.DEVNULL, capture_output=True, check=False,
            timeout=environment.package.seconds,
        )  # fmt: skip
    except subprocess.TimeoutExpired:
        return "not over in time", b"", b""
    except OSError as error:
        return f"not started: {error}", b"", b""
    return done.returncode, done.stdout, done.stderr


def masked(environment, data):
    """Without what differs from run to run."""
    text = ADDRESS.sub("0x…", data.decode("utf-8", "replace"))
    for pattern in environment.package.mask:
        text = re.sub(pattern, "…", text)
    return text


def files(directory):
    """What a run left behind, by name; temporary names masked."""
    names = (path.relative_to(directory).as_posix() for path in directory.rglob("*") if path.is_file())
    return sorted(name for name in names if not name.startswith("home/.cache/pip"))


def probe(environment, mode):
    """Demand that an interpreter in this mode has fastimport as the mode says."""
    words = [environment.python, "-m", "fastimport", "status", "--json"]
    status, output, errors = started(environment, mode, words)
    if status != 0:
        raise Inactive(f"{mode.label}: status {status}: {errors.decode('utf-8', 'replace').strip()[-300:]}")
    said = json.loads(output[output.index(b"{") :])  # behind what start-up files of the package say
    wanted = (mode.way != "stock", mode.freshness or None, mode.register or None)
    given = (said["active"], *((said["freshness"], said["register"]) if said["active"] else (None, None)))
    if wanted != given:
        raise Inactive(f"{mode.label}: active, level and register are {given}")
