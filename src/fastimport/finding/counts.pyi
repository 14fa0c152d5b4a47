from typing import NamedTuple

from fastimport.finding._resolver import Resolver

class Stats(NamedTuple):
    hits: int
    absent: int
    not_ours: int
    scans: int
    stat_calls: int
    snapshot_hits: int
    snapshot_codes: int
    refusals: dict[str, int]
    snapshot_unused: dict[str, int] = ...
    unmarshalled: str | None = ...

def stats_of(resolver: Resolver | None) -> Stats: ...
