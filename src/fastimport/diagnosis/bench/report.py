"""A comparison as text."""

from collections.abc import Sequence

from fastimport.diagnosis.bench import counting
from fastimport.diagnosis.bench.session import Comparison, Side
from fastimport.diagnosis.bench.statistics import Estimate, paired_ratio, spread, verdict

HEADINGS = (
    "variant",
    "median",
    "spread",
    "ratio (95 % interval)",
    "CPU ratio",
    "system calls",
    "of files",
    "instructions",
    "peak memory",
)
TIMES = 4
"""How many of them are of the table of times; the rest is one of its own, so that both fit 80 columns."""
MOST_DIFFERENCES = 10


def text(comparison: Comparison) -> str:
    """Return the whole report, with a line's end."""
    rows = [HEADINGS, *(_row(side, comparison.sides[0]) for side in comparison.sides)]
    verdicts = [f"{side.name}: {verdict(side.estimate)}" for side in comparison.sides if side.estimate is not None]
    conditions = [f"  {name}: {value}" for name, value in comparison.conditions.items()]
    notes = [f"  note: {note}" for note in comparison.notes]
    counts = table([(row[0], *row[TIMES:]) for row in rows])
    times = table([row[:TIMES] for row in rows])
    parts = [comparison.program, "", times, "", *verdicts, *_identity(comparison), "", counts, "", *conditions, *notes]
    return "\n".join(parts) + "\n"


def markdown(comparison: Comparison) -> str:
    """Return the result for a pull request: a table, what it allows to say, and the conditions."""
    rows = [_row(side, comparison.sides[0]) for side in comparison.sides]
    used = [at for at in range(len(HEADINGS)) if any(row[at] != "-" for row in rows)]
    lines = [[HEADINGS[at] for at in used], ["---", *["--:"] * (len(used) - 1)], *([row[at] for at in used] for row in rows)]
    said = [f"- {side.name}: {verdict(side.estimate)}" for side in comparison.sides if side.estimate is not None]
    identity = [f"- {line}" for line in _identity(comparison)]
    conditions = ", ".join(comparison.conditions.values())
    program = [f"`{line}`  " for line in comparison.program.splitlines()]
    body = [f"| {' | '.join(line)} |" for line in lines]
    return "\n".join([*program, "", *body, "", *said, *identity, "", f"<sub>{conditions}</sub>"]) + "\n"


def table(rows: Sequence[Sequence[str]]) -> str:
    """Lay *rows* out in columns, the first flush left and the others flush right, headings underlined."""
    widths = [max(map(len, column)) for column in zip(*rows, strict=True)]
    lines = [_line(row, widths) for row in rows]
    return "\n".join([lines[0], "-" * len(lines[0]), *lines[1:]])


def milliseconds(seconds: float) -> str:
    """Return *seconds* in ms with about three digits."""
    value = seconds * 1000
    return f"{value:.{0 if value >= 100 else 1 if value >= 10 else 2}f} ms"


def ratio(estimate: Estimate | None) -> str:
    """Return the ratio and its interval; the baseline's is 1 by definition."""
    if estimate is None:
        return "1"
    return f"{estimate.ratio:.3f} ({estimate.low:.3f} to {estimate.high:.3f})"


def cpu_ratio(stock: Side, side: Side) -> str:
    """Return the ratio of processor times: what is left of a difference on a machine that has other work to do."""
    if not stock.cpu_seconds:
        return "-"
    return f"{paired_ratio(stock.cpu_seconds, side.cpu_seconds).ratio:.3f}"


def _line(row: Sequence[str], widths: Sequence[int]) -> str:
    first, *rest = row
    cells = [first.ljust(widths[0]), *(cell.rjust(width) for cell, width in zip(rest, widths[1:], strict=True))]
    return "  ".join(cells).rstrip()


def _row(side: Side, stock: Side) -> Sequence[str]:
    seconds = spread(side.seconds)
    calls = side.system_calls
    return (
        side.name,
        milliseconds(seconds.median),
        milliseconds(seconds.iqr),
        ratio(side.estimate),
        cpu_ratio(stock, side),
        "-" if calls is None else str(sum(calls.values())),
        "-" if calls is None else str(counting.file_system_calls(calls)),
        "-" if side.instructions is None else f"{side.instructions / 1e6:.1f} M",
        "-" if side.peak_bytes is None else f"{side.peak_bytes / 2**20:.1f} MiB",
    )


def _identity(comparison: Comparison) -> list[str]:
    stock = comparison.sides[0]
    if not comparison.identity_is_known:
        return []
    if comparison.is_identical:
        return [f"modules: {stock.modules}, the same from the same files"]
    lines = []
    for side in comparison.sides:
        shown = side.differences[:MOST_DIFFERENCES]
        hidden = len(side.differences) - len(shown)
        lines += [f"DIFFERENT under {side.name}: {difference}" for difference in shown]
        lines += [f"DIFFERENT under {side.name}: {hidden} more"] if hidden else []
    return lines
