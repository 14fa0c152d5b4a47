"""``fastimport exec``: a command and its children with fastimport, everything else as without.

Rules: the process becomes the command; every interpreter below it that can import fastimport has it installed; the user's own
sitecustomize runs as if nothing stood before it; nothing is heard where fastimport can't be had.
"""

import os
import subprocess
import sys

import pytest
from support.installation import Installation, clean_environment

from fastimport import cli

IS_ON = "import sys; print(any(getattr(c, '__module__', '').startswith('fastimport') for c in sys.meta_path))"
LOOK = """
import os, sys
modules = [name for name in sorted(sys.modules) if not name.startswith(("fastimport", "_cython", "cython_runtime"))]
cached = [path for path in sys.path_importer_cache if "exec_path" in path]
print(sys.path, cached, modules, sys.argv, getattr(sys.modules.get("sitecustomize"), "__file__", None))
"""
CUSTOM = "import sys; print('custom', __name__, __file__, [entry for entry in sys.path if 'exec_path' in entry])\n"


def execute(*command, options=(), cwd=None, **variables):
    words = [sys.executable, "-m", "fastimport", "exec", *options, "--", *map(str, command)]
    environment = clean_environment(**variables)
    return subprocess.run(words, capture_output=True, text=True, env=environment, cwd=cwd, timeout=180, check=False)


def python(*words, **options):
    done = execute(sys.executable, "-W", "error", *words, **options)
    assert (done.returncode, done.stderr) == (0, ""), done.stderr
    return done.stdout


def plain(*words, cwd=None, **variables):
    command = [sys.executable, "-W", "error", *words]
    return subprocess.run(command, capture_output=True, text=True, env=clean_environment(**variables), cwd=cwd, check=True).stdout


def test_the_command_and_its_children_have_it():
    children = f"import subprocess, sys; subprocess.run([sys.executable, '-c', {IS_ON!r}])"
    assert python("-c", IS_ON) == "True\n"
    assert python("-c", children) == "True\n"


@pytest.mark.parametrize("switch", ["-S", "-E", "-I"])
def test_interpreters_that_ignore_the_environment_are_not_reached(switch):
    assert python(switch, "-c", IS_ON) == "False\n"


@pytest.mark.parametrize(
    ("options", "state"),
    [
        ((), "meta_path checked"),
        (("--register", "in_place"), "in_place checked"),
        (("--freshness", "trusted"), "meta_path trusted"),
    ],
)
def test_settings_reach_install(options, state):
    code = "from fastimport.state import describe; d = describe(); print(d['register'], d['freshness'])"
    assert python("-c", code, options=options) == f"{state}\n"


def test_a_snapshot_is_used_by_children_wherever_they_start(tmp_path):
    """Its path is made absolute; the environment's variable is overridden, as other options override theirs."""
    (tmp_path / "lib").mkdir()
    (tmp_path / "lib" / "plain.py").write_text("X = 5", encoding="utf-8")
    words = ["-m", "fastimport", "build", "-o", "s.fastimport", "lib"]
    subprocess.run([sys.executable, *words], cwd=tmp_path, check=True, env=clean_environment(), capture_output=True)
    used = "import fastimport; from fastimport.state import describe; "
    used += "print(describe()['snapshot'], *fastimport.stats().refusals)"
    code = f"import os, subprocess, sys; os.chdir('/'); subprocess.run([sys.executable, '-c', {used!r}])"
    options = {"cwd": tmp_path, "FASTIMPORT_SNAPSHOT": "/nowhere"}
    assert python("-c", code, options=("--snapshot", "s.fastimport"), **options) == f"{tmp_path / 's.fastimport'}\n"
    assert python("-c", code, options=("--snapshot", "none"), **options) == "None\n"


def test_switched_off_it_is_only_the_command():
    assert python("-c", IS_ON, FASTIMPORT="0") == "False\n"


@pytest.mark.parametrize(
    "variables", [{}, {"PYTHONPATH": ""}, {"PYTHONPATH": "lib"}, {"PYTHONPATH": "lib:"}, {"PYTHONPATH": "a::lib"}]
)
def test_nothing_else_differs_from_a_plain_start(variables, tmp_path):
    """sys.path, its cache, modules and arguments; the entry of PYTHONPATH is taken off again."""
    for directory in ("lib", "a"):
        (tmp_path / directory).mkdir()
    options = {"cwd": tmp_path, **variables}
    ours, stock = python("-c", LOOK, "arg", **options), plain("-c", LOOK, "arg", **options)
    assert ours == stock


def test_the_users_sitecustomize_runs_in_its_place(tmp_path):
    (tmp_path / "sitecustomize.py").write_text(CUSTOM, encoding="utf-8")
    variables = {"PYTHONPATH": str(tmp_path)}
    said = plain("-c", LOOK, **variables)
    assert python("-c", LOOK, FASTIMPORT="0", **variables).splitlines()[-2:] == said.splitlines()


@pytest.mark.parametrize("body", ["raise ValueError('of the user')", "import not_there", "raise SystemExit(3)", "def ("])
def test_errors_of_the_users_sitecustomize_are_reported_as_ever(tmp_path, body):
    (tmp_path / "sitecustomize.py").write_text(body + "\n", encoding="utf-8")
    variables = {"PYTHONPATH": str(tmp_path)}
    code = "import sys; print('sitecustomize' in sys.modules)"
    stock = subprocess.run(
        [sys.executable, "-c", code], capture_output=True, text=True, env=clean_environment(**variables), check=False
    )
    # the command itself starts with the same sitecustomize; its words come first
    environment = clean_environment(**variables)
    script = (
        "import os, sys\nfrom fastimport.environment.variables import with_fastimport\n"
        f"os.execve(sys.executable, [sys.executable, '-c', {code!r}], with_fastimport({environment!r}, {{}}))"
    )
    done = subprocess.run(
        [sys.executable, "-S", "-c", script], capture_output=True, text=True, env=clean_environment(PYTHONPATH=src()), check=False
    )
    assert (done.returncode, done.stdout) == (stock.returncode, stock.stdout)
    if "Traceback" in stock.stderr:  # which shows one file more
        assert "\nSystemExit: 3\n" in done.stderr
    else:
        assert done.stderr == stock.stderr


def src():
    """Where fastimport is imported from, for a process without site-packages."""
    import fastimport

    return os.path.dirname(os.path.dirname(fastimport.__file__))


def test_an_interpreter_without_fastimport_is_none_the_wiser(tmp_path):
    environment = Installation(tmp_path / "env", with_fastimport=False)
    done = execute(environment.python, "-W", "error", "-c", LOOK)
    plainly = environment.run("-c", LOOK)
    assert (done.returncode, done.stderr) == (0, "")
    assert done.stdout == plainly.stdout


@pytest.mark.skipif(os.name == "nt", reason="no exec there")
def test_the_process_becomes_the_command():
    code = "import os, subprocess, sys; p = subprocess.Popen({0!r}, stdout=-1); print(p.pid, p.communicate()[0].decode().strip())"
    inner = [sys.executable, "-m", "fastimport", "exec", "--", sys.executable, "-c", "import os; print(os.getpid())"]
    first, second = plain("-c", code.format(inner)).split()
    assert first == second


@pytest.mark.skipif(os.name == "nt", reason="a shell script")
def test_a_wrapper_script_as_aws_lambda_calls_it(tmp_path):
    """AWS_LAMBDA_EXEC_WRAPPER names a script; what it is given is the command line of the runtime."""
    wrapper = tmp_path / "wrapper"
    wrapper.write_text(f'#!/bin/sh\nexec "{sys.executable}" -m fastimport exec --freshness trusted -- "$@"\n', encoding="utf-8")
    wrapper.chmod(0o755)
    runtime = [sys.executable, "-c", f"{IS_ON}; print(sys.argv[1:])", "--log", "a b"]
    done = subprocess.run([wrapper, *runtime], capture_output=True, text=True, env=clean_environment(), timeout=60, check=False)
    assert (done.returncode, done.stdout, done.stderr) == (0, "True\n['--log', 'a b']\n", "")


@pytest.mark.skipif(os.name == "nt", reason="commands of POSIX")
def test_the_exit_status_is_the_commands_own(tmp_path):
    assert execute("sh", "-c", "exit 7").returncode == 7
    assert execute("sh", "-c", "kill -9 $$").returncode == -9
    missing = execute("no-such-command")
    assert (missing.returncode, missing.stdout) == (127, "")
    assert missing.stderr == "fastimport exec: no-such-command: No such file or directory\n"
    (tmp_path / "data").write_text("", encoding="utf-8")
    assert execute(tmp_path / "data").returncode == 126
    assert execute("env", "--", "sh", "-c", "exit 4").returncode == 4


def test_no_command_is_wrong_usage(capsys):
    assert cli.main(["exec"]) == cli.USAGE
    assert cli.main(["exec", "--"]) == cli.USAGE
    assert cli.main(["exec", "--freshness", "nonsense", "--", "true"]) == cli.USAGE
    assert cli.main(["exec", "--snapshot", "", "--", "true"]) == cli.USAGE
    assert "usage: fastimport exec" in capsys.readouterr().err


@pytest.mark.parametrize("name", ["fastimport.py", "fastimport/__init__.py"])
def test_a_module_of_the_programs_own_of_that_name_is_not_executed_at_the_start(tmp_path, name):
    (tmp_path / name).parent.mkdir(exist_ok=True)
    (tmp_path / name).write_text("raise SystemExit('executed')\n", encoding="utf-8")
    program = tmp_path / "program"
    program.mkdir()
    (program / "main.py").write_text("print(1)\n", encoding="utf-8")
    command = [sys.executable, "-c", f"""
import os, sys
from fastimport.environment.variables import with_fastimport
variables = with_fastimport(os.environ, {{}})
own, rest = variables["PYTHONPATH"].split(os.pathsep)[0], {str(tmp_path)!r}
variables["PYTHONPATH"] = os.pathsep.join([own, rest])
os.chdir({str(program)!r})
os.execve(sys.executable, [sys.executable, "main.py"], variables)
"""]  # fmt: skip
    done = subprocess.run(command, capture_output=True, text=True, env=clean_environment(), check=False, timeout=120)
    assert (done.returncode, done.stdout, done.stderr) == (0, "1\n", "")


def test_a_snapshot_that_is_not_there_is_told(tmp_path):
    done = execute(sys.executable, "-c", "print(1)", options=("--snapshot", "nosuch"), cwd=tmp_path)
    told = f"fastimport exec: warning: {tmp_path / 'nosuch'}: there is no such snapshot\n"
    assert (done.returncode, done.stdout) == (0, "1\n") and told in done.stderr
    for word in ("none", "auto"):
        assert "warning" not in execute(sys.executable, "-c", "", options=("--snapshot", word), FASTIMPORT_READONLY="1").stderr
