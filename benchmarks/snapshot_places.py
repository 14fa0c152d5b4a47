"""Where a snapshot is of use: for each file system that can be mounted here, what each level takes from it, and that it is right.

    sudo python benchmarks/snapshot_places.py [--only PLACE ...] [--json]

A snapshot is made of a tree; then the same tree is mounted again, and in the end another one with the same names, sizes and times
in its place. Each time an interpreter imports everything, with importlib and at each level: the answers have to be equal.

Exit status 0, or 1 if an answer differs. `frozen` is not asked about another tree: it means the recorded one.
"""

import argparse
import json
import os
import subprocess
import sys
import tempfile
import time
from pathlib import Path
from typing import Any

from instruments import conditions
from instruments.mounted import PLACES, Place, Unavailable, place_in

LEVELS = ("checked", "trusted", "frozen")
PROGRAM = """
import importlib, importlib.util, json, sys
level, snapshot = sys.argv[1:]
if level != "stock":
    import fastimport
    fastimport.install(freshness=level, snapshot=snapshot)
    from fastimport.snapshot import attachment
names = [name for number in range(6) for name in (f"p{number}", *(f"p{number}.m{module}" for module in range(4)))]
answers = [importlib.import_module(name).WHICH for name in names]
answers += [importlib.util.find_spec(f"only_{which}") is not None for which in ("old", "new")]
reader = attachment.attached()[0] if level != "stock" else None
told = {}
if reader is not None:
    tables, codes = reader.doubts()
    contents = reader.codes_by_content
    told = {"listings": reader.tables_used, "stamps": reader.codes_used - contents, "contents": contents,
            "doubts": sorted({number for number, count in enumerate(tables) if count}), "of": len(names)}
print(json.dumps([answers, told, [*fastimport.stats().refusals] if reader is None and level != "stock" else []]))
"""


def asked(level: str, place: Place, snapshot: Path) -> tuple[list[Any], dict[str, Any]]:
    """What an interpreter at a level imports from the place, and what of it came from the snapshot."""
    clean = conditions.clean_environment() | {"PYTHONPATH": str(place.at / "lib"), "PYTHONDONTWRITEBYTECODE": "1"}
    done = subprocess.run([sys.executable, "-c", PROGRAM, level, snapshot], env=clean, capture_output=True, text=True, check=True)
    answers, told, refusals = json.loads(done.stdout)
    if refusals:
        raise RuntimeError(f"refused: {refusals}")
    return answers, told


def examined(name: str, work: Path) -> dict[str, Any]:
    """A row: what each level takes of the same tree, and whether all answers are importlib's."""
    snapshot = work / "s.fastimport"
    with place_in(work) as place:
        mount_old, mount_new = (PLACES[name](place, which) for which in ("old", "new"))
        mount_old()
        time.sleep(0.05)  # past the tick of the last change
        build = [sys.executable, "-m", "fastimport", "build", "-o", snapshot, place.at / "lib"]
        subprocess.run(build, check=True, capture_output=True)
        row: dict[str, Any] = {"place": name, "same": True}
        for mount, is_old in ((mount_old, True), (mount_new, False)):
            place.clear()
            mount()
            stock, _ = asked("stock", place, snapshot)
            for level in LEVELS if is_old else LEVELS[:2]:
                answers, told = asked(level, place, snapshot)
                row["same"] &= answers == stock
                if is_old:
                    row[level] = told
        return row


def said(row: dict[str, Any], level: str) -> str:
    """A cell: listings and code, by their stamps or by content."""
    told = row[level]
    if level == "frozen":
        return "all" if told["stamps"] == told["of"] else f"{told['stamps']} of {told['of']} modules"
    is_all = told["stamps"] + told["contents"] == told["of"]
    code = ("code by content" if told["contents"] else "code") if is_all else "part of the code"
    return ("" if not told["listings"] else "some listings, " if told["doubts"] else "listings, ") + code


def table(rows: list[dict[str, Any]]) -> str:
    """The page's table."""
    lines = ["| file system | `checked` | `trusted` | `frozen` | another tree, same times |", "|---|---|---|---|---|"]
    for row in rows:
        if "missing" in row:
            lines.append(f"| {row['place']} | not tried: {row['missing']} | | | |")
        else:
            cells = [said(row, level) for level in LEVELS]
            lines.append(f"| {row['place']} | {' | '.join(cells)} | {'noticed' if row['same'] else 'NOT NOTICED'} |")
    return "\n".join(lines)


def inside(names: list[str]) -> list[dict[str, Any]]:
    """All rows, in this mount namespace."""
    rows = []
    for name in names:
        with tempfile.TemporaryDirectory() as directory:
            try:
                rows.append(examined(name, Path(directory)))
            except Unavailable as reason:
                rows.append({"place": name, "missing": str(reason)})
    return rows


def main() -> int:
    """Mount, ask, print. The exit status."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--only", nargs="+", choices=PLACES, default=[*PLACES], metavar="PLACE", help="some of the places")
    parser.add_argument("--json", action="store_true", help="write JSON")
    parser.add_argument("--inside", action="store_true", help=argparse.SUPPRESS)
    arguments = parser.parse_args()
    if not arguments.inside:
        try:
            return subprocess.run(["unshare", "--mount", sys.executable, *sys.argv, "--inside"]).returncode
        except OSError as error:
            parser.error(f"needs unshare: {error}")
    rows = inside(arguments.only)
    print(json.dumps(rows) if arguments.json else f"{table(rows)}\n\nLinux {os.uname().release}, Python {sys.version.split()[0]}")
    return 0 if all(row.get("same", True) for row in rows) else 1


if __name__ == "__main__":
    sys.exit(main())
