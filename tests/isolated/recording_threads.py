"""Begins and ends recordings again and again while threads import and fail to import."""

import pathlib
import sys
import threading
import time

from fastimport import record
from fastimport.diagnosis.report.view import parts

THREADS, MODULES, SECONDS = 4, 40, 3.0

directory = pathlib.Path(sys.argv[1])
for number in range(MODULES):
    nested = f"import module_{number + 1}\n" if number % 3 == 0 and number + 1 < MODULES else ""
    (directory / f"module_{number}.py").write_text(nested + f"value = {number}\n")
sys.path.insert(0, str(directory))

errors, counts, over = [], [0] * THREADS, threading.Event()


def work(place):
    try:
        while not over.is_set():
            for number in range(place, MODULES, THREADS):
                sys.modules.pop(f"module_{number}", None)
                try:
                    assert __import__(f"module_{number}").value == number
                except KeyError:  # importlib's own: a module that is popped while another thread imports it
                    pass
                try:
                    __import__(f"absent_{number}")
                except ModuleNotFoundError as error:
                    assert error.name == f"absent_{number}"
                counts[place] += 1
    except BaseException as error:
        errors.append(error)


import _frozen_importlib as bootstrap  # noqa: E402

before = bootstrap._find_and_load.__code__, bootstrap._find_spec.__code__
workers = [threading.Thread(target=work, args=(place,), daemon=True) for place in range(THREADS)]
for worker in workers:
    worker.start()
recordings, end = 0, time.monotonic() + SECONDS
while time.monotonic() < end:
    with record("threads") as recording:
        time.sleep(0.01)
    result = recording.result
    assert sum(parts(result).values()) == result.total_ns, (parts(result), result.total_ns)
    recordings += 1
over.set()
for worker in workers:
    worker.join()
for error in errors:
    raise error
assert recordings > 5 and all(counts), (recordings, counts)
assert (bootstrap._find_and_load.__code__, bootstrap._find_spec.__code__) == before
