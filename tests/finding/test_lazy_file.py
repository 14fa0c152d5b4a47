"""The file of lazy imports: read quickly and as tomllib reads it, and refused with a reason where it can't be used."""

import os
import random
import sys
import tomllib

import pytest
from support.process import python
from support.trees import plant

import fastimport
from fastimport.diagnosis.lazy import document
from fastimport.finding import lazy

HERE = "{}.{}".format(*sys.version_info)
DATA = {
    "format": 1, "python": HERE, "program": ["-c", 'import x\nprint("a\\b")'], "learnt": "2026-01-01", "complete": True,
    "runs": 5, "notes": [], "packages": {"some-thing": "1.0", "a.b": "2"}, "lazy": {"modules": ["a", "a.b", "c"]},
    "eager": {"a.x": "adds to b: 'c'"}, "names": {"a.b": ["b"]},
}  # fmt: skip
LETTERS = "ab\"'\\\n\t,[] =#.\xe9\x01\u2028x"
CAN_BE_LATE = pytest.mark.skipif(sys.version_info < lazy.FIRST_PYTHON, reason="PEP 810")


def written(tmp_path, text):
    return os.path.join(plant(tmp_path, {"lazy.toml": text}), "lazy.toml")


def test_what_is_written_is_what_both_readers_read():
    text = document.text_of(DATA)
    assert tomllib.loads(text) == lazy.parse_plain(text) == DATA


def test_the_quick_reader_agrees_with_tomllib_or_declines():
    """Seeded documents with odd strings, as they are written and then damaged: never another answer, mostly an answer."""
    choose = random.Random(20)
    word = lambda: "".join(choose.choices(LETTERS, k=choose.randrange(6)))  # noqa: E731
    answered = 0
    for _ in range(3000):
        data = {**DATA, "program": [word(), word()], "eager": {word(): word()}, "names": {word(): [word()]}}
        text = document.text_of(data)
        assert tomllib.loads(text) == data
        assert lazy.parse_plain(text) in (None, data)
        damaged = list(document.text_of(DATA))
        for _ in range(choose.randrange(1, 4)):
            place = choose.randrange(len(damaged))
            damaged[place : place + choose.randrange(2)] = choose.choice(LETTERS)
        found = lazy.parse_plain("".join(damaged))
        if found is not None:
            answered += 1
            assert found == tomllib.loads("".join(damaged))
    assert answered > 500


def test_a_file_that_somebody_has_written_another_way_is_read_all_the_same(tmp_path):
    text = f"format=1\npython='{HERE}'\nlazy.modules=['a', 'b']\n"
    assert lazy.parse_plain(text) is None
    assert lazy.read(written(tmp_path, text))["lazy"]["modules"] == ["a", "b"]


BAD = {
    "no file": (None, "No such file"),
    "not text": (b"\xff\xfe", "not a text file"),
    "not TOML": ("format = ", "not TOML"),
    "another file": ("[tool.x]\na = 1", "no 'format'"),
    "a newer version": ("format = 2\nnew = 3", "format 2, written by a newer fastimport"),
    "a version that never was": (f"format = 0\npython = '{HERE}'\nlazy.modules = []", "format 0 is not known"),
    "no modules": (f"format = 1\npython = '{HERE}'\n[lazy]\n", "[lazy] must have 'modules'"),
    "no list": (f"format = 1\npython = '{HERE}'\nlazy.modules = 'a'", "[lazy] must have 'modules'"),
    "no names": (f"format = 1\npython = '{HERE}'\nlazy.modules = [1]", "[lazy] must have 'modules'"),
    "no list of names": (f"format = 1\npython = '{HERE}'\nlazy.modules = []\nnames.a = 'b'", "[names] 'a' must be a list"),
    "unknown key": (f"format = 1\npython = '{HERE}'\nlazi = 1\nlazy.modules = []", "unknown key 'lazi'"),
    "another type": ("format = 1\npython = 3\nlazy.modules = []", "'python' must be of type str, not int"),
    "format as text": (f"format = '1'\npython = '{HERE}'\nlazy.modules = []", "'format' must be of type int, not str"),
    "another Python": ("format = 1\npython = '3.99'\nlazy.modules = []", "learnt with Python 3.99"),
}  # fmt: skip


@pytest.mark.parametrize("case", BAD)
@CAN_BE_LATE
def test_a_bad_file_is_refused_and_never_stops_a_start(case, tmp_path):
    """Counted with the reason; an error where the environment is strict; `run` says it, since it was asked for."""
    content, reason = BAD[case]
    path = os.path.join(tmp_path, "nowhere") if content is None else written(tmp_path, content)
    code = (
        "import fastimport, sys; fastimport.install(lazy=sys.argv[1]); print(sys.get_lazy_imports(), fastimport.stats().refusals)"
    )
    done = python("-c", code, path)
    assert done.returncode == 0 and done.stdout.startswith("normal") and reason in done.stdout.replace("\\'", "'"), done
    strict = python("-c", code, path, FASTIMPORT_STRICT="1")
    assert strict.returncode == 1 and f"ImportError: lazy imports refused: {path}" in strict.stderr
    run = python("-m", "fastimport", "run", "--lazy", path, "-c", "print('ran')")
    assert (run.returncode, run.stdout) == (0, "ran\n") and "fastimport: no import is late" in run.stderr and reason in run.stderr


@pytest.mark.skipif(sys.version_info >= lazy.FIRST_PYTHON, reason="of Pythons without PEP 810")
def test_before_python_3_15_everything_stays_eager_and_the_reason_is_told(tmp_path):
    path = written(tmp_path, document.text_of(DATA))
    done = python("-m", "fastimport", "run", "--lazy", path, "-c", "import json; print(json.dumps(1))")
    assert (done.returncode, done.stdout) == (0, "1\n")
    assert done.stderr == f"fastimport: no import is late: {lazy.NEEDED}; this is {HERE}\n"
    done = python("-m", "fastimport", "exec", "--lazy", path, "--", sys.executable, "-c", "print('ran')")
    assert (done.returncode, done.stdout) == (0, "ran\n") and lazy.NEEDED in done.stderr
    done = python("-c", "import fastimport; fastimport.install(); print(fastimport.stats().refusals)", FASTIMPORT_LAZY=path)
    assert lazy.NEEDED in done.stdout and done.stderr == ""
    for words in (("verify", path), ("explain", "--file", path, "a"), ("show", path)):
        told = python("-m", "fastimport", "lazy", *words).stderr
        assert f"fastimport lazy: {lazy.NEEDED}; this is" in told and "'fastimport profile' tells which imports" in told
    done = python("-m", "fastimport", "lazy", "learn", "-o", "x.toml", "-c", "import json", cwd=tmp_path)
    assert done.returncode == 2 and lazy.NEEDED in done.stderr and "fastimport profile" in done.stderr
    assert not os.path.exists(os.path.join(tmp_path, "x.toml"))


@pytest.mark.parametrize(("value", "error"), [("", ValueError), (1, TypeError), (b"x", ValueError), ("a\0b", ValueError)])
def test_a_wrong_argument_is_an_error_and_changes_nothing(value, error):
    with pytest.raises(error, match=r"lazy|path|int"):
        fastimport.install(lazy=value)
    assert not fastimport.installed()


def test_the_table_keeps_what_the_file_says():
    table = lazy.table_of("x", {**DATA, "eager": {"a.x": "", "c": ""}}, HERE)
    assert table == {"a": frozenset({"x"}), "a.b": frozenset({"b"})}
