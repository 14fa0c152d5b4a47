"""Real packages that hook imports, run without fastimport and with it: is anything different?

    python tests/compat/run.py [--python EXE]... [--only NAME]... [--breadth B] [--again | --rest] [--stock] [--keep] [--cache DIR

Needs a package registry. Each package is installed into a virtual environment of its own, which is deleted again when nothing
differed. Results are kept beside this file, and docs/compatibility.md is made from them. Stopped, it goes on where it was.
Exit status: 0 no difference, 1 differences (or a program that fails, or is not the same twice, without fastimport), 2 usage.
"""

import argparse
import os
import re
import subprocess
import sys
from pathlib import Path

from environment import Environment, NotInstallable, Tools
from modes import STOCK, modes
from observation import observe
from packages import table
from page import reason, write_page
from results import Results
from trial import Inactive
from trial import run as run_in

HERE = Path(__file__).resolve().parent
PAGE = HERE.parents[1] / "docs" / "compatibility.md"


def main(argv=None):
    options = parse(argv)
    packages = table()
    unknown = sorted(set(options.only) - packages.keys())
    if unknown:
        print(f"no such package in the table: {', '.join(unknown)}", file=sys.stderr)
        return 2
    options.cache.mkdir(parents=True, exist_ok=True)
    tools, results = Tools(options.cache), Results(HERE / "results.json")
    failed = 0
    for interpreter in options.python or [sys.executable]:
        version = version_of(interpreter)
        for name in options.only or packages:
            failed += one(tools, results, packages[name], interpreter, version, options)
    if not options.stock:
        write_page(PAGE, packages, results)
    return int(failed > 0)


def parse(argv):
    cache = Path(os.environ.get("XDG_CACHE_HOME") or Path.home() / ".cache") / "fastimport-compat"
    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
    option = parser.add_argument
    option("--python", action="append", default=[], metavar="EXE", help="an interpreter; may be repeated (default: this one)")
    option("--only", action="append", default=[], metavar="NAME", help="only this package; may be repeated")
    option("--stock", action="store_true", help="only without fastimport, and show what is printed: for a new file of the table")
    option("--breadth", choices=("full", "half", "quick"), default="half", help="how many combinations (default: half)")
    option("--rest", action="store_true", help="only what was not tried yet or was not the same, with whatever fastimport")
    option("--again", action="store_true", help="also what was tried before, with the same fastimport and the same definition")
    option("--keep", action="store_true", help="keep all environments, not only those where something differed")
    option("--cache", type=Path, default=cache, metavar="DIR", help=f"where environments are made (default: {cache})")
    return parser.parse_args(argv)


def version_of(interpreter):
    code = "import sys; print('%d.%d' % sys.version_info[:2])"
    return subprocess.run([interpreter, "-I", "-c", code], capture_output=True, text=True, check=True).stdout.strip()


def one(tools, results, package, interpreter, version, options):
    """Try a package unless that was done. 1 if something differs that is not in the table."""
    if options.stock:
        return rehearsed(Environment(tools, package, interpreter, version))
    if options.again or not results.is_done(package, version, tools.revision, options.rest):
        print(f"{package.name}, Python {version}: ", end="", file=sys.stderr, flush=True)
        result = tried(Environment(tools, package, interpreter, version), options)
        result["detail"] = cleaned(result["detail"], options.cache)
        print(f"{result['state']} {result['detail']}".strip(), file=sys.stderr, flush=True)
        if result["state"] not in ("same", "differs", "as known"):
            result["detail"] = reason(result)
        results.put(package, version, fastimport=tools.revision, release=package.release(version), **result)
    return results.get(package.name, version)["state"] in ("differs", "unstable", "fails")


def cleaned(text, cache):
    """Without places of this machine."""
    for place, name in ((str(cache), "CACHE"), (str(Path.home()), "HOME")):
        text = text.replace(place, name)
    text = re.sub(r"(?<![\w./])(?:/[\w.+-]+){2,}", "PATH", text)
    return re.sub(r"https?://\S+", "URL", text)


def rehearsed(environment):
    """A package without fastimport, shown. 1 if it doesn't work, or not the same twice."""
    print(f"---- {environment.package.name}, Python {environment.version}")
    try:
        environment.make()
    except NotInstallable as reason:
        print(f"not installed: {reason}")
        return 0
    outcome = run_in(environment, STOCK)
    unstable = outcome.differences(run_in(environment, STOCK))
    print("\n".join(f"{what}: {value}" for what, value in outcome.values.items() if what.startswith("first")))
    print("\n".join(["seen: " + "; ".join(observe(environment)), *outcome.failures(), *unstable]))
    return int(bool(unstable or outcome.failures()))


def tried(environment, options):
    """The result of a package in a new environment."""
    package, version = environment.package, environment.version
    if version in package.absent:
        return {"state": "not installed", "detail": package.absent[version], "seen": []}
    try:
        environment.make()
        result = compared(environment, options.breadth)
    except NotInstallable as reason:
        result = {"state": "not installed", "detail": str(reason), "seen": []}
    except Inactive as reason:
        result = {"state": "fails", "detail": str(reason), "seen": []}
    if result["state"] in ("same", "not installed", "as known") and not options.keep:
        environment.discard()
    return result


def compared(environment, breadth):
    """Stock twice, then each mode against it."""
    stock = run_in(environment, STOCK)
    if stock.failures():
        return {"state": "fails", "detail": "\n".join(stock.failures()), "seen": []}
    unstable = stock.differences(run_in(environment, STOCK))
    seen = observe(environment)
    if unstable:
        return {"state": "unstable", "detail": "\n".join(unstable), "seen": seen}
    found = {mode.label: stock.differences(run_in(environment, mode)) for mode in prepared(environment, breadth)}
    differing = {label: lines for label, lines in found.items() if lines}
    known = {label: lines for label, lines in differing.items() if any(word in label for word in environment.package.differs)}
    if differing and known == differing:
        return {"state": "as known", "detail": "; ".join(environment.package.differs.values()), "seen": seen}
    detail = "\n".join(f"{label}: {lines[0]}" for label, lines in differing.items())
    return {"state": "differs" if differing else "same", "detail": detail, "seen": seen, "ways": len(found)}


def prepared(environment, breadth):
    """The modes of the package, each with the environment as it needs it."""
    for mode in modes(environment.package.ways, breadth):
        if mode.way == "enable":
            manage(environment, "enable")
        elif mode.way == "snapshot" and not environment.snapshot.exists():
            environment.renew()
            manage(environment, "build", "--output", str(environment.snapshot))
        yield mode
        if mode.way == "enable":
            manage(environment, "disable")


def manage(environment, *words):
    """A command of fastimport's own that must succeed."""
    command = [environment.python, "-m", "fastimport", *words]
    done = subprocess.run(command, env=environment.variables({}), cwd=environment.directory, capture_output=True, text=True)
    if done.returncode:
        raise Inactive(f"fastimport {words[0]}: {done.stderr.strip()[-300:]}")


if __name__ == "__main__":
    sys.exit(main())
