"""Draw the README's bar chart: ``python benchmarks/bars.py [FIGURES.json [FILE.svg]]``.

The figures, `docs/figures.json`, are ratios of times, fastimport's or a peer's to importlib's: an object with ``measured``
(date and machine), ``command``, and ``bars``, a list of ``label``, ``ratio`` and perhaps ``low`` and ``high``, the ends of
the 95 % interval.
"""

import html
import json
import sys
from pathlib import Path

DOCS = Path(__file__).parents[1] / "docs"
LABELS, BARS, WORDS, ROW, MARGIN = 330, 300, 130, 26, 14
FASTER, SLOWER, TEXT, DIM, BACKGROUND = "#1a7f37", "#bc4c00", "#1f2328", "#59636e", "#ffffff"


def words(ratio):
    """A ratio as people say it: 0.83 is 17 % faster (takes 17 % less time), 1.17 is 17 % slower."""
    percent = round(abs(1 - ratio) * 100)
    if percent == 0:
        return "the same"
    if ratio < 0.5:
        return f"{1 / ratio:.2g} times as fast"
    return f"{percent} % {'faster' if ratio < 1 else 'slower'}"


def chart(figures):
    """The chart as SVG; a full bar is importlib's time."""
    bars = figures["bars"]
    scale = BARS / max(1.0, *(bar.get("high", bar["ratio"]) for bar in bars))
    width, height = LABELS + BARS + WORDS + 2 * MARGIN, (len(bars) + 1) * ROW + 2 * MARGIN + 20
    origin, stock = LABELS + MARGIN, LABELS + MARGIN + scale
    rows = []
    for number, bar in enumerate(bars):
        y, ratio = MARGIN + 20 + number * ROW, bar["ratio"]
        fill = FASTER if ratio <= 1 else SLOWER
        rows.append(f'<text x="{LABELS}" y="{y + 17}" text-anchor="end" fill="{TEXT}">{html.escape(bar["label"])}</text>')
        rows.append(f'<rect x="{origin}" y="{y + 4}" width="{ratio * scale:.1f}" height="{ROW - 8}" rx="2" fill="{fill}"/>')
        if "low" in bar:
            low, high, middle = (origin + bar["low"] * scale, origin + bar["high"] * scale, y + ROW / 2)
            rows.append(f'<path d="M{low:.1f} {middle}H{high:.1f}" stroke="{TEXT}" stroke-width="1.5"/>')
        end = origin + max(ratio, bar.get("high", 0), 1.0) * scale + 8
        rows.append(f'<text x="{end:.1f}" y="{y + 17}" fill="{fill}">{words(ratio)}</text>')
    bottom = height - MARGIN
    note = f"start-up time; the line is importlib's; {figures['measured']}"
    return "\n".join(
        [
            f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {width} {height}" width="{width}" role="img">',
            f"<title>{html.escape(note)}</title>",
            f'<rect width="{width}" height="{height}" rx="8" fill="{BACKGROUND}"/>',
            '<g font-family="system-ui, sans-serif" font-size="13">',
            *rows,
            f'<path d="M{stock:.1f} {MARGIN + 16}V{bottom - 22}" stroke="{DIM}" stroke-dasharray="3 3"/>',
            f'<text x="{stock:.1f}" y="{MARGIN + 8}" text-anchor="middle" fill="{DIM}">importlib</text>',
            f'<text x="{MARGIN}" y="{bottom}" fill="{DIM}" font-size="11">{html.escape(note)}</text>',
            "</g>\n</svg>\n",
        ]
    )


def main():
    source, target = (*sys.argv[1:], *("", "")[len(sys.argv) - 1 :])
    figures = json.loads(Path(source or DOCS / "figures.json").read_text(encoding="utf-8"))
    Path(target or DOCS / "gain.svg").write_text(chart(figures), encoding="utf-8")


if __name__ == "__main__":
    main()
