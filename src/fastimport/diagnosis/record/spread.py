"""How much the cost of each module differs from run to run."""

from collections.abc import Iterable

from fastimport.diagnosis.record.model import Module, Recording


def add_spread(shown: Recording, runs: list[Recording]) -> None:
    """Give the modules of `shown` the least and the most that each cost itself in `runs`; nothing after a single run.

    The second import of a name, as of one that failed the first time, is compared with the second of the others.
    """
    if len(runs) < 2:
        return
    costs: dict[tuple[str, int], list[int]] = {}
    for run in runs:
        for key, module in _numbered(run.modules):
            costs.setdefault(key, []).append(module.self_ns)
    for key, module in _numbered(shown.modules):
        module.spread = [min(costs[key]), max(costs[key])]


def _numbered(modules: list[Module]) -> Iterable[tuple[tuple[str, int], Module]]:
    times: dict[str, int] = {}
    for module in modules:
        times[module.name] = times.get(module.name, 0) + 1
        yield (module.name, times[module.name]), module
