"""What is measured on slow file systems: which application, how slow, how many processes at once."""

from typing import NamedTuple

from instruments.applications import DJANGO_ADMIN, PANDAS, SQLALCHEMY_ORM, Application
from instruments.slow_interpreter import Slowness

PROCESSES = 32


class Case(NamedTuple):
    """A row for each level, of `pairs` runs: `remounts` gives each run a file system that was just mounted, with cold caches."""

    name: str
    application: Application
    slowness: Slowness
    pairs: int
    processes: int = 1
    remounts: bool = False

    def __str__(self) -> str:
        kind = {"remember": f", cold, remembers {self.slowness.remember:g} s", "cold": ", cold"}.get(self.name, "")
        crowd = f", {self.processes} processes, {self.slowness.servers} served at once" if self.processes > 1 else ""
        return f"{self.application.name}, {self.slowness.latency * 1e3:g} ms{kind}{crowd}"


CASES = (
    Case("latency", DJANGO_ADMIN, Slowness(0), 6),
    Case("latency", DJANGO_ADMIN, Slowness(0.0001), 6),
    Case("latency", DJANGO_ADMIN, Slowness(0.001), 6),
    Case("latency", DJANGO_ADMIN, Slowness(0.005), 2),
    Case("latency", PANDAS, Slowness(0.0001), 6),
    Case("latency", PANDAS, Slowness(0.001), 3),
    Case("remember", DJANGO_ADMIN, Slowness(0.001, remember=3), 3, remounts=True),
    Case("cold", DJANGO_ADMIN, Slowness(0.001), 3, remounts=True),
    Case("processes", DJANGO_ADMIN, Slowness(0.005), 5, PROCESSES),
    Case("processes", DJANGO_ADMIN, Slowness(0.001, servers=8), 5, PROCESSES),
)
BRIEF = (
    Case("latency", DJANGO_ADMIN, Slowness(0.0001), 6),
    Case("latency", DJANGO_ADMIN, Slowness(0.001), 2),
    Case("latency", SQLALCHEMY_ORM, Slowness(0.005), 1),
    Case("cold", DJANGO_ADMIN, Slowness(0.001), 1, remounts=True),
    Case("processes", DJANGO_ADMIN, Slowness(0.001, servers=8), 3, PROCESSES),
)
NAMES = tuple(dict.fromkeys(case.name for case in CASES))
BEYOND_THE_LIBRARY = ("remember", "cold")
