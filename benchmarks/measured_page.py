"""The page of measurements, and the README's figures, made from the JSON files of one run of the suite.

python benchmarks/measured_page.py RESULTS            # write RESULTS/measured.md
python benchmarks/measured_page.py RESULTS --install  # … and docs/measured.md, the plots there, and the README's figures
python benchmarks/measured_page.py RESULTS --readme   # print the README's figures
python benchmarks/measured_page.py RESULTS --summary  # replace those, and "In short" of docs/measured.md, alone
python benchmarks/measured_page.py RESULTS --section targets   # replace this section of docs/measured.md alone
"""

import argparse
import json
import shutil
import sys
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

from instruments import chart_of_targets, results
from instruments.results import Figure, Result
from instruments.suite_plan import SUITE
from plots import PLOTS

from fastimport.diagnosis.bench import report

ROOT = Path(__file__).resolve().parents[1]
BEGIN, END = "<!-- figures: begin, made by make bench -->", "<!-- figures: end -->"
LEVELS = ("checked", "trusted", "frozen")
DEFERRED = "+deferred"
WORKS = {
    "pass": "`python -c pass`, `install()` before it",
    "one module": "a script with one small import, `install()` before it",
    "standard library": "the whole standard library",
}
INTRODUCTION = """\
# Measured

This page is made by `make bench`; do not edit it. [Performance](performance.md) says how each figure is measured and what
it means. Every table is the output of the command above it.

"ratio" is time with fastimport ÷ time without, in the same run, side by side: below 1 is faster. The numbers in brackets
are its 95 % interval; of fewer than six pairs, the span of all of them. `python benchmarks/agree.py A B` says whether
two directories of results agree within these intervals.
"""
SHORT = "## In short\n"
CONDITIONS = ("date", "Python", "machine", "file system")


def write(directory: Path, path: Path) -> None:
    """Write the page of the results in *directory* to *path*."""
    path.write_text("\n".join(_page(directory)), encoding="utf-8")


def install(directory: Path, root: Path = ROOT) -> None:
    """Put page, plots and figures where readers look for them."""
    shutil.copyfile(directory / "measured.md", root / "docs" / "measured.md")
    for name in PLOTS:
        if (directory / name).exists():
            shutil.copyfile(directory / name, root / "docs" / name)
    _replace_figures(directory, root)


def _replace_figures(directory: Path, root: Path) -> None:
    readme = root / "README.md"
    before, rest = readme.read_text(encoding="utf-8").split(BEGIN)
    _, after = rest.split(END)
    readme.write_text(f"{before}{BEGIN}\n{summary(directory)}{END}{after}", encoding="utf-8")


def install_summary(directory: Path, root: Path = ROOT) -> None:
    """Replace the README's figures, and "In short" of docs/measured.md, by what the results in *directory* say."""
    _replace_figures(directory, root)
    page = root / "docs" / "measured.md"
    before, _, rest = page.read_text(encoding="utf-8").partition(SHORT)
    _, heading, after = rest.partition("\n## ")
    page.write_text(f"{before}{SHORT}\n{summary(directory)}{heading}{after}", encoding="utf-8")


def install_section(directory: Path, name: str, root: Path = ROOT) -> None:
    """Replace one benchmark's section of docs/measured.md, or add it after those that come before it in the plan."""
    suite = json.loads((directory / "suite.json").read_text(encoding="utf-8"))
    ending = next(each for each in suite["benchmarks"] if each["name"] == name)
    titles = [benchmark.title for benchmark in SUITE]
    title = next(benchmark.title for benchmark in SUITE if benchmark.name == name)
    told = f"Commit {suite['commit']}.\n"
    section = "\n".join([f"## {title}\n", told, *_section(directory, ending)])
    path = root / "docs" / "measured.md"
    first, *others = path.read_text(encoding="utf-8").split("\n## ")
    parts = {part.partition("\n")[0]: f"## {part}" for part in others}
    parts[title] = section
    before = [parts.pop(each) for each in [*parts] if each not in titles]
    after = [parts[each] for each in titles if each in parts]
    path.write_text("\n".join([first, *before, *after]), encoding="utf-8")


def _page(directory: Path) -> Iterator[str]:
    suite = json.loads((directory / "suite.json").read_text(encoding="utf-8"))
    yield INTRODUCTION
    yield f"Commit {suite['commit']}. " + _sentence(suite["conditions"]) + "\n"
    yield SHORT
    yield summary(directory)
    endings = {each["name"]: each for each in suite["benchmarks"]}
    for benchmark in SUITE:
        if benchmark.name in endings:
            yield f"## {benchmark.title}\n"
            yield from _section(directory, endings[benchmark.name])


def _section(directory: Path, ending: Mapping[str, Any]) -> Iterator[str]:
    path = directory / f"{ending['name']}.json"
    if not path.exists():
        yield f"Not measured ({ending['status']}): {ending['message']}\n"
        return
    result = results.load(path)
    yield f"    {result.command}\n"
    yield "; ".join(f"{name}: {value}" for name, value in result.conditions.items()) + f". It took {ending['seconds']:.0f} s.\n"
    for table in result.tables:
        if table.title:
            yield f"**{table.title}**\n"
        yield f"```\n{report.table(table.rows)}\n```\n"
    if ending["status"] == "failed":
        yield f"**It ended with a failure**: {ending['message']}\n"
    for name, (source, title) in PLOTS.items():
        if source == ending["name"] and (directory / name).exists():
            yield f"![{title}]({name})\n"
    for note in result.notes:
        yield f"- {note}"
    if result.notes:
        yield ""


def summary(directory: Path) -> str:
    """Return the figures of the README: a chart of the applications, a table of the rest, and the conditions under them."""
    found = {each.name: results.load(path) for each in SUITE if (path := directory / f"{each.name}.json").exists()}
    rows = [f"| {work} | {' | '.join(cells)} |" for work, cells in _rows(found)]
    if not found:
        return "Nothing was measured.\n"
    chart = chart_of_targets.lines(found["targets"]) if "targets" in found else []
    head = [f"| | {' | '.join(f'`{level}`' for level in LEVELS)} |", "|---" * (len(LEVELS) + 1) + "|"] if rows else []
    first = next(iter(found.values())).conditions
    return "\n".join([*chart, *head, *rows, "", f"{_sentence(first)} In brackets: 95 % interval. Produced by `make bench`.", ""])


def _rows(found: Mapping[str, Result]) -> Iterator[tuple[str, list[str]]]:
    for benchmark, stem, work in _chosen():
        figures = [_figure(found, benchmark, f"{stem}, {level}") for level in LEVELS]
        if any(figures):
            yield work, [chart_of_targets.in_words(each) if each else "-" for each in figures]


def _chosen() -> Iterator[tuple[str, str, str]]:
    yield from (("applications", name, work) for name, work in WORKS.items())
    for entries in (3, 300):
        yield "search-paths", f"{entries} entries, packages", f"200 packages from a search path of {entries} entries"
    yield "failing-imports", "100 x top level, 300 entries", "100 imports that fail, 300 entries"
    yield "slow-file-systems", "Django admin, 1 ms", "Django admin, 1 ms for each operation of the file system"


def _figure(found: Mapping[str, Result], benchmark: str, name: str) -> Figure | None:
    figures = found[benchmark].figures if benchmark in found else ()
    by_id = {figure.id: figure for figure in figures}
    return by_id.get(name + DEFERRED, by_id.get(name))


def _sentence(conditions: Mapping[str, str]) -> str:
    told = [conditions[name] for name in CONDITIONS if name in conditions]
    load = conditions.get("load at the end")
    return "Measured " + ", ".join(told) + (f", load {load}." if load else ".")


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("results", type=Path, metavar="RESULTS")
    parser.add_argument("--install", action="store_true", help="into docs/ and the README")
    parser.add_argument("--readme", action="store_true", help="print the README's figures, and write nothing")
    parser.add_argument("--summary", action="store_true", help="replace the README's figures, and those of docs/measured.md")
    parser.add_argument("--section", metavar="NAME", choices=[each.name for each in SUITE], help="replace it in docs/measured.md")
    arguments = parser.parse_args()
    if arguments.readme:
        print(summary(arguments.results), end="")
        return 0
    try:
        write(arguments.results, arguments.results / "measured.md")
    except FileNotFoundError as error:
        print(f"measured_page: {error.filename} is not there; benchmarks/suite.py makes it", file=sys.stderr)
        return 2
    if arguments.install:
        install(arguments.results)
    if arguments.summary:
        install_summary(arguments.results)
    if arguments.section:
        install_section(arguments.results, arguments.section)
    return 0


if __name__ == "__main__":
    sys.exit(main())
