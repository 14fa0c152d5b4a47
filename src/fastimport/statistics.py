"""What the finder did so far: for programs, and printed at exit."""

import sys

from fastimport.finding import finder
from fastimport.finding.counts import Stats as Stats
from fastimport.finding.counts import stats_of


def stats():
    """The `Stats` of this interpreter's default finder."""
    attachment = sys.modules.get("fastimport.snapshot.attachment")
    snapshot = attachment.attached()[0] if attachment is not None else None
    unused = {} if snapshot is None else _unused(snapshot)  # first: it may import, which counts
    return stats_of(finder.resolver)._replace(snapshot_unused=unused, unmarshalled=snapshot and snapshot.maker.reason)


def _unused(snapshot):
    from fastimport.snapshot import usefulness

    reason = usefulness.obstacle(sys.path_hooks) if snapshot.frozen else None
    return {**usefulness.so_far(snapshot), **({} if reason is None else {f"directories: {reason}": 1})}


def print_stats():
    """Write the counts to stderr, one line each (``FASTIMPORT_STATS=1``)."""
    counts = stats()._asdict()
    unused, unmarshalled = counts.pop("snapshot_unused"), counts.pop("unmarshalled")
    for name, value in counts.items():
        print(f"fastimport: {name}: {value}", file=sys.stderr)
    if unmarshalled is not None:
        print(f"fastimport: code is unmarshalled: {unmarshalled}", file=sys.stderr)
    for reason, count in unused.items():
        print(f"fastimport: snapshot not used {count} times for {reason}", file=sys.stderr)


def print_at_exit():
    """Have `print_stats` called once when the interpreter ends."""
    import atexit

    atexit.unregister(print_stats)
    atexit.register(print_stats)
