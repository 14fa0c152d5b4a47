from typing import NamedTuple

class Stats(NamedTuple):
    hits: int
    absent: int
    not_ours: int
    scans: int
    stat_calls: int
    snapshot_hits: int
    snapshot_codes: int
    refusals: dict[str, int]

def stats() -> Stats: ...
def print_stats() -> None: ...
