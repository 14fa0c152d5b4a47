"""Prefork servers: real gunicorn, with and without preload, and a real Celery worker; real requests and tasks.

Rules: workers answer, with fastimport in them; what appears on disk while they run is importable; a reload takes the new code;
they stop when they are told to.
"""

import json
import signal
import sys
import time
import urllib.request
from concurrent.futures import ThreadPoolExecutor

import pytest
from support.components import needs, run, server, under_fastimport
from support.trees import plant

APPLICATION = """
import importlib, json, os, threading
import fastimport, settings
LOADED_IN = os.getpid()
ONE_AT_A_TIME = threading.Lock()  # importlib's own raises KeyError now and then without a GIL

def application(environ, start_response):
    name = environ["QUERY_STRING"]
    with ONE_AT_A_TIME:
        importlib.invalidate_caches()
    answer = {"pid": os.getpid(), "loaded in": LOADED_IN, "installed": fastimport.installed(), "version": settings.VERSION,
              "value": importlib.import_module(name).VALUE if name else None, "hits": fastimport.stats().hits}
    start_response("200 OK", [("Content-Type", "application/json")])
    return [json.dumps(answer).encode()]
"""
TASKS = """
import importlib, os, sys, time
import celery, fastimport
from celery.contrib.testing.worker import start_worker

app = celery.Celery("tasks", broker="memory://", backend="file://" + os.path.join(os.getcwd(), "results"))
app.conf.worker_hijack_root_logger = False

@app.task
def load(name):
    time.sleep(0.01)
    return os.getpid(), fastimport.installed(), importlib.import_module(name).VALUE

if __name__ == "__main__":
    os.mkdir("results")
    sys.modules["tasks"] = sys.modules["__main__"]
    with start_worker(app, pool="prefork", concurrency=2, perform_ping_check=False, shutdown_timeout=60):
        answers = [task.get(timeout=90) for task in [load.delay(f"lazy{number}") for number in range(12)]]
    workers = {pid for pid, _, _ in answers}
    print(os.getpid() not in workers, {on for _, on, _ in answers}, [value for _, _, value in answers] == list(range(12)))
"""
LAZY = {f"lazy{number}.py": f"VALUE = {number}" for number in range(12)}


def get(url, started):
    """What the application answers; a failure shows what the server said."""
    try:
        with urllib.request.urlopen(url, timeout=60) as response:
            return json.load(response)
    except OSError as error:
        raise AssertionError(f"{url}: {error}\n{started.said()}") from error


@pytest.fixture
def project(tmp_path):
    plant(tmp_path, {"app.py": APPLICATION, "settings.py": "VERSION = 1", **LAZY})
    return tmp_path


@needs("gunicorn")
@pytest.mark.parametrize("freshness", ["checked", "trusted"])
@pytest.mark.parametrize("preload", [(), ("--preload",)], ids=["", "preload"])
def test_gunicorn_serves_reloads_and_stops(project, preload, freshness):
    words = (
        "-m",
        "gunicorn",
        "--workers",
        "2",
        "--threads",
        "2",
        "--bind",
        "127.0.0.1:0",
        "--no-control-socket",
        *preload,
        "app",
    )
    with server(under_fastimport(*words, options=("--freshness", freshness)), project) as gunicorn:
        url = gunicorn.wait_for(r"Listening at: (http://127.0.0.1:\d+)")[1]
        with ThreadPoolExecutor(8) as pool:
            answers = list(pool.map(lambda number: get(f"{url}/?lazy{number % 12}", gunicorn), range(36)))
        assert [answer["value"] for answer in answers] == [number % 12 for number in range(36)]
        assert all(answer["installed"] and answer["hits"] for answer in answers)
        assert all((answer["pid"] != answer["loaded in"]) == bool(preload) for answer in answers)

        (project / "deployed.py").write_text("VALUE = 'new'", encoding="utf-8")
        assert {get(f"{url}/?deployed", gunicorn)["value"] for _ in range(8)} == {"new"}

        if not preload:  # preloaded code stays until the master is started again, by gunicorn's design
            (project / "settings.py").write_text("VERSION = 222", encoding="utf-8")
            gunicorn.process.send_signal(signal.SIGHUP)
            end = time.monotonic() + 120
            while {get(url, gunicorn)["version"] for _ in range(6)} != {222}:
                assert time.monotonic() < end, gunicorn.said()
                time.sleep(0.1)
        assert gunicorn.stop() == 0, gunicorn.said()
        assert "Traceback" not in gunicorn.said()


@needs("celery")
def test_celery_worker_processes_import_lazily(project):
    (project / "tasks.py").write_text(TASKS, encoding="utf-8")
    done = run(under_fastimport("tasks.py", options=("--freshness", "trusted")), cwd=project)
    assert (done.returncode, done.stdout) == (0, "True {True} True\n"), done.stderr


SPAWN = """
import multiprocessing, os, sys
import fastimport

def load(name):
    import importlib
    return importlib.import_module(name).VALUE, fastimport.installed()

if __name__ == "__main__":
    with multiprocessing.get_context(sys.argv[1]).Pool(2) as pool:
        answers = pool.map(load, [f"lazy{number}" for number in range(12)])
    print([value for value, _ in answers] == list(range(12)), {on for _, on in answers})
"""


@pytest.mark.parametrize("method", ["spawn", "forkserver", "fork"] if sys.platform != "win32" else ["spawn"])
def test_multiprocessing_children_have_it_too(project, method):
    (project / "pool.py").write_text(SPAWN, encoding="utf-8")
    done = run(under_fastimport("-W", "ignore", "pool.py", method), cwd=project)
    assert (done.returncode, done.stdout, done.stderr) == (0, "True {True}\n", "")
