"""How long a directory takes to answer, and what to do about one that does not."""

import os
import statistics
import threading
from collections.abc import Callable
from time import perf_counter
from typing import TypeVar

T = TypeVar("T")

SAMPLES = 9
PATIENCE = 5.0
"""Seconds after which a file system is said not to answer: long for a server that is alive, short for a person."""

SLOW = 100e-6
"""Seconds for one ``stat`` from which an entry is called slow: a local file system takes 1 to 3 microseconds."""


def stat_latency(directory: str, samples: int = SAMPLES) -> float:
    """The median time, in seconds, in which `directory` says that it does not have a name, as a failed probe asks it.

    Each name is a new one: an answer that the kernel has kept would cost nothing.
    """
    times = []
    for number in range(samples):
        name = os.path.join(directory, f"fastimport-latency-{os.getpid()}-{number}-{perf_counter()}")
        start = perf_counter()
        try:
            os.stat(name)
        except OSError:
            pass
        times.append(perf_counter() - start)
    return statistics.median(times)


def call_with_patience(function: Callable[[], T], seconds: float = PATIENCE) -> T:
    """The result of `function`, which is called on another thread.

    Raises `TimeoutError` if it takes longer than `seconds`: a mount whose server is gone keeps its callers waiting for
    ever. The thread is then left behind. What `function` raises is raised.
    """
    results: list[T] = []
    errors: list[BaseException] = []

    def call() -> None:
        try:
            results.append(function())
        except BaseException as error:
            errors.append(error)

    thread = threading.Thread(target=call, daemon=True, name="fastimport-latency")
    thread.start()
    thread.join(seconds)
    if errors:
        raise errors[0]
    if not results:
        raise TimeoutError(f"no answer within {seconds:g} s")
    return results[0]
