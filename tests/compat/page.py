"""docs/compatibility.md, made from the table of packages and the results."""

VERSIONS = ("3.11", "3.13", "3.15")
WORDS = {
    "same": "same", "as known": "as below", "not installed": "not there", "differs": "**differs**", "unstable": "not stable",
    "fails": "fails",
}  # fmt: skip
HEAD = """\
# Compatibility: packages that hook imports

Real packages, each with a small program or command that makes it do its work, run without fastimport and with it. Exit status,
output, errors and the files that are left must be the same. Every command is run twice, without bytecode and with what the first
run left, in each of these ways:

| way | levels |
|---|---|
| a `fastimport enable`d environment | `checked`, `trusted` |
| `fastimport exec -- COMMAND` | `checked`, `trusted` |
| the same with an automatic snapshot, written by the first run, used by the second | `checked`, `trusted` |
| the same with a snapshot of the environment | `frozen` |

`checked` is registered with `meta_path` and `trusted` with `in_place`, or, under `exec`, the other way round; `frozen` with both.
*3 ways* stands for three of these eight; `make compat COMPAT_ARGS="--breadth full"` tries all combinations. `make compat` repeats
it and writes this page; it needs a package index, and hours. An empty cell was not tried. For each line there is a file in
`tests/compat`, with the program. *Seen* is what the import system looked like meanwhile, without
fastimport: what was added to `sys.meta_path` and `sys.path_hooks`, with its index, and which functions of importlib were
replaced. *not there*: there is no release for that Python, or it doesn't work there by itself.
"""


def write_page(path, packages, results):
    """The page; a package that was not tried on some version has an empty cell there."""
    rows = [row(package, results) for package in packages.values()]
    columns = ["package", "version", "how it hooks", "seen", *VERSIONS]
    table = [line(columns), line(["---"] * len(columns)), *map(line, rows)]
    parts = [HEAD, "\n".join(table), notes(packages, results)]
    path.write_text("\n".join(filter(None, parts)) + "\n", encoding="utf-8")


def line(cells):
    return f"| {' | '.join(cells)} |"


def row(package, results):
    found = {version: results.get(package.name, version) for version in VERSIONS}
    releases = dict.fromkeys(package.release(version) for version in VERSIONS)
    cells = [cell(result) for result in found.values()]
    return [package.name, ", ".join(filter(None, releases)), package.hooks, seen(found.values()), *cells]


def cell(result):
    """`same`, with the number of ways if they were few, or what else; nothing if it was not tried."""
    few = f", {result['ways']} ways" if result.get("state") == "same" and result.get("ways", 8) < 6 else ""
    return WORDS[result["state"]] + few if result else ""


def seen(found):
    """What was seen on any version, in code type."""
    items = dict.fromkeys(item for result in found for item in result.get("seen", ()))
    return "; ".join(code(item) for item in items)


def code(item):
    place, colon, name = item.partition(": ")
    return f"{place} `{name}`" if colon else item


def notes(packages, results):
    """What the cells that are not `same` stand for."""
    lines = []
    for package in packages.values():
        for version in VERSIONS:
            result = results.get(package.name, version)
            if result and result["state"] != "same":
                lines.append(f"- {package.name}, {version}: {reason(result)}")
    return "\n## Notes\n\n" + "\n".join(lines) if lines else ""


def reason(result):
    """A line that says why; of pip's output, the last one that is an error."""
    lines = [text.strip() for text in result["detail"].splitlines() if text.strip()]
    if result["state"] == "not installed":
        lines = [text for text in lines if text.lower().startswith("error")] or lines
    return " ".join(lines[-1][:200].replace("|", "/").split()) if lines else result["state"]
