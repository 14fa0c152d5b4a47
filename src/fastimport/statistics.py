"""What the finder did so far: for programs, and printed at exit."""

import sys

from fastimport.finding import finder
from fastimport.finding.counts import Stats as Stats
from fastimport.finding.counts import stats_of


def stats():
    """The `Stats` of this interpreter's default finder."""
    return stats_of(finder.resolver)


def print_stats():
    """Write the counts to stderr, one line each (``FASTIMPORT_STATS=1``)."""
    for name, value in stats()._asdict().items():
        print(f"fastimport: {name}: {value}", file=sys.stderr)


def print_at_exit():
    """Have `print_stats` called once when the interpreter ends."""
    import atexit

    atexit.unregister(print_stats)
    atexit.register(print_stats)
