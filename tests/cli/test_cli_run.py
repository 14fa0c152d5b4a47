"""``fastimport run PROGRAM`` against ``python PROGRAM``: the same output, errors and exit status, line by line.

The programs look at everything that the interpreter prepares for them. Each is started by the interpreter, by
``python -m fastimport run``, and by a script such as installers write for the command.
"""

import os
import pathlib
import re
import subprocess
import sys

import pytest
from support.programs import DEEP, LOOK, RECURSION, STARTS, plant_programs


@pytest.fixture(scope="module")
def place(tmp_path_factory):
    root = tmp_path_factory.mktemp("programs")
    plant_programs(root)
    return root


LAUNCHERS = {"module": ("-m", "fastimport"), "script": (os.path.join("bin", "command"),)}


@pytest.fixture(params=LAUNCHERS)
def launcher(request, place):
    first, *rest = LAUNCHERS[request.param]
    return [os.path.join(place, first), *rest] if request.param == "script" else [first, *rest]


def environment(**variables):
    return {k: v for k, v in os.environ.items() if not k.startswith(("PYTHON", "FASTIMPORT"))} | variables


def execute(command, place, stdin=LOOK + DEEP, **variables):
    done = subprocess.run(
        [sys.executable, *command],
        cwd=place,
        env=environment(**variables),
        input=stdin.encode(),
        capture_output=True,
        timeout=180,
    )
    return [mask(text) for text in (done.stdout, done.stderr)], done.returncode


def mask(text):
    """Without addresses, and the counts of references that are printed with them when stderr is lost."""
    return re.sub(r"0x[0-9a-f]+|(?<=refcount : )\d+", "#", text.decode(errors="replace"))


def compare(launcher, place, start, switches=(), options=(), **more):
    expected = execute([*switches, *start], place, **more)
    assert execute([*switches, *launcher, "run", *options, *start], place, **more) == expected


@pytest.mark.parametrize("start", STARTS)
def test_a_program_is_run_as_python_runs_it(launcher, place, start):
    compare(launcher, place, STARTS[start])


@pytest.mark.parametrize("switches", ["-I", "-E", "-P", "-s", "-B", "-O", "-OO", "-bb", "-q", "-u", "-Xdev", "-Xutf8"])
@pytest.mark.parametrize("start", ["script-look", "module-look", "directory", "code", "stdin"])
def test_switches_of_the_interpreter_hold(place, start, switches):
    compare([os.path.join(place, "bin", "command")], place, STARTS[start], [switches])


@pytest.mark.parametrize("variables", [{"PYTHONSAFEPATH": "1"}, {"PYTHONPATH": "folder:app.zip"}, {"PYTHONOPTIMIZE": "1"}])
@pytest.mark.parametrize("start", ["script-look", "module-look", "archive", "code"])
def test_variables_of_the_interpreter_hold(place, start, variables):
    compare([os.path.join(place, "bin", "command")], place, STARTS[start], **variables)


@pytest.mark.parametrize("start", ["script-look", "script-deep", "script-exit_code", "code-fails"])
def test_after_i_comes_a_prompt_in_the_programs_namespace(place, start):
    """Standard input is no terminal, but -i makes it one."""
    stdin = "print(sorted(vars()))\nprint(hasattr(__import__('sys'), 'last_traceback'))\n"
    compare(["-m", "fastimport"], place, STARTS[start], ["-i", "-q"], stdin=stdin)


TYPED = "import look\nprint(__name__, sorted(vars()))\nabsent\nimport absent\nraise SystemExit(5)\n"


@pytest.mark.skipif(os.name == "nt", reason="there are no pseudo-terminals")
@pytest.mark.parametrize("switches", [[], ["-q"]])
def test_without_a_program_there_is_a_prompt(place, switches):
    """The simple one, which can be compared: the other redraws the line whenever it finds the time."""
    variables = environment(PYTHON_BASIC_REPL="1", TERM="dumb")
    from systems.terminals import run_in_terminal

    answers = []
    for command in ([], ["-m", "fastimport", "run"]):
        status, text, _ = run_in_terminal([sys.executable, *switches, *command], TYPED, place, variables)
        # What is typed ahead is shown once or twice, before the prompt or after it.
        lines = text.replace(">>> ", "").splitlines()
        answers.append((status, [line for line in lines if f"{line}\n" not in TYPED]))
    assert answers[0] == answers[1]
    assert answers[0][0] == 5 and any("__main__" in line for line in answers[0][1])


@pytest.mark.parametrize("switch", [["-P"], ["-I"]])
def test_run_as_a_module_without_the_current_directory(place, switch):
    compare(["-m", "fastimport"], place, STARTS["script-look"], switch)


def test_endless_recursion_ends_a_few_frames_earlier(launcher, place):
    """The frames of the command lie below the program's; that is all that its error tells of them."""
    (_, expected), status = execute(["-c", RECURSION], place)
    (_, found), our_status = execute([*launcher, "run", "-c", RECURSION], place)
    repeated = re.compile(r"repeated (\d+) more times")
    assert (status, repeated.sub("", found)) == (our_status, repeated.sub("", expected))
    assert 0 <= int(repeated.search(expected)[1]) - int(repeated.search(found)[1]) <= 12


def test_a_deleted_working_directory_is_survived(tmp_path, place):
    code = "import os, sys; os.rmdir(os.getcwd()); os.execv(sys.executable, [sys.executable, *sys.argv[1:]])"
    answers = []
    for prefix in ([], ["-m", "fastimport", "run"]):
        (tmp_path / "gone").mkdir()
        answers.append(execute(["-c", code, *prefix, str(place / "look.py")], tmp_path / "gone"))
    assert answers[0] == answers[1]


@pytest.mark.parametrize("register", ["meta_path", "in_place"])
@pytest.mark.parametrize("freshness", ["checked", "trusted"])
def test_the_program_runs_under_the_settings_asked_for(place, register, freshness):
    code = "from fastimport.state import describe; d = describe(); print(d['active'], d['register'], d['freshness'])"
    options = ["--register", register, f"--freshness={freshness}"]
    (out, err), status = execute(["-m", "fastimport", "run", *options, "-c", code], place)
    assert (out, err, status) == (f"True {register} {freshness}\n", "", 0)


def test_switched_off_the_program_runs_all_the_same(place):
    code = "import fastimport; print(fastimport.installed())"
    (out, err), status = execute(["-m", "fastimport", "run", "-c", code], place, FASTIMPORT="0")
    assert (out, err, status) == ("False\n", "", 0)


def test_a_failing_installation_does_not_keep_the_program_from_running(place):
    code = (
        "import sys, fastimport.cli; sys.modules['fastimport.activation'] = None; "
        "sys.exit(fastimport.cli.main(['run', '-c', 'print(1)']))"
    )
    (out, err), status = execute(["-c", code], place)
    assert (out, status) == ("1\n", 0)
    assert err.startswith("fastimport: not active: ")


@pytest.mark.parametrize("start", [("modules.py",), ("-m", "modules"), ("-c", "import modules")])
def test_nothing_but_fastimport_is_loaded_for_the_program(tmp_path, place, start):
    (tmp_path / "modules.py").write_text("import sys\nprint(*sys.modules)\n")
    (plain, _), _ = execute(start, tmp_path)
    (ours, _), _ = execute([str(place / "bin" / "command"), "run", *start], tmp_path)
    extra = {name.partition(".")[0] for name in set(ours.split()) - set(plain.split())}
    assert {name for name in extra if not name.startswith(("_cython", "cython_runtime"))} == {"fastimport"}


@pytest.mark.parametrize(
    ("words", "message"),
    [
        (["--freshness", "stale", "look.py"], "argument --freshness/--level: invalid choice: 'stale'"),
        (["--freshness"], "argument --freshness/--level: expected one argument"),
        (["--register=nowhere", "look.py"], "argument --register: invalid choice: 'nowhere'"),
        (["-X", "dev", "look.py"], "options of the interpreter go before -m fastimport"),
        (["-m"], "argument -m: expected one argument"),
        (["-c"], "argument -c: expected one argument"),
    ],
)
def test_wrong_usage_is_explained_with_status_2(place, words, message):
    (out, err), status = execute(["-m", "fastimport", "run", *words], place)
    assert (out, status) == ("", 2)
    assert message in err
    assert "usage: fastimport run" in err


def test_the_path_hooks_answer_for_the_script_is_left_as_python_leaves_it(place):
    """PyImport_GetImporter remembers that a script is no directory; pathlib only makes the name."""
    path = str(pathlib.Path(place, "look.py"))
    (place / "asks.py").write_text(f"import sys\nprint(sys.path_importer_cache.get(__file__, 0), {path!r} in sys.path)\n")
    compare(["-m", "fastimport"], place, ("asks.py",))


@pytest.mark.parametrize("code", ["1+", "1/0", "raise SystemExit(3)", "pass"])
def test_the_script_that_started_us_lives_as_long_as_the_interpreter_needs_it(tmp_path, code):
    """Up to 3.13 the interpreter takes ``__file__`` out of the script's namespace after an exception, freed or not."""
    (tmp_path / "witness.py").write_text("class Witness:\n    def __del__(self): print('freed', flush=True)\n")
    script = tmp_path / "command"
    script.write_text(
        "import atexit, witness\n"
        "here = witness.Witness()\n"
        "atexit.register(print, 'ending', flush=True)\n"
        "from fastimport.cli import main, finish\n"
        "finish(main())\n"
    )
    (spoken, _), _ = execute([str(script), "run", "-c", code], tmp_path)
    assert spoken.split()[0] == "ending"
