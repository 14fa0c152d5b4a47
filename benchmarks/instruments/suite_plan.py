"""What the suite runs, each benchmark defined once: the script, its arguments, and the question that it answers."""

from typing import NamedTuple


class Benchmark(NamedTuple):
    """``quick`` replaces ``arguments`` for a first look; ``takes_levels`` says whether the script has ``--levels``."""

    name: str
    title: str
    script: str
    arguments: tuple[str, ...] = ()
    quick: tuple[str, ...] = ()
    takes_levels: bool = False


LEVELS = "checked,checked+deferred,snapshot+deferred,frozen+deferred"
"""Where a program is measured with a snapshot of what it uses, too: code in it is ready-made."""

SUITE = (
    Benchmark(
        "targets",
        "Thirteen applications: what a user can choose, and the nearest rival",
        "targets.py",
        ("--pairs", "15"),
        ("--pairs", "1", "--no-rival", "black --version"),
    ),
    Benchmark(
        "applications",
        "Real applications, the standard library, one module, and nothing",
        "macro.py",
        ("--levels", f"{LEVELS},trusted", "--pairs", "6"),
        ("--pairs", "1", "SymPy", "one module", "pass"),
        True,
    ),
    Benchmark("budgets", "The finder's budgets", "budgets.py", ("--pairs", "25"), ("--pairs", "2")),
    Benchmark("system-calls", "File-system calls per source module", "system_calls.py", takes_levels=True),
    Benchmark("operations", "Single operations", "operations.py", ("--seconds", "0.2"), ("--seconds", "0.01")),
    Benchmark(
        "search-paths",
        "Length of the search path",
        "scaling.py",
        ("--only", "entries", "--pairs", "6"),
        ("--only", "entries", "--pairs", "1"),
    ),
    Benchmark(
        "generated",
        "Generated applications",
        "scaling.py",
        ("--only", "modules", "--pairs", "6"),
        ("--only", "modules", "--pairs", "1"),
    ),
    Benchmark("snapshot-paths", "Length of the search path, with a snapshot", "snapshot_paths.py"),
    Benchmark("failing-imports", "Imports that fail", "failing_imports.py", ("--pairs", "9"), ("--pairs", "1"), True),
    Benchmark("metadata", "importlib.metadata", "distribution_metadata.py", ("--pairs", "9"), ("--pairs", "1"), True),
    Benchmark("memory", "Memory per directory name", "memory.py"),
    Benchmark(
        "peers",
        "Peers, and the floor",
        "peers.py",
        ("--pairs", "8"),
        ("--pairs", "1", "--modules", "50", "--generated-only"),
    ),
    Benchmark(
        "cold-cache",
        "Cold page cache",
        "cold_cache.py",
        ("--levels", LEVELS, "--pairs", "8"),
        ("--pairs", "1"),
        True,
    ),
    Benchmark(
        "slow-file-systems",
        "Slow file systems",
        "slow_file_systems.py",
        ("--levels", f"{LEVELS},trusted", "--brief"),
        ("--brief", "--only", "latency", "--pairs", "1"),
        True,
    ),
    Benchmark(
        "lazy-imports",
        "Lazy imports: twelve applications on Python 3.15",
        "lazy_imports.py",
        ("--rounds", "11"),
        ("--rounds", "1", "black"),
    ),
    Benchmark("scaling-law", "The scaling law", "scaling_law.py", (), ("--quick",), False),
)
