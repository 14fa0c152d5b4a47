"""Threads that import at the same time: each module runs once, and everybody gets the same one."""

PROGRAM = """
import importlib, sys, threading
sys.setswitchinterval(1e-5)
names = [f'm{i}' for i in range(30)] + [f'p.m{i}' for i in range(30)] + [f'bare.m{i}' for i in range(10)]
names += ['absent', 'p.absent', 'broken', 'p.deep.a', 'p.deep.b', 'slow']
results = [{} for _ in range(8)]
barrier = threading.Barrier(len(results))
failures = []

def work(number):
    barrier.wait()
    for name in names[number * 5:] + names[:number * 5]:
        try:
            results[number][name] = importlib.import_module(name)
        except Exception as error:
            results[number][name] = type(error).__name__, str(error)

def disturb():
    while not finished.is_set():
        try:
            importlib.invalidate_caches()
        except KeyError:
            # Two threads that invalidate at once race in importlib itself.
            pass
        finished.wait(0.001)

finished = threading.Event()
threading.excepthook = lambda arguments: failures.append(arguments)
threads = [threading.Thread(target=work, args=[number]) for number in range(len(results))]
disturber = threading.Thread(target=disturb)
for thread in threads + [disturber]:
    thread.start()
for thread in threads:
    thread.join()
finished.set()
disturber.join()
first = results[0]
print(failures, [result == first for result in results])
print(sorted(first.items(), key=str))
print(sorted(name for name in sys.modules if name.split('.')[0] in ('p', 'bare') or name[0] == 'm'))
import counter
print(sorted(counter.runs))
"""


def test_threads_importing_at_once(check):
    run = "import counter\ncounter.runs.append(__name__)\n"
    many = {f"m{i}.py": run for i in range(30)}
    deep = {"__init__.py": run, "a.py": run, "b.py": run}
    tree = {
        **many,
        "p": {"__init__.py": run, **many, "deep": deep},
        "bare": {f"m{i}.py": run for i in range(10)},
        "broken.py": "raise ValueError('on purpose')",
        "slow.py": run + "import time\ntime.sleep(0.05)\n",
        "counter.py": "runs = []",
        "main.py": "import counter\n" + PROGRAM,
    }
    check(tree, ordered=False)
