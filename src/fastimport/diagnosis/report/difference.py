"""A comparison of two recordings as text, and as Markdown for a pull request."""

from fastimport.diagnosis.report.comparison import Change, Comparison, Package, by_package
from fastimport.diagnosis.report.view import milliseconds, parts
from fastimport.diagnosis.words import counted

_SHOWN = 20
_MOST_MODULES = 3


def render_comparison(comparison: Comparison) -> str:
    """The comparison as text."""
    before, after = comparison.before, comparison.after
    growth = f"{comparison.growth * 100:+.1f} %"
    lines = [
        f"before  {milliseconds(before.total_ns):>9} ms  {before.program}",
        f"after   {milliseconds(after.total_ns):>9} ms  {after.program}",
        f"        {growth:>9}{_chance(comparison)}",
        "",
        f"{'':22}{'before':>10}{'after':>10}{'change':>10}  ms",
    ]
    old, new = parts(before), parts(after)
    for kind in {**old, **new}:
        lines.append(f"{kind:22}{_row(old.get(kind, 0), new.get(kind, 0))}")
    for title, changes in _sections(comparison):
        lines += _section(title, changes)
    return "\n".join([*lines, *_unsure(comparison)]) + "\n"


def markdown(comparison: Comparison) -> str:
    """The comparison as Markdown: the total in a sentence, then a table of packages."""
    before, after = comparison.before, comparison.after
    total = f"{milliseconds(before.total_ns)} → {milliseconds(after.total_ns)} ms"
    lines = [f"**Start-up: {total}, {comparison.growth * 100:+.1f} %**{_chance(comparison)}", "", f"`{after.program}`", ""]
    rows = [_markdown_row(title, package) for title, changes in _sections(comparison) for package in by_package(changes)[:_SHOWN]]
    if rows:
        lines += ["| | package | modules | before, ms | after, ms | change, ms |", "|---|---|--:|--:|--:|--:|", *rows, ""]
    return "\n".join([*lines, *_unsure(comparison)[1:]]).rstrip("\n") + "\n"


def _sections(comparison: Comparison) -> list[tuple[str, list[Change]]]:
    certain = comparison.certain
    return [
        ("new", comparison.new),
        ("gone", comparison.gone),
        ("slower", [change for change in certain if change.difference_ns > 0]),
        ("faster", [change for change in certain if change.difference_ns < 0]),
    ]


def _chance(comparison: Comparison) -> str:
    return "; the runs overlap, so this may be chance" if comparison.within_spread else ""


def _section(title: str, changes: list[Change]) -> list[str]:
    if not changes:
        return []
    total = sum(change.difference_ns for change in changes)
    packages = by_package(changes)
    lines = ["", f"{title}: {counted(len(changes), 'module')}, {total / 1e6:+.2f} ms"]
    lines += [f"{'':14}{_row(package.before_ns, package.after_ns)}  {_names(package)}" for package in packages[:_SHOWN]]
    rest = len(packages) - _SHOWN
    return lines + ([f"{'':14}and {counted(rest, 'package')} more"] if rest > 0 else [])


def _names(package: Package) -> str:
    """The module, or the package and the modules that count most."""
    names = [change.name for change in package.changes]
    if len(names) == 1:
        return names[0]
    more = ", ..." if len(names) > _MOST_MODULES else ""
    return f"{package.name}: {counted(len(names), 'module')} ({', '.join(names[:_MOST_MODULES])}{more})"


def _unsure(comparison: Comparison) -> list[str]:
    uncertain = comparison.uncertain
    if not uncertain:
        return []
    total = sum(change.difference_ns for change in uncertain)
    what = f"{counted(len(uncertain), 'module')} differ by {total / 1e6:+.2f} ms within the spread of their runs"
    return ["", f"not listed, since it may be chance: {what.replace('1 module differ', '1 module differs')}"]


def _row(before: int | None, after: int | None) -> str:
    change = f"{((after or 0) - (before or 0)) / 1e6:+.2f}"
    old, new = ("" if each is None else milliseconds(each) for each in (before, after))
    return f"{old:>10}{new:>10}{change:>10}"


def _markdown_row(title: str, package: Package) -> str:
    old, new = ("" if each is None else milliseconds(each) for each in (package.before_ns, package.after_ns))
    name = package.changes[0].name if len(package.changes) == 1 else package.name
    cells = (title, f"`{name}`", str(len(package.changes)), old, new, f"{package.difference_ns / 1e6:+.2f}")
    return f"| {' | '.join(cells)} |"
