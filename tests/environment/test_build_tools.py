"""Development tools and build systems with fastimport in them: they reload, collect and find what they find without it."""

import json
import os
import shutil
import subprocess
import sys
import urllib.request
import zipapp
from functools import partial

import pytest
from support.components import needs, run, server, under_fastimport
from support.installation import Installation
from support.trees import plant

IMPORTED = """
import importlib, json, sys
for name in sys.argv[2:]:
    importlib.import_module(name)
print(json.dumps({name: getattr(sys.modules[name], "__file__", None) for name in sys.argv[2:]}))
"""
AUTORELOAD = """
import os, sys
from IPython.core.interactiveshell import InteractiveShell
import fastimport
assert fastimport.installed()
shell = InteractiveShell.instance()
shell.run_line_magic("load_ext", "autoreload")
shell.run_line_magic("autoreload", "2")
def cell(code):
    result = shell.run_cell(code)
    result.raise_error()
    return result.result
for number in range(1, 4):
    with open("notebook_code.py", "w") as file:
        file.write(f"def answer():\\n    return {number}{' ' * number}\\n")
    os.utime("notebook_code.py", (10**9 + number, 10**9 + number))
    got = cell("import notebook_code\\nnotebook_code.answer()")
    assert got == number, (got, number)
with open("born.py", "w") as file:
    file.write("X = 5")
os.utime(".", (10**9, 10**9))
assert cell("import born\\nborn.X") == 5
"""
SITE = """
import sys
from django.conf import settings
from django.http import HttpResponse
from django.urls import path
import fastimport, wording
settings.configure(DEBUG=True, SECRET_KEY="x", ROOT_URLCONF="site_module", ALLOWED_HOSTS=["*"], DATABASES={})
def view(request):
    return HttpResponse(f"{wording.TEXT} {fastimport.installed()}")
urlpatterns = [path("", view)]
if __name__ == "__main__":
    sys.modules["site_module"] = sys.modules["__main__"]
    from django.core.management import execute_from_command_line
    execute_from_command_line(["site_module", "runserver", "--nothreading", "127.0.0.1:0"])
"""
PRELOAD = """
import fastimport

def dask_setup(worker):
    fastimport.install(freshness="trusted")
"""
CLIENT = """
import sys
from distributed import Client

def work(number):
    import fastimport, importlib, os
    return importlib.import_module(f"lazy{number}").VALUE, fastimport.installed(), fastimport.stats().hits > 0

with Client(sys.argv[1], timeout=90) as client:
    client.wait_for_workers(1, timeout=90)
    print(client.gather(client.map(work, range(6), pure=False)))
"""
both_levels = pytest.mark.parametrize("freshness", ["checked", "trusted"])


def succeeded(done):
    assert done.returncode == 0, done.stdout + done.stderr
    return done.stdout


def test_pytest_collects_500_files(tmp_path):
    """Assertion rewriting works: importlib's class itself is sped up, which pytest's hook calls."""
    files = {f"test_{number}.py": f"from helper import VALUE\ndef test(): assert VALUE == {number}" for number in range(500)}
    plant(tmp_path, {**{f"part{part}": dict(list(files.items())[part::10]) for part in range(10)}, "helper.py": "VALUE = 77"})
    words = ("-m", "pytest", "-q", "-p", "no:cacheprovider", "--import-mode=prepend", "--rootdir", tmp_path, "--tb=line", ".")
    done = run(
        under_fastimport(*words, options=("--register", "in_place", "--freshness", "trusted")), cwd=tmp_path, PYTHONPATH="."
    )
    assert "499 failed, 1 passed" in done.stdout, done.stdout[-2000:] + done.stderr
    assert "assert 77 == 499" in done.stdout


@needs("IPython")
@both_levels
def test_ipython_autoreload(tmp_path, freshness):
    (tmp_path / "session.py").write_text(AUTORELOAD, encoding="utf-8")
    words = ("-W", "ignore", "session.py")
    succeeded(
        run(under_fastimport(*words, options=("--freshness", freshness)), cwd=tmp_path, IPYTHONDIR=str(tmp_path / "profile"))
    )


@needs("django")
@both_levels
def test_django_restarts_when_a_file_changes(tmp_path, freshness):
    plant(tmp_path, {"site_module.py": SITE, "wording.py": "TEXT = 'before'"})
    with server(under_fastimport("site_module.py", options=("--freshness", freshness)), tmp_path) as django:
        started = r"Starting (?:WSGI )?development server at (http://127.0.0.1:\d+)/"
        assert ask(django.wait_for(started)[1]) == "before True"
        (tmp_path / "wording.py").write_text("TEXT = 'after'", encoding="utf-8")
        restarted = django.wait_for(f"{started}[\\s\\S]*{started}", meanwhile=partial(make_newer, tmp_path / "wording.py"))
        assert ask(restarted[2]) == "after True"


def make_newer(path):
    """Again and again: the reloader compares with what its first round saw, and that may be later than the first answer."""
    os.utime(path, (os.stat(path).st_mtime + 5,) * 2)


def ask(url):
    with urllib.request.urlopen(url, timeout=60) as response:
        return response.read().decode()


def test_an_archive_is_left_to_zipimport(tmp_path):
    plant(
        tmp_path,
        {"app": {"__main__.py": "import inner, json; print(type(inner.__loader__).__name__, inner.X)", "inner.py": "X = 4"}},
    )
    zipapp.create_archive(tmp_path / "app", tmp_path / "app.pyz")
    assert succeeded(run(under_fastimport("app.pyz"), cwd=tmp_path)) == "zipimporter 4\n"


@both_levels
def test_a_launcher_with_300_entries(tmp_path, freshness):
    """As a build system writes it: a list of directories in a file becomes sys.path before the application is imported."""
    names = [f"library{number}" for number in range(0, 300, 7)]
    plant(
        tmp_path,
        {f"entry{number}": {f"library{number}": {"__init__.py": ""}, "shared": {f"s{number}.py": ""}} for number in range(300)},
    )
    (tmp_path / "entries.txt").write_text("\n".join(str(tmp_path / f"entry{number}") for number in range(300)), encoding="utf-8")
    launcher = "import sys; sys.path[0:0] = open(sys.argv[1]).read().splitlines()\n" + IMPORTED
    (tmp_path / "launcher.py").write_text(launcher, encoding="utf-8")
    words = ("launcher.py", "entries.txt", *names, "shared.s299", "shared.s0", "json")
    stock = succeeded(run([sys.executable, *words], cwd=tmp_path))
    assert succeeded(run(under_fastimport(*words, options=("--freshness", freshness)), cwd=tmp_path)) == stock
    assert len(json.loads(stock)) == len(names) + 3


def test_an_environment_that_was_copied_to_another_place(tmp_path):
    """As a container image is made: installed and enabled in one stage, copied to the next."""
    built = Installation(tmp_path / "builder" / "env")
    assert built.fastimport("enable").returncode == 0
    (tmp_path / "image").mkdir()
    shutil.copytree(built.directory, tmp_path / "image" / "env", symlinks=True)
    shutil.rmtree(tmp_path / "builder")
    python = tmp_path / "image" / "env" / "bin" / "python"
    code = "import fastimport, json.tool; print(fastimport.installed(), fastimport.__file__)"
    said = subprocess.run([python, "-I", "-c", code], capture_output=True, text=True, check=True).stdout.split()
    assert said[0] == "True"
    assert said[1].startswith(str(tmp_path / "image"))


@needs("distributed", "dask")
def test_dask_workers_install_it_from_a_preload_script(tmp_path):
    plant(
        tmp_path, {"preload.py": PRELOAD, "client.py": CLIENT, **{f"lazy{number}.py": f"VALUE = {number}" for number in range(6)}}
    )
    dask = [sys.executable, "-m", "dask"]
    places = ("--host", "127.0.0.1", "--port", "0", "--no-dashboard")
    with server([*dask, "scheduler", *places], tmp_path) as scheduler:
        address = scheduler.wait_for(r"Scheduler at: +(tcp://127.0.0.1:\d+)")[1]
        (tmp_path / "worker").mkdir()
        words = ("worker", address, "--preload", tmp_path / "preload.py", "--nworkers", "1", "--nthreads", "2", "--no-dashboard")
        with server([*dask, *map(str, words), "--no-nanny"], tmp_path / "worker", PYTHONPATH=str(tmp_path)) as worker:
            worker.wait_for(r"Registered to|Start worker at")
            done = run([sys.executable, "client.py", address], cwd=tmp_path)
    assert done.stdout.strip() == str([(number, True, True) for number in range(6)]), done.stderr + worker.said()
