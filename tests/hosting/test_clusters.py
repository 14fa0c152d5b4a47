"""Ray and Spark start workers of their own: the recipes of docs/embedding.md. (Dask's and MPI's have tests beside this one.)

`make test` does not install Ray, which takes 240 MB; where it is installed, its test runs. Spark wants a Java machine:
what is tested is the script that the recipe puts in the place of Python.
"""

import os
import re
import subprocess
import sys

import pytest
from support.components import needs, run
from support.installation import clean_environment
from support.projects import ROOT

DOCUMENT = (ROOT / "docs" / "embedding.md").read_text(encoding="utf-8")
RAY = """
import ray
import fastimport

ray.init({setup}, num_cpus=1, include_dashboard=False, log_to_driver=False)

@ray.remote
def work(number):
    import colorsys, fastimport, importlib
    return fastimport.installed(), fastimport.stats().hits > 0

print(ray.get([work.remote(number) for number in range(4)], timeout=120))
ray.shutdown()
"""
DAEMON = """
import os, sys
import fastimport
pid = os.fork()
if pid == 0:
    import colorsys
    print("worker", fastimport.installed(), fastimport.stats().hits > 0, sys.argv[1:], flush=True)
    os._exit(0)
os.waitpid(pid, 0)
"""


@needs("ray")
def test_ray_workers_install_it_in_their_setup_hook(tmp_path):
    (setup,) = re.findall(r"^ray\.init\((.*)\)$", DOCUMENT, re.MULTILINE)
    (tmp_path / "job.py").write_text(RAY.format(setup=setup), encoding="utf-8")
    done = run([sys.executable, "job.py"], cwd=tmp_path, timeout=300, HOME=str(tmp_path), RAY_AUTH_MODE="disabled")
    assert (done.returncode, done.stdout.strip()) == (0, str([(True, True)] * 4)), done.stdout + done.stderr


@pytest.mark.skipif(os.name == "nt", reason="a shell script")
def test_a_script_in_the_place_of_python(tmp_path):
    """As Spark uses it: `SCRIPT -m pyspark.daemon pyspark.worker`, a daemon that forks workers."""
    lines = re.search(r"script of two lines: `(#!/bin/sh)` and\s+`(exec [^`]*)`", DOCUMENT).groups()
    script = tmp_path / "fastimport-python"
    script.write_text("\n".join(lines) + "\n", encoding="utf-8")
    script.chmod(0o755)
    (tmp_path / "bin").mkdir()
    for name, words in {"python": "", "fastimport": " -m fastimport"}.items():
        (tmp_path / "bin" / name).write_text(f'#!/bin/sh\nexec "{sys.executable}"{words} "$@"\n', encoding="utf-8")
        (tmp_path / "bin" / name).chmod(0o755)
    (tmp_path / "daemon.py").write_text(DAEMON, encoding="utf-8")
    environment = clean_environment(PATH=f"{tmp_path / 'bin'}:{os.environ['PATH']}")
    command = [str(script), "-W", "ignore", "-m", "daemon", "an argument", "--another"]
    done = subprocess.run(command, cwd=tmp_path, env=environment, capture_output=True, text=True, timeout=60, check=False)
    assert (done.stdout, done.stderr) == ("worker True True ['an argument', '--another']\n", "")
