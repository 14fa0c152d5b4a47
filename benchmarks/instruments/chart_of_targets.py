"""The table of targets for a reader: bars of text, and ratios in words."""

from collections.abc import Iterator

from instruments import nearest_rival, target_sides
from instruments.results import Figure, Result

MEAN = "geometric mean"
WIDTH = 40
ROWS = {
    target_sides.CHECKED: "fastimport, as it comes",
    target_sides.RIVAL: f"PyCDS {nearest_rival.REQUIREMENT.partition('==')[2]}",
    target_sides.SNAPSHOT: "with a snapshot",
    target_sides.FROZEN: "snapshot believed (frozen)",
    target_sides.FROZEN_HUGE: "and huge pages",
}


def in_words(figure: Figure) -> str:
    """Return ``18 % faster (15 to 21)``, ``3 % slower (1 to 5)`` or ``no difference (-1 to +2 %)``."""
    low, high = (abs(1 - end) * 100 for end in (figure.low, figure.high))
    if figure.high < 1:
        return f"{(1 - figure.value) * 100:.0f} % faster ({high:.0f} to {low:.0f})"
    if figure.low > 1:
        return f"{(figure.value - 1) * 100:.0f} % slower ({low:.0f} to {high:.0f})"
    return f"no difference ({(figure.low - 1) * 100:+.0f} to {(figure.high - 1) * 100:+.0f} %)"


def lines(targets: Result) -> Iterator[str]:
    """Yield the chart as a block of Markdown, or nothing if no mean was measured."""
    means = {figure.id.removeprefix(f"{MEAN}, "): figure for figure in targets.figures if figure.id.startswith(f"{MEAN}, ")}
    shown = [(title, means[name]) for name, title in ROWS.items() if name in means]
    if shown:
        yield "```"
        yield "time from start to end of the process, disk warm; geometric mean of the applications"
        yield ""
        yield f"{'importlib':28}{'█' * WIDTH}"
        for title, figure in shown:
            yield f"{title:28}{'█' * round(WIDTH * figure.value):{WIDTH}}  {in_words(figure)}"
        yield "```"
        yield ""
