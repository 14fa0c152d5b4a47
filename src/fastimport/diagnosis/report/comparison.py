"""Two recordings side by side: modules that are new, gone, slower or faster."""

from dataclasses import asdict, dataclass
from typing import Any

from fastimport.diagnosis.record.model import Recording
from fastimport.diagnosis.report.view import sums

SCHEMA = "fastimport.diff/1"


@dataclass(frozen=True)
class Change:
    """A module's own cost before and after, in ns, and the least and the most in all runs; None where it was not imported."""

    name: str
    before_ns: int | None
    after_ns: int | None
    before_spread: list[int] | None = None
    after_spread: list[int] | None = None

    @property
    def difference_ns(self) -> int:
        """How much more it costs now."""
        return (self.after_ns or 0) - (self.before_ns or 0)

    @property
    def within_spread(self) -> bool:
        """Whether the runs of both recordings overlap for this module, so that the difference may be chance."""
        if self.before_spread is None or self.after_spread is None:
            return False
        return self.before_spread[1] >= self.after_spread[0] and self.after_spread[1] >= self.before_spread[0]


@dataclass(frozen=True)
class Package:
    """The changes of one kind in a top-level package."""

    name: str
    changes: list[Change]

    @property
    def before_ns(self) -> int | None:
        """Own cost of these modules before, or None if there were none."""
        return _total([change.before_ns for change in self.changes])

    @property
    def after_ns(self) -> int | None:
        """The same after."""
        return _total([change.after_ns for change in self.changes])

    @property
    def difference_ns(self) -> int:
        """How much more they cost now."""
        return sum(change.difference_ns for change in self.changes)


@dataclass(frozen=True)
class Comparison:
    """What changed from one recording to another. Failed imports count as imports: they cost a search."""

    before: Recording
    after: Recording
    new: list[Change]
    gone: list[Change]
    both: list[Change]

    @property
    def growth(self) -> float:
        """By which fraction the total grew: 0.05 is 5 % slower."""
        return self.after.total_ns / self.before.total_ns - 1 if self.before.total_ns else 0.0

    @property
    def within_spread(self) -> bool:
        """Whether the totals of the runs of both overlap, so that the difference may be chance."""
        if len(self.before.runs) < 2 or len(self.after.runs) < 2:
            return False
        return max(self.before.runs) >= min(self.after.runs) and max(self.after.runs) >= min(self.before.runs)

    @property
    def certain(self) -> list[Change]:
        """Changes of modules that both have, without those that may be chance."""
        return [change for change in self.both if change.difference_ns and not change.within_spread]

    @property
    def uncertain(self) -> list[Change]:
        """Those that may be chance."""
        return [change for change in self.both if change.difference_ns and change.within_spread]

    def to_dict(self) -> dict[str, Any]:
        """Plain values, schema `SCHEMA`."""
        return {
            "schema": SCHEMA,
            "before": {"program": self.before.program, "total_ns": self.before.total_ns, "kinds": sums(self.before)},
            "after": {"program": self.after.program, "total_ns": self.after.total_ns, "kinds": sums(self.after)},
            "growth": self.growth,
            "within_spread": self.within_spread,
            "new": [asdict(each) for each in self.new],
            "gone": [asdict(each) for each in self.gone],
            "both": [{**asdict(each), "within_spread": each.within_spread} for each in self.both],
        }


def compare(before: Recording, after: Recording) -> Comparison:
    """Match modules by name, and sort by how much the difference is."""
    old, new = _costs(before), _costs(after)
    old_spread, new_spread = _spreads(before), _spreads(after)
    changes = [Change(name, old.get(name), new.get(name), old_spread.get(name), new_spread.get(name)) for name in {**old, **new}]
    changes.sort(key=lambda change: (-abs(change.difference_ns), change.name))
    return Comparison(
        before,
        after,
        new=[change for change in changes if change.before_ns is None],
        gone=[change for change in changes if change.after_ns is None],
        both=[change for change in changes if change.before_ns is not None and change.after_ns is not None],
    )


def by_package(changes: list[Change]) -> list[Package]:
    """`changes` by top-level package, the largest difference first."""
    found: dict[str, list[Change]] = {}
    for change in changes:
        found.setdefault(change.name.partition(".")[0], []).append(change)
    packages = [Package(name, group) for name, group in found.items()]
    return sorted(packages, key=lambda package: (-abs(package.difference_ns), package.name))


def _total(values: list[int | None]) -> int | None:
    known = [value for value in values if value is not None]
    return sum(known) if known else None


def _costs(recording: Recording) -> dict[str, int]:
    costs: dict[str, int] = {}
    for module in recording.modules:
        costs[module.name] = costs.get(module.name, 0) + module.self_ns
    return costs


def _spreads(recording: Recording) -> dict[str, list[int]]:
    spreads: dict[str, list[int]] = {}
    for module in recording.modules:
        if module.spread is not None:
            low, high = spreads.get(module.name, [0, 0])
            spreads[module.name] = [low + module.spread[0], high + module.spread[1]]
    return spreads
