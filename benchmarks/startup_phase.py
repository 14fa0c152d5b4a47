"""What ``with fastimport.startup():`` gains a prefork server: time to import, and memory of its workers.

    python benchmarks/startup_phase.py [MODULE ...]

Each module is imported in new processes: plainly, with fastimport installed, and inside ``fastimport.startup()``; then 8
workers are forked; each collects garbage, as a worker does sooner or later, and tells what memory it shares with nobody
(``Private_Dirty`` in /proc/self/smaps_rollup). Medians of 7 runs, interleaved. Linux only.
"""

import json
import statistics
import subprocess
import sys

RUNS, WORKERS = 7, 8
DEFAULT = ("django.contrib.auth.models", "pandas", "sqlalchemy.orm")
WAYS = {
    "stock": "import contextlib; around = contextlib.nullcontext()",
    "installed": "import contextlib, fastimport; fastimport.install(); around = contextlib.nullcontext()",
    "startup()": "import fastimport; around = fastimport.startup()",
}
CHILD = """
import gc, json, os, sys, time
{way}
name = {module!r}
if name.startswith("django"):
    import django.conf
    django.conf.settings.configure(INSTALLED_APPS=["django.contrib.auth", "django.contrib.contenttypes"])
start = time.perf_counter()
with around:
    if name.startswith("django"):
        import django
        django.setup()
    __import__(name)
seconds = time.perf_counter() - start

def private():
    with open("/proc/self/smaps_rollup") as file:
        return next(int(line.split()[1]) for line in file if line.startswith("Private_Dirty"))

results, workers = os.pipe(), []
hold = os.pipe()
for _ in range({workers}):
    if os.fork() == 0:
        os.close(hold[1])
        gc.collect()
        os.write(results[1], b"%d\\n" % private())
        os.read(hold[0], 1)  # all stay until the last has measured: a page counts as private once nobody shares it
        os._exit(0)
with os.fdopen(results[0], "rb") as file:
    sizes = [int(file.readline()) for _ in range({workers})]
os.close(hold[1])
for _ in sizes:
    os.wait()
print(json.dumps([seconds, sum(sizes)]))
"""


def measure(way, module):
    """Seconds to import, and kibibytes that the workers have for themselves."""
    code = CHILD.format(way=WAYS[way], module=module, workers=WORKERS)
    return json.loads(subprocess.run([sys.executable, "-c", code], check=True, capture_output=True, text=True).stdout)


def main(modules):
    print(f"{'module':30}{'way':14}{'import':>10}{'':8}{WORKERS} workers, private")
    for module in modules:
        runs = {way: [] for way in WAYS}
        for _ in range(RUNS + 1):
            for way in WAYS:
                runs[way].append(measure(way, module))
        stock = None
        for way, results in runs.items():
            seconds, kibibytes = (statistics.median(column) for column in zip(*results[1:], strict=True))
            stock = stock or (seconds, kibibytes)
            print(
                f"{module:30}{way:14}{seconds * 1000:7.1f} ms  {seconds / stock[0]:4.2f} {kibibytes / 1024:12.1f} MiB"
                f"  {kibibytes / stock[1]:4.2f}"
            )


if __name__ == "__main__":
    main(sys.argv[1:] or DEFAULT)
