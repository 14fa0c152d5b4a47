"""Run a command and draw what it prints as a terminal: ``python tools/terminal_picture.py FILE.svg LINES COMMAND...``.

docs/what-to-change.svg is the tutorial's application, drawn in its directory with 18 lines of ``fastimport profile -m shop``.
"""

import html
import subprocess
import sys
from pathlib import Path

WIDTH, LINE, MARGIN, COLUMN = 80, 19, 16, 8.45
BACKGROUND, TEXT, STRONG, GOOD, DIM = "#1b1f24", "#e6edf3", "#ffffff", "#7ee787", "#9da7b3"
NO_BREAK = "\u00a0"  # other spaces are drawn as one


def colour_of(line):
    """The command and headings stand out; a saving is green; the line about the machine is dim."""
    if line.startswith(("$ ", "What to change")):
        return STRONG
    if line.lstrip().startswith("-") and " ms  " in line:
        return GOOD
    return DIM if "(CPython" in line else TEXT


def svg(lines):
    """A picture of `lines` in a monospaced font."""
    width, height = round(WIDTH * COLUMN + 2 * MARGIN), len(lines) * LINE + 2 * MARGIN
    rows = []
    for number, line in enumerate(lines):
        text = html.escape(line).replace(" ", NO_BREAK)
        rows.append(f'<text x="{MARGIN}" y="{MARGIN + (number + 1) * LINE - 5}" fill="{colour_of(line)}">{text}</text>')
    style = "font: 14px ui-monospace, SFMono-Regular, Menlo, Consolas, 'DejaVu Sans Mono', monospace"
    return "\n".join(
        [
            f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {width} {height}" width="{width}" role="img">',
            f"<title>{html.escape(lines[0])}</title>",
            f'<rect width="{width}" height="{height}" rx="8" fill="{BACKGROUND}"/>',
            f'<g style="{style}">',
            *rows,
            "</g>\n</svg>\n",
        ]
    )


def main():
    file, count, *command = sys.argv[1:]
    done = subprocess.run(command, capture_output=True, text=True, check=True)
    Path(file).write_text(svg([f"$ {' '.join(command)}", *done.stdout.splitlines()[: int(count)]]), encoding="utf-8")


if __name__ == "__main__":
    main()
