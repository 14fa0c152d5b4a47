"""A comparison as a picture: every run a dot, the median a line, the middle half a box."""

import statistics
from html import escape

from fastimport.diagnosis.bench.report import milliseconds, ratio
from fastimport.diagnosis.bench.session import Comparison, Side
from fastimport.diagnosis.bench.statistics import quartiles

WIDTH = 720
LEFT = 120
RIGHT = 24
TOP = 56
LANE = 64
AXIS = 40
TICKS = 5
STYLE = (
    "text{font:13px system-ui,sans-serif;fill:#222}.small{font-size:11px;fill:#555}"
    ".dot{fill:#2463a8;fill-opacity:.55}.box{fill:#2463a8;fill-opacity:.15}"
    ".median{stroke:#b3261e;stroke-width:2}.axis{stroke:#999}"
)


def plot(comparison: Comparison) -> str:
    """Return an SVG document.

    The axis starts near the fastest run, not at zero: it shows distributions, and the ratios are written out.
    """
    everything = [value for side in comparison.sides for value in side.seconds]
    scale = _Scale(min(everything), max(everything))
    height = TOP + LANE * len(comparison.sides) + AXIS
    lanes = [_lane(side, TOP + LANE * index, scale) for index, side in enumerate(comparison.sides)]
    title = escape(comparison.program)
    return "\n".join(
        [
            f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {WIDTH} {height}" role="img">',
            f"<title>Start-up time of {title}</title>",
            f"<style>{STYLE}</style>",
            f'<rect width="{WIDTH}" height="{height}" fill="#fff"/>',
            f'<text x="16" y="24">{title}</text>',
            f'<text x="16" y="42" class="small">{escape(_conditions(comparison))}</text>',
            *lanes,
            _axis(scale, height - AXIS),
            "</svg>\n",
        ]
    )


class _Scale:
    """From seconds to a position on the picture, with a margin so that no dot sits on the edge."""

    def __init__(self, low: float, high: float) -> None:
        margin = (high - low) * 0.05 or high * 0.05
        self.low = low - margin
        self.high = high + margin

    def __call__(self, seconds: float) -> float:
        return round(LEFT + (seconds - self.low) / (self.high - self.low) * (WIDTH - LEFT - RIGHT), 1)


def _lane(side: Side, top: int, scale: _Scale) -> str:
    middle = top + LANE // 2
    # Neighbouring runs are spread over three heights, so that equal times stay visible as several dots.
    dots = [
        f'<circle class="dot" cx="{scale(value)}" cy="{middle + (index % 3 - 1) * 8}" r="3"/>'
        for index, value in enumerate(side.seconds)
    ]
    median = scale(statistics.median(side.seconds))
    return "\n".join(
        [
            f'<text x="16" y="{middle - 2}">{escape(side.name)}</text>',
            f'<text x="16" y="{middle + 13}" class="small">{milliseconds(statistics.median(side.seconds))}</text>',
            f'<text x="{LEFT}" y="{top + 8}" class="small">ratio {escape(ratio(side.estimate))}</text>',
            _box(side, middle, scale),
            *dots,
            f'<line class="median" x1="{median}" x2="{median}" y1="{middle - 16}" y2="{middle + 16}"/>',
        ]
    )


def _box(side: Side, middle: int, scale: _Scale) -> str:
    left, right = map(scale, quartiles(side.seconds))
    return f'<rect class="box" x="{left}" y="{middle - 14}" width="{round(right - left, 1)}" height="28"/>'


def _axis(scale: _Scale, y: int) -> str:
    parts = [f'<line class="axis" x1="{LEFT}" x2="{WIDTH - RIGHT}" y1="{y}" y2="{y}"/>']
    for tick in range(TICKS):
        seconds = scale.low + (scale.high - scale.low) * tick / (TICKS - 1)
        x = scale(seconds)
        parts.append(f'<line class="axis" x1="{x}" x2="{x}" y1="{y}" y2="{y + 5}"/>')
        parts.append(f'<text class="small" text-anchor="middle" x="{x}" y="{y + 20}">{milliseconds(seconds)}</text>')
    return "\n".join(parts)


def _conditions(comparison: Comparison) -> str:
    return ", ".join(comparison.conditions[name] for name in ("Python", "machine", "file system"))
