"""What garbage collections cost while applications are imported: as they are, and with ``collector="deferred"``.

    python benchmarks/collector.py [--runs N] [--json FILE] [NAME ...]
    python benchmarks/collector.py --exit [NAME ...]     # which leave out the collection before the modules are removed

Each application is imported in fresh interpreters, both ways in turn. Inside, callbacks around the collector add up its time;
then one full collection is timed, as there is one at the interpreter's end; the peak is the kernel's, of the whole process. The
least of the runs counts, since other work on the machine only adds. Applications that can't be imported here are passed over.
"""

import argparse
import json
import subprocess
import sys
from collections.abc import Iterable

from instruments import conditions, results

LIMIT = 1.05
"""Of peak memory: deferred over stock."""

APPLICATIONS = {
    "Django admin": "import django.conf as c; c.settings.configure(INSTALLED_APPS=['django.contrib.admin', "
    "'django.contrib.auth', 'django.contrib.contenttypes', 'django.contrib.sessions', 'django.contrib.messages']); "
    "import django; django.setup(); import django.contrib.admin.sites",
    "SymPy": "import sympy",
    "pandas": "import pandas",
    "NumPy": "import numpy",
    "boto3": "import boto3; boto3.client('s3', region_name='x', aws_access_key_id='x', aws_secret_access_key='x')",
    "SQLAlchemy": "import sqlalchemy.orm",
    "FastAPI": "import fastapi",
    "Celery": "import celery.app.base, kombu",
    "aiohttp": "import aiohttp.web",
    "google-cloud-storage": "import google.cloud.storage",
    "OpenTelemetry": "import opentelemetry.sdk.trace",
    "black": "import black",
    "jupyter_client": "import jupyter_client",
    "JupyterLab": "import jupyterlab.labapp",
    "Airflow": "import airflow, airflow.models, airflow.cli.cli_parser",
    "Sphinx": "import sphinx.application",
    "scikit-learn": "import sklearn.ensemble",
    "Jinja2": "import jinja2",
    "requests": "import requests",
    "pydantic": "import pydantic.main",
    "lark": "import lark.load_grammar",
    "pip": "import pip._internal.cli.main",
    "standard library": "import asyncio, concurrent.futures, ctypes, decimal, doctest, email.mime.multipart, http.server, "
    "logging.config, multiprocessing.pool, pdb, pydoc, sqlite3, tarfile, unittest.mock, urllib.request, xml.dom.minidom, zipfile",
}
WAYS = ("stock", "deferred")
CHILD = """
import gc, json, resource, sys, time
import fastimport
fastimport.install(collector={way!r})
ours = gc.callbacks[:]
spent = [0, 0, 0]
clock = time.perf_counter_ns
def before(phase, info):
    global began
    if phase == "start":
        began = clock()
def after(phase, info):
    if phase == "stop":
        spent[info["generation"]] += clock() - began
gc.callbacks[:] = [before, *ours, after]
began = clock()
try:
    exec({code!r}, {{}})
except ImportError:
    sys.exit(3)
gc.callbacks[:] = ours
peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
began = clock()
gc.collect()
print("\\n" + json.dumps([sum(spent) / 1e6, (clock() - began) / 1e6, peak / 1024, len(sys.modules)]))
"""
EXIT_CHILD = """
import atexit, gc, json, sys, time
import fastimport
from fastimport.activation import Active
fastimport.install(collector="deferred")
def ask():
    began = clock()
    is_noticed = Active.deferral.is_noticed()
    looked = clock()
    gc.callbacks.clear()
    gc.collect()
    what = "takes place" if is_noticed else "left out"
    print("\\n" + json.dumps([what, (looked - began) / 1e6, (clock() - looked) / 1e6]))
clock = time.perf_counter_ns
atexit.register(ask)  # the first one is called last
try:
    exec({code!r}, {{}})
except ImportError:
    sys.exit(3)
"""


def last_line(code: str) -> str | None:
    """What a fresh interpreter prints last; None if it can't import the application."""
    done = subprocess.run(
        [sys.executable, "-c", code], env=conditions.clean_environment(), capture_output=True, text=True, check=False
    )
    return done.stdout.splitlines()[-1] if done.returncode == 0 else None


def show_exits(names: Iterable[str]) -> None:
    """Print, for each application that can be imported, what is done at its end."""
    print(f"{'application':24} {'collection':12} {'looking, ms':>12} {'collecting, ms':>15}")
    for name in names:
        if (told := last_line(EXIT_CHILD.format(code=APPLICATIONS[name]))) is not None:
            what, looking, collecting = json.loads(told)
            print(f"{name:24} {what:12} {looking:12.1f} {collecting:15.1f}")


def measure(way: str, code: str) -> tuple[float, ...] | None:
    """Milliseconds in collections and in the full one after it, mebibytes at the peak, modules; None if it can't be imported."""
    told = last_line(CHILD.format(way=way, code=code))
    return None if told is None else tuple(json.loads(told))


def least(way_runs: list[tuple[float, ...]]) -> tuple[float, ...]:
    return tuple(min(column) for column in zip(*way_runs, strict=True))


def compare(code: str, number: int) -> dict[str, tuple[float, ...]] | None:
    """The least figures of each way."""
    runs: dict[str, list[tuple[float, ...]]] = {way: [] for way in WAYS}
    for _ in range(number):
        for way in WAYS:
            found = measure(way, code)
            if found is None:
                return None
            runs[way].append(found)
    return {way: least(found) for way, found in runs.items()}


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("names", nargs="*", metavar="NAME", help=f"default: all of {', '.join(APPLICATIONS)}")
    parser.add_argument("--runs", type=int, default=5)
    parser.add_argument("--exit", action="store_true", help="say which leave out a collection at their end, and what that saves")
    parser.add_argument("--json", metavar="FILE", help="write the result for the suite")
    arguments = parser.parse_args()
    if arguments.exit:
        show_exits(arguments.names or APPLICATIONS)
        return 0
    rows, figures, worst = [("application", "modules", "collections", "deferred", "full one after", "deferred", "peak")], [], 0.0
    for name in arguments.names or APPLICATIONS:
        found = compare(APPLICATIONS[name], arguments.runs)
        if found is None:
            continue
        (spent, after, peak, modules), (spent_deferred, after_deferred, peak_deferred, _) = (found[way] for way in WAYS)
        worst = max(worst, peak_deferred / peak)
        times = (f"{each:.1f}" for each in (spent, spent_deferred, after, after_deferred))
        rows.append((name, f"{modules:.0f}", *times, f"{peak_deferred / peak:.3f}"))
        figures.append(results.count(f"peak memory, {name}", round(peak_deferred / peak, 3)))
    told = results.circumstances(runs=str(arguments.runs))
    results.publish(results.Result([results.Table(rows)], figures, told), arguments.json)
    return 0 if worst <= LIMIT else 1


if __name__ == "__main__":
    sys.exit(main())
