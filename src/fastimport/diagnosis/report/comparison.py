"""Two recordings side by side: modules that are new, gone, slower or faster."""

from dataclasses import asdict, dataclass
from typing import Any

from fastimport.diagnosis.record.model import Recording
from fastimport.diagnosis.report.view import milliseconds, sums
from fastimport.diagnosis.words import counted

SCHEMA = "fastimport.diff/1"
_SHOWN = 20


@dataclass(frozen=True)
class Change:
    """A module's own cost before and after, in ns; None where it was not imported."""

    name: str
    before_ns: int | None
    after_ns: int | None

    @property
    def difference_ns(self) -> int:
        """How much more it costs now."""
        return (self.after_ns or 0) - (self.before_ns or 0)


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
            "both": [asdict(each) for each in self.both],
        }


def compare(before: Recording, after: Recording) -> Comparison:
    """Match modules by name, and sort by how much the difference is."""
    old, new = _costs(before), _costs(after)
    changes = [Change(name, old.get(name), new.get(name)) for name in {**old, **new}]
    changes.sort(key=lambda change: (-abs(change.difference_ns), change.name))
    return Comparison(
        before,
        after,
        new=[change for change in changes if change.before_ns is None],
        gone=[change for change in changes if change.after_ns is None],
        both=[change for change in changes if change.before_ns is not None and change.after_ns is not None],
    )


def _costs(recording: Recording) -> dict[str, int]:
    costs: dict[str, int] = {}
    for module in recording.modules:
        costs[module.name] = costs.get(module.name, 0) + module.self_ns
    return costs


def render_comparison(comparison: Comparison) -> str:
    """The comparison as text."""
    before, after = comparison.before, comparison.after
    chance = "; the runs overlap, so this may be chance" if comparison.within_spread else ""
    growth = f"{comparison.growth * 100:+.1f} %"
    lines = [
        f"before  {milliseconds(before.total_ns):>9} ms  {before.program}",
        f"after   {milliseconds(after.total_ns):>9} ms  {after.program}",
        f"        {growth:>9}{chance}",
        "",
        f"{'':14}{'before':>10}{'after':>10}{'change':>10}  ms",
    ]
    old, new = sums(before), sums(after)
    for kind in {**old, **new}:
        lines.append(f"{kind:14}{_row(old.get(kind, 0), new.get(kind, 0))}")
    for title, changes in (("new", comparison.new), ("gone", comparison.gone)):
        lines += _section(title, changes)
    slower = [change for change in comparison.both if change.difference_ns > 0]
    faster = [change for change in comparison.both if change.difference_ns < 0]
    return "\n".join([*lines, *_section("slower", slower), *_section("faster", faster)]) + "\n"


def _section(title: str, changes: list[Change]) -> list[str]:
    if not changes:
        return []
    total = sum(change.difference_ns for change in changes)
    lines = ["", f"{title}: {counted(len(changes), 'module')}, {total / 1e6:+.2f} ms"]
    lines += [f"{'':14}{_row(change.before_ns, change.after_ns)}  {change.name}" for change in changes[:_SHOWN]]
    return lines + ([f"{'':14}and {len(changes) - _SHOWN} more"] if len(changes) > _SHOWN else [])


def _row(before: int | None, after: int | None) -> str:
    change = f"{((after or 0) - (before or 0)) / 1e6:+.2f}"
    old, new = ("" if each is None else milliseconds(each) for each in (before, after))
    return f"{old:>10}{new:>10}{change:>10}"
